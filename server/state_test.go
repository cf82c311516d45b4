package server

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// bare is a server without anything around it, for what needs none.
func bare() *Server {
	s := &Server{now: time.Now, cfg: Config{AliveTimeout: 2 * time.Minute, Tombstone: time.Minute, ICEServers: json.RawMessage(`{"iceServers":[]}`)}, streams: newStreams(time.Now)}
	s.apps.Store(&map[string]App{})
	s.mail = &mail{s: s}
	return s
}

// ringing returns a turn of a call that rings on n devices.
func ringing(s *Server, n int) *turn {
	now := time.UnixMilli(1_777_777_777_000).UTC()
	t := &turn{s: s, now: now, told: map[int]bool{}, row: store.Call{ID: newCallID(now, 0), App: "app"}}
	t.state = state{
		Caller: person{User: "alice", Name: "Alice"}, CallerDevice: device{ID: "a1"}, Callee: person{User: "bob"},
		CreatedAt: now, RingDeadline: now.Add(45 * time.Second),
	}
	for i := range n {
		t.Legs = append(t.Legs, leg{device: device{ID: string(rune('b' + i)), Name: "phone"}})
	}
	t.offers = reachable()
	t.step(fork.Event{Kind: fork.Start, N: int8(n)})
	return t
}

// reachable are the offers to all legs of a call.
func reachable() map[int]offer {
	all := map[int]offer{}
	for i := range fork.MaxLegs {
		all[i] = offer{pushable: true}
	}
	return all
}

// inGroups returns a turn of a call that rings on n devices, one after the other.
func inGroups(s *Server, n int) *turn {
	t := ringing(s, n)
	t.Fork, t.Hunt = fork.Fork{}, &hunt{Delays: []time.Duration{5 * time.Second, 7 * time.Second}}
	t.step(fork.Event{Kind: fork.Start, N: int8(n), Groups: [fork.MaxLegs]uint8{0, 1, 2, 3}, On: true})
	return t
}

// events draws an event of fork.
func event(r *rand.Rand) fork.Event {
	return fork.Event{Kind: fork.EventKind(1 + r.IntN(int(fork.Take))), Leg: int8(r.IntN(5) - 1), N: 3, Reason: call.Reason(r.IntN(18)), On: r.IntN(2) == 0}
}

// Whatever happens, who sees something new is told, nobody else is, and the row's timer and liveness follow.
func TestToldJustWhenTheViewChanges(t *testing.T) {
	s := bare()
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		x := ringing(s, 3)
		if seed%2 == 1 {
			x = inGroups(s, 3)
		}
		for range 12 {
			e := event(r)
			if e.Kind == fork.Join || e.Kind == fork.Start || (e.Kind == fork.Move || e.Kind == fork.OfferMove) && e.Leg >= 3 {
				continue
			}
			before := views(x)
			x = &turn{s: s, row: x.row, state: x.state, now: x.now.Add(time.Second), told: map[int]bool{}, offers: reachable()}
			was := x.Fork
			x.step(e)
			tr, err := x.transition()
			if err != nil {
				t.Fatal(err)
			}
			for side, v := range views(x) {
				// Hold is told to the far end by fork, and to the own side by Hold itself.
				v.Held, before[side].Held = false, false
				if side != callerSide { // a device knows by itself how far it has come
					for _, c := range []*v1.Call{v, before[side]} {
						c.Legs, c.Ringing = nil, false
					}
				}
				if changed := !proto.Equal(v, before[side]); changed && !x.told[side] {
					t.Fatalf("seed %d, %v in %+v: side %d sees\n%v instead of\n%v and is not told", seed, e, was, side, v, before[side])
				}
			}
			if tr.Call.Live != x.Fork.Live() || tr.Call.Timer.IsZero() == tr.Call.Live || (tr.History != nil) != (was.State != fork.Ended && x.Fork.State == fork.Ended) {
				t.Fatalf("seed %d, %v in %+v: %+v", seed, e, was, tr)
			}
			if x.Fork.State == fork.Ended && tr.Call.KeepUntil.Before(x.RingDeadline) {
				t.Fatalf("seed %d: the tombstone goes at %s, before the ring's deadline", seed, tr.Call.KeepUntil)
			}
			row := tr.Call
			back, err := decodeState(row)
			if err != nil || !reflect.DeepEqual(back, x.state) {
				t.Fatalf("seed %d: stored\n%+v and read\n%+v, %v", seed, x.state, back, err)
			}
		}
	}
}

func views(t *turn) map[int]*v1.Call {
	all := map[int]*v1.Call{}
	for side := t.lastSide(); side < len(t.Legs); side++ {
		all[side] = t.view(side)
	}
	return all
}

