package phone

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A call that a Hello does not have is asked for before it is given up: it may have been made just after the Hello.
func TestHelloWithoutTheCall(t *testing.T) {
	unknown := func(r *rig) {
		r.conn.last("AckRequest").answer(signaling.Result{Problem: "unknown_call", Err: failure(connect.CodeNotFound)})
		r.s.run()
	}
	t.Run("ringing", func(t *testing.T) {
		both(t, func(t *testing.T, r *rig) {
			r.ring(1)
			r.s.advance(time.Second)
			r.hello()
			r.want("send ack with tok")
			r.wantState(1, call.Ringing, call.NotEnded)
			unknown(r)
			r.wantState(1, call.Ended, call.ServerEnded)
			r.want("ended c1 2")
		})
	})
	t.Run("dialing, and the server made it just after", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.dial()
		r.s.advance(time.Second)
		r.hello()
		r.want("send ack")
		truth := r.ours(200, v1.CallState_CALL_STATE_RINGING)
		truth.Ringing = true
		r.conn.last("AckRequest").answer(signaling.Result{Call: truth})
		r.s.run()
		r.wantState(200, call.Alerting, call.NotEnded)
	})
	t.Run("pushed after the Hello was made", func(t *testing.T) {
		r := newRig(t, false, nil)
		hello := &v1.Hello{ServerTime: timestamppb.New(r.now())}
		r.s.advance(time.Second)
		r.ring(1)
		r.conn.Hello(hello) // it took its time
		r.s.run()
		r.wantState(1, call.Ringing, call.NotEnded)
	})
	t.Run("dialing, and Start is under way", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.hello()
		_, _ = r.p.Start(StartRequest{Callee: "carol"})
		r.s.run()
		r.hello()
		r.wantState(200, call.Dialing, call.NotEnded)
	})
	t.Run("dialing, and the server has forgotten", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.dial()
		r.s.advance(time.Second)
		r.hello()
		r.want("send ack")
		unknown(r)
		r.wantState(200, call.Ended, call.ServerEnded)
		r.want("send cancel", "ended c200 2")
	})
	t.Run("talking", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.talk(1)
		r.hello()
		unknown(r)
		r.wantState(1, call.Ended, call.ServerEnded)
	})
}

func TestTruthInAnyOrder(t *testing.T) {
	r := newRig(t, false, nil)
	ringing := r.truth(1, v1.CallState_CALL_STATE_RINGING)
	gone := r.over(1, call.Cancelled)
	r.tell(gone)
	r.tell(ringing) // an older word
	r.wantState(1, call.Ended, call.Cancelled)
	r.push(r.payload(1), true) // the push is the last to come
	r.want("report c1 Alice alice", "ended c1 2", "ended c1 2")
	r.push(r.payload(1), false)
	r.want()

	r.talk(2)
	old := r.truth(2, v1.CallState_CALL_STATE_ANSWERED)
	held := r.truth(2, v1.CallState_CALL_STATE_ANSWERED)
	held.RemoteHeld = true
	r.tell(held)
	r.tell(old)
	if !r.state(2).RemoteHeld {
		t.Error("an old word of the server was believed")
	}
}

func TestTombstonesOfTheServer(t *testing.T) {
	r := newRig(t, false, nil)
	old := r.over(1, call.Cancelled)
	old.RingDeadline = timestamppb.New(r.now().Add(-time.Hour))
	ours := r.oursOver(call.Declined)
	r.hello(old, ours, r.over(2, call.AnsweredElsewhere))
	r.want()
	if got := r.p.Calls(); len(got) != 1 || got[0].ID != id(2) {
		t.Errorf("remembered: %+v, want call 2 alone", got)
	}
	r.push(r.payload(2), true)
	r.want("report c2 Alice alice", "ended c2 4", "ended c2 4")
}

// TestSaidAgain: what the network swallowed is said again when the server can be heard, and only then.
func TestSaidAgain(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.end(1)
	r.want("send decline declined with tok", "fulfill end c1")
	r.hello(r.truth(1, v1.CallState_CALL_STATE_RINGING))
	r.want() // it is under way
	r.reply("DeclineRequest", signaling.Result{Err: failure(connect.CodeUnavailable)})
	r.hello(r.truth(1, v1.CallState_CALL_STATE_RINGING))
	r.want("send decline declined with tok")
	r.reply("DeclineRequest", signaling.Result{Call: r.over(1, call.Declined)})
	r.hello(r.over(1, call.Declined))
	r.want()
}

// TestNothingToSayToWhoHasForgotten: a call that the server does not know any more is asked for once.
func TestNothingToSayToWhoHasForgotten(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.end(1)
	r.reply("DeclineRequest", signaling.Result{Err: failure(connect.CodeUnavailable)})
	r.s.take()
	r.hello()
	r.want("send ack with tok")
	r.reply("AckRequest", signaling.Result{Problem: "unknown_call", Err: failure(connect.CodeNotFound)})
	r.hello()
	r.want()
}

func TestHangUpSaidAgain(t *testing.T) {
	r := newRig(t, false, nil)
	r.talk(1)
	r.end(1)
	r.reply("EndRequest", signaling.Result{Err: failure(connect.CodeUnavailable)})
	r.s.take()
	r.hello(r.truth(1, v1.CallState_CALL_STATE_ANSWERED))
	r.want("send end hungup")
}

