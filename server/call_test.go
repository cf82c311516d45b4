package server_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A whole call: two phones ring by push, one answers with the action token of its push, talk, hold, hang up.
func TestCall(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		alice, bob, pad := w.phone("alice", "a1", voip(1)), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))
		line := alice.open(0, true)
		c, err := alice.start("bob", func(r *v1.StartRequest) {
			r.Video, r.CallerHandle, r.CallId = true, "+49 30 1234", line.hello.NextCallId
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Id != line.hello.NextCallId || c.State != v1.CallState_CALL_STATE_RINGING || c.Role != v1.Role_ROLE_CALLER || len(c.Legs) != 2 ||
			c.RingDeadline.AsTime().Sub(c.CreatedAt.AsTime()) != 45*time.Second || len(c.MediaCredentials) == 0 {
			t.Fatalf("the call began as %v", c)
		}
		ids := map[string]bool{}
		for range 2 {
			p := <-w.apns.sent
			ids[p.ID] = true
			if p.BundleID != bundle || p.Environment != push.Sandbox || !p.Deadline.Equal(c.RingDeadline.AsTime()) || len(p.Payload) > push.MaxVoIPPayload {
				t.Errorf("pushed %+v", p)
			}
			said, err := signaling.ParsePush(p.Payload)
			if err != nil {
				t.Fatal(err)
			}
			if said.CallID.String() != c.Id || said.CallerName != "Name of alice" || said.Handle != "+49 30 1234" || said.HandleType != 2 || !said.Video ||
				said.Server != "https://calls.example.com" || said.Token == "" || !said.Expires().Equal(c.RingDeadline.AsTime().Truncate(time.Millisecond)) {
				t.Errorf("the push says %+v", said)
			}
			if small, err := signaling.ParsePush(p.Small); err != nil || small.CallID != said.CallID || small.Token != said.Token || len(p.Small) >= len(p.Payload) {
				t.Errorf("the small push says %+v, %v", small, err)
			}
			if p.Token == voip(2) {
				bob.token = said.Token // its app was killed: all it has is the push
			}
		}
		if len(ids) != 2 {
			t.Errorf("two legs have the apns-ids %v", ids)
		}
		bob.rings(c.Id)
		pad.rings(c.Id)
		line.call("ringing", func(c *v1.Call) bool { return c.Ringing })
		padLine := pad.open(0, true)
		if got := padLine.hello.Calls; len(got) != 1 || got[0].Id != c.Id || got[0].Role != v1.Role_ROLE_CALLEE || len(got[0].Legs) != 1 || got[0].Legs[0].State != v1.LegState_LEG_STATE_RINGING {
			t.Fatalf("the second phone was greeted with %v", got)
		}

		won, err := bob.answer(c.Id)
		if err != nil || won.State != v1.CallState_CALL_STATE_ANSWERED || won.AnsweredBy != "b1" {
			t.Fatalf("answering gave %v, %v", won, err)
		}
		if again, err := bob.answer(c.Id); err != nil || again.Rev != won.Rev {
			t.Errorf("answering again gave %v, %v", again, err)
		}
		if got := line.call("answered", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ANSWERED }); got.AnsweredBy != "b1" || got.AnsweredByName != "The b1" {
			t.Errorf("the caller was told %v", got)
		}
		if got := padLine.ended(); got.Reason != v1.EndReason_END_REASON_ANSWERED_ELSEWHERE || got.AnsweredBy != "b1" || got.EndedAt == nil {
			t.Errorf("the second phone was told %v", got)
		}
		p := wantProblem(t, "late answer", errOf(pad.answer(c.Id)), connect.CodeFailedPrecondition, "answered_elsewhere")
		if p.GetCall().GetAnsweredByName() != "The b1" {
			t.Errorf("the late answer was told %v", p)
		}

		bob.token = token("bob") // the app is up now
		if _, err := bob.ack(c.Id, &v1.Mark{Stage: v1.Stage_STAGE_AUDIO_ACTIVE}, &v1.Mark{Stage: v1.Stage_STAGE_AUDIO_ACTIVE}); err != nil {
			t.Fatal(err)
		}
		if got, err := bob.hold(c.Id, true); err != nil || !got.Held || got.RemoteHeld {
			t.Errorf("holding gave %v, %v", got, err)
		}
		line.call("held", func(c *v1.Call) bool { return c.RemoteHeld && !c.Held })
		if _, err := bob.hold(c.Id, false); err != nil {
			t.Error(err)
		}
		line.call("resumed", func(c *v1.Call) bool { return !c.RemoteHeld })
		if got, err := alice.end(c.Id, 0); err != nil || got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != v1.EndReason_END_REASON_HUNGUP || len(got.MediaCredentials) > 0 {
			t.Errorf("hanging up gave %v, %v", got, err)
		}
		wantProblem(t, "hanging up again", errOf(alice.end(c.Id, 0)), connect.CodeFailedPrecondition, "already_ended")
		wantProblem(t, "hanging up late", errOf(bob.end(c.Id, 0)), connect.CodeFailedPrecondition, "already_ended")

		time.Sleep(time.Second) // in the bubble: a change that met others' waits a little before it is tried again
		synctest.Wait()
		got := w.ledger(c.Id)
		slices.Sort(got)
		want := []string{
			"ACCEPTED b1", "ACCEPTED b2", "ANSWERED b1", "AUDIO_ACTIVE b1", "CALL_ENDED  HUNGUP", "ENDED b1 HUNGUP", "ENDED b2 ANSWERED_ELSEWHERE", "HELD b1",
			"PUSHED b1", "PUSHED b2", "REPORTED b1", "REPORTED b2", "RESUMED b1", "RINGING b1", "RINGING b2", "STARTED ", "WOKE b1", "WOKE b2",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the ledger says\n%q, want\n%q", got, want)
		}
		for _, who := range []*phone{alice, bob} {
			h, err := who.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
			if err != nil || len(h.Msg.Records) != 1 || h.Msg.Records[0].CallId != c.Id || h.Msg.Records[0].Reason != v1.EndReason_END_REASON_HUNGUP || h.Msg.Records[0].AnsweredBy != "b1" {
				t.Errorf("the history of %s is %v, %v", who.user, h, err)
			}
		}
	})
}

