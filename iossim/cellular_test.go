package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func (s *scene) cellular() { s.Helper(); s.do(always(func() { s.ph.CellularRing("+1555", "Carol") })) }

// TestCellularMatrix plays Twilio's table of what a cellular call does to a call of an app.
func TestCellularMatrix(t *testing.T) {
	held := []string{"SetHeld u1 1", "interruption began", "didDeactivate", "Phone:Answer cell"}
	for _, c := range []struct {
		name  string
		knobs []string
		play  func(*scene)
		want  []string
		see   string
	}{
		{"held, then hung up here", nil, func(s *scene) { s.do(s.ph.HoldAndAccept, s.ph.End) },
			append(held, "SetHeld u1 0", "didActivate", "Phone:End cell"), "in-call u1/audio"},
		{"held, then the far end hangs up", nil, func(s *scene) {
			s.do(s.ph.HoldAndAccept, always(s.ph.CellularEnd))
			s.pass(time.Hour)
			if err := s.app.sys.AudioSession().SetActive(true); err == nil || err.(*callkit.Error).Code != callkit.AudioInsufficientPriority {
				s.Errorf("setActive after it: %v, want 561017449", err)
			}
		}, held, "in-call u1/held"},
		{"the same with resumeAfterEnd", []string{"resumeAfterEnd=always"}, func(s *scene) { s.do(s.ph.HoldAndAccept, always(s.ph.CellularEnd)) },
			append(held, "SetHeld u1 0", "didActivate"), "in-call u1/audio"},
		{"held and swapped twice", nil, func(s *scene) { s.do(s.ph.HoldAndAccept, s.ph.Swap, s.ph.Swap) },
			append(held, "SetHeld u1 0", "didActivate", "SetHeld u1 1", "interruption began", "didDeactivate", "Phone:SetHeld cell 1", "Phone:SetHeld cell 0"),
			"in-call cell/audio +u1/held"},
		{"ended for it", nil, func(s *scene) { s.do(s.ph.EndAndAccept) },
			[]string{"End u1", "didDeactivate", "Phone:Answer cell"}, "in-call cell/audio"},
		{"declined", nil, func(s *scene) { s.do(s.ph.Decline) }, []string{"Phone:End cell"}, "in-call u1/audio"},
		{"declined, as it was seen once", []string{"declineCellularEndsVoIP=true"}, func(s *scene) { s.do(s.ph.Decline) },
			[]string{"End u1", "didDeactivate", "Phone:End cell"}, "app"},
		{"ignored", nil, func(s *scene) { s.pass(30 * time.Second); s.do(always(s.ph.CellularEnd)) }, nil, "in-call u1/audio"},
		{"the call of the app ends meanwhile", nil, func(s *scene) {
			s.do(s.ph.HoldAndAccept)
			s.app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
			s.pass(time.Second)
		}, held, "in-call cell/audio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setScene(t, c.knobs...)
			s.talk(u1)
			s.cellular()
			s.see("call-waiting cell +u1/audio")
			c.play(s)
			s.want(c.want...)
			s.see(c.see)
			s.log("interruption ended", 0)
		})
	}
}

// TestRingsMeet has a call of an app and a cellular one come in, in either order and state.
func TestRingsMeet(t *testing.T) {
	s := setScene(t, "prefersBanner=false")
	s.cellular()
	s.ring(u1)
	s.see("incoming-full cell +u1")
	s.do(s.ph.Answer)
	s.want("Phone:Answer cell", "End u1")
	s.see("in-call cell/audio")

	s = setScene(t, "prefersBanner=false")
	s.ring(u1)
	s.cellular()
	s.do(s.ph.Answer)
	s.want("Answer u1", "didActivate", "Phone:End cell")

	s = setScene(t)
	s.cellular()
	s.do(s.ph.Answer)
	s.ring(u1)
	s.see("call-waiting u1 +cell/audio")
	s.do(s.ph.HoldAndAccept)
	s.want("Phone:Answer cell", "Phone:SetHeld cell 1", "Answer u1", "didActivate")
	s.see("in-call u1/audio +cell/held")
	s.do(s.ph.End)
	s.want("End u1", "didDeactivate", "Phone:SetHeld cell 0")
	s.see("in-call cell/audio")

	// While the app still connects there is nothing to hold.
	s = setScene(t)
	s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.AnswerCallAction); return is }
	s.talk(u1)
	s.cellular()
	if got := s.buttons(); got != "decline end-and-accept" {
		t.Errorf("buttons %q", got)
	}
	s.app.taken[0].Fulfill()
	s.pass(time.Second)
	if got := s.buttons(); got != "decline end-and-accept hold-and-accept" {
		t.Errorf("once it is connected: %q", got)
	}
}

