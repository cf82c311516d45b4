package server_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// The server goes away in the middle of a ring: it goes on ringing, and ends in time.
func TestRestartWhileRinging(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		began := time.Now()
		id := a.call("bob").Id
		b.rings(id)
		late := a.call("bob").Id
		time.Sleep(10 * time.Second)
		w.restart()
		line := a.open(0, true)
		if len(line.hello.Calls) != 2 || line.hello.Calls[0].Ringing == line.hello.Calls[1].Ringing {
			t.Errorf("after the restart: %v", line.hello)
		}
		if got, err := b.answer(id); err != nil || got.AnsweredBy != "b1" {
			t.Errorf("answering after the restart: %v, %v", got, err)
		}
		for {
			if c := line.ended(); c.Id == late {
				if took := time.Since(began); c.Reason != v1.EndReason_END_REASON_UNANSWERED || took != 45*time.Second {
					t.Errorf("the other call ended after %s: %v", took, c)
				}
				break
			}
		}
		// Down when the ring should have ended: it ends at the start.
		id = a.call("bob").Id
		w.halt()
		time.Sleep(time.Minute)
		w.run()
		if got := a.open(1<<40, true).call("ended", func(c *v1.Call) bool { return c.Id == id && c.State == v1.CallState_CALL_STATE_ENDED }); got.Reason != v1.EndReason_END_REASON_UNANSWERED {
			t.Errorf("it ended as %v", got)
		}
	})
}

// A server that is alone does not wait for the lease of the push that it died over: its ring is not to wait.
func TestRestartOverAPush(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		w.apns.will(func(ctx context.Context, _ push.Push) (push.Receipt, error) {
			<-ctx.Done() // APNs does not answer, and then the server is gone
			return push.Receipt{}, ctx.Err()
		})
		a.call("bob")
		first := <-w.apns.sent
		for life := range 4 { // each as short as the one before
			w.halt()
			time.Sleep(50 * time.Millisecond)
			began := time.Now()
			w.run()
			if again := <-w.apns.sent; again.ID != first.ID || time.Since(began) > 100*time.Millisecond {
				t.Errorf("life %d: pushed again after %s, as %s after %s", life, time.Since(began), again.ID, first.ID)
			}
		}
		w.apns.will(nil)
	})
}

// The server goes away in the middle of a call, for longer than an end may be silent: the call goes on.
func TestRestartWhileTalking(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		w.halt()
		time.Sleep(10 * time.Minute)
		w.run()
		time.Sleep(100 * time.Second) // it takes a while until the phones are back
		line := b.open(0, true)
		if len(line.hello.Calls) != 1 || line.hello.Calls[0].State != v1.CallState_CALL_STATE_ANSWERED {
			t.Fatalf("after the restart: %v", line.hello)
		}
		time.Sleep(5 * time.Minute)
		if got, err := a.end(id, v1.EndReason_END_REASON_MEDIA_FAILED); err != nil || got.Reason != v1.EndReason_END_REASON_MEDIA_FAILED {
			t.Errorf("ending gave %v, %v", got, err)
		}
	})
}

// The wall clock is set back and forth: nothing is lost, nothing rings for ever.
func TestClockIsSet(t *testing.T) {
	var off atomic.Int64
	inBubble(t, func(c *server.Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(off.Load())) } }, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		line := a.open(0, true)
		first := a.call("bob").Id
		second := a.call("bob").Id
		if _, err := b.answer(second); err != nil {
			t.Fatal(err)
		}
		off.Store(int64(-2 * time.Hour))
		time.Sleep(time.Minute) // by the clock the ring is two hours away
		third := a.call("bob").Id
		if c := line.ended(); c.Id != third {
			t.Errorf("first ended %v", c)
		}
		off.Store(int64(time.Hour))
		if c := line.ended(); c.Id != first || c.Reason != v1.EndReason_END_REASON_UNANSWERED {
			t.Errorf("then ended %v", c)
		}
		time.Sleep(5 * time.Minute)
		off.Store(0)
		if got, err := a.end(second, 0); err != nil && problemOf(err).GetCode() != "already_ended" {
			t.Errorf("the answered call is lost: %v, %v", got, err)
		}
		for _, id := range []string{first, third} {
			if n := len(w.ledger(id)); n == 0 {
				t.Errorf("call %s has no ledger", id)
			}
		}
	})
}

// moody is a store whose commits fail while it is ill.
type moody struct {
	store.Store
	ill atomic.Bool
}

var errIll = errors.New("the disk is full")

func (m *moody) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	if m.ill.Load() {
		return store.Committed{}, errIll
	}
	return m.Store.Commit(ctx, t)
}

// Nobody is told what was not stored, and timers that could not be carried out come again.
func TestStoreFails(t *testing.T) {
	m := &moody{}
	inBubble(t, func(c *server.Config) { m.Store, c.Store, c.Logger = c.Store, m, nil }, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		line, other := a.open(0, true), b.open(0, true)
		id := a.call("bob").Id
		other.next()
		m.ill.Store(true)
		wantProblem(t, "start", errOf(a.start("bob")), connect.CodeUnavailable, "store_failed")
		wantProblem(t, "answer", errOf(b.answer(id)), connect.CodeUnavailable, "store_failed")
		wantProblem(t, "cancel", errOf(a.cancel(id)), connect.CodeUnavailable, "store_failed")
		time.Sleep(50 * time.Second)
		m.ill.Store(false)
		began := time.Now()
		if c := line.ended(); c.Id != id || c.Reason != v1.EndReason_END_REASON_UNANSWERED || time.Since(began) > 6*time.Second {
			t.Errorf("after %s ended %v", time.Since(began), c)
		}
		for len(other.events) > 0 {
			if c := (<-other.events).GetCall(); c != nil && c.State == v1.CallState_CALL_STATE_ANSWERED {
				t.Errorf("an answer that was never stored was told: %v", c)
			}
		}
		if got := w.ledger(id); slices.Contains(got, "ANSWERED b1") {
			t.Errorf("the ledger says %q", got)
		}
	})
}

// panics is a store that panics when it is asked for history.
type panics struct{ store.Store }

func (panics) HistoryOfUser(context.Context, string, string, string, int) ([]store.Record, string, error) {
	panic("boom")
}

// A panic costs one request.
func TestPanic(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.Store, c.Logger = panics{c.Store}, nil }, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		_, err := a.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
		wantProblem(t, "history", err, connect.CodeInternal, "internal")
		a.open(0, true)
	})
}
