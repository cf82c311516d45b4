package apnstest

import (
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Delivery is a push as the device gets it.
type Delivery struct {
	Token       string
	BundleID    string
	PushType    string // as "voip" or "alert"
	Environment push.Environment
	ID          string    // apns-id
	CollapseID  string    // apns-collapse-id
	Payload     []byte    // the receiver's own copy
	ReceivedAt  time.Time // when APNs took it
	Late        bool      // it was stored while the device was offline
}

// device is one app on one device, behind its token. Server.mu guards it.
type device struct {
	topic     string
	env       push.Environment
	deliver   func(Delivery)
	online    bool
	deadSince time.Time // zero: alive
	stored    *stored   // the one push that is kept while the device is offline
	queue     []Delivery
	running   bool        // a goroutine is emptying queue
	held      []Delivery  // overtaken on purpose: they follow the next delivery
	recent    []time.Time // when the last Config.DeviceLimit pushes were taken
}

// stored is a push that waits for its device.
type stored struct {
	delivery   Delivery
	keepsUntil time.Time // zero: as long as the server lives
}

// enqueueLocked hands a push to the device's goroutine, starting it if it is not running. s.mu must be held.
func (s *Server) enqueueLocked(d *device, deliveries ...Delivery) {
	if s.closed {
		return
	}
	d.queue = append(d.queue, deliveries...)
	d.queue = append(d.queue, d.held...)
	d.held = nil
	if d.running {
		return
	}
	d.running = true
	s.wg.Go(func() { s.drain(d) })
}

// drain delivers until the queue is empty. One runs per device, so that order is kept.
func (s *Server) drain(d *device) {
	for {
		s.mu.Lock()
		if len(d.queue) == 0 {
			d.running = false
			s.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		s.mu.Unlock()
		d.deliver(next)
	}
}

// sendLocked gives an accepted push to its device or does to it what the fault says, and tells the log in one word or
// two what became of it. s.mu must be held.
func (s *Server) sendLocked(d *device, del Delivery, expiration expiration, f *Fault) (decision string) {
	if !d.online {
		return s.storeLocked(d, del, expiration)
	}
	if f != nil {
		switch f.Action {
		case LoseDelivery:
			return "accepted, delivery lost"
		case RepeatDelivery:
			twin := del
			twin.Payload = append([]byte(nil), del.Payload...)
			s.enqueueLocked(d, del, twin)
			return "delivered twice"
		case SwapDelivery:
			d.held = append(d.held, del)
			return "held for the next delivery"
		case DelayDelivery:
			s.afterLocked(f.Delay, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.enqueueLocked(d, del)
			})
			return "delivery delayed"
		case Refuse, GoAwayAfter, GoAwayBefore, GoAwayCut, CutBefore, CutAfter, CutAnswered, ResetBefore, ResetAfter, Mute, DelayAnswer:
			// These are about the answer or the connection.
		}
	}
	s.enqueueLocked(d, del)
	return "delivered"
}

// busyLocked counts a push to the device and says whether there were too many of them. s.mu must be held.
func (s *Server) busyLocked(d *device, now time.Time) bool {
	if s.cfg.DeviceLimit <= 0 {
		return false
	}
	for len(d.recent) > 0 && now.Sub(d.recent[0]) >= s.cfg.DeviceWindow {
		d.recent = d.recent[1:]
	}
	if len(d.recent) >= s.cfg.DeviceLimit {
		return true
	}
	d.recent = append(d.recent, now)
	return false
}

// storeLocked keeps a push for an offline device, if Apple would. s.mu must be held.
func (s *Server) storeLocked(d *device, del Delivery, exp expiration) (decision string) {
	switch {
	case exp.given && exp.at.IsZero() && !s.cfg.StoreDespiteZeroExpiration:
		return "dropped, the device is offline"
	case exp.given && !exp.at.IsZero() && !s.cfg.Now().Before(exp.at):
		return "dropped, expired"
	}
	d.stored = &stored{delivery: del, keepsUntil: exp.at}
	return "stored, the device is offline"
}
