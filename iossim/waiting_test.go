package iossim

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestCallWaitingButtons(t *testing.T) {
	no := false
	for _, c := range []struct {
		name  string
		setup func(*scene)
		want  string
	}{
		{"connected", func(s *scene) { s.talk(u1) }, "decline end-and-accept hold-and-accept"},
		{"holding not supported", func(s *scene) {
			s.talk(u1)
			s.app.provider.ReportCallUpdated(u1, callkit.Update{SupportsHolding: &no})
		}, "decline end-and-accept"},
		{"on hold already", func(s *scene) {
			s.talk(u1)
			s.do(func() error { return s.ph.Hold(true) })
		}, "decline end-and-accept hold-and-accept"},
		{"one heard, one on hold", func(s *scene) { s.talk(u1, u2) }, "decline end-and-accept end-held-and-accept"},
		{"not connected yet", func(s *scene) {
			s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.AnswerCallAction); return is }
			s.talk(u1)
		}, "decline end-and-accept"},
		{"beyond maximumCallGroups", func(s *scene) {
			s.app.config = func(c *callkit.ProviderConfiguration) { c.MaximumCallGroups = 1 }
			s.talk(u1)
		}, "decline end-and-accept"},
		{"cellular", func(s *scene) {
			s.do(always(func() { s.ph.CellularRing("+1555", "") }), s.ph.Answer)
		}, "decline end-and-accept hold-and-accept"},
		{"another app's", func(s *scene) {
			s.ringOther(u1)
			s.do(s.ph.Answer)
		}, "decline end-and-accept hold-and-accept"},
		{"dialing", func(s *scene) {
			s.do(func() error { return s.ph.OpenApp(bundle) })
			s.ask(s.app, &callkit.StartCallAction{Base: callkit.Base{CallUUID: u1}})
		}, "decline end-and-accept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setScene(t, "defaultCapabilities=all")
			c.setup(s)
			s.ring(u3)
			if got := s.buttons(); got != c.want || s.ph.Screen().Kind != ScreenCallWaiting {
				t.Errorf("buttons %q, want %q\n%s", got, c.want, s.ph.Screen())
			}
			s.log("ring "+u3.String(), 0)
			s.do(s.ph.Decline)
			s.do(s.ph.Home)
			if s.ph.Screen().Ringing() || len(s.ph.Calls()) == 0 {
				t.Errorf("after Decline:\n%s", s.ph.Screen())
			}
		})
	}
}

