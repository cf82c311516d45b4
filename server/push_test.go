package server_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// What a failed push does to the leg, the call and the registrar.
func TestPushFails(t *testing.T) {
	unanswered := func(e *push.Error) error { return e }
	for name, c := range map[string]struct {
		err   error
		token bool // the device still has its token
	}{
		"token is dead":           {unanswered(&push.Error{Verdict: push.DropToken, Status: 410, Reason: "Unregistered"}), false},
		"token is somebody's":     {unanswered(&push.Error{Verdict: push.BadToken, Status: 400, Reason: "BadDeviceToken"}), true},
		"key is wrong":            {unanswered(&push.Error{Verdict: push.FixConfig, Status: 403, Reason: "InvalidProviderToken"}), true},
		"no answer":               {unanswered(&push.Error{Verdict: push.GiveUp, Reason: "unreachable", Err: errors.New("no route")}), true},
		"something else is amiss": {errors.New("the sender is ill"), true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, w *world) {
				a := w.phone("alice", "a1", "")
				w.phone("bob", "b1", voip(2))
				w.apns.will(func(context.Context, push.Push) (push.Receipt, error) {
					if e := (*push.Error)(nil); errors.As(c.err, &e) {
						e.Timestamp = time.Now()
					}
					return push.Receipt{}, c.err
				})
				line := a.open(0, true)
				id := a.call("bob").Id
				if got := line.ended(); got.Reason != v1.EndReason_END_REASON_UNREACHABLE {
					t.Errorf("the caller was told %v", got)
				}
				synctest.Wait()
				d, err := w.store.Device(context.Background(), app, "b1")
				if err != nil || (d.VoIPToken != "") != c.token {
					t.Errorf("the device is %+v, %v", d, err)
				}
				if got := w.ledger(id); !slices.Contains(got, "PUSH_FAILED b1 UNREACHABLE") || !slices.Contains(got, "CALL_ENDED  UNREACHABLE") {
					t.Errorf("the ledger says %q", got)
				}
				if jobs, err := w.store.Claim(context.Background(), "push", time.Now().Add(time.Hour), 10, 0); err != nil || len(jobs) != 0 {
					t.Errorf("jobs are left: %v, %v", jobs, err)
				}
			})
		})
	}
}

// One device's failure never ends its siblings, and a device that was given up may come back by its stream.
func TestPushFailsOnOneOfTwo(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))
		w.apns.will(func(_ context.Context, p push.Push) (push.Receipt, error) {
			if p.Token == voip(2) {
				return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Status: 500, Reason: "InternalServerError"}
			}
			return push.Receipt{ID: p.ID, Environment: push.Production}, nil
		})
		id := a.call("bob").Id
		synctest.Wait()
		c, err := a.get(id)
		if err != nil || c.State != v1.CallState_CALL_STATE_RINGING {
			t.Fatalf("the call is %v, %v", c, err)
		}
		states := map[string]v1.LegState{}
		for _, l := range c.Legs {
			states[l.DeviceId] = l.State
		}
		if states["b1"] != v1.LegState_LEG_STATE_ENDED || states["b2"] != v1.LegState_LEG_STATE_PUSHED {
			t.Errorf("the legs are %v", states)
		}
		if d, err := w.store.Device(context.Background(), app, "b2"); err != nil || d.Environment != uint8(push.Production) {
			t.Errorf("the corrected environment is not kept: %+v, %v", d, err)
		}
		if got := b.open(0, true).hello.Calls; len(got) != 1 || got[0].State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("the device that came back was greeted with %v", got)
		}
		if got, err := b.answer(id); err != nil || got.AnsweredBy != "b1" {
			t.Errorf("answering gave %v, %v", got, err)
		}
		if got, err := pad.get(id); err != nil || got.Reason != v1.EndReason_END_REASON_ANSWERED_ELSEWHERE {
			t.Errorf("the other device is told %v, %v", got, err)
		}
	})
}

