package apnstest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Request is one push request that came in, and what was decided about it.
type Request struct {
	At          time.Time
	Environment push.Environment
	Connection  int    // 1 is the first connection that the server accepted
	Stream      uint32 // 1, 3, 5, …
	Method      string
	Path        string
	Header      http.Header // canonical names, pseudo-headers left out
	Payload     []byte      // cut off at 5121 bytes
	Status      int         // 0 if nothing was answered
	Reason      string      // Apple's reason; empty with 200 and without an answer
	UniqueID    string      // apns-unique-id, sandbox only
	Decision    string      // what became of it, in words
}

// Requests is the log: every request that came in whole, in order, hit by a fault or not. Streams that HTTP/2 refused
// are not in it.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Forget empties the log.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.log)
	s.log = s.log[:0]
}

// handle decides about a request and carries out what concerns devices. It returns the answer, the apns headers of
// it and the fault that hit, if one did.
func (s *Server) handle(id *identity, r *Request) (a answer, apnsID string, fault *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.At = s.cfg.Now()
	token := deviceToken(r.Path)
	fault = s.takeFaultLocked(r.Environment, token)
	apnsID, given := one(r, "Apns-Id")
	if !given || !isUUID(apnsID) {
		s.nextID++
		apnsID = fmt.Sprintf("00000000-0000-4000-8000-%012X", s.nextID)
	}
	switch {
	case fault != nil && fault.Action == Refuse:
		a = answer{status: fault.Status, reason: fault.Reason, timestamp: fault.Timestamp}
		r.Decision = "refused by a fault"
	case fault != nil && fault.unprocessed():
		r.Decision = "not processed, a fault"
	default:
		a = s.processLocked(id, r, apnsID, fault)
	}
	if a.status == 200 && r.Environment == push.Sandbox {
		s.nextID++
		r.UniqueID = fmt.Sprintf("00000000-0000-4000-9000-%012x", s.nextID)
	}
	r.Status, r.Reason = a.status, a.reason
	if len(s.log) >= s.cfg.LogSize {
		s.log = append(s.log[:0], s.log[len(s.log)-s.cfg.LogSize/2:]...)
	}
	s.log = append(s.log, *r)
	return a, apnsID, fault
}

// processLocked applies Apple's rules and delivers. s.mu must be held.
func (s *Server) processLocked(id *identity, r *Request, apnsID string, fault *Fault) answer {
	ck, a := s.judgeLocked(id, r)
	if a != accepted {
		r.Decision = "refused"
		return a
	}
	d := s.devices[ck.token]
	if d == nil && s.cfg.AdmitAll {
		d = &device{topic: ck.bundleID + ck.kind.suffix, env: r.Environment, online: true, deliver: func(Delivery) {}}
		s.devices[ck.token] = d
	}
	switch {
	case d == nil || d.env != r.Environment:
		a = answer{status: 400, reason: "BadDeviceToken"}
	case !d.deadSince.IsZero():
		a = answer{status: 410, reason: "Unregistered", timestamp: d.deadSince}
	case d.topic != ck.bundleID+ck.kind.suffix:
		a = answer{status: 400, reason: "DeviceTokenNotForTopic"}
	case s.busyLocked(d, r.At):
		a = answer{status: 429, reason: "TooManyRequests"}
	}
	if a != accepted {
		r.Decision = "refused"
		return a
	}
	r.Decision = s.sendLocked(d, Delivery{
		Token:       ck.token,
		BundleID:    ck.bundleID,
		PushType:    r.Header.Get("Apns-Push-Type"),
		Environment: d.env,
		ID:          apnsID,
		CollapseID:  r.Header.Get("Apns-Collapse-Id"),
		Payload:     slices.Clone(r.Payload),
		ReceivedAt:  r.At,
	}, ck.expiration, fault)
	return accepted
}

// unprocessed says whether the request that the fault hits is not processed at all.
func (f *Fault) unprocessed() bool {
	switch f.Action {
	case GoAwayBefore, CutBefore, ResetBefore, Mute:
		return true
	case Refuse, GoAwayAfter, GoAwayCut, CutAfter, CutAnswered, ResetAfter, DelayAnswer, LoseDelivery, RepeatDelivery, DelayDelivery, SwapDelivery:
	}
	return false
}

// deviceToken is the token in a path, for faults that are about one device.
func deviceToken(path string) string {
	if len(path) <= len(devicePrefix) || path[:len(devicePrefix)] != devicePrefix {
		return ""
	}
	return path[len(devicePrefix):]
}