func errOf(_ *v1.Call, err error) error { return err }

// What each side is told when the call ends before the answer.
func TestEndsBeforeTheAnswer(t *testing.T) {
	type end = v1.EndReason
	for name, c := range map[string]struct {
		do                    func(a, b, pad *phone, id string) error
		caller, first, second end
	}{
		"cancelled": {func(a, _, _ *phone, id string) error { return errOf(a.cancel(id)) },
			v1.EndReason_END_REASON_CANCELLED, v1.EndReason_END_REASON_CANCELLED, v1.EndReason_END_REASON_CANCELLED},
		"cancelled by hanging up": {func(a, _, _ *phone, id string) error { return errOf(a.end(id, 0)) },
			v1.EndReason_END_REASON_CANCELLED, v1.EndReason_END_REASON_CANCELLED, v1.EndReason_END_REASON_CANCELLED},
		"declined": {func(_, b, _ *phone, id string) error { return errOf(b.decline(id, 0, false)) },
			v1.EndReason_END_REASON_DECLINED, v1.EndReason_END_REASON_DECLINED, v1.EndReason_END_REASON_DECLINED_ELSEWHERE},
		"blocked": {func(_, b, _ *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_BLOCKED, false))
		}, v1.EndReason_END_REASON_DECLINED, v1.EndReason_END_REASON_BLOCKED, v1.EndReason_END_REASON_DECLINED_ELSEWHERE},
		"busy everywhere": {func(_, b, _ *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_BUSY, false))
		}, v1.EndReason_END_REASON_BUSY, v1.EndReason_END_REASON_BUSY, v1.EndReason_END_REASON_BUSY_ELSEWHERE},
		"busy one by one": {func(_, b, pad *phone, id string) error {
			if c, err := b.decline(id, v1.EndReason_END_REASON_DO_NOT_DISTURB, true); err != nil || c.State != v1.CallState_CALL_STATE_ENDED {
				return err
			}
			return errOf(pad.decline(id, 0, true))
		}, v1.EndReason_END_REASON_BUSY, v1.EndReason_END_REASON_DO_NOT_DISTURB, v1.EndReason_END_REASON_BUSY},
		"unanswered": {func(_, _, _ *phone, _ string) error { return nil },
			v1.EndReason_END_REASON_UNANSWERED, v1.EndReason_END_REASON_UNANSWERED, v1.EndReason_END_REASON_UNANSWERED},
		"ended by the backend": {func(a, _, _ *phone, id string) error {
			_, err := a.w.ops().EndCall(context.Background(), connect.NewRequest(&v1.EndCallRequest{CallId: id}))
			return err
		}, v1.EndReason_END_REASON_SERVER_ENDED, v1.EndReason_END_REASON_SERVER_ENDED, v1.EndReason_END_REASON_SERVER_ENDED},
		"logged out": {func(_, b, pad *phone, id string) error {
			for _, p := range []*phone{b, pad} {
				if _, err := p.api().UnregisterDevice(context.Background(), connect.NewRequest(&v1.UnregisterDeviceRequest{DeviceId: p.device})); err != nil {
					return err
				}
			}
			return nil
		}, v1.EndReason_END_REASON_UNREACHABLE, v1.EndReason_END_REASON_UNREACHABLE, v1.EndReason_END_REASON_UNREACHABLE},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, w *world) {
				a, b, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))
				line := a.open(0, true)
				began := time.Now()
				id := a.call("bob").Id
				b.rings(id)
				pad.rings(id)
				if err := c.do(a, b, pad, id); err != nil {
					t.Fatal(err)
				}
				told := line.ended()
				if told.Reason != c.caller {
					t.Errorf("the caller was told %s, want %s", told.Reason, c.caller)
				}
				if took := time.Since(began); name == "unanswered" && took != 45*time.Second || name != "unanswered" && took > time.Second {
					t.Errorf("it ended after %s", took)
				}
				for p, want := range map[*phone]end{b: c.first, pad: c.second} {
					got, err := p.get(id)
					if err != nil || got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != want || got.EndedAt == nil {
						t.Errorf("%s is told %v, %v, want %s", p.device, got, err, want)
					}
				}
				for p, cut := range map[*phone]func() error{
					a: func() error { return errOf(a.cancel(id)) },
					b: func() error { return errOf(b.answer(id)) },
				} {
					if got := problemOf(cut()); got.GetCall().GetState() != v1.CallState_CALL_STATE_ENDED {
						t.Errorf("%s's late deed is told %v", p.device, got)
					}
				}
				// The tombstone goes, history stays.
				time.Sleep(3 * time.Minute)
				wantProblem(t, "after the tombstone", errOf(a.get(id)), connect.CodeNotFound, "unknown_call")
				h, err := a.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
				if err != nil || len(h.Msg.Records) != 1 || h.Msg.Records[0].Reason != c.caller || h.Msg.Records[0].Role != v1.Role_ROLE_CALLER || h.Msg.Records[0].Other.UserId != "bob" {
					t.Errorf("history is %v, %v", h, err)
				}
				if got := w.ledger(id); !slices.Contains(got, "STARTED ") {
					t.Errorf("the ledger went with the tombstone: %q", got)
				}
			})
		})
	}
}