func TestFarEndHolds(t *testing.T) {
	r := newRig(t, false, nil)
	r.talk(1)
	c := r.truth(1, v1.CallState_CALL_STATE_ANSWERED)
	c.RemoteHeld = true
	r.tell(c)
	if got := r.p.Calls()[0]; !got.RemoteHeld {
		t.Error("the app does not see that the far end holds")
	}
	r.tell(r.truth(1, v1.CallState_CALL_STATE_ANSWERED))
	if got := r.p.Calls()[0]; got.RemoteHeld {
		t.Error("the far end's hold never ends")
	}
}

func TestRingDeadline(t *testing.T) {
	rings := func(r *rig, d time.Duration) {
		r.t.Helper()
		r.s.advance(d - time.Second)
		r.wantState(1, call.Ringing, call.NotEnded)
		r.s.advance(2 * time.Second)
		r.wantState(1, call.Ended, call.Unanswered)
		r.want("ended c1 3")
	}
	t.Run("of the push", func(t *testing.T) {
		r := newRig(t, false, nil)
		p := r.payload(1)
		p.ExpiresAt = r.now().Add(20 * time.Second).UnixMilli()
		r.push(p, true)
		r.s.take()
		rings(r, 20*time.Second)
	})
	t.Run("of the push, with a clock that is behind", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.s.skew = -time.Hour
		p := r.payload(1)
		p.ExpiresAt = r.now().Add(20 * time.Second).UnixMilli()
		r.push(p, true)
		r.s.take()
		rings(r, 20*time.Second)
	})
	t.Run("never longer than the system's own", func(t *testing.T) {
		r := newRig(t, false, nil)
		p := r.payload(1)
		p.ExpiresAt = r.now().Add(time.Hour).UnixMilli()
		r.push(p, true)
		r.s.take()
		rings(r, 45*time.Second)
	})
	t.Run("a push that was 10 s under way, clocks compared", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.s.skew = time.Hour
		r.hello()
		p := r.payload(1)
		r.s.advance(10 * time.Second)
		r.push(p, true)
		r.s.take()
		rings(r, 35*time.Second)
	})
	t.Run("corrected by the server's first word", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.s.skew = -10 * time.Minute
		p := r.payload(1)
		c := r.truth(1, v1.CallState_CALL_STATE_RINGING)
		r.s.advance(10 * time.Second)
		r.push(p, true) // looks as if it had just been sent
		r.s.advance(5 * time.Second)
		r.hello(c)
		r.s.take()
		rings(r, 30*time.Second)
	})
	t.Run("the clock jumps ahead while it rings", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.ring(1)
		r.s.advance(10 * time.Second)
		r.s.skew = 24 * time.Hour
		rings(r, 35*time.Second)
	})
	t.Run("the clock jumps back while it rings", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.ring(1)
		r.s.advance(10 * time.Second)
		r.s.skew = -24 * time.Hour
		rings(r, 35*time.Second)
	})
}

// TestDeclineAfterAClockJump: the jump is not taken for a ring that timed out.
func TestDeclineAfterAClockJump(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.s.advance(12 * time.Second)
	r.s.skew = 24 * time.Hour
	r.s.advance(6 * time.Second)
	r.end(1)
	r.wantState(1, call.Ended, call.Declined)
	r.want("send decline declined with tok", "fulfill end c1")
}

func TestB14HeldByAnotherAppsCallIsOfferedToResume(t *testing.T) {
	r := newRig(t, false, nil)
	r.talk(1)
	other := callkit.Call{UUID: id(99), IsOnHold: false, HasConnected: true}
	r.s.calls = []callkit.Call{{UUID: id(1), IsOnHold: true}, other}
	r.hold(1, true)
	r.s.observer.CallChanged(nil, other)
	if r.p.Calls()[0].CanResume {
		t.Error("resume is offered while the other call goes on")
	}
	other.HasEnded = true
	r.s.calls = r.s.calls[:1]
	r.s.observer.CallChanged(nil, other)
	if !r.p.Calls()[0].CanResume {
		t.Error("resume is not offered after the other call ended")
	}
	r.hold(1, false)
	if r.p.Calls()[0].CanResume {
		t.Error("resume is offered for a call that is not held")
	}
}

func TestOnChange(t *testing.T) {
	r := newRig(t, false, nil)
	r.snaps = nil
	r.conn.Online(true)
	r.s.run()
	r.ring(1)
	r.end(1)
	r.s.run()
	var states []call.State
	for _, s := range r.snaps {
		for _, c := range s.Calls {
			states = append(states, c.State)
		}
	}
	if len(r.snaps) < 3 || !r.snaps[0].Online || len(states) == 0 || states[len(states)-1] != call.Ended {
		t.Errorf("the app was told %+v", r.snaps)
	}
	for i := 1; i < len(r.snaps); i++ {
		if r.snaps[i].equal(r.snaps[i-1]) {
			t.Error("the app was told the same twice")
		}
	}
	before := len(r.snaps)
	r.conn.Online(false)
	r.conn.Online(true)
	r.s.run()
	if len(r.snaps) != before {
		t.Error("told of a change that was undone before anybody could see it")
	}
	r.hello()
	r.hello()
	if got := len(r.snaps); got > before+1 {
		t.Errorf("told %d times of one change", got-before)
	}
}

func TestForeground(t *testing.T) {
	r := newRig(t, false, nil)
	if r.conn.foreground {
		t.Error("the app was started in the background")
	}
	r.s.app.DidBecomeActive()
	if !r.conn.foreground {
		t.Error("the server was not told of the foreground")
	}
	r.s.app.DidEnterBackground()
	if r.conn.foreground {
		t.Error("the server was not told of the background")
	}
}