func TestCallWaiting(t *testing.T) {
	for _, c := range []struct {
		name  string
		knobs []string
		setup []callkit.UUID
		press func(*Phone) error
		want  []string
		see   string
	}{
		{"hold and accept", nil, []callkit.UUID{u1}, (*Phone).HoldAndAccept,
			[]string{"SetHeld u1 1", "interruption began", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"hold and accept in one transaction", []string{"callWaitingTransactions=one"}, []callkit.UUID{u1}, (*Phone).HoldAndAccept,
			[]string{"SetHeld u1 1", "interruption began", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"without waiting", []string{"transactionOrder=backToBack"}, []callkit.UUID{u1}, (*Phone).HoldAndAccept,
			[]string{"SetHeld u1 1", "Answer u3", "interruption began", "didDeactivate", "didActivate"}, "in-call u3/audio +u1/held"},
		{"end and accept", nil, []callkit.UUID{u1}, (*Phone).EndAndAccept,
			[]string{"End u1", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio"},
		{"end and accept without a bounce", []string{"audioBounceOnEndAccept=false"}, []callkit.UUID{u1}, (*Phone).EndAndAccept,
			[]string{"End u1", "Answer u3"}, "in-call u3/audio"},
		{"the green button", nil, []callkit.UUID{u1}, (*Phone).Answer,
			[]string{"SetHeld u1 1", "interruption began", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"the green button with two calls", nil, []callkit.UUID{u1, u2}, (*Phone).Answer,
			[]string{"End u2", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"end and accept with two calls", nil, []callkit.UUID{u1, u2}, (*Phone).EndAndAccept,
			[]string{"End u2", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"end held and accept", nil, []callkit.UUID{u1, u2}, (*Phone).EndHeldAndAccept,
			[]string{"End u1", "SetHeld u2 1", "interruption began", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u2/held"},
		{"headset", nil, []callkit.UUID{u1, u2}, (*Phone).HeadsetPress,
			[]string{"End u2", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held"},
		{"headset answers and ends the same call", []string{"headsetThreeCalls=answerThenEnd"}, []callkit.UUID{u1, u2}, (*Phone).HeadsetPress,
			[]string{"Answer u3", "SetHeld u2 1", "End u3", "interruption began", "didDeactivate"}, ""},
		{"headset leaves two on hold", []string{"headsetThreeCalls=twoHeld"}, []callkit.UUID{u1, u2}, (*Phone).HeadsetPress,
			[]string{"SetHeld u2 1", "interruption began", "didDeactivate", "Answer u3", "didActivate"}, "in-call u3/audio +u1/held +u2/held"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setScene(t, c.knobs...)
			s.talk(c.setup...)
			s.ring(u3)
			s.heard()
			s.do(func() error { return c.press(s.ph) })
			if c.see != "" {
				s.want(c.want...)
				s.see(c.see)
			} else if got := s.heard(); len(got) < 2 || got[0] != c.want[0] {
				t.Errorf("heard %q", got)
			}
			s.log("ring "+u3.String(), 0)
		})
	}
}

// TestCallWaitingAcrossApps holds one app's call for another's.
func TestCallWaitingAcrossApps(t *testing.T) {
	s := setScene(t)
	s.talk(u1)
	s.ringOther(u2)
	s.see("call-waiting u2 +u1/audio")
	s.do(s.ph.HoldAndAccept)
	s.want("SetHeld u1 1", "interruption began", "didDeactivate", "Answer u2@", "didActivate@")
	s.see("in-call u2/audio +u1/held")
	if got := s.buttons(); got != "mute keypad speaker swap more end" {
		t.Errorf("buttons %q: calls of two apps can't be merged", got)
	}
	if err := s.app.sys.AudioSession().SetActive(true); err == nil {
		t.Error("the app on hold took the session from the other")
	}
	if calls := s.app.sys.NewCallObserver().Calls(); len(calls) != 2 || !calls[0].IsOnHold || calls[1].IsOnHold {
		t.Errorf("the first app observes %+v", calls)
	}
	s.do(s.ph.Swap)
	s.want("SetHeld u2 1@", "interruption began@", "didDeactivate@", "SetHeld u1 0", "didActivate")
	s.do(s.ph.End)
	s.want("End u1", "SetHeld u2 0@", "didDeactivate", "didActivate@")
}

// TestAHoldThatIsNotSettled shows what the answer waits for.
func TestAHoldThatIsNotSettled(t *testing.T) {
	never := func(x callkit.Action) bool { _, is := x.(*callkit.SetHeldCallAction); return is }
	for _, c := range []struct {
		name  string
		knobs []string
		wait  time.Duration
		fail  bool
		want  []string
	}{
		{"times out", nil, time.Minute, false,
			[]string{"SetHeld u1 1", "timedOutPerforming SetHeld u1 1", "didDeactivate", "End u1", "Answer u2", "didActivate"}},
		{"times out and does not end its call", []string{"endAfterTimeout=false"}, time.Minute, false,
			[]string{"SetHeld u1 1", "timedOutPerforming SetHeld u1 1", "Answer u2", "End u1", "didDeactivate", "didActivate"}},
		{"times out in one transaction", []string{"callWaitingTransactions=one", "endAfterTimeout=false"}, time.Minute, false,
			[]string{"SetHeld u1 1", "timedOutPerforming SetHeld u1 1", "Answer u2", "End u1", "didDeactivate", "didActivate"}},
		{"is slow", []string{"holdTimeout=5s"}, 5 * time.Second, false,
			[]string{"SetHeld u1 1", "End u1", "Answer u2", "didDeactivate", "didActivate"}},
		{"fails", nil, 0, true, []string{"SetHeld u1 1", "Answer u2", "End u1", "didDeactivate", "didActivate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setScene(t, c.knobs...)
			s.talk(u1)
			s.app.settle = never
			if c.fail {
				s.app.settle = func(x callkit.Action) bool {
					if never(x) {
						x.Fail()
						return true
					}
					return false
				}
			}
			s.ring(u2)
			s.do(s.ph.HoldAndAccept)
			s.pass(c.wait)
			got := s.heard()
			want := c.want
			if c.wait == time.Minute { // the time-out itself is told to who asks for it; this app does not
				want = append([]string{want[0]}, want[2:]...)
			}
			if len(got) != len(want) {
				t.Fatalf("heard %q\nwant %q\n%s", got, want, s.w.Log())
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("heard %q\nwant %q", got, want)
					break
				}
			}
			s.see("in-call u2/audio")
		})
	}
}

// TestTheCallerGoesWhileTheHoldIsUnderWay: the answer has nobody to go to any more.
func TestTheCallerGoesWhileTheHoldIsUnderWay(t *testing.T) {
	for _, transactions := range []string{"one", "two"} {
		s := setScene(t, "callWaitingTransactions="+transactions)
		s.talk(u1)
		s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.SetHeldCallAction); return is }
		s.ring(u2)
		s.do(s.ph.HoldAndAccept)
		s.app.provider.ReportCallEnded(u2, time.Time{}, callkit.RemoteEnded)
		s.pass(time.Second)
		s.app.taken[0].Fulfill()
		s.pass(time.Second)
		s.want("SetHeld u1 1", "interruption began", "didDeactivate")
		s.see("in-call u1/held")

		s = setScene(t, "callWaitingTransactions="+transactions)
		s.talk(u1)
		s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.SetHeldCallAction); return is }
		s.ring(u2)
		s.do(s.ph.HoldAndAccept)
		s.app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
		s.pass(time.Second)
		want := []string{"SetHeld u1 1", "didDeactivate", "Answer u2", "didActivate"}
		if transactions == "one" {
			want = []string{"SetHeld u1 1", "Answer u2", "didDeactivate", "didActivate"}
		}
		s.want(want...)
		s.see("in-call u2/audio")
	}
}

// TestSecondRing: the screen stays with the first ring (forums 775874).
func TestSecondRing(t *testing.T) {
	for _, accept := range []bool{true, false} {
		s := setScene(t, "prefersBanner=false")
		s.ring(u1, u2)
		s.see("incoming-full u1 +u2")
		s.log("ring "+u2.String(), 0)
		if accept {
			s.do(s.ph.Answer)
			s.want("Answer u1", "End u2", "didActivate")
			s.see("in-call u1/audio")
			continue
		}
		s.do(s.ph.Decline)
		s.want("End u1")
		s.see("incoming-full u2")
		s.log("ring "+u2.String(), 1)
	}
	s := setScene(t, "prefersBanner=false")
	s.ring(u1, u2)
	s.app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
	s.pass(time.Second)
	s.see("incoming-full u2")
	s.log("ring "+u2.String(), 1)
	s.do(always(func() { s.ph.CellularRing("+1555", "") }))
	s.see("incoming-full u2 +cell")
}

func TestASlowDeclineShowsTheSecondRingAtOnce(t *testing.T) {
	s := setScene(t, "prefersBanner=false")
	s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.EndCallAction); return is }
	s.ring(u1, u2)
	s.do(s.ph.Decline)
	s.see("incoming-full u2 +u1")
	s.log("ring "+u2.String(), 1)
	s.app.taken[0].Fail() // a stale call, behind the one that rings
	s.pass(time.Second)
	s.see("incoming-full u2 +u1")
}

func TestARingBesideACallThatIsBegun(t *testing.T) {
	s := setScene(t)
	s.do(func() error { return s.ph.OpenApp(bundle) })
	s.ring(u1)
	s.log("ringStop", 0)
	s.ask(s.app, &callkit.StartCallAction{Base: callkit.Base{CallUUID: u2}})
	s.see("call-waiting u1 +u2/audio")
	s.log("ringStop "+u1.String(), 1)
	s.app.provider.ReportCallEnded(u2, time.Time{}, callkit.Failed)
	s.pass(time.Second)
	s.see("incoming-banner u1")
	s.log(" ring "+u1.String(), 2)
}

func TestHeadset(t *testing.T) {
	s := setScene(t)
	if s.ph.HeadsetPress() == nil {
		t.Error("a press without a call")
	}
	s.ring(u1)
	s.do(s.ph.HeadsetPress)
	s.want("Answer u1", "didActivate")
	s.ring(u2)
	s.do(s.ph.HeadsetPress)
	s.want("SetHeld u1 1", "interruption began", "didDeactivate", "Answer u2", "didActivate")
	s.do(s.ph.HeadsetPress)
	s.want("End u2", "didDeactivate", "SetHeld u1 0", "didActivate")
	s.ring(u3)
	_ = s.app.sys.AudioSession().SetActive(true)
	s.do(s.ph.HeadsetPress)
	s.want()
	s.log("headset button dead", 1)
}

func TestResumeAfterEnd(t *testing.T) {
	for _, c := range []struct {
		knob   string
		remote bool
		want   bool
	}{{"localOnly", false, true}, {"localOnly", true, false}, {"always", false, true}, {"always", true, true}, {"never", false, false}, {"never", true, false}} {
		s := setScene(t, "resumeAfterEnd="+c.knob)
		s.talk(u1, u2)
		if c.remote {
			s.app.provider.ReportCallEnded(u2, time.Time{}, callkit.RemoteEnded)
			s.pass(time.Second)
		} else {
			s.do(s.ph.End)
		}
		if got := s.ph.Calls(); len(got) != 1 || got[0].IsOnHold == c.want {
			t.Errorf("%+v: the other call: %+v", c, got)
		}
	}
	s := setScene(t)
	s.talk(u1)
	s.do(func() error { return s.ph.Hold(true) })
	s.ring(u2)
	s.do(s.ph.Decline)
	if got := s.ph.Calls(); !got[0].IsOnHold {
		t.Error("declining a call resumed one that the user had put on hold")
	}
}

// TestSecondOutgoing: only one call is heard (siprix#14).
func TestSecondOutgoing(t *testing.T) {
	for knob, want := range map[string][]string{
		"endsFirst":  {"Start u2 handle=\"\" video=0", "End u1", "didDeactivate", "didActivate"},
		"holdsFirst": {"Start u2 handle=\"\" video=0", "SetHeld u1 1", "interruption began", "didDeactivate", "didActivate"},
	} {
		s := setScene(t, "secondOutgoing="+knob, "defaultCapabilities=all")
		s.talk(u1)
		s.ask(s.app, &callkit.StartCallAction{Base: callkit.Base{CallUUID: u2}})
		s.see("connecting u2 +u1/audio")
		s.app.provider.ReportOutgoingCallConnected(u2, time.Time{})
		s.pass(time.Second)
		s.want(want...)
	}
	s := setScene(t)
	s.talk(u1)
	s.ask(s.app, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: u1}, OnHold: true}, &callkit.StartCallAction{Base: callkit.Base{CallUUID: u2}})
	s.app.provider.ReportOutgoingCallConnected(u2, time.Time{})
	s.pass(time.Second)
	s.want("SetHeld u1 1", "interruption began", "didDeactivate", "Start u2 handle=\"\" video=0", "didActivate")
	s.see("in-call u2/audio +u1/held")
}

func TestAnAppThatResumesWithoutHolding(t *testing.T) {
	for knob, want := range map[string][]string{
		"holdsFirst": {"SetHeld u1 0", "SetHeld u2 1", "interruption began", "didDeactivate", "didActivate"},
		"endsFirst":  {"SetHeld u1 0", "End u2", "didDeactivate", "didActivate"},
	} {
		s := setScene(t, "secondActive="+knob)
		s.talk(u1, u2)
		s.ask(s.app, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: u1}})
		s.want(want...)
	}
}