// The answer and the cancel cross: the call ends all the same, as hung up.
func TestCancelAfterTheAnswer(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		if got, err := a.cancel(id); err != nil || got.Reason != v1.EndReason_END_REASON_HUNGUP {
			t.Errorf("cancel after the answer gave %v, %v", got, err)
		}
	})
}

// A call of both to each other, one after the other and at the same moment: one goes on.
func TestGlare(t *testing.T) {
	t.Run("one after the other", func(t *testing.T) {
		inBubble(t, nil, func(t *testing.T, w *world) {
			a, b := w.phone("alice", "a1", voip(1)), w.phone("bob", "b1", voip(2))
			older := a.call("bob")
			time.Sleep(time.Second)
			newer := b.call("alice")
			if newer.State != v1.CallState_CALL_STATE_ENDED || newer.Reason != v1.EndReason_END_REASON_REPLACED || newer.ReplacedBy != older.Id {
				t.Errorf("the newer call is %v", newer)
			}
			synctest.Wait()
			if n := len(w.apns.sent); n != 1 {
				t.Errorf("%d pushes were sent, want the older call's only", n)
			}
			if got, err := a.get(older.Id); err != nil || got.State != v1.CallState_CALL_STATE_RINGING {
				t.Errorf("the older call is %v, %v", got, err)
			}
		})
	})
	t.Run("at once", func(t *testing.T) {
		inBubble(t, nil, func(t *testing.T, w *world) {
			a, b := w.phone("alice", "a1", voip(1)), w.phone("bob", "b1", voip(2))
			for range 20 {
				calls := make(chan *v1.Call, 2)
				for _, p := range []struct {
					who  *phone
					whom string
				}{{a, "bob"}, {b, "alice"}} {
					go func() { calls <- p.who.call(p.whom) }()
				}
				first, second := <-calls, <-calls
				live := 0
				for _, c := range []*v1.Call{first, second} {
					p := a
					if c.CallerDevice == "b1" {
						p = b
					}
					if now, err := p.get(c.Id); err != nil {
						t.Fatal(err)
					} else if now.State == v1.CallState_CALL_STATE_RINGING {
						live++
						if _, err := p.cancel(c.Id); err != nil {
							t.Fatal(err)
						}
					} else if now.Reason != v1.EndReason_END_REASON_REPLACED {
						t.Fatalf("the other call is %v", now)
					}
				}
				if live != 1 {
					t.Fatalf("%d calls went on", live)
				}
			}
		})
	})
}

// Both ends of an answered call vanish: it ends. One that is there keeps it.
func TestAbandoned(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.AliveTimeout = time.Minute }, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		time.Sleep(2 * time.Minute) // the server's first minutes are different
		line := a.open(0, true)
		id := a.call("bob").Id
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		if got, err := a.get(id); err != nil || got.State != v1.CallState_CALL_STATE_ANSWERED {
			t.Fatalf("after 20 minutes with one stream the call is %v, %v", got, err)
		}
		line.end()
		time.Sleep(45 * time.Second) // it was last heard of up to a quarter minute before
		if got, err := b.get(id); err != nil || got.State != v1.CallState_CALL_STATE_ANSWERED {
			t.Errorf("soon after the stream ended the call is %v, %v", got, err)
		}
		time.Sleep(30 * time.Second)
		if got, err := a.get(id); err != nil || got.Reason != v1.EndReason_END_REASON_CRASHED {
			t.Errorf("long after the stream ended the call is %v, %v", got, err)
		}
	})
}