func TestCellularDial(t *testing.T) {
	s := setScene(t)
	dial := func() error { return s.ph.CellularDial("+1555") }
	s.talk(u1)
	s.do(dial)
	s.want("SetHeld u1 1", "interruption began", "didDeactivate", `Phone:Start cell handle="+1555" video=0`)
	v := s.see("connecting cell/audio +u1/held")
	if !v.Call.Cellular || v.Call.App != "Phone" || v.Call.Status != "calling…" || v.Route != "Receiver" {
		t.Errorf("the call: %+v, route %s", v.Call, v.Route)
	}
	if dial() == nil {
		t.Error("a third call could be dialed")
	}
	s.do(always(s.ph.CellularAnswered), func() error { return s.ph.Speaker(true) })
	if v := s.ph.Screen(); v.Kind != ScreenInCall || v.Route != "Speaker" {
		t.Errorf("after the answer:\n%s", v)
	}
	s.do(s.ph.End)
	s.want("SetHeld u1 0", "didActivate", "Phone:End cell")
	r := s.ph.Recents()[0]
	if r.App != PhoneBundleID || !r.Outgoing || r.Duration != 2*time.Second {
		t.Errorf("recents: %+v", r)
	}
	s.do(s.ph.AddCall, func() error { return s.ph.TapRecent(0) })
	s.see("connecting cell/audio +u1/held")
	s.do(always(s.ph.CellularEnd)) // nobody answers
	s.heard()
	s.do(always(s.ph.CellularAnswered), always(s.ph.CellularEnd))
	s.want()
	s.log("there is no cellular call", 1)

	no := false
	s = setScene(t)
	s.talk(u1)
	s.app.provider.ReportCallUpdated(u1, callkit.Update{SupportsHolding: &no})
	s.do(dial)
	s.want("End u1", "didDeactivate", `Phone:Start cell handle="+1555" video=0`)
}

// TestCellularIsFiltered: the phone's own filters hold for it too.
func TestCellularIsFiltered(t *testing.T) {
	s := setScene(t)
	s.ph.BlockCaller("+1555", true)
	s.cellular()
	s.ph.BlockCaller("+1555", false)
	s.ph.SetFocus("Sleep")
	s.cellular()
	s.ph.SetFocus("")
	s.ph.SetAirplane(true)
	s.cellular()
	if n := len(s.ph.Calls()); n != 0 {
		t.Errorf("%d calls came through", n)
	}
	if r := s.ph.Recents(); len(r) != 1 || !r[0].Missed || r[0].Name != "Carol" {
		t.Errorf("recents: %v", r)
	}
	if s.ph.CellularDial("+1555") == nil {
		t.Error("dialed in airplane mode")
	}
	s.ph.SetAirplane(false)
	s.cellular()
	s.do(s.ph.Answer, always(func() { s.ph.SetAirplane(true) }))
	if n := len(s.ph.Calls()); n != 0 {
		t.Error("a cellular call goes on in airplane mode")
	}
}

func TestObserversSeeCellularCalls(t *testing.T) {
	s := setScene(t)
	s.do(func() error { return s.ph.OpenApp(bundle) })
	o := s.app.sys.NewCallObserver()
	s.cellular()
	s.do(s.ph.Answer)
	if c := o.Calls(); len(c) != 1 || !c[0].HasConnected || c[0].IsOutgoing {
		t.Errorf("observed: %+v", c)
	}
	s.ph.RestartCallService()
	s.pass(time.Second)
	s.see("in-call cell/audio")
	s.ph.Restart()
	s.pass(time.Minute)
	if len(s.ph.Calls()) != 0 {
		t.Error("a call survived the restart")
	}
	if strings.Contains(s.ph.Screen().String(), "(Phone)  ") {
		t.Error("the Phone app is an icon like any other")
	}
}
