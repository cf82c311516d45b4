package apnstest

import (
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Action is what a [Fault] does.
type Action uint8

// The faults. "Before" means that the push is not processed, "after" that it was processed (and delivered) although the
// client does not learn it.
const (
	Refuse         Action = 1  // answer Status and Reason instead of processing
	GoAwayAfter    Action = 2  // process, answer, and GOAWAY: a graceful shutdown; streams opened later are not processed
	GoAwayBefore   Action = 3  // GOAWAY whose last stream is the one before: this and later ones are not processed
	CutBefore      Action = 4  // close the connection abruptly
	CutAfter       Action = 5  // process, then close the connection abruptly; answers not yet flushed are lost too
	ResetBefore    Action = 6  // RST_STREAM
	ResetAfter     Action = 7  // process, then RST_STREAM
	Mute           Action = 8  // never answer, do not process
	DelayAnswer    Action = 9  // process, answer after Delay
	LoseDelivery   Action = 10 // answer 200, deliver nothing
	RepeatDelivery Action = 11 // deliver twice
	DelayDelivery  Action = 12 // answer 200 at once, deliver after Delay
	SwapDelivery   Action = 13 // deliver after the device's next delivery
	GoAwayCut      Action = 14 // process, GOAWAY that promises everything so far, and close abruptly without an answer
	CutAnswered    Action = 15 // process, answer, then close abruptly
)

// actions are the names of the faults, as the control endpoint and the command take them.
var actions = map[string]Action{
	"refuse": Refuse, "goaway-after": GoAwayAfter, "goaway-before": GoAwayBefore, "goaway-cut": GoAwayCut,
	"cut-before": CutBefore, "cut-after": CutAfter, "cut-answered": CutAnswered,
	"reset-before": ResetBefore, "reset-after": ResetAfter, "mute": Mute, "delay": DelayAnswer,
	"lose": LoseDelivery, "repeat": RepeatDelivery, "delay-delivery": DelayDelivery, "swap": SwapDelivery,
}

// Fault is something that goes wrong, on demand. It meets the requests that fit Environment and Token, in order of
// arrival: Skip of them pass unharmed, of those after them each Every-th is hit until there were Times, then the fault is
// used up. A request is hit by one fault at most, the one injected first.
type Fault struct {
	Action      Action
	Environment push.Environment // 0: any
	Token       string           // empty: any
	Skip        int
	Every       int // 0 and 1 mean each one
	Times       int // 0 means 1; a negative number means for ever
	Status      int // Refuse: the HTTP status
	// Reason is Apple's reason: of the answer for Refuse (empty: no body), of the GOAWAY's debug data for GoAwayAfter,
	// GoAwayBefore and GoAwayCut (empty: none).
	Reason    string
	Timestamp time.Time     // Refuse: goes into the body unless zero, in milliseconds
	Delay     time.Duration // DelayAnswer, DelayDelivery

	passed int // since the last hit, counted for Every
}

// Inject adds a fault behind those that are waiting.
func (s *Server) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	f.passed = 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// FailNext answers the next n requests with a status and a reason.
func (s *Server) FailNext(n, status int, reason string) {
	s.Inject(Fault{Action: Refuse, Times: n, Status: status, Reason: reason})
}

// ClearFaults forgets every fault that is waiting.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// CutConnections closes the connections of an environment abruptly, of both if env is 0.
func (s *Server) CutConnections(env push.Environment) {
	s.mu.Lock()
	conns := s.connsLocked(env)
	s.mu.Unlock()
	for _, c := range conns {
		c.cut()
	}
}

// GoAway shuts the connections of an environment down gracefully, of both if env is 0: what is in flight is answered.
// The reason goes into the debug data as Apple's JSON; empty means no debug data.
func (s *Server) GoAway(env push.Environment, reason string) {
	s.mu.Lock()
	conns := s.connsLocked(env)
	s.mu.Unlock()
	for _, c := range conns {
		c.goAway(reason)
	}
}

// Abort shuts the connections of an environment down as Apple does on a bad day, of both if env is 0: GOAWAY that
// promises an answer to everything in flight, with the reason in its debug data, and the connection closed abruptly
// before those answers. What is in flight was processed or not; the client can't know.
func (s *Server) Abort(env push.Environment, reason string) {
	s.mu.Lock()
	conns := s.connsLocked(env)
	s.mu.Unlock()
	for _, c := range conns {
		c.goAway(reason)
		c.cut()
	}
}

// takeFaultLocked finds the fault that hits a request and counts it. s.mu must be held.
func (s *Server) takeFaultLocked(env push.Environment, token string) *Fault {
	for i, f := range s.faults {
		if f.Environment != 0 && f.Environment != env || f.Token != "" && f.Token != token {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.passed++; f.passed < f.Every {
			continue
		}
		f.passed = 0
		if f.Times < 0 {
			return f
		}
		f.Times--
		if f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}
