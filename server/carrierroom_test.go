package server_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// What a carrier says late of a room that was, is not about who sits in the one that is: no call ends by it. The same of the
// room that is ends the call, if nobody comes back.
func TestRoomThatWas(t *testing.T) {
	inBubble(t, withCarrier(newFake("roomy", rooms)), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		c := a.call("bob")
		must(b.answer(c.Id))
		begin := time.Now()
		for user, device := range map[string]string{"alice": "a1", "bob": "b1"} {
			w.says("roomy", carrier.Event{Kind: carrier.Joined, Call: c.Id, User: user, Device: device, At: begin.Add(5 * time.Second), Seq: 2, Source: device})
		}
		w.says("roomy", carrier.Event{Kind: carrier.RoomEnded, Call: c.Id, At: begin.Add(4 * time.Second), Seq: 1, Source: "room"})
		time.Sleep(time.Minute)
		if got := must(a.get(c.Id)); got.State != v1.CallState_CALL_STATE_ANSWERED {
			t.Fatalf("after news of a room that was: %v", got)
		}
		w.says("roomy", carrier.Event{Kind: carrier.RoomEnded, Call: c.Id, At: time.Now(), Seq: 2, Source: "room"})
		time.Sleep(31 * time.Second)
		if got := must(a.get(c.Id)); got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != v1.EndReason_END_REASON_MEDIA_FAILED {
			t.Fatalf("without a room: %v", got)
		}
	})
}

// A carrier is told which devices a call rings: some can't read their names for devices back.
func TestCarrierKnowsWhoRings(t *testing.T) {
	f := newFake("roomy", rooms)
	var mu sync.Mutex
	var seen []string
	f.mint = func(j carrier.Join) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		seen = slices.Sorted(slices.Values(j.Call.Devices))
		return json.RawMessage(`{}`), nil
	}
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("bob", "b2", voip(3))
		c := a.call("bob")
		must(b.get(c.Id))
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(seen, []string{"b1", "b2"}) {
			t.Errorf("it knows of %q", seen)
		}
	})
}

// Each device of a call hears which room its credentials are for; the calls of a group name one, and a call of two its own.
// Where there is no room none is named.
func TestRoomIsNamed(t *testing.T) {
	inBubble(t, withCarrier(newFake("roomy", rooms)), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("carol", "c1", voip(3))
		c := a.call("bob")
		if got := must(b.answer(c.Id)); c.MediaRoom != c.Id || got.MediaRoom != c.Id {
			t.Errorf("a call of two has the rooms %q and %q", c.MediaRoom, got.MediaRoom)
		}
		must(a.end(c.Id, 0))
		r := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		for _, one := range r.Calls {
			if one.Call.MediaRoom != r.Call.Group {
				t.Errorf("a call of group %q has the room %q", r.Call.Group, one.Call.MediaRoom)
			}
		}
	})
	inBubble(t, withCarrier(newFake("pipes", carrier.Traits{Watched: true, TokenLife: time.Hour})), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		if c := a.call("bob"); len(c.MediaCredentials) == 0 || c.MediaRoom != "" {
			t.Errorf("without rooms: %v", c)
		}
	})
}
