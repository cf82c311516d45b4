package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestMerge(t *testing.T) {
	for knob, want := range map[string]string{"activeToHeld": "SetGroup u2 with=u1", "heldToActive": "SetGroup u1 with=u2"} {
		s := setScene(t, "mergeUUIDOrder="+knob)
		s.talk(u1, u2)
		s.do(s.ph.Merge)
		s.want("SetHeld u1 0", want)
		v := s.see("in-call u1=u1,u2/audio")
		if v.Call.Caller != "Conference" || len(v.Call.Members[0].Buttons) != 2 {
			t.Errorf("the group on the screen: %+v", v.Call)
		}
		if got := s.buttons(); got != "mute keypad speaker hold add-call more end" {
			t.Errorf("buttons %q", got)
		}
		if text := v.String(); !strings.Contains(text, "- Bob [Private] [End]") {
			t.Errorf("drawn:\n%s", text)
		}

		// Hold, mute and end are for each.
		s.do(func() error { return s.ph.Hold(true) })
		s.want("SetHeld u1 1", "SetHeld u2 1", "interruption began", "didDeactivate")
		s.do(func() error { return s.ph.Hold(false) })
		s.want("SetHeld u1 0", "SetHeld u2 0", "didActivate")
		s.do(func() error { return s.ph.Mute(true) })
		s.want("SetMuted u1 1", "SetMuted u2 1")
		s.do(s.ph.End)
		s.want("End u1", "End u2", "didDeactivate")
	}
}

// TestAGroupBesideACall: a group is one line.
func TestAGroupBesideACall(t *testing.T) {
	s := setScene(t)
	s.talk(u1, u2)
	s.do(s.ph.Merge)
	s.heard()
	s.ring(u3)
	s.see("call-waiting u3 +u1=u1,u2/audio")
	s.do(s.ph.HoldAndAccept)
	s.want("SetHeld u1 1", "SetHeld u2 1", "interruption began", "didDeactivate", "Answer u3", "didActivate")
	s.see("in-call u3/audio +u1=u1,u2/held")
	s.do(s.ph.Swap)
	s.want("SetHeld u3 1", "interruption began", "didDeactivate", "SetHeld u1 0", "SetHeld u2 0", "didActivate")
	s.do(s.ph.Merge)
	s.want("SetHeld u3 0", "SetGroup u1 with=u3")
	s.see("in-call u1=u1,u2,u3/audio")
	s.do(func() error { return s.ph.EndMember(u2) })
	s.want("End u2")
	s.see("in-call u1=u1,u3/audio")
	s.do(func() error { return s.ph.EndMember(u1) }) // which had the session
	s.want("End u1")
	s.see("in-call u3/audio") // a group of one is none
}

func TestSplit(t *testing.T) {
	s := setScene(t)
	s.talk(u1, u2)
	if s.ph.Split(u1) == nil {
		t.Error("a call alone can be split off")
	}
	s.do(s.ph.Merge)
	s.heard()
	s.do(func() error { return s.ph.Split(u2) })
	s.want("SetGroup u2 with=nil", "SetHeld u1 1") // u2 had the session and keeps it
	s.see("in-call u2/audio +u1/held")

	no := false
	s.do(s.ph.Merge)
	s.app.provider.ReportCallUpdated(u2, callkit.Update{SupportsUngrouping: &no})
	s.pass(0)
	if s.ph.Split(u2) == nil {
		t.Error("a call without supportsUngrouping was split off")
	}
	if s.ph.Split(u3) == nil || s.ph.EndMember(u3) == nil {
		t.Error("a call that is no member has buttons")
	}
}

func TestLimitsOfGroups(t *testing.T) {
	no := false
	s := setScene(t)
	s.app.config = func(c *callkit.ProviderConfiguration) { c.MaximumCallsPerCallGroup = 1 }
	s.talk(u1, u2)
	if s.ph.Merge() == nil {
		t.Error("merged beyond maximumCallsPerCallGroup")
	}
	for _, c := range []struct {
		with callkit.UUID
		code int
	}{{u3, callkit.RequestUnknownCallUUID}, {u1, callkit.RequestInvalidAction}, {u2, callkit.RequestInvalidAction}} {
		var got error
		s.app.controller.RequestTransaction([]callkit.Action{&callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: u1}, GroupWith: c.with}}, func(err error) { got = err })
		s.pass(time.Second)
		if e, ok := got.(*callkit.Error); !ok || e.Code != c.code {
			t.Errorf("group with %s: %v, want code %d", c.with, got, c.code)
		}
	}
	s = setScene(t)
	s.talk(u1, u2)
	s.app.provider.ReportCallUpdated(u1, callkit.Update{SupportsGrouping: &no})
	s.pass(0)
	if s.ph.Merge() == nil {
		t.Error("merged a call without supportsGrouping")
	}

	// Groups count, not calls: two in a group leave room for one more.
	s = setScene(t)
	s.talk(u1, u2)
	start := func(id callkit.UUID) error {
		var got error
		s.app.controller.RequestTransaction([]callkit.Action{&callkit.StartCallAction{Base: callkit.Base{CallUUID: id}}}, func(err error) { got = err })
		s.pass(time.Second)
		return got
	}
	if err := start(u3); err == nil || err.(*callkit.Error).Code != callkit.RequestMaximumCallGroupsReached {
		t.Errorf("a third group: %v", err)
	}
	s.do(s.ph.Merge)
	if err := start(u3); err != nil {
		t.Errorf("beside one group: %v", err)
	}
}

