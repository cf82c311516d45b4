package server

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// What does not fit into a stream's inbox is read from the store, and only what does not fit.
func TestInboxOverflows(t *testing.T) {
	all := newStreams(time.Now)
	if all.hand("app/dev", handed{Event: store.Event{Seq: 1}}) {
		t.Error("an event was taken though no stream is open")
	}
	told := new(told)
	o := &openStream{topic: "app/dev", server: told}
	if !all.enter(o) {
		t.Fatal("the stream was not let in")
	}
	defer all.lines.Done()
	for n := range maxInbox + 8 {
		if !all.hand("app/dev", handed{Event: store.Event{Seq: uint64(n + 1)}}) {
			t.Fatal("the open stream did not take an event")
		}
	}
	if due(*told) != dueInbox {
		t.Errorf("the stream was told %b", *told)
	}
	events, more := o.inbox.take()
	if len(events) != maxInbox || !more || events[0].Seq != 1 || events[maxInbox-1].Seq != maxInbox {
		t.Errorf("%d events and more=%t, want the first %d and more", len(events), more, maxInbox)
	}
	if events, more := o.inbox.take(); len(events) != 0 || more {
		t.Errorf("the empty inbox has %d events, more=%t", len(events), more)
	}
	all.hand("app/dev", handed{Event: store.Event{Seq: 99}})
	if due(*told) != dueInbox {
		t.Errorf("the stream was told %b", *told)
	}
	if events, more := o.inbox.take(); len(events) != 1 || more {
		t.Errorf("%d events, more=%t, after the overflow was taken", len(events), more)
	}
	o.leave()
	if all.hand("app/dev", handed{Event: store.Event{Seq: 100}}) {
		t.Error("a stream that left took an event")
	}
}

// told is who serves a stream: what was due.
type told due

func (t *told) stir(d due) { *t |= told(d) }
