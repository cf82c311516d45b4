package storetest

import (
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var jobTests = []test{
	{"LeasedToTheCommitter", jobsLeased},
	{"ClaimLeases", claimLeases},
	{"DoneForgets", doneForgets},
	{"RetryCounts", retryCounts},
	{"DropJobs", dropJobs},
	{"SameIDAgain", sameJobAgain},
	{"TimeGoesBackwards", jobsBackwards},
}

func (b *bench) claim(kind string, now time.Time, n int, lease time.Duration) []store.Job {
	b.Helper()
	return must[[]store.Job](b, "Claim")(b.Claim(b.ctx(), kind, now, n, lease))
}

// jobs commits a call with jobs of kind push, leased until so many seconds.
func (b *bench) jobs(leases map[string]int) {
	b.Helper()
	t := store.Transition{Call: newCall("c1")}
	for id, until := range leases {
		t.Jobs = append(t.Jobs, store.Job{ID: id, CallID: "c1", Kind: "push", Payload: []byte(id), LeasedUntil: at(until)})
	}
	b.commit(t)
}

func jobsLeased(b *bench) {
	b.jobs(map[string]int{"c1.p0": 2})
	if got := b.claim("push", at(2).Add(-time.Millisecond), 9, time.Second); len(got) != 0 {
		b.Errorf("claimed within the committer's lease: %v", got)
	}
	if got := b.claim("webhook", at(100), 9, time.Second); len(got) != 0 {
		b.Errorf("claimed as another kind: %v", got)
	}
	b.same("claimed at the lease's end", jobIDs(b.claim("push", at(2), 9, time.Second)), []string{"c1.p0"})
}

func claimLeases(b *bench) {
	b.jobs(map[string]int{"c1.p0": 3, "c1.p1": 1, "c1.p2": 2, "c1.p3": 50})
	b.same("the two that wait longest", jobIDs(b.claim("push", at(10), 2, 20*time.Second)), []string{"c1.p1", "c1.p2"})
	b.same("the third", b.claim("push", at(10), 2, 20*time.Second), []store.Job{
		{ID: "c1.p0", CallID: "c1", Kind: "push", Payload: []byte("c1.p0"), LeasedUntil: at(30)}})
	for _, n := range []int{9, 0, -1} {
		if got := b.claim("push", at(29), n, time.Second); len(got) != 0 {
			b.Errorf("claimed within a lease with n = %d: %v", n, got)
		}
	}
	if got := b.claim("push", at(30), 9, time.Second); len(got) != 3 {
		b.Errorf("%d jobs after the leases ran out, want 3", len(got))
	}
}

func doneForgets(b *bench) {
	b.jobs(map[string]int{"c1.p0": 0, "c1.p1": 0, "c1.p2": 0})
	for _, ids := range [][]string{{"c1.p0", "unknown", "c1.p2"}, {"c1.p0"}, {}} {
		if err := b.Done(b.ctx(), ids...); err != nil {
			b.Errorf("Done(%v): %v", ids, err)
		}
	}
	b.same("what is left", jobIDs(b.claim("push", at(100), 9, time.Second)), []string{"c1.p1"})
}

func retryCounts(b *bench) {
	b.jobs(map[string]int{"c1.p0": 100})
	for try := range 3 {
		if err := b.Retry(b.ctx(), "c1.p0", at(10*try)); err != nil {
			b.Fatal(err)
		}
		if got := b.claim("push", at(10*try).Add(-time.Millisecond), 9, time.Second); len(got) != 0 {
			b.Errorf("claimed before its time: %v", got)
		}
		got := b.claim("push", at(10*try), 9, time.Second)
		if len(got) != 1 || got[0].Tries != try+1 {
			b.Errorf("claimed %v, want one job with %d tries", got, try+1)
		}
	}
	b.wantErr("Retry of an unknown job", b.Retry(b.ctx(), "unknown", at(0)), store.ErrNotFound)
}

func dropJobs(b *bench) {
	b.jobs(map[string]int{"c1.p0": 0, "c1.p1": 0})
	b.commit(store.Transition{
		Call: newCall("c1"), ExpectRev: 1,
		DropJobs: []string{"c1.p0", "unknown", "c1.h0"},
		Jobs:     []store.Job{{ID: "c1.h0", CallID: "c1", Kind: "push", LeasedUntil: at(1)}},
	})
	b.same("what is left: dropping comes before inserting", jobIDs(b.claim("push", at(100), 9, time.Second)), []string{"c1.p1", "c1.h0"})
}

func sameJobAgain(b *bench) {
	b.jobs(map[string]int{"c1.p0": 0})
	if err := b.Retry(b.ctx(), "c1.p0", at(5)); err != nil {
		b.Fatal(err)
	}
	again := store.Job{ID: "c1.p0", CallID: "c1", Kind: "push", Payload: []byte("newer"), LeasedUntil: at(7)}
	b.commit(store.Transition{Call: newCall("c1"), ExpectRev: 1, Jobs: []store.Job{again}})
	again.LeasedUntil = at(101)
	b.same("the newer one stands", b.claim("push", at(100), 9, time.Second), []store.Job{again})
}

func jobsBackwards(b *bench) {
	b.jobs(map[string]int{"c1.p0": 0})
	b.claim("push", at(100), 9, 10*time.Second)
	if got := b.claim("push", at(50), 9, 10*time.Second); len(got) != 0 {
		b.Errorf("claimed within a lease of the future: %v", got)
	}
	b.same("claimed at its end", jobIDs(b.claim("push", at(110), 9, time.Second)), []string{"c1.p0"})
}