func TestSwap(t *testing.T) {
	for _, transactions := range []string{"one", "two"} {
		s := setScene(t, "callWaitingTransactions="+transactions)
		s.talk(u1, u2)
		s.see("in-call u2/audio +u1/held")
		if got := s.buttons(); got != "mute keypad speaker swap merge more end" {
			t.Errorf("buttons %q", got)
		}
		if s.ph.Hold(true) == nil || s.ph.AddCall() == nil {
			t.Error("beside another call the buttons are swap and merge")
		}
		s.do(s.ph.Swap)
		s.want("SetHeld u2 1", "interruption began", "didDeactivate", "SetHeld u1 0", "didActivate")
		s.see("in-call u1/audio +u2/held")

		s.app.settle = func(x callkit.Action) bool {
			if h, is := x.(*callkit.SetHeldCallAction); is && h.OnHold {
				x.Fail()
				return true
			}
			return false
		}
		s.do(s.ph.Swap)
		s.want("SetHeld u1 1")
		s.see("in-call u1/audio +u2/held")
	}
}

func TestAddCall(t *testing.T) {
	s := setScene(t)
	s.talk(u1)
	s.do(s.ph.AddCall)
	s.see("recents u1/audio")
	s.do(s.ph.ReturnToCall)
	s.see("in-call u1/audio")
}

