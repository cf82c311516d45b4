package phone

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// lives runs two processes on one phone: before happens in the first, and what is returned is the second.
func lives(t *testing.T, before func(*rig)) *rig {
	t.Helper()
	j := new(MemoryJournal)
	r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
	before(r)
	r.p.Close()
	r.s.queue, r.s.timers, r.s.tasks = nil, nil, 0
	for c := range r.s.shown {
		r.s.calls = append(r.s.calls, callkit.Call{UUID: c})
	}
	r.boot(func(c *Config, _ *rig) { c.Journal = j })
	return r
}

func result(c *v1.Call) signaling.Result { return signaling.Result{Call: c} }

func TestLeftovers(t *testing.T) {
	gone := func(r *rig) { clear(r.s.shown) }
	for name, c := range map[string]struct {
		before func(*rig)
		state  call.State
		why    call.Reason
		sent   []string // what the new process tells the server
	}{
		"ringing, still shown":               {func(r *rig) { r.ring(1) }, call.Ringing, call.NotEnded, []string{"ack"}},
		"ringing, not shown any more":        {func(r *rig) { r.ring(1); gone(r) }, call.Ended, call.Crashed, []string{"decline unreachable here"}},
		"answered, still shown":              {func(r *rig) { r.talk(1) }, call.Ended, call.Crashed, []string{"end crashed"}},
		"answered, not shown":                {func(r *rig) { r.talk(1); gone(r) }, call.Ended, call.Crashed, []string{"end crashed"}},
		"declined, the server does not know": {func(r *rig) { r.ring(1); r.end(1) }, call.Ended, call.Declined, []string{"decline declined"}},
		"hung up, the server does not know":  {func(r *rig) { r.talk(1); r.end(1) }, call.Ended, call.HungUp, []string{"end hungup"}},
		"declined, all is said": {func(r *rig) {
			r.ring(1)
			r.end(1)
			r.tell(r.over(1, call.Declined))
			r.reply("DeclineRequest", result(r.over(1, call.Declined)))
		}, call.Ended, call.Declined, nil},
		"ended, but still shown": {func(r *rig) {
			r.ring(1)
			r.tell(r.over(1, call.Cancelled))
			r.s.shown[id(1)] = true
		}, call.Ended, call.Cancelled, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := lives(t, c.before)
			r.wantState(1, c.state, c.why)
			var sent []string
			for _, q := range r.conn.sent {
				text := describeRequest(q.msg, signaling.SendOptions{})
				if text[:3] == "ack" {
					text = "ack"
				}
				if text[:3] != "med" {
					sent = append(sent, text)
				}
			}
			if len(sent) != len(c.sent) || len(sent) > 0 && sent[0] != c.sent[0] {
				t.Errorf("told the server %q, want %q", sent, c.sent)
			}
			if want := c.state == call.Ringing; r.s.shown[id(1)] != want {
				t.Errorf("the system shows the call: %v, want %v", !want, want)
			}
		})
	}
}

func TestLeftoverOutgoing(t *testing.T) {
	r := lives(t, func(r *rig) { r.dial() })
	r.wantState(200, call.Ended, call.Crashed)
	if r.conn.last("CancelRequest") == nil {
		t.Error("the server was not told to cancel")
	}
	if r.s.shown[id(200)] {
		t.Error("the call is still on the screen")
	}
}

// TestAdoptedRing: a ring that outlived its process can be answered.
func TestAdoptedRing(t *testing.T) {
	r := lives(t, func(r *rig) { r.ring(1); r.s.advance(10 * time.Second) })
	x := r.answer(1)
	r.wantState(1, call.Connecting, call.NotEnded)
	if got := r.conn.last("AnswerRequest"); got == nil || got.opts.Token != "tok" {
		t.Errorf("answered with %+v", got)
	}
	r.hello(r.over(1, call.AnsweredElsewhere))
	r.wantState(1, call.Ended, call.AnsweredElsewhere)
	if !x.done {
		t.Error("the answer was never settled")
	}
}

