package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A stream that is opened again gets what was missed, in order, each once.
func TestStreamResumes(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		line := b.open(0, true)
		id := a.call("bob").Id
		seen := []string{}
		cursor := uint64(0)
		read := func(s *stream, n int) {
			t.Helper()
			for range n {
				e := s.next()
				if e.Seq != cursor+1 {
					t.Fatalf("after seq %d came %d", cursor, e.Seq)
				}
				cursor = e.Seq
				if m := e.GetMedia(); m != nil {
					seen = append(seen, m.Data)
				}
			}
		}
		for i := range 300 {
			if err := a.send(id, "b1", v1.MediaKind_MEDIA_KIND_CANDIDATE, fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			switch i {
			case 3: // in the middle of reading
				read(line, 3)
				line.end()
			case 20:
				line = b.open(cursor, false)
				if got := line.hello; got.Cursor != 22 || len(got.Calls) != 1 || got.Calls[0].Id != id {
					t.Errorf("greeted with %v", got)
				}
			case 200:
				read(line, 10)
				line.end()
			case 250:
				w.restart()
				line = b.open(cursor, false)
			}
		}
		read(line, 301-int(cursor))
		if len(seen) != 300 || seen[299] != "299" {
			t.Errorf("%d messages came: %v", len(seen), seen)
		}
		select {
		case e := <-line.events:
			if e.GetPing() == nil {
				t.Errorf("and then came %v", e)
			}
		default:
		}
		// What the cursor proved to have arrived is not kept.
		line.end()
		b.open(cursor, false)
		if left, err := w.store.EventsAfter(context.Background(), app, "b1", 0, 1000); err != nil || len(left) != 0 {
			t.Errorf("%d events are kept, %v", len(left), err)
		}
		// A cursor from another world counts as none.
		if err := a.send(id, "b1", v1.MediaKind_MEDIA_KIND_CANDIDATE, "again"); err != nil {
			t.Fatal(err)
		}
		if e := b.open(1<<40, false).next(); e.GetMedia().GetData() != "again" {
			t.Errorf("with a cursor of the future came %v", e)
		}
	})
}

// A device has one stream: the new one ends the old one.
func TestStreamIsReplaced(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		old := b.open(0, true)
		b.open(0, true)
		for range old.events {
		}
		wantProblem(t, "old stream", old.err, connect.CodeAborted, "stream_replaced")
		latest := b.open(0, true)
		if _, err := b.api().UnregisterDevice(context.Background(), connect.NewRequest(&v1.UnregisterDeviceRequest{DeviceId: "b1"})); err != nil {
			t.Fatal(err)
		}
		for range latest.events {
		}
		wantProblem(t, "forgotten device", latest.err, connect.CodeAborted, "device_unregistered")
		raw := b.openRaw(0, true)
		for range raw.events {
		}
		wantProblem(t, "unknown device", raw.err, connect.CodeNotFound, "unknown_device")
	})
}

// The stream shows that it lives, and that the server stops.
func TestStreamPings(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		s := b.open(0, true)
		began := time.Now()
		for i := range 3 {
			e := <-s.events
			if e.GetPing() == nil || e.Seq != 0 || !e.GetPing().ServerTime.AsTime().Equal(time.Now()) {
				t.Errorf("ping %d is %v", i, e)
			}
		}
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("three pings took %s", took)
		}
		w.s.Close()
		for range s.events {
		}
		wantProblem(t, "stopping", s.err, connect.CodeUnavailable, "server_stopping")
	})
}

// deafBus loses everything.
type deafBus struct{}

func (deafBus) Publish(string, ...string) {}
func (deafBus) Listen(context.Context, string) (<-chan struct{}, error) {
	return make(chan struct{}), nil
}
func (deafBus) Close() error { return nil }

// The bus may lose everything: the stream brings it a little later.
func TestStreamWithoutBus(t *testing.T) {
	byBoth(t, func(c *server.Config) { c.Bus = deafBus{} }, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", "")
		s := b.open(0, true)
		began := time.Now()
		id := a.call("bob").Id
		if e := s.next(); e.GetCall().GetId() != id || time.Since(began) > 5*time.Second {
			t.Errorf("after %s came %v", time.Since(began), e)
		}
	})
}

