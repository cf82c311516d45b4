package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ringtrip/ringtrip/store"
)

var raceTests = []test{
	{"Linearizable", linearizable},
	{"OneAnswerWins", oneAnswerWins},
	{"OneStartPerKey", oneStartPerKey},
	{"NothingLostOrDoubled", nothingLostOrDoubled},
	{"OneMoment", oneMoment},
	{"TimersOnce", timersOnce},
	{"JobsOnce", jobsOnce},
	{"OneDevicePerToken", oneDevicePerToken},
}

// registerOp is one call of Commit or Call on one call id, as porcupine sees it.
type registerOp struct {
	id     string
	commit bool
	expect uint64
	value  string
}

type registerResult struct {
	rev      uint64 // 0: not found
	value    string
	conflict bool
}

// register is what a call is to those who race for it: a register with compare-and-set.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byID := map[string][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(registerOp).id
			byID[id] = append(byID[id], op)
		}
		var all [][]porcupine.Operation
		for _, ops := range byID {
			all = append(all, ops)
		}
		return all
	},
	Init: func() any { return registerResult{} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(registerResult), input.(registerOp), output.(registerResult)
		switch {
		case !in.commit:
			return out == now, now
		case in.expect != now.rev:
			return out.conflict, now
		default:
			next := registerResult{rev: now.rev + 1, value: in.value}
			return !out.conflict && out.rev == next.rev, next
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

func linearizable(b *bench) {
	const clients, steps = 8, 80
	var clock atomic.Int64 // any clock will do that orders what happens one after the other
	var mu sync.Mutex
	var history []porcupine.Operation
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(client)))
			known := map[string]uint64{}
			for step := range steps {
				in := registerOp{id: name("c", r.IntN(3)), commit: r.IntN(2) == 0, value: fmt.Sprint(client, " ", step)}
				in.expect = known[in.id]
				if r.IntN(10) == 0 {
					in.expect = uint64(r.IntN(5))
				}
				var out registerResult
				began := clock.Add(1)
				if in.commit {
					c := newCall(in.id)
					c.State = []byte(in.value)
					done, err := b.Commit(b.ctx(), store.Transition{Call: c, ExpectRev: in.expect})
					if err != nil && !errors.Is(err, store.ErrConflict) {
						b.Errorf("Commit: %v", err)
						return
					}
					out = registerResult{rev: done.Rev, conflict: err != nil}
				} else {
					c, err := b.Call(b.ctx(), in.id)
					if err != nil && !errors.Is(err, store.ErrNotFound) {
						b.Errorf("Call: %v", err)
						return
					}
					out = registerResult{rev: c.Rev, value: string(c.State)}
				}
				ended := clock.Add(1)
				if !out.conflict {
					known[in.id] = out.rev
				} else {
					known[in.id]++ // perhaps
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: began, Output: out, Return: ended})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if result := porcupine.CheckOperationsTimeout(register, history, time.Minute); result != porcupine.Ok {
		b.Errorf("the history of %d operations is not linearizable (%v)", len(history), result)
	}
}

func oneAnswerWins(b *bench) {
	c := b.put(newCall("c1"))
	for round := range 30 {
		var wins atomic.Int32
		var wg sync.WaitGroup
		for device := range 8 {
			wg.Go(func() {
				mine := c
				mine.State = []byte(name("d", device))
				_, err := b.Commit(b.ctx(), store.Transition{
					Call: mine, ExpectRev: uint64(round + 1),
					Events: []store.Event{{App: "app", Device: "winner", CallID: c.ID, Payload: mine.State}},
				})
				switch {
				case err == nil:
					wins.Add(1)
				case !errors.Is(err, store.ErrConflict):
					b.Errorf("Commit: %v", err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			b.Fatalf("round %d: %d devices won", round, wins.Load())
		}
		now := must[store.Call](b, "Call")(b.Call(b.ctx(), "c1"))
		events := must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "winner", uint64(round), 9))
		if len(events) != 1 || string(events[0].Payload) != string(now.State) {
			b.Fatalf("round %d: the call says %s won, the events say %v", round, now.State, events)
		}
	}
}

func oneStartPerKey(b *bench) {
	for round := range 20 {
		var made []string
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				c := newCall(fmt.Sprintf("c%d.%d", round, i))
				c.Key = name("key", round)
				_, err := b.Commit(b.ctx(), store.Transition{Call: c})
				switch {
				case err == nil:
					mu.Lock()
					made = append(made, c.ID)
					mu.Unlock()
				case !errors.Is(err, store.ErrConflict):
					b.Errorf("Commit: %v", err)
				}
			})
		}
		wg.Wait()
		b.same("the call of the key", []string{must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), "app", name("key", round))).ID}, made)
	}
}

