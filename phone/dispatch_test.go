package phone

import (
	"testing"
)

// TestNobodyIsLeftInTheOutbox: whoever comes while the engine tells the app of a change, with the lock given up, only
// appends; what he appended must be carried out all the same, not at the next event, which may be a minute away.
func TestNobodyIsLeftInTheOutbox(t *testing.T) {
	r := newRig(t, true, nil)
	done, came := false, false
	r.p.main = interrupted{r.p.main, func() {
		if !came {
			came = true
			r.p.do(func() { r.p.then(func() { done = true }) })
		}
	}}
	r.push(r.payload(1), true)
	if !came {
		t.Fatal("the app was told of no change")
	}
	if !done {
		t.Error("what was ordered while the app was told of a change waits in the outbox")
	}
}

// interrupted is a queue that lets something happen while it is given work.
type interrupted struct {
	queue
	happen func()
}

type queue interface{ Async(func()) }

func (q interrupted) Async(f func()) {
	q.happen()
	q.queue.Async(f)
}
