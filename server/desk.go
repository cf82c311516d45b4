package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

const (
	// maxKnown is how many calls are remembered, of some 2 kB each.
	maxKnown = 8192
	// knownFor is for how long a call is remembered that nobody changes here.
	knownFor = 2 * time.Minute
	// maxGroup is how many changes of one call go into one commit: its legs' acks, and some.
	maxGroup = 32
)

// A desk is where the changes of each call wait for one another: on one node they would only lose the compare-and-set to
// each other. Those that wait while one is being stored are then decided one after the other and stored as one commit.
//
// It also remembers how calls were when this node stored them last. That is no truth: the compare-and-set at the commit
// finds out if another node was faster, and what is answered without a commit is read again unless this node is alone.
type desk struct {
	alone bool // nobody else changes the store's calls

	mu    sync.Mutex
	lines map[string]*queue // of calls that somebody is at work on
	known map[string]*recollection
}

// queue is the changes of one call that wait, in the order in which they came.
type queue struct{ waiting []*errand }

// recollection is a call as it was committed. It is not changed any more once it is here.
type recollection struct {
	row   store.Call // without State
	state state
	at    time.Time
}

// errand is one change that somebody wants. Who is told that its turn has come and finds it not done carries out the next
// group, whose first it is then.
type errand struct {
	decide func(*turn) error
	turn   chan struct{} // of capacity one
	done   bool
	t      *turn
	err    error
	panic  any
}

func newDesk(alone bool) *desk {
	return &desk{alone: alone, lines: map[string]*queue{}, known: map[string]*recollection{}}
}

// enter puts e at the end of the call's queue and reports whether nobody is at work on the call: then e's owner is, and
// must call next when it has finished.
func (d *desk) enter(id string, e *errand) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.lines[id]
	if first = q == nil; first {
		q = &queue{}
		d.lines[id] = q
	}
	q.waiting = append(q.waiting, e)
	return first
}

// alonePair waits until nobody else of this node starts a call between the two users of t, and lets nobody until leave.
func (d *desk) alonePair(ctx context.Context, t *turn) (leave func(), err error) {
	a, b := t.Caller.User, t.Callee.User
	if a > b {
		a, b = b, a
	}
	key := "\x00" + t.row.App + "\x00" + a + "\x00" + b // no call has such an id
	if err := d.await(ctx, key, &errand{turn: make(chan struct{}, 1)}); err != nil {
		return nil, err
	}
	d.group(key, 1)
	return func() { d.next(key, nil) }, nil
}

// begin reports whether nobody is at work on the call: then the caller is, and must call next when it has finished.
func (d *desk) begin(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines[id] != nil {
		return false
	}
	d.lines[id] = &queue{}
	return true
}

// await puts e into the call's queue and waits until it is done, or its turn. An error is ctx's, and nothing was done.
func (d *desk) await(ctx context.Context, id string, e *errand) error {
	if d.enter(id, e) {
		return nil
	}
	select {
	case <-e.turn:
	case <-ctx.Done():
		if d.leave(id, e) {
			return ctx.Err()
		}
		<-e.turn
	}
	return nil
}

// leave takes e out of the queue; false if it is being carried out, or its turn has come.
func (d *desk) leave(id string, e *errand) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(e.turn) > 0 || d.lines[id] == nil {
		return false
	}
	i := slices.Index(d.lines[id].waiting, e)
	if i >= 0 {
		d.lines[id].waiting = slices.Delete(d.lines[id].waiting, i, i+1)
	}
	return i >= 0
}

// group takes up to n of those that wait. Whoever is at work on the call calls it.
func (d *desk) group(id string, n int) []*errand {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.lines[id]
	n = min(n, len(q.waiting))
	all := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return all
}

// next puts back what was not carried out and lets the first of those that wait go to work.
func (d *desk) next(id string, back []*errand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.lines[id]
	q.waiting = append(slices.Clip(back), q.waiting...)
	if len(q.waiting) == 0 {
		delete(d.lines, id)
		return
	}
	q.waiting[0].turn <- struct{}{}
}

// recall returns the call as this node knows it, nil if it does not.
func (d *desk) recall(id string) *recollection {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[id]
}

// keep remembers a live call as it was committed, and forgets one that ended. Whoever is at work on the call calls it.
func (d *desk) keep(t *turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !t.Fork.Live() || t.unkept {
		delete(d.known, t.row.ID)
		return
	}
	if _, here := d.known[t.row.ID]; !here && len(d.known) >= maxKnown {
		for id := range d.known { // any: a call that goes on is read again
			delete(d.known, id)
			break
		}
	}
	k := &recollection{row: t.row, state: t.state, at: t.now}
	k.row.State = nil
	d.known[t.row.ID] = k
}

// forget forgets what was not true.
func (d *desk) forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, id)
}

// clear forgets the calls that nobody changed here for a while.
func (d *desk) clear(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.known, func(_ string, k *recollection) bool { return now.Sub(k.at).Abs() > knownFor })
}