// TestAdoptedRingEnds: the rest of the ring's time counts.
func TestAdoptedRingEnds(t *testing.T) {
	r := lives(t, func(r *rig) { r.hello(); r.ring(1); r.s.advance(40 * time.Second) })
	r.wantState(1, call.Ringing, call.NotEnded)
	r.s.advance(6 * time.Second)
	r.wantState(1, call.Ended, call.Unanswered)
}

// TestAnswerBeforeTheJournalWasRead: the system launches the app for the user's tap.
func TestAnswerBeforeTheJournalWasRead(t *testing.T) {
	j := new(MemoryJournal)
	r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
	r.ring(1)
	r.p.Close()
	r.s.queue, r.s.timers = nil, nil
	r.s.calls = []callkit.Call{{UUID: id(1)}}
	launch := newRigOn(t, r.s, j)
	launch.s.perform(&callkit.AnswerCallAction{Base: callkit.Base{CallUUID: id(1)}})
	launch.s.run()
	launch.wantState(1, call.Connecting, call.NotEnded)
}

// newRigOn starts a process whose main queue has not run yet.
func newRigOn(t *testing.T, s *fakeSystem, j Journal) *rig {
	t.Helper()
	r := &rig{t: t, s: s}
	s.hold = true
	r.boot(func(c *Config, _ *rig) { c.Journal = j })
	s.hold = false
	return r
}

// TestPushBeforeTheJournalWasRead: a ring of the last process that is pushed again is the same ring, and one that was
// answered by the last process is over.
func TestPushBeforeTheJournalWasRead(t *testing.T) {
	for answered, want := range map[bool]call.State{false: call.Ringing, true: call.Ended} {
		j := new(MemoryJournal)
		r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
		if answered {
			r.talk(1)
		} else {
			r.ring(1)
		}
		r.p.Close()
		r.s.queue, r.s.timers = nil, nil
		r.s.calls = []callkit.Call{{UUID: id(1)}}
		again := newRigOn(t, r.s, j)
		again.s.take()
		again.push(again.payload(1), true)
		if got := again.state(1).State; got != want {
			t.Errorf("answered %v: the call is %v, want %v", answered, got, want)
		}
	}
}

func TestOrphans(t *testing.T) {
	orphan := func(t *testing.T) *rig {
		r := newRig(t, false, nil)
		r.p.Close()
		r.s.queue, r.s.timers = nil, nil
		r.s.shown[id(1)], r.s.shown[id(99)] = true, true
		r.s.calls = []callkit.Call{{UUID: id(1)}, {UUID: id(99)}, {UUID: id(98), HasEnded: true}}
		r.boot(nil) // the journal is lost
		return r
	}
	t.Run("the server knows nothing", func(t *testing.T) {
		r := orphan(t)
		r.want()
		r.hello()
		r.want("ended c1 1", "ended c99 1")
	})
	t.Run("the server does not speak", func(t *testing.T) {
		r := orphan(t)
		r.s.advance(orphanPatience)
		r.want("ended c1 1", "ended c99 1")
	})
	t.Run("it rings", func(t *testing.T) {
		r := orphan(t)
		r.hello(r.truth(1, v1.CallState_CALL_STATE_RINGING))
		r.wantState(1, call.Ringing, call.NotEnded)
		r.answer(1)
		r.wantState(1, call.Connecting, call.NotEnded)
	})
	t.Run("it was answered here", func(t *testing.T) {
		r := orphan(t)
		r.hello(r.truth(1, v1.CallState_CALL_STATE_ANSWERED))
		r.wantState(1, call.Ended, call.Crashed)
		r.want("send end crashed", "ended c1 1", "ended c99 1")
	})
	t.Run("it was dialed here", func(t *testing.T) {
		r := orphan(t)
		r.hello(r.ours(1, v1.CallState_CALL_STATE_RINGING))
		r.wantState(1, call.Ended, call.Crashed)
		r.want("send cancel", "ended c1 1", "ended c99 1")
	})
}
