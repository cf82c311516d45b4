package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Verdict is what came out of a check. Everything that is not a count of what was done must be empty.
type Verdict struct {
	Calls, Answers, Ends, RingOuts int

	Lost     []string      // acknowledged, and not there any more
	Doubles  []string      // calls that were answered twice
	Eternal  []string      // calls that ring, or are up, and nobody ends them
	Unpushed []string      // calls that rang out and whose sleeping device was never pushed to
	Deaf     []string      // devices that did not hear what they had to, or heard an end that was none
	Latest   time.Duration // the latest end of a ring that nobody answered, after its deadline
	Streams  int           // that were opened
}

// Wrong reports whether a promise was broken. Unpushed is none: a push is taken over when the dead process' lease of two
// seconds runs out, so a server that never lives that long may not get it done before the ring is over.
func (v *Verdict) Wrong() bool {
	return len(v.Lost)+len(v.Doubles)+len(v.Eternal)+len(v.Deaf) > 0
}

// String is a summary in a few lines, with the first of whatever is wrong.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls, %d answers, %d acknowledged ends, %d rang out (the latest %s after its deadline), %d streams opened\n",
		v.Calls, v.Answers, v.Ends, v.RingOuts, v.Latest.Round(time.Millisecond), v.Streams)
	fmt.Fprintf(&b, "acknowledged events lost: %d\ndouble answers: %d\neternal rings: %d\nrings without an accepted push: %d\ndevices that missed an event: %d",
		len(v.Lost), len(v.Doubles), len(v.Eternal), len(v.Unpushed), len(v.Deaf))
	for _, all := range [][]string{v.Lost, v.Doubles, v.Eternal, v.Unpushed, v.Deaf} {
		for _, one := range all[:min(len(all), 5)] {
			b.WriteString("\n  " + one)
		}
	}
	return b.String()
}

// Check waits until every call is over, settle at most, and compares what there is with what was promised.
func (w *World) Check(settle time.Duration) (*Verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	v := &Verdict{}
	w.mu.Lock()
	facts := make([]*Fact, 0, len(w.facts))
	for _, f := range w.facts {
		facts = append(facts, f)
	}
	w.mu.Unlock()
	slices.SortFunc(facts, func(a, b *Fact) int { return strings.Compare(a.ID, b.ID) })
	for _, f := range facts {
		if !f.Started {
			continue
		}
		v.Calls++
		w.listen(ctx, v, f)
	}
	for _, f := range facts {
		if err := w.audit(v, f); err != nil {
			return v, err
		}
	}
	for _, g := range w.groups {
		for _, p := range g.phones() {
			p.mu.Lock()
			v.Deaf = append(v.Deaf, p.wrong...)
			v.Streams += p.streams
			p.mu.Unlock()
		}
	}
	return v, nil
}

// listen waits until every device that a call concerns has heard of its end.
func (w *World) listen(ctx context.Context, v *Verdict, f *Fact) {
	for _, p := range f.group.phones() {
		if !p.until(ctx, f.ID, func(h *heard) bool { return h.ended }) {
			h, known := p.of(f.ID)
			v.Deaf = append(v.Deaf, fmt.Sprintf("%s did not hear of the end of call %s (it knows %v: %s)", p.device, f.ID, known, h.last.GetState()))
		}
	}
}

// audit compares a call's ledger with what was promised about it.
func (w *World) audit(v *Verdict, f *Fact) error {
	l, err := w.ledger(f.ID)
	if connect.CodeOf(err) == connect.CodeNotFound {
		if f.Started {
			v.Lost = append(v.Lost, "call "+f.ID+" was started and is gone")
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the ledger of call %s: %w", f.ID, err)
	}
	var answers, ends []*v1.LedgerEntry
	pushed := f.group.sleeper == ""
	var deadline time.Time
	for _, e := range l.Entries {
		switch e.Stage {
		case v1.Stage_STAGE_ACCEPTED:
			pushed = pushed || e.DeviceId == f.group.sleeper
		case v1.Stage_STAGE_ANSWERED:
			answers = append(answers, e)
		case v1.Stage_STAGE_CALL_ENDED:
			ends = append(ends, e)
		}
	}
	if len(l.Entries) > 0 {
		deadline = l.Entries[0].At.AsTime().Add(RingTime)
	}
	if l.State != v1.CallState_CALL_STATE_ENDED {
		v.Eternal = append(v.Eternal, fmt.Sprintf("call %s is %s", f.ID, l.State))
		return nil
	}
	if len(f.Winners) > 1 || len(answers) > 1 {
		v.Doubles = append(v.Doubles, fmt.Sprintf("call %s was answered by %v, and its ledger has %d answers", f.ID, f.Winners, len(answers)))
	}
	if len(f.Winners) > 0 {
		v.Answers++
	}
	for device := range f.Winners {
		if len(answers) == 0 || answers[0].DeviceId != device {
			v.Lost = append(v.Lost, fmt.Sprintf("the answer of %s to call %s was acknowledged, and its ledger has %v", device, f.ID, answers))
		}
	}
	if len(ends) != 1 {
		v.Deaf = append(v.Deaf, fmt.Sprintf("call %s ended %d times", f.ID, len(ends)))
		return nil
	}
	if f.Reason != 0 {
		v.Ends++
		if f.Reasons > 1 || l.Reason != f.Reason {
			v.Lost = append(v.Lost, fmt.Sprintf("the end of call %s was acknowledged as %s (%d different), and it is %s", f.ID, f.Reason, f.Reasons, l.Reason))
		}
	}
	if l.Reason == v1.EndReason_END_REASON_UNANSWERED {
		v.RingOuts++
		if !pushed {
			v.Unpushed = append(v.Unpushed, fmt.Sprintf("call %s rang out, and %s was never pushed to", f.ID, f.group.sleeper))
		}
		v.Latest = max(v.Latest, ends[0].At.AsTime().Sub(deadline))
	}
	return nil
}

// RingTime is how long calls ring in these deployments: the shortest that a server allows.
const RingTime = 5 * time.Second

// ledger reads a call's ledger, however often it takes.
func (w *World) ledger(id string) (*v1.GetLedgerResponse, error) {
	var all error
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		r, err := w.ops.GetLedger(ctx, connect.NewRequest(&v1.GetLedgerRequest{CallId: id}))
		cancel()
		if err == nil {
			return r.Msg, nil
		}
		if connect.CodeOf(err) == connect.CodeNotFound {
			return nil, err
		}
		all = errors.Join(all, err)
	}
	return nil, all
}
