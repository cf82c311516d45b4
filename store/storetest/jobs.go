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
	{"PutJobs", putJobs},
	{"Append", appendToJob},
	{"Advance", advanceJob},
	{"AdvanceAll", advanceJobs},
	{"Look", lookAtJobs},
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

func (b *bench) putJobs(jobs ...store.Job) {
	b.Helper()
	if err := b.PutJobs(b.ctx(), jobs); err != nil {
		b.Fatalf("PutJobs: %v", err)
	}
}

func (b *bench) job(id string) store.Job {
	b.Helper()
	return must[store.Job](b, "Job")(b.Job(b.ctx(), id))
}

func putJobs(b *bench) {
	b.putJobs()
	b.putJobs(store.Job{ID: "d1.h", Kind: "webhook:app/e", Payload: []byte("one"), LeasedUntil: at(1)},
		store.Job{ID: "d2.h", Kind: "webhook:app/e", Payload: []byte("two"), LeasedUntil: at(5)})
	b.putJobs(store.Job{ID: "d1.h", Kind: "webhook:app/f", Payload: []byte("newer"), LeasedUntil: at(2)})
	b.same("one was replaced", b.claim("webhook:app/f", at(3), 9, time.Second), []store.Job{
		{ID: "d1.h", Kind: "webhook:app/f", Payload: []byte("newer"), LeasedUntil: at(4)}})
	b.same("the other waits for its lease", jobIDs(b.claim("webhook:app/e", at(4), 9, time.Second)), nil)
	b.same("and comes at its end", jobIDs(b.claim("webhook:app/e", at(5), 9, time.Second)), []string{"d2.h"})
}

func appendToJob(b *bench) {
	more := func(text string, until int) store.Job {
		return store.Job{ID: "c1.h", CallID: "c1", Kind: "webhook:app/e", Payload: []byte(text), LeasedUntil: at(until), Append: true}
	}
	b.commit(store.Transition{Call: newCall("c1"), Jobs: []store.Job{more("one\x00\xff\n", 0), more("two\n", 70)}})
	if err := b.Retry(b.ctx(), "c1.h", at(50)); err != nil {
		b.Fatal(err)
	}
	other := more("three\n", 60)
	other.Kind, other.CallID = "push", "c2" // of what exists only the payload changes
	b.commit(store.Transition{Call: newCall("c1"), ExpectRev: 1, Jobs: []store.Job{other}})
	b.putJobs(more("four\n", 0))
	want := store.Job{ID: "c1.h", CallID: "c1", Kind: "webhook:app/e", Payload: []byte("one\x00\xff\ntwo\nthree\nfour\n"), LeasedUntil: at(50), Tries: 1}
	b.same("the queue", b.job("c1.h"), want)
	want.LeasedUntil = at(51)
	b.same("claimed whole", b.claim("webhook:app/e", at(50), 9, time.Second), []store.Job{want})
	_, err := b.Commit(b.ctx(), store.Transition{Call: newCall("c1"), ExpectRev: 1, Jobs: []store.Job{more("lost\n", 0)}})
	b.wantErr("a commit that lost a race", err, store.ErrConflict)
	b.same("adds nothing", b.job("c1.h"), want)
	b.commit(store.Transition{Call: newCall("c1"), ExpectRev: 2, DropJobs: []string{"c1.h"}, Jobs: []store.Job{more("anew\n", 80)}})
	b.same("dropping comes before appending", b.job("c1.h"), store.Job{
		ID: "c1.h", CallID: "c1", Kind: "webhook:app/e", Payload: []byte("anew\n"), LeasedUntil: at(80)})
}

