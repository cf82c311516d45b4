package lck_test

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// settled is a system that hears of one action.
type settled struct {
	over, ok bool
	at       time.Time
	times    int
}

func (s *settled) Settled() bool { return s.over }
func (s *settled) Settle(ok bool, at time.Time) {
	s.over, s.ok, s.at = true, ok, at
	s.times++
}

func TestActionIsSettledOnceTogetherWithTheSystems(t *testing.T) {
	at := time.Unix(1000, 0)
	for _, c := range []struct {
		name   string
		settle func(lck.Action)
		ok     bool
		at     time.Time
		state  lck.ActionState
	}{
		{"fulfil", lck.Action.Fulfill, true, time.Time{}, lck.ActionComplete},
		{"fulfil with a date", func(a lck.Action) { a.FulfillAt(at) }, true, at, lck.ActionComplete},
		{"fail", lck.Action.Fail, false, time.Time{}, lck.ActionFailed},
	} {
		var sys settled
		inner := &callkit.AnswerCallAction{Base: callkit.Base{CallUUID: callkit.UUID{1}}}
		inner.Bind(callkit.UUID{2}, at, &sys)
		a := &lck.JoinConversationAction{Base: lck.Base{ConversationUUID: callkit.UUID{1}}}
		if a.Fulfill(); a.State() != lck.ActionIdle {
			t.Fatalf("%s: an action that no system has is %v after fulfil, want idle", c.name, a.State())
		}
		a.Bind(inner)
		if a.State() != lck.ActionRunning || a.UUID() != (callkit.UUID{2}) || a.Conversation() != inner.Call() || !a.TimeoutDate().Equal(at) {
			t.Fatalf("%s: a bound action is %v %v %v %v", c.name, a.State(), a.UUID(), a.Conversation(), a.TimeoutDate())
		}
		c.settle(a)
		a.Fail()
		a.Fulfill()
		if sys.times != 1 || sys.ok != c.ok || !sys.at.Equal(c.at) || a.State() != c.state {
			t.Errorf("%s: settled %d times, ok=%v at %v, state %v", c.name, sys.times, sys.ok, sys.at, a.State())
		}
	}
}

func TestTimedOutActionHasFailed(t *testing.T) {
	sys := settled{}
	inner := &callkit.EndCallAction{}
	inner.Bind(callkit.UUID{2}, time.Time{}, &sys)
	a := &lck.EndConversationAction{}
	a.Bind(inner)
	sys.over = true // by the system
	if a.Fulfill(); a.State() != lck.ActionFailed || sys.times != 0 {
		t.Errorf("a fulfil after the time-out made the action %v and reached the system %d times", a.State(), sys.times)
	}
}

func TestTranslationSaysWhoTranslates(t *testing.T) {
	var sys settled
	inner := &callkit.SetTranslatingCallAction{}
	inner.Bind(callkit.UUID{2}, time.Time{}, &sys)
	a := &lck.SetTranslatingAction{IsTranslating: true, LocalLanguage: "en", RemoteLanguage: "de"}
	a.Bind(inner)
	a.FulfillUsing(callkit.CustomTranslation)
	if !sys.ok || inner.Engine() != callkit.CustomTranslation || a.State() != lck.ActionComplete {
		t.Errorf("ok=%v engine=%v state=%v", sys.ok, inner.Engine(), a.State())
	}
}
