package iossim

import (
	"container/heap"
	"time"
)

// event is something that will happen. Events at one moment happen in the order in which they were scheduled.
type event struct {
	at  time.Time
	seq uint64
	ph  *Phone
	do  func() // nil: cancelled, or over
}

// cancel keeps e from happening. A nil event, and one that has happened, may be cancelled too.
func (e *event) cancel() {
	if e != nil {
		e.do = nil
	}
}

type eventQueue []*event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push and Pop are for container/heap only.
func (q *eventQueue) Push(x any) { *q = append(*q, x.(*event)) }

// Pop is for container/heap only.
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}

func (q *eventQueue) push(e *event) { heap.Push(q, e) }
func (q *eventQueue) pop() *event   { return heap.Pop(q).(*event) }

// first returns the next event, dropping cancelled ones, or nil.
func (q *eventQueue) first() *event {
	for len(*q) > 0 {
		if e := (*q)[0]; e.do != nil {
			return e
		}
		q.pop()
	}
	return nil
}