// A stored state that is broken is an error, never a panic.
func FuzzDecodeState(f *testing.F) {
	s := bare()
	x := ringing(s, 2)
	x.step(fork.Event{Kind: fork.Answer, Leg: 1})
	text, err := json.Marshal(&x.state)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	if text, err = json.Marshal(&inGroups(s, 3).state); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"fork":{"state":2,"winner":7},"legs":[{"id":"b"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		row := store.Call{ID: "x", State: b}
		st, err := decodeState(row)
		if err != nil {
			return
		}
		x := &turn{s: s, row: row, state: st, told: map[int]bool{}}
		for side := range views(x) {
			_ = x.overFor(side)
		}
		x.record()
		for kind := fork.Start; kind <= fork.Take; kind++ {
			y := &turn{s: s, row: row, state: st, told: map[int]bool{}, offers: reachable()}
			y.Legs = append([]leg(nil), st.Legs...)
			if kind != fork.Join && kind != fork.Start && kind != fork.Move && kind != fork.OfferMove && kind != fork.Enter {
				y.step(fork.Event{Kind: kind, Leg: 1})
			}
			views(y)
		}
	})
}

func FuzzLegOfJob(f *testing.F) {
	f.Add("c.p0", "c")
	f.Add("c.p99", "c")
	f.Fuzz(func(t *testing.T, id, callID string) {
		if n, err := legOfJob(store.Job{ID: id, CallID: callID}); err == nil && (n < 0 || n >= fork.MaxLegs) {
			t.Errorf("%q is the push of leg %d", id, n)
		}
	})
	if n, err := legOfJob(pushJob("c", 5, 0, time.Now())); err != nil || n != 5 {
		f.Errorf("leg 5's job is read as %d, %v", n, err)
	}
}

func TestHandleType(t *testing.T) {
	for h, want := range map[string]int{
		"+49 30 1234": 2, "+1 (555) 010-9999": 2, "alice@example.com": 3, "alice": 1, "": 1, "+": 1, "@": 1, "a@b": 1, "+4a123": 1, "12345": 1,
	} {
		if got := signaling.HandleTypeOf(h); int(got) != want {
			t.Errorf("%q is a handle of type %d, want %d", h, got, want)
		}
	}
}

func TestPushID(t *testing.T) {
	a, b := apnsID(pushJobID("c", 0, 0)), apnsID(pushJobID("c", 1, 0))
	if a == b || a == apnsID(pushJobID("c", 0, 1)) || a != apnsID(pushJobID("c", 0, 0)) || len(a) != 36 || a[14] != '8' {
		t.Errorf("apns-ids are %s and %s", a, b)
	}
}

func TestConfig(t *testing.T) {
	key, err := auth.HS256("", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	good := func() Config {
		return Config{Store: struct{ store.Store }{}, Bus: struct{ bus.Bus }{}, Apps: []App{{ID: "app", Keys: []auth.Key{key}}}}
	}
	if _, err := New(good()); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for says, spoil := range map[string]func(*Config){
		"Store":      func(c *Config) { c.Store = nil },
		"Bus":        func(c *Config) { c.Bus = nil },
		"no app":     func(c *Config) { c.Apps = nil },
		"two apps":   func(c *Config) { c.Apps = append(c.Apps, c.Apps[0]) },
		"no key":     func(c *Config) { c.Apps[0].Keys = nil },
		"5-58 s":     func(c *Config) { c.Apps[0].RingTimeout = time.Minute },
		"rings for":  func(c *Config) { c.Apps[0].RingTimeout = time.Second },
		"public URL": func(c *Config) { c.PublicURL = "calls.example.com" },
		"ICEServers": func(c *Config) { c.ICEServers = json.RawMessage("[]") },
		"shard":      func(c *Config) { c.Shard = 1024 },
		"negative":   func(c *Config) { c.Tick = -1 },
		"bytes":      func(c *Config) { c.Apps[0].ActionSecret = []byte("short") },
	} {
		cfg := good()
		spoil(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("what should say %q says %v", says, err)
		}
	}
}

// A budget runs out and fills again; full ones are forgotten.
func TestBudget(t *testing.T) {
	now := time.Unix(1000, 0)
	b := newBudgets(func() time.Time { return now })
	n := 0
	for b.take("x") {
		n++
	}
	if n != mediaBurst || !b.take("y") {
		t.Errorf("%d messages were let through", n)
	}
	now = now.Add(time.Second)
	for range mediaRate {
		if !b.take("x") {
			t.Error("it did not fill")
		}
	}
	if b.take("x") {
		t.Error("it filled too fast")
	}
	now = now.Add(-time.Hour) // the clock was set
	if b.take("x") {
		t.Error("going back in time filled it")
	}
	b.forget()
	now = now.Add(time.Hour)
	b.forget()
	if len(b.all) != 0 {
		t.Errorf("%d budgets are kept", len(b.all))
	}
}