// nothingLostOrDoubled follows a device's events while many write them: a reader's cursor must never pass an
// event that becomes visible later.
func nothingLostOrDoubled(b *bench) {
	const writers, each = 6, 60
	var wg sync.WaitGroup
	written := make(chan struct{}, 1)
	finished := make(chan struct{})
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				e := store.Event{App: "app", Device: "d1", CallID: "c1", Payload: fmt.Appendf(nil, "%d.%d", w, i)}
				other := store.Event{App: "app", Device: "d2"}
				var err error
				if i%2 == 0 {
					_, err = b.PutEvents(b.ctx(), []store.Event{other, e})
				} else {
					_, err = b.Commit(b.ctx(), store.Transition{Call: newCall(fmt.Sprintf("c%d.%d", w, i)), Events: []store.Event{e, other}})
				}
				if err != nil {
					b.Errorf("writing: %v", err)
					return
				}
				select {
				case written <- struct{}{}:
				default:
				}
			}
		})
	}
	go func() { wg.Wait(); close(finished) }()
	var cursor uint64
	seen := map[string]bool{}
	read := func() {
		for {
			events, err := b.EventsAfter(b.ctx(), "app", "d1", cursor, 7)
			if err != nil {
				b.Fatal(err)
			}
			if len(events) == 0 {
				return
			}
			for _, e := range events {
				if e.Seq != cursor+1 {
					b.Fatalf("seq %d after %d", e.Seq, cursor)
				}
				if cursor = e.Seq; seen[string(e.Payload)] {
					b.Fatalf("event %s came twice", e.Payload)
				}
				seen[string(e.Payload)] = true
			}
			if err := b.TrimEvents(b.ctx(), "app", "d1", cursor); err != nil {
				b.Fatal(err)
			}
		}
	}
	for done := false; !done; read() {
		select {
		case <-written:
		case <-finished:
			done = true
		}
	}
	if len(seen) != writers*each {
		b.Errorf("%d events arrived, %d were written", len(seen), writers*each)
	}
}

// oneMoment checks that CallsOfDevice returns calls and cursor of one moment: each commit sends one event, so
// that the cursor is the sum of the revs.
func oneMoment(b *bench) {
	var writers, readers sync.WaitGroup
	var stop atomic.Bool
	for w := range 3 {
		writers.Go(func() {
			for rev := range uint64(40) {
				_, err := b.Commit(b.ctx(), store.Transition{
					Call: newCall(name("c", w)), ExpectRev: rev,
					Events: []store.Event{{App: "app", Device: "d1", CallID: name("c", w)}},
				})
				if err != nil {
					b.Errorf("Commit: %v", err)
					return
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for !stop.Load() {
				calls, seq, err := b.CallsOfDevice(b.ctx(), "app", "d1")
				if err != nil {
					b.Errorf("CallsOfDevice: %v", err)
					return
				}
				var sum uint64
				for _, c := range calls {
					sum += c.Rev
				}
				if sum != seq {
					b.Errorf("the calls are of moment %d, the cursor of moment %d", sum, seq)
					return
				}
			}
		})
	}
	writers.Wait()
	stop.Store(true)
	readers.Wait()
}

// once lets many claim, and checks that each of the names in want is claimed by one of them.
func once(b *bench, want []string, claim func() ([]string, error)) {
	b.Helper()
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				some, err := claim()
				if err != nil {
					b.Errorf("claiming: %v", err)
					return
				}
				if len(some) == 0 {
					return
				}
				mu.Lock()
				got = append(got, some...)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	b.same("claimed", got, want)
}

func timersOnce(b *bench) {
	var want []string
	for i := range 60 {
		want = append(want, name("c", i))
		b.put(timed(name("c", i), at(i)))
	}
	for round := range 2 { // the second time when all leases have run out
		once(b, want, func() ([]string, error) {
			due, err := b.DueTimers(b.ctx(), at(100+round*100), 3, 100*time.Second)
			return ids(due), err
		})
	}
}

func jobsOnce(b *bench) {
	var want []string
	leases := map[string]int{}
	for i := range 60 {
		want = append(want, name("j", i))
		leases[name("j", i)] = i
	}
	b.jobs(leases)
	for round := range 2 {
		once(b, want, func() ([]string, error) {
			jobs, err := b.Claim(b.ctx(), "push", at(100+round*100), 3, 100*time.Second)
			return jobIDs(jobs), err
		})
	}
}

func oneDevicePerToken(b *bench) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				d := newDevice(name("d", i))
				d.VoIPToken = "aa"
				if err := b.PutDevice(b.ctx(), d); err != nil {
					b.Errorf("PutDevice: %v", err)
				}
			}
		})
	}
	wg.Wait()
	have := 0
	for _, d := range must[[]store.Device](b, "DevicesOfUser")(b.DevicesOfUser(b.ctx(), "app", "alice")) {
		if d.VoIPToken != "" {
			have++
		}
	}
	if have != 1 {
		b.Errorf("%d devices have the token", have)
	}
}
