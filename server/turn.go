package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// commitTime bounds a change: it goes on when its request is given up, so that whoever has to be told is told.
const commitTime = 10 * time.Second

// turn is one change of a call in the making: the state, what fork orders, and what goes into the commit with it.
type turn struct {
	s        *Server
	row      store.Call // as it was read; Rev 0: the call is new
	state               // as it will be
	now      time.Time
	before   fork.Fork // as it was read
	changed  bool
	told     map[int]bool         // the sides whose view changed
	messages []*v1.EventsResponse // of the commit's events
	ledger   []store.LedgerEntry
	jobs     []store.Job
	urgent   []store.Job // of jobs, those that this node does at once
	drop     []string
	ctx      context.Context // of the change under way
	offers   map[int]offer   // of legs that are offered the call
	fresh    []int           // the legs that this turn offered it to

	ring     fork.Event  // of a new call: how it begins
	over     bool        // this turn ended the call
	unkept   bool        // it is not to be remembered
	accepted bool        // the answer of this turn won
	refused  call.Reason // why it did not

	prepared bool   // its carrier made something for this new call
	dial     bool   // its carrier is to call the telephone
	endAgain bool   // its carrier has to end it again
	seen     string // id of the job that remembers a call from outside
	news     string // id of the job that tells the call's group of this turn
}

