package server_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// The same start again is the same call, and rings nobody twice.
func TestStartIsIdempotent(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, a2, m := w.phone("alice", "a1", ""), w.phone("alice", "a2", ""), w.phone("mallory", "m1", "")
		w.phone("bob", "b1", voip(2))
		id := freshID(1)
		withID := func(r *v1.StartRequest) { r.CallId = strings.ToUpper(id) }
		withKey := func(r *v1.StartRequest) { r.IdempotencyKey = "tap-1" }

		first := must(a.start("bob", withID, withKey))
		for name, how := range map[string][]func(*v1.StartRequest){"by id": {withID}, "by key": {withKey}, "by both": {withID, withKey}} {
			if again, err := a.start("bob", how...); err != nil || again.Id != first.Id || again.Id != id {
				t.Errorf("%s: started %v, %v; want %s", name, again, err, id)
			}
		}
		wantProblem(t, "for somebody else", errOf(a.start("mallory", withID)), connect.CodeAlreadyExists, "call_id_taken")
		wantProblem(t, "from another device", errOf(a2.start("bob", withID)), connect.CodeAlreadyExists, "call_id_taken")
		wantProblem(t, "from another user", errOf(m.start("bob", withID)), connect.CodeAlreadyExists, "call_id_taken")
		synctest.Wait()
		if n := len(w.apns.sent); n != 1 {
			t.Errorf("%d pushes were sent", n)
		}
		// Keys of different devices do not meet.
		if other := must(a2.start("bob", withKey)); other.Id == first.Id {
			t.Error("two devices got one call by one key")
		}
		// Also when it is over, and when it is forgotten.
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		if again, err := a.start("bob", withID); err != nil || again.State != v1.CallState_CALL_STATE_ENDED {
			t.Errorf("starting an ended call again gave %v, %v", again, err)
		}
		time.Sleep(5 * time.Minute)
		wantProblem(t, "forgotten", errOf(a.start("bob", withID)), connect.CodeFailedPrecondition, "already_ended")
		wantProblem(t, "forgotten, of another user", errOf(m.start("bob", withID)), connect.CodeAlreadyExists, "call_id_taken")
	})
}

// The same start many times at once is one call.
func TestStartManyTimesAtOnce(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		const n = 16
		ids := make(chan string, n)
		for range n {
			go func() {
				c, err := a.start("bob", func(r *v1.StartRequest) { r.IdempotencyKey = "k" })
				if err != nil {
					t.Error(err)
				}
				ids <- c.GetId()
			}()
		}
		one := <-ids
		for range n - 1 {
			if id := <-ids; id != one {
				t.Errorf("one key started %s and %s", one, id)
			}
		}
		synctest.Wait()
		if n := len(w.apns.sent); n != 1 {
			t.Errorf("%d pushes were sent", n)
		}
	})
}

// Who cannot be called, and how often one may.
func TestStartRefuses(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		wantProblem(t, "a stranger", errOf(a.start("nobody")), connect.CodeNotFound, "unknown_callee")
		wantProblem(t, "oneself", errOf(a.start("alice")), connect.CodeInvalidArgument, "invalid_argument")
		for range 16 {
			a.call("bob")
		}
		wantProblem(t, "too many", errOf(a.start("bob")), connect.CodeResourceExhausted, "too_many_calls")
	})
}

// More devices than may ring: those that are here and those seen last.
func TestStartRingsAtMostEight(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		first := w.phone("bob", "b0", voip(100))
		for i := 1; i < 12; i++ {
			time.Sleep(time.Minute)
			w.phone("bob", string(rune('c'+i)), voip(100+i))
		}
		first.open(0, false)
		c := a.call("bob")
		if len(c.Legs) != 8 || c.Legs[0].DeviceId != "b0" || c.Legs[1].DeviceId != string(rune('c'+11)) {
			t.Errorf("it rings on %v", c.Legs)
		}
	})
}

// freshID makes a call id by the clock of the bubble.
func freshID(n int) string {
	ms := time.Now().UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)
}