func TestMoreLeadsToTheApp(t *testing.T) {
	s := setScene(t)
	s.ring(u1)
	s.do(s.ph.Answer, s.ph.Lock, s.ph.More)
	if s.ph.Screen().Prompt == "" {
		t.Error("a locked phone did not ask to be unlocked")
	}
	s.do(s.ph.Unlock)
	if s.ph.Screen().Front != bundle {
		t.Error("More did not lead to the app")
	}
	s.app.provider.ReportCallUpdated(u1, callkit.Update{RemoteHandle: &callkit.Handle{}})
	s.pass(0)
	if s.ph.More() == nil {
		t.Error("iOS 26 leads to the app of a call without a handle (forums 810709)")
	}
	must(t, s.ph.SetKnob("iosVersion", "18"))
	must(t, s.ph.More())
}

// TestAnsweredBeforeTheUnlock: on iOS 16 the user lands on the home screen if the app did not wait for it.
func TestAnsweredBeforeTheUnlock(t *testing.T) {
	video := true
	for _, c := range []struct {
		os    string
		waits bool
		front string
	}{{"16", false, ""}, {"16", true, bundle}, {"17.4", false, bundle}} {
		k, err := Profile(c.os)
		must(t, err)
		s := setScene(t, "answerBeforeUnlock="+k.AnswerBeforeUnlock)
		if c.waits {
			s.app.settle = func(callkit.Action) bool { return true }
		}
		s.ring(u1)
		s.app.provider.ReportCallUpdated(u1, callkit.Update{HasVideo: &video})
		s.do(s.ph.Lock, s.ph.Answer, s.ph.Unlock)
		if got := s.ph.Screen().Front; got != c.front {
			t.Errorf("%+v: the app in front is %q", c, got)
		}
	}
}

func TestADuplicateReportFlashes(t *testing.T) {
	for knob, want := range map[string]int{"true": 1, "false": 0} {
		s := setScene(t, "duplicateFlash="+knob)
		s.ring(u1, u1)
		s.log("SYS flash "+u1.String(), want)
		s.log(" ring "+u1.String(), 1)
	}
}

// TestAnEndThatFails leaves the call where it is, unless another has its place.
func TestAnEndThatFails(t *testing.T) {
	s := setScene(t)
	s.talk(u1)
	s.app.settle = func(x callkit.Action) bool {
		if _, is := x.(*callkit.EndCallAction); is {
			return true
		}
		return false
	}
	s.do(s.ph.End)
	if s.ph.HeadsetPress() == nil {
		t.Error("a headset's button ends a call that is ending")
	}
	s.app.taken[0].Fail()
	s.pass(time.Second)
	s.see("in-call u1/audio")
	s.ring(u2)
	s.do(s.ph.EndAndAccept) // the answer waits for the end, which is never settled
	s.see("connecting u2 +u1/audio")
	s.pass(time.Minute)
	s.want("End u1", "End u1", "didDeactivate", "Answer u2", "didActivate")
	s.see("in-call u2/audio")
}
