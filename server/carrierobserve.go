package server

import "time"

// CarrierHook is a webhook of a carrier that was answered.
type CarrierHook struct {
	App, Carrier string // as configured; both empty if there is none of the names that were asked for
	// Outcome is "ok", or why it was refused: a word of [carrier.Why], "rate_limited" or "overloaded".
	Outcome string
	Took    time.Duration
}

// CarrierDeed is something that was asked of a carrier.
type CarrierDeed struct {
	App, Carrier string
	Deed         string // "prepare", "dial", "end", "credentials"
	Took         time.Duration
	Err          error
	GaveUp       bool // "dial", "end": it failed for too long and is not tried any more
}

// CarrierObserver is an [Observer] that also hears of carriers. It is optional.
type CarrierObserver interface {
	CarrierHook(CarrierHook)
	CarrierDeed(CarrierDeed)
}

func (s *Server) carrierSaid(h CarrierHook) {
	if o, ok := s.cfg.Observer.(CarrierObserver); ok {
		o.CarrierHook(h)
	}
}

func (s *Server) carrierDid(d CarrierDeed) {
	if o, ok := s.cfg.Observer.(CarrierObserver); ok {
		o.CarrierDeed(d)
	}
}
