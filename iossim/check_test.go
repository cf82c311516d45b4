package iossim

import (
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
)

// TestCheckFindsWhatIsWrong breaks a phone with two calls from inside, one thing at a time.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for want, sabotage := range map[string]func(*Phone){
		"has ended and is in the table": func(ph *Phone) { ph.calls[0].state = callEnded },
		"is in the table twice":         func(ph *Phone) { ph.calls = append(ph.calls, ph.calls[0]) },
		"wasUp=false in state 5":        func(ph *Phone) { ph.calls[0].wasUp = false },
		"is a group of one":             func(ph *Phone) { ph.calls[0].group = new(group) },
		"has a call of another app": func(ph *Phone) {
			g := new(group)
			ph.calls[0].group, ph.calls[1].group = g, g
			ph.calls[0].app = ph.apps[1]
		},
		"are both heard":                   func(ph *Phone) { ph.calls[0].held = false },
		"the phone rings for call":         func(ph *Phone) { ph.calls[0].ringing = true },
		"the session is lent to call":      func(ph *Phone) { ph.audio.owner = ph.calls[0] },
		"the app in the foreground is sus": func(ph *Phone) { ph.apps[0].proc.suspended = true },
		"a dead process is on the books":   func(ph *Phone) { ph.apps[0].proc.dead = true },
		"pushes wait for a process":        func(ph *Phone) { ph.apps[1].pushes = []*push{{}} },
		"asks to be answered without a sound": func(ph *Phone) {
			c := ph.calls[0]
			ph.calls, ph.audio.owner = ph.calls[:1], nil
			c.state, c.wasUp, c.held = callRinging, false, false
			c.rung = false
		},
		"the phone rings for two calls": func(ph *Phone) {
			ph.audio.owner = nil
			for _, c := range ph.calls {
				c.state, c.wasUp, c.held, c.ringing = callRinging, false, false, true
			}
		},
	} {
		s := setScene(t)
		s.talk(u1, u2)
		s.w.mu.Lock()
		sabotage(s.ph)
		s.w.mu.Unlock()
		if err := s.w.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check says %v, want %q", err, want)
		}
	}
}

func TestHoldAndAcceptWithACallOnHold(t *testing.T) {
	s := setScene(t)
	s.talk(u1)
	s.do(func() error { return s.ph.Hold(true) })
	s.heard()
	s.ring(u2)
	s.do(s.ph.HoldAndAccept)
	s.want("Answer u2", "didActivate")
	s.see("in-call u2/audio +u1/held")
	s.ask(s.app, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: u2}})
	s.log("it is in no group", 1)
}