// pause waits a little before a change is tried again. The first tries do not wait: someone made progress.
func pause(ctx context.Context, try int) bool {
	if try < 4 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(time.Duration(rand.Int64N(int64(min(try, 20)) * int64(2*time.Millisecond))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// turn returns a turn of a stored call.
func (s *Server) turn(row store.Call) (*turn, error) {
	if k := s.desk.recall(row.ID); k != nil && k.row.Rev == row.Rev {
		return s.turnOf(row, k.state.clone()), nil
	}
	st, err := decodeState(row)
	return s.turnOf(row, st), err
}

// turnOf returns a turn of a call that is known. Its now is by the wall clock alone, as every stored time is.
func (s *Server) turnOf(row store.Call, st state) *turn {
	return &turn{s: s, row: row, state: st, before: st.Fork, now: s.now().Round(0), told: map[int]bool{}}
}

// step lets fork decide about e and takes down what follows.
func (t *turn) step(e fork.Event) {
	before := t.Fork
	next, effects := fork.Step(before, e)
	t.Fork = next
	t.changed = t.changed || next != before
	for i := range t.Legs {
		if was, is := before.Legs[i], next.Legs[i]; is.State == fork.LegEnded && was != is {
			t.Legs[i].EndedAt = t.now
			t.note(v1.Stage_STAGE_ENDED, i, is.Reason, "")
		} else if is.State != fork.LegEnded {
			t.Legs[i].EndedAt = time.Time{} // an unreachable device was heard of after all
		}
	}
	if before.State != fork.Answered && next.State == fork.Answered {
		t.AnsweredAt, t.HeardAt = t.now, t.now
		t.note(v1.Stage_STAGE_ANSWERED, int(next.Winner), 0, "")
	}
	if before.State != fork.Ended && next.State == fork.Ended {
		t.EndedAt = t.now
		t.note(v1.Stage_STAGE_CALL_ENDED, callerSide, next.Reason, "")
	}
	for _, f := range effects {
		t.carryOut(f)
	}
	if !before.Alone && next.Alone {
		t.told[int(next.Winner)] = true // nobody is at the other end any more
	}
	if before.Legs != next.Legs {
		// Fork tells the caller what changes the call. The caller's device has a media session with each leg, so here it
		// also hears which legs there are and how far each has come.
		t.told[callerSide] = true
		if o := t.Offered; o != nil && next.State == fork.Answered && !t.Legs[o.Leg].OfCaller && before.Legs[o.Leg] != next.Legs[o.Leg] {
			t.told[int(next.Winner)] = true // it offers the call
		}
	}
}

// carryOut takes one order of fork down.
func (t *turn) carryOut(f fork.Effect) {
	switch f.Kind {
	case fork.PushLeg:
		t.offerLeg(int(f.Leg))
	case fork.TellCaller:
		t.told[callerSide] = true
	case fork.TellLeg:
		t.told[int(f.Leg)] = true
	case fork.Accept:
		t.accepted = true
	case fork.Refuse:
		t.refused = f.Reason
	case fork.Record:
		t.over = true
	case fork.ArmNext:
		t.armNext()
	case fork.ArmRing, fork.ArmAlive, fork.ClearTimer:
		// The row's timer follows from the state, so that it cannot be forgotten: see state.timer.
	}
}

// note puts an entry about a side into the ledger; callerSide with a server's stage means the call as a whole.
func (t *turn) note(stage v1.Stage, side int, reason call.Reason, detail string) *store.LedgerEntry {
	e := store.LedgerEntry{CallID: t.row.ID, Stage: int32(stage), At: t.now, Reason: uint8(reason), Detail: cut(detail, maxDetail)}
	if side != callerSide {
		e.Device = t.Legs[side].ID
	}
	t.ledger = append(t.ledger, e)
	return &t.ledger[len(t.ledger)-1]
}

// view returns the call as a side may see it once the turn is committed.
func (t *turn) view(side int) *v1.Call {
	return t.s.view(t.row.App, t.row.ID, t.row.Rev, &t.state, side)
}

// commit stores the turn, if there is anything to store, and then tells whoever has to be told.
func (s *Server) commit(ctx context.Context, t *turn) error {
	if !t.changed && len(t.ledger) == 0 {
		return nil
	}
	tr, err := t.transition()
	if err != nil {
		return err
	}
	begin := time.Now()
	made, err := s.store.Commit(ctx, tr)
	t.observe(ctx, len(tr.Events), begin, err)
	if err != nil {
		return err
	}
	t.row = tr.Call
	t.row.Rev = made.Rev
	s.desk.keep(t)
	for i, e := range tr.Events {
		e.Seq = made.Seqs[i]
		s.pass(e, t.messages[i], t.nodeOf(e.Device))
	}
	s.told(tr.Jobs)
	if t.Group != "" {
		s.groupChanged(ctx, t)
	}
	return nil
}

// transition is the turn as one atomic commit.
func (t *turn) transition() (store.Transition, error) {
	t.watchMedia()
	if t.Fork.State != fork.Ringing && t.row.Rev > 0 {
		for i := range t.Legs {
			if !t.Fork.Legs[i].Open() {
				t.dropPush(i)
			}
		}
	}
	row := t.row
	row.State = t.state.appendJSON(make([]byte, 0, max(1024, len(t.row.State)+256)))
	row.Live = t.Fork.Live()
	row.Timer = t.timer(t.s.cfg.AliveTimeout)
	if t.Fork.State == fork.Ended {
		row.KeepUntil = t.keepUntil(t.s.cfg.Tombstone)
	}
	row.Devices = nil
	for side := t.lastSide(); side < len(t.Legs); side++ {
		if !t.shadow(side) {
			row.Devices = append(row.Devices, t.device(side).ID)
		}
	}
	t.messages = nil
	tr := store.Transition{Call: row, ExpectRev: row.Rev, Ledger: t.ledger, DropJobs: t.drop}
	for side := t.lastSide(); side < len(t.Legs); side++ {
		if !t.told[side] || t.shadow(side) {
			continue
		}
		told := &v1.EventsResponse{Event: &v1.EventsResponse_Call{Call: t.s.view(row.App, row.ID, row.Rev+1, &t.state, side)}}
		payload, err := proto.Marshal(told)
		if err != nil {
			return tr, fmt.Errorf("writing an event of call %s: %w", row.ID, err)
		}
		t.messages = append(t.messages, told)
		tr.Events = append(tr.Events, store.Event{App: row.App, Device: t.device(side).ID, CallID: row.ID, Payload: payload, At: t.now})
	}
	if t.Fork.Open() > 0 {
		tr.Jobs = t.jobs
	}
	if t.over {
		tr.History = t.record()
	}
	letters, err := t.letters()
	if err != nil {
		return tr, err
	}
	work, err := t.carrierWork()
	if err != nil {
		return tr, err
	}
	group, err := t.groupJob()
	if err != nil {
		return tr, err
	}
	tr.Jobs = slices.Concat(tr.Jobs, letters, t.alerts(), work, group)
	return tr, nil
}

func (t *turn) record() *store.Record {
	r := &store.Record{
		CallID: t.row.ID, App: t.row.App,
		Caller: t.Caller.User, CallerName: t.Caller.Name, CallerHandle: t.Caller.Handle, Callee: t.Callee.User,
		Video: t.Video, Reason: uint8(t.Fork.Reason),
		CreatedAt: t.CreatedAt, AnsweredAt: t.AnsweredAt, EndedAt: t.EndedAt,
		Group: t.Group,
	}
	if t.Fork.WasAnswered() {
		r.AnsweredBy = t.Legs[t.Fork.Winner].ID
	}
	return r
}

// topic is what the bus calls a device's stream.
func topic(app, device string) string { return app + "/" + device }