// A device on screen gets no push, unless it says nothing: its stream may be a ghost.
func TestForegroundNeedsNoPush(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		line := b.open(0, true)
		id := a.call("bob").Id
		if got := line.next().GetCall(); got.GetId() != id || got.GetState() != v1.CallState_CALL_STATE_RINGING {
			t.Fatalf("the stream brought %v", got)
		}
		b.rings(id)
		time.Sleep(10 * time.Second)
		if n := len(w.apns.sent); n != 0 {
			t.Errorf("%d pushes were sent to a device that rings", n)
		}
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		id = a.call("bob").Id // and now it says nothing
		time.Sleep(time.Second)
		if n := len(w.apns.sent); n != 0 {
			t.Errorf("%d pushes were sent at once", n)
		}
		time.Sleep(3 * time.Second)
		if n := len(w.apns.sent); n != 1 {
			t.Errorf("%d pushes were sent to a device that says nothing, want 1", n)
		}
		if got := w.ledger(id); !slices.Contains(got, "STREAMED b1") || !slices.Contains(got, "ACCEPTED b1") {
			t.Errorf("the ledger says %q", got)
		}
	})
}

// A device that nothing can reach is unreachable at once; one that was here a moment ago is waited for.
func TestUnreachable(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", "")
		if got := a.call("bob"); got.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("a device that registered just now: %v", got)
		} else if _, err := a.cancel(got.Id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if got := a.call("bob"); got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != v1.EndReason_END_REASON_UNREACHABLE {
			t.Errorf("a device that is gone: %v", got)
		}
		line := b.open(0, false)
		if got := a.call("bob"); got.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("a device with a stream: %v", got)
		} else if _, err := a.cancel(got.Id); err != nil {
			t.Fatal(err)
		}
		line.end()
		time.Sleep(10 * time.Second)
		c := a.call("bob")
		if c.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("a device whose stream ended just now: %v", c)
		}
		late := w.phone("bob", "b9", "") // logs in while it rings
		if got := late.open(0, true).hello.Calls; len(got) != 1 || got[0].Id != c.Id || got[0].State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("a device that joins was greeted with %v", got)
		}
		if got, err := late.answer(c.Id); err != nil || got.AnsweredBy != "b9" {
			t.Errorf("a device that joined answers: %v, %v", got, err)
		}
	})
}

// A push that takes long keeps its lease; one whose node died is sent by the next.
func TestPushLease(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		w.apns.will(func(ctx context.Context, p push.Push) (push.Receipt, error) {
			select { // APNs is slow
			case <-time.After(20 * time.Second):
				return push.Receipt{ID: p.ID, Environment: p.Environment}, nil
			case <-ctx.Done():
				return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Reason: "given up", Err: ctx.Err()}
			}
		})
		id := a.call("bob").Id
		time.Sleep(10 * time.Second)
		if jobs, err := w.store.Claim(context.Background(), "push", time.Now(), 10, 0); err != nil || len(jobs) != 0 {
			t.Errorf("a push under way can be claimed: %v, %v", jobs, err)
		}
		first := <-w.apns.sent
		w.apns.will(nil)
		w.restart()
		time.Sleep(4 * time.Second)
		select {
		case again := <-w.apns.sent:
			if again.ID != first.ID || again.Token != first.Token {
				t.Errorf("pushed %+v, then %+v", first, again)
			}
		default:
			t.Error("nobody took the push over")
		}
		if got, err := a.get(id); err != nil || got.State != v1.CallState_CALL_STATE_RINGING || got.Legs[0].State != v1.LegState_LEG_STATE_PUSHED {
			t.Errorf("the call is %v, %v", got, err)
		}
	})
}

// A sender that panics costs its own push only.
func TestPushSenderPanics(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.Logger = nil }, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		w.apns.will(func(context.Context, push.Push) (push.Receipt, error) { panic("boom") })
		line := a.open(0, true)
		a.call("bob")
		if got := line.ended(); got.Reason != v1.EndReason_END_REASON_UNREACHABLE {
			t.Errorf("the caller was told %v", got)
		}
	})
}
