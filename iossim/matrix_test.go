package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// pressing is the user's method for each button of the screen.
func pressing(s *scene) map[string]func() error {
	ph := s.ph
	return map[string]func() error{
		"answer": ph.Answer, "decline": ph.Decline, "end": ph.End, "swap": ph.Swap, "merge": ph.Merge,
		"end-and-accept": ph.EndAndAccept, "hold-and-accept": ph.HoldAndAccept, "end-held-and-accept": ph.EndHeldAndAccept,
		"hold":     func() error { return ph.Hold(!ph.Screen().Call.Held) },
		"add-call": ph.AddCall, "more": ph.More,
		"mute":    func() error { return ph.Mute(!ph.Screen().Call.Muted) },
		"keypad":  func() error { return ph.Keys("1") },
		"speaker": func() error { return ph.Speaker(!ph.Screen().Call.Speaker) },
	}
}

// TestEveryPressInEveryPairOfStates brings a call of an app and a cellular one into every pair of states, in both
// orders, and presses every two buttons that the screen offers, one after the other. Whatever the user does, what
// must always hold does, every button does something or says why not, and no action is left over.
func TestEveryPressInEveryPairOfStates(t *testing.T) {
	type state struct {
		name string
		make func(*scene)
	}
	never := func(x callkit.Action) bool { _, is := x.(*callkit.AnswerCallAction); return is }
	start := func(s *scene) {
		s.ask(s.app, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: u3}}) // refused; launches nothing
		s.ask(s.app, &callkit.StartCallAction{Base: callkit.Base{CallUUID: u1}, Handle: callkit.Handle{Type: callkit.Generic, Value: "bob"}})
	}
	answer := func(s *scene) {
		if s.ph.Screen().Ringing() {
			s.do(s.ph.Answer)
		}
	}
	voip := []state{
		{"none", func(*scene) {}},
		{"ringing", func(s *scene) { s.ring(u1) }},
		{"answering", func(s *scene) { s.app.settle = never; s.ring(u1); answer(s) }},
		{"connected", func(s *scene) { s.ring(u1); answer(s) }},
		{"held", func(s *scene) {
			s.ring(u1)
			answer(s)
			s.ask(s.app, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: u1}, OnHold: true})
		}},
		{"dialing", start},
		{"outgoing", func(s *scene) {
			start(s)
			s.app.provider.ReportOutgoingCallConnected(u1, time.Time{})
			s.pass(time.Second)
		}},
	}
	cellular := []state{
		{"ringing", (*scene).cellular},
		{"connected", func(s *scene) { s.cellular(); answer(s) }},
		{"dialing", func(s *scene) { _ = s.ph.CellularDial("+1555"); s.pass(time.Second) }},
		{"dialed", func(s *scene) {
			_ = s.ph.CellularDial("+1555")
			s.pass(time.Second)
			s.do(always(s.ph.CellularAnswered))
		}},
	}
	worlds, pressed := 0, map[string]bool{}
	play := func(t *testing.T, a, b state, presses []string) []string {
		worlds++
		s := setScene(t, "defaultCapabilities=all")
		defer s.w.Close()
		s.do(func() error { return s.ph.OpenApp(bundle) })
		a.make(s)
		b.make(s)
		for _, id := range presses {
			press := pressing(s)[id]
			if press == nil {
				t.Fatalf("nobody knows how to press %q", id)
			}
			before := s.w.Log()
			if err := press(); err != nil {
				t.Fatalf("%s, %s: %v: %v", a.name, b.name, presses, err)
			}
			s.pass(time.Second)
			pressed[id] = true
			if after := s.w.Log(); strings.Count(after, "\n")-strings.Count(before, "\n") < 2 && id != "more" && id != "add-call" {
				t.Errorf("%s, %s: %v: %s did nothing", a.name, b.name, presses, id)
			}
		}
		if a.name != "answering" && b.name != "answering" {
			if p := s.ph.PendingActions(); len(p) > 0 || strings.Contains(s.w.Log(), "timed out") {
				t.Errorf("%s, %s: %v: actions are left over: %v\n%s", a.name, b.name, presses, p, s.w.Log())
			}
		}
		return strings.Fields(s.buttons())
	}
	for _, a := range voip {
		for _, b := range cellular {
			for _, pair := range [][2]state{{a, b}, {b, a}} {
				for _, first := range play(t, pair[0], pair[1], nil) {
					for _, second := range play(t, pair[0], pair[1], []string{first}) {
						if second == "mute" || second == "keypad" || second == "more" {
							continue // alike everywhere
						}
						play(t, pair[0], pair[1], []string{first, second})
					}
				}
			}
		}
	}
	for id := range pressing(setScene(t)) {
		if !pressed[id] && id != "merge" && id != "end-held-and-accept" { // of two apps; needs a third call
			t.Errorf("%s was never on offer", id)
		}
	}
	if worlds < 500 {
		t.Errorf("only %d worlds", worlds)
	}
	t.Logf("%d worlds", worlds)
}
