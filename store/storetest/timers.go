package storetest

import (
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var timerTests = []test{
	{"DueTimers", dueTimers},
	{"LeaseRunsOut", timerLease},
	{"CommitSetsTheTimer", commitSetsTheTimer},
	{"TimeGoesBackwards", timersBackwards},
}

func (b *bench) due(now time.Time, n int, lease time.Duration) []store.Call {
	b.Helper()
	return must[[]store.Call](b, "DueTimers")(b.DueTimers(b.ctx(), now, n, lease))
}

func (b *bench) nextTimer(want time.Time) {
	b.Helper()
	if got := must[time.Time](b, "NextTimer")(b.NextTimer(b.ctx())); !got.Equal(want) {
		b.Errorf("NextTimer = %v, want %v", got, want)
	}
}

func timed(id string, timer time.Time) store.Call {
	c := newCall(id)
	c.Timer = timer
	return c
}

func dueTimers(b *bench) {
	b.nextTimer(time.Time{})
	b.put(newCall("c0"))
	b.nextTimer(time.Time{})
	for i, id := range []string{"c4", "c2", "c3", "c1"} {
		c := timed(id, at(10*(i+1)))
		c.Live = id != "c2" // a tombstone may have a timer too
		b.put(c)
	}
	b.nextTimer(at(10))
	if got := b.due(at(10).Add(-time.Millisecond), 9, time.Second); len(got) != 0 {
		b.Errorf("due before their time: %v", ids(got))
	}
	b.same("due by 30 s, two at most", ids(b.due(at(30), 2, 100*time.Second)), []string{"c4", "c2"})
	got := b.due(at(30), 9, 100*time.Second)
	b.same("the rest", ids(got), []string{"c3"})
	stored := must[store.Call](b, "Call")(b.Call(b.ctx(), "c3"))
	b.same("the call as it is handed out", got[0], stored)
	if !stored.Timer.Equal(at(130)) || stored.Rev != 1 {
		b.Errorf("the timer is %v at rev %d, want the lease's end %v at rev 1", stored.Timer, stored.Rev, at(130))
	}
	b.nextTimer(at(40))
	for _, n := range []int{0, -1} {
		if got := b.due(at(1000), n, time.Second); len(got) != 0 {
			b.Errorf("%d timers for n = %d", len(got), n)
		}
	}
}

func timerLease(b *bench) {
	b.put(timed("c1", at(10)))
	b.same("first", ids(b.due(at(10), 9, 5*time.Second)), []string{"c1"})
	if got := b.due(at(14), 9, 5*time.Second); len(got) != 0 {
		b.Errorf("handed out twice within the lease")
	}
	b.nextTimer(at(15))
	b.same("the node died", ids(b.due(at(15), 9, 5*time.Second)), []string{"c1"})
}

func commitSetsTheTimer(b *bench) {
	c := b.put(timed("c1", at(10)))
	b.due(at(10), 9, 5*time.Second)
	// The lease is not a change of the call: whoever decided before may still commit.
	c.Timer = at(99)
	c = b.commit(store.Transition{Call: c, ExpectRev: 1})
	b.nextTimer(at(99))
	c.Timer = time.Time{}
	b.commit(store.Transition{Call: c, ExpectRev: 2})
	b.nextTimer(time.Time{})
	if got := b.due(at(1000), 9, time.Second); len(got) != 0 {
		b.Errorf("due without a timer: %v", ids(got))
	}
}

func timersBackwards(b *bench) {
	b.put(timed("c1", at(10)))
	b.due(at(20), 9, 5*time.Second)
	if got := b.due(at(5), 9, 5*time.Second); len(got) != 0 {
		b.Errorf("due before their time: %v", ids(got))
	}
	b.nextTimer(at(25))
	old := timed("c2", at(-1000)) // made by a clock that went wrong
	old.CreatedAt = at(-2000)
	b.put(old)
	b.same("due at once", ids(b.due(at(5), 9, 5*time.Second)), []string{"c2"})
	b.nextTimer(at(10)) // at(5) + 5 s: before the lease that was given later
}
