package observe

import (
	"github.com/ringtrip/ringtrip/server"
)

// CarrierHook implements [server.CarrierObserver].
func (m *Metrics) CarrierHook(h server.CarrierHook) {
	m.carrierHooks.WithLabelValues(h.App, h.Carrier, h.Outcome).Inc()
	m.carrierHookTime.WithLabelValues(h.Carrier).Observe(h.Took.Seconds())
}

// CarrierDeed implements [server.CarrierObserver].
func (m *Metrics) CarrierDeed(d server.CarrierDeed) {
	result := "ok"
	switch {
	case d.GaveUp:
		result = "gave_up"
	case d.Err != nil:
		result = "failed"
	}
	m.carrierDeeds.WithLabelValues(d.App, d.Carrier, d.Deed, result).Inc()
}

// CarrierHook implements [server.CarrierObserver].
func (a all) CarrierHook(h server.CarrierHook) {
	for _, o := range a {
		if o, ok := o.(server.CarrierObserver); ok {
			o.CarrierHook(h)
		}
	}
}

// CarrierDeed implements [server.CarrierObserver].
func (a all) CarrierDeed(d server.CarrierDeed) {
	for _, o := range a {
		if o, ok := o.(server.CarrierObserver); ok {
			o.CarrierDeed(d)
		}
	}
}