// change lets decide change the call and commits; if someone else was faster it reads the call again and does so again.
// decide may run several times. Its error ends the attempt, and nothing of it is stored. The turn shows what is true now,
// also beside an error of decide. It may hold more than decide did: changes that met go into one commit.
func (s *Server) change(ctx context.Context, id string, decide func(*turn) error) (*turn, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	e := &errand{decide: decide, turn: make(chan struct{}, 1)}
	if err := s.desk.await(ctx, id, e); err != nil {
		return nil, s.failed("changing call "+id, err)
	}
	if !e.done {
		s.workOn(ctx, id)
	}
	if e.panic != nil {
		panic(e.panic)
	}
	return e.t, e.err
}

// commitNew is commit of a new call. If somebody is at work on a call of that id already, it is not remembered.
func (s *Server) commitNew(ctx context.Context, t *turn) error {
	if t.unkept = !s.desk.begin(t.row.ID); !t.unkept {
		defer s.desk.next(t.row.ID, nil)
	}
	return s.commit(ctx, t)
}

// workOn carries out the group of changes that waits, and tells those whose it was.
func (s *Server) workOn(ctx context.Context, id string) {
	group := s.desk.group(id, maxGroup)
	left := group[1:] // to be put back
	defer func() {    // also if something panicked: nobody may wait for ever
		for _, e := range group[:len(group)-len(left)] {
			if e.done = true; e != group[0] {
				e.turn <- struct{}{}
			}
		}
		s.desk.next(id, left)
	}()
	left = group[s.carryOut(ctx, id, group):]
}

// carryOut decides and commits changes of one call and returns how many of them, at least the first.
func (s *Server) carryOut(ctx context.Context, id string, group []*errand) int {
	all := func(n int, t *turn, err error) int {
		for _, e := range group[:n] {
			if e.err == nil && e.panic == nil {
				e.t, e.err = t, err
			}
		}
		return n
	}
	for try := 0; ; try++ {
		for _, e := range group {
			e.t, e.err, e.panic = nil, nil, nil
		}
		t, remembered, err := s.current(ctx, id)
		if err != nil {
			return all(len(group), nil, err)
		}
		t.ctx = ctx
		var n int
		var sure bool
		t, n, sure = decideAll(t, group)
		if remembered && !sure && !s.desk.alone {
			s.desk.forget(id) // what is answered without a commit must be true
			continue
		}
		if err = s.commit(ctx, t); err == nil {
			if t.Fork.Open() > 0 {
				s.handOver(t.urgent)
			}
			return all(n, t, nil)
		}
		s.desk.forget(id)
		if !errors.Is(err, store.ErrConflict) {
			return all(n, t, s.failed("storing call "+id, err))
		}
		if !pause(ctx, try) {
			return all(n, t, s.failed("storing call "+id, ctx.Err()))
		}
	}
}

// current returns a turn of the call as it is now, or, remembered, as it was when this node stored it last.
func (s *Server) current(ctx context.Context, id string) (t *turn, remembered bool, err error) {
	if k := s.desk.recall(id); k != nil {
		return s.turnOf(k.row, k.state.clone()), true, nil
	}
	row, err := s.store.Call(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, unknownCall(id)
	}
	if err != nil {
		return nil, false, s.failed("reading call "+id, err)
	}
	if t, err = s.turn(row); err != nil {
		return nil, false, s.failed("reading call "+id, err)
	}
	return t, false, nil
}

// decideAll lets the changes of the group decide, each on what those before it made of the call, and returns what came of
// it and how many they were: one that changes the state of the whole call is the last of its commit, so that everybody is
// answered with what he did. sure is false if one of them refused, or changed nothing.
func decideAll(t *turn, group []*errand) (_ *turn, n int, sure bool) {
	sure = true
	for _, e := range group {
		n++
		next := t.copy()
		if err := e.run(next); err != nil || e.panic != nil {
			e.t, e.err, sure = next, err, false
			continue
		}
		next.giveUpUnreachable()
		if !next.changed && len(next.ledger) == len(t.ledger) {
			sure = false
		}
		next.changed = next.changed || t.changed
		over := next.Fork.State != t.Fork.State || next.Fork.Winner != t.Fork.Winner || next.Fork.Alone != t.Fork.Alone
		if t = next; over {
			break
		}
	}
	return t, n, sure
}

// run lets e decide. A panic is its owner's.
func (e *errand) run(t *turn) (err error) {
	defer func() {
		if e.panic = recover(); e.panic != nil {
			e.panic = fmt.Sprintf("%v\n%s", e.panic, stack())
		}
	}()
	return e.decide(t)
}

// copy returns a turn that goes on from t and leaves t as it is.
func (t *turn) copy() *turn {
	c := *t
	c.state = t.state.clone()
	c.told, c.offers = maps.Clone(t.told), maps.Clone(t.offers)
	c.ledger, c.jobs, c.urgent = slices.Clip(t.ledger), slices.Clip(t.jobs), slices.Clip(t.urgent)
	c.drop, c.fresh = slices.Clip(t.drop), slices.Clip(t.fresh)
	c.changed, c.accepted, c.refused = false, false, 0
	return &c
}

// clone returns a state that can be changed while st stays as it is.
func (st *state) clone() state {
	c := *st
	c.Legs, c.Former = slices.Clone(st.Legs), slices.Clone(st.Former)
	if st.Hunt != nil {
		h := *st.Hunt
		c.Hunt = &h
	}
	c.Carrier = st.Carrier.clone()
	return c
}