// Media goes between the caller's device and the legs, before and after the answer, and nowhere else.
func TestMedia(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		a, b, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("bob", "b2", "")
		ears := map[string]*stream{"a1": a.open(0, true), "b1": b.open(0, true), "b2": pad.open(0, true)}
		id := a.call("bob").Id
		heard := func(device, from, data string) {
			t.Helper()
			for {
				e := ears[device].next()
				if m := e.GetMedia(); m != nil {
					if m.FromDevice != from || m.ToDevice != device || m.Data != data || m.CallId != id || m.Session != "s1" {
						t.Errorf("%s heard %v", device, m)
					}
					return
				}
			}
		}
		big := strings.Repeat("\x01", 64<<10)
		for _, m := range []struct {
			from     *phone
			to, data string
		}{{a, "b1", "offer 1"}, {a, "b2", "offer 2"}, {b, "", "answer 1"}, {pad, "a1", "answer 2"}, {a, "b1", big}} {
			if err := m.from.send(id, m.to, v1.MediaKind_MEDIA_KIND_OFFER, m.data); err != nil {
				t.Fatal(err)
			}
			to := m.to
			if to == "" {
				to = "a1"
			}
			heard(to, m.from.device, m.data)
		}
		wantProblem(t, "to oneself", a.send(id, "a1", v1.MediaKind_MEDIA_KIND_OFFER, ""), connect.CodePermissionDenied, "wrong_device")
		wantProblem(t, "to nobody", a.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, ""), connect.CodePermissionDenied, "wrong_device")
		wantProblem(t, "to a sibling", b.send(id, "b2", v1.MediaKind_MEDIA_KIND_OFFER, ""), connect.CodePermissionDenied, "wrong_device")
		wantProblem(t, "no kind", a.send(id, "b1", 0, ""), connect.CodeInvalidArgument, "invalid_argument")
		wantProblem(t, "too big", a.send(id, "b1", v1.MediaKind_MEDIA_KIND_OFFER, big+"x"), connect.CodeInvalidArgument, "invalid_argument")
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, "to the loser", a.send(id, "b2", v1.MediaKind_MEDIA_KIND_OFFER, ""), connect.CodeFailedPrecondition, "leg_ended")
		wantProblem(t, "from the loser", pad.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, ""), connect.CodeFailedPrecondition, "answered_elsewhere")
		if err := a.send(id, "b1", v1.MediaKind_MEDIA_KIND_CANDIDATE, "late"); err != nil {
			t.Error(err)
		}
		heard("b1", "a1", "late")
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			err = b.send(id, "", v1.MediaKind_MEDIA_KIND_CANDIDATE, "x")
		}
		wantProblem(t, "far too many", err, connect.CodeResourceExhausted, "too_many_messages")
		time.Sleep(time.Second)
		if err := b.send(id, "", v1.MediaKind_MEDIA_KIND_CANDIDATE, "x"); err != nil {
			t.Errorf("after a pause: %v", err)
		}
		if _, err := a.end(id, 0); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, "after the end", a.send(id, "b1", v1.MediaKind_MEDIA_KIND_BYE, ""), connect.CodeFailedPrecondition, "already_ended")
		synctest.Wait()
	})
}

// Acks count once, late or in a strange order.
func TestAck(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		ring := &v1.Mark{Stage: v1.Stage_STAGE_RINGING, Detail: strings.Repeat("ä", 300)}
		for range 3 {
			c, err := b.ack(id, ring, &v1.Mark{Stage: v1.Stage_STAGE_WOKE}, ring)
			if err != nil || !c.Ringing || c.Legs[0].State != v1.LegState_LEG_STATE_RINGING {
				t.Fatalf("ack gave %v, %v", c, err)
			}
		}
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		if c, err := b.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_REPORTED}); err != nil || c.State != v1.CallState_CALL_STATE_ENDED {
			t.Errorf("a late ack gave %v, %v", c, err)
		}
		n := map[string]int{}
		for _, e := range w.ledger(id) {
			n[e]++
		}
		if n["RINGING b1"] != 1 || n["WOKE b1"] != 1 || n["REPORTED b1"] != 1 {
			t.Errorf("the ledger says %v", n)
		}
		_, err := b.ack(id, make([]*v1.Mark, 17)...)
		wantProblem(t, "too many marks", err, connect.CodeInvalidArgument, "invalid_argument")
		for _, s := range []v1.Stage{0, v1.Stage_STAGE_ANSWERED, v1.Stage_STAGE_CALL_ENDED, 99, -1} {
			_, err := b.ack(id, &v1.Mark{Stage: s})
			wantProblem(t, s.String(), err, connect.CodeInvalidArgument, "invalid_argument")
		}
	})
}