func advanceJob(b *bench) {
	b.putJobs(store.Job{ID: "c1.h", CallID: "c1", Kind: "webhook:app/e", Payload: []byte("one\ntwo\n"), LeasedUntil: at(1)})
	if err := b.Retry(b.ctx(), "c1.h", at(2)); err != nil {
		b.Fatal(err)
	}
	left := store.Job{ID: "c1.h", CallID: "c1", Kind: "webhook:app/e", Payload: []byte("two\n"), LeasedUntil: at(30)}
	b.same("what is left", must[store.Job](b, "Advance")(b.Advance(b.ctx(), "c1.h", []byte("one\n"), at(30))), left)
	b.same("and kept", b.job("c1.h"), left)
	for _, done := range []string{"one\n", "two\nthree\n", "wo\n"} { // whoever lost its lease must not take what is another's
		_, err := b.Advance(b.ctx(), "c1.h", []byte(done), at(40))
		b.wantErr("Advance by "+done, err, store.ErrConflict)
	}
	b.same("nothing changed", b.job("c1.h"), left)
	b.putJobs(store.Job{ID: "c1.h", Kind: "webhook:app/e", Payload: []byte("three\n"), Append: true})
	left.Payload, left.LeasedUntil = []byte("three\n"), at(50)
	b.same("what was added stays", must[store.Job](b, "Advance")(b.Advance(b.ctx(), "c1.h", []byte("two\n"), at(50))), left)
	left.Payload = nil
	b.same("the end", must[store.Job](b, "Advance")(b.Advance(b.ctx(), "c1.h", []byte("three\n"), at(50))), left)
	_, err := b.Job(b.ctx(), "c1.h")
	b.wantErr("Job of one that is done", err, store.ErrNotFound)
	_, err = b.Advance(b.ctx(), "c1.h", nil, at(50))
	b.wantErr("Advance of one that is done", err, store.ErrNotFound)
}

func lookAtJobs(b *bench) {
	_, err := b.Job(b.ctx(), "j1")
	b.wantErr("an unknown job", err, store.ErrNotFound)
	for _, id := range []string{"j3", "j1", "j2", "j4"} {
		b.putJobs(store.Job{ID: id, Kind: "webhook.dead:app", Payload: []byte(id), LeasedUntil: at(100)})
	}
	b.putJobs(store.Job{ID: "j2b", Kind: "push"})
	list := func(after string, n int) []string {
		b.Helper()
		return jobIDs(must[[]store.Job](b, "JobsOfKind")(b.JobsOfKind(b.ctx(), "webhook.dead:app", after, n)))
	}
	b.same("the first page", list("", 2), []string{"j1", "j2"})
	b.same("the next", list("j2", 2), []string{"j3", "j4"})
	b.same("the last", list("j4", 2), nil)
	b.same("no page", list("", 0), nil)
	b.same("no page", list("", -1), nil)
	b.same("looking leases nothing", b.job("j3"), store.Job{ID: "j3", Kind: "webhook.dead:app", Payload: []byte("j3"), LeasedUntil: at(100)})
}

func advanceJobs(b *bench) {
	kind := "webhook:app/e"
	for _, id := range []string{"c1.h", "c2.h", "c3.h", "c4.h"} {
		b.putJobs(store.Job{ID: id, CallID: id[:2], Kind: kind, Payload: []byte("one\x00\xff\ntwo\n"), LeasedUntil: at(1)})
	}
	if err := b.Retry(b.ctx(), "c1.h", at(2)); err != nil {
		b.Fatal(err)
	}
	step := func(id, done string, s int) store.Step { return store.Step{ID: id, Done: []byte(done), At: at(s)} }
	got := must[[]store.Stepped](b, "AdvanceAll")(b.AdvanceAll(store.Later(b.ctx()), []store.Step{
		step("c3.h", "one\x00\xff\ntwo\n", 20), step("c1.h", "one\x00\xff\n", 30), step("c5.h", "one\n", 40), step("c2.h", "two\n", 50), step("c4.h", "", 60),
	}))
	left := func(id, payload string, s int) store.Job {
		return store.Job{ID: id, CallID: id[:2], Kind: kind, Payload: []byte(payload), LeasedUntil: at(s)}
	}
	if len(got) != 5 {
		b.Fatalf("5 steps came to %d results", len(got))
	}
	b.same("one that is over", got[0].Job, store.Job{ID: "c3.h"})
	b.same("one of which something is left", got[1].Job, left("c1.h", "two\n", 30))
	b.wantErr("an unknown one", got[2].Err, store.ErrNotFound)
	b.wantErr("what someone else did", got[3].Err, store.ErrConflict)
	b.same("one that is handed back", got[4].Job, left("c4.h", "one\x00\xff\ntwo\n", 60))
	_, err := b.Job(b.ctx(), "c3.h")
	b.wantErr("Job of the one that is over", err, store.ErrNotFound)
	b.same("kept", b.job("c1.h"), left("c1.h", "two\n", 30))
	b.same("unchanged", b.job("c2.h"), left("c2.h", "one\x00\xff\ntwo\n", 1))
	b.same("handed back", b.job("c4.h"), left("c4.h", "one\x00\xff\ntwo\n", 60))
	b.same("no step", must[[]store.Stepped](b, "AdvanceAll")(b.AdvanceAll(b.ctx(), nil)), nil)
}