// TestAMergeThatFails leaves the calls as they were.
func TestAMergeThatFails(t *testing.T) {
	fail := func(of func(callkit.Action) bool) func(callkit.Action) bool {
		return func(x callkit.Action) bool {
			if of(x) {
				x.Fail()
				return true
			}
			return false
		}
	}
	s := setScene(t)
	s.talk(u1, u2)
	s.app.settle = fail(func(x callkit.Action) bool { _, is := x.(*callkit.SetHeldCallAction); return is })
	s.do(s.ph.Merge)
	s.want("SetHeld u1 0")
	s.see("in-call u2/audio +u1/held")

	s = setScene(t)
	s.talk(u1, u2)
	s.app.settle = fail(func(x callkit.Action) bool { _, is := x.(*callkit.SetGroupCallAction); return is })
	s.do(s.ph.Merge)
	s.want("SetHeld u1 0", "SetGroup u2 with=u1", "SetHeld u1 1")
	s.see("in-call u2/audio +u1/held")

	s = setScene(t, "endAfterTimeout=false")
	s.talk(u1, u2)
	s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.SetGroupCallAction); return is }
	s.do(s.ph.Merge)
	s.pass(time.Minute)
	s.want("SetHeld u1 0", "SetGroup u2 with=u1", "SetHeld u1 1")
	s.see("in-call u2/audio +u1/held")

	s = setScene(t)
	s.talk(u1, u2)
	s.app.settle = func(x callkit.Action) bool { _, is := x.(*callkit.SetHeldCallAction); return is }
	s.do(s.ph.Merge)
	s.app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
	s.pass(time.Second)
	s.want("SetHeld u1 0")
	s.see("in-call u2/audio")
}

// TestAnAppThatMerges: nobody resumes for it (siprix#91).
func TestAnAppThatMerges(t *testing.T) {
	group := &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: u2}, GroupWith: u1}
	s := setScene(t)
	s.talk(u1, u2)
	s.ask(s.app, group)
	s.want("SetGroup u2 with=u1")
	s.log("the app must resume it", 1)
	if got := s.ph.Calls(); !got[0].IsOnHold || got[1].IsOnHold {
		t.Errorf("calls: %+v", got)
	}
	s = setScene(t)
	s.talk(u1, u2)
	s.ask(s.app, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: u1}}, group)
	s.want("SetHeld u1 0", "SetGroup u2 with=u1")
	s.see("in-call u1=u1,u2/audio")
	s.ask(s.app, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: u1}})
	s.want("SetGroup u1 with=nil", "SetHeld u2 1", "interruption began", "didDeactivate", "didActivate")
	s.see("in-call u1/audio +u2/held")
}

func TestTranslate(t *testing.T) {
	s := setScene(t)
	s.app.config = func(c *callkit.ProviderConfiguration) { c.SupportsAudioTranslation = true }
	on := func() error { return s.ph.Translate(true, "de", "en") }
	s.ring(u1)
	if on() == nil {
		t.Error("translation of a ringing call")
	}
	s.do(s.ph.Answer, on)
	s.want("Answer u1", "didActivate", "SetTranslating u1 1 local=de remote=en")
	if c := s.ph.Screen().Call; c.Translating != "de→en" || !strings.Contains(s.ph.Screen().String(), "translating de→en") {
		t.Errorf("the screen: %+v", c)
	}
	s.log("engine=default", 1)
	s.do(func() error { return s.ph.Translate(false, "", "") })
	s.want("SetTranslating u1 0 local= remote=")
	if s.ph.Screen().Call.Translating != "" {
		t.Error("still translating")
	}
	s.app.settle = func(x callkit.Action) bool {
		if tr, is := x.(*callkit.SetTranslatingCallAction); is {
			tr.FulfillUsingTranslationEngine(callkit.CustomTranslation)
		}
		return true
	}
	s.ask(s.app, &callkit.SetTranslatingCallAction{Base: callkit.Base{CallUUID: u1}, IsTranslating: true, LocalLanguage: "de", RemoteLanguage: "fr"})
	s.log("de→fr engine=custom", 1)
	s.app.settle = func(x callkit.Action) bool { x.Fail(); return true }
	s.do(func() error { return s.ph.Translate(false, "", "") })
	if s.ph.Screen().Call.Translating != "de→fr" {
		t.Error("a failed action switched it off")
	}
	if err := s.ph.Translate(true, "de", ""); err == nil {
		t.Error("translation into no language")
	}

	for _, c := range []struct {
		os       string
		supports bool
	}{{"18", true}, {"26.4", false}} {
		s := setScene(t, "iosVersion="+c.os)
		s.app.config = func(k *callkit.ProviderConfiguration) { k.SupportsAudioTranslation = c.supports }
		s.talk(u1)
		var got error
		s.app.controller.RequestTransaction([]callkit.Action{&callkit.SetTranslatingCallAction{Base: callkit.Base{CallUUID: u1}, IsTranslating: true}}, func(err error) { got = err })
		s.pass(time.Second)
		if got == nil || s.ph.Translate(true, "de", "en") == nil {
			t.Errorf("%+v: translation was possible (%v)", c, got)
		}
	}
}
