package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/store"
)

// model lives random lives with a store and with [memory] beside it, and compares every answer. There are few
// names and few moments, so that they meet often.
func model(t *testing.T, open func(t *testing.T) store.Store) {
	rapid.Check(t, func(r *rapid.T) {
		l := &life{r: r, t: t, store: open(t), memory: newMemory()}
		defer l.store.Close()
		r.Repeat(map[string]func(*rapid.T){
			"Commit":        l.commit,
			"Commit2":       l.commit, // half of what happens
			"Commit3":       l.commit,
			"DueTimers":     l.dueTimers,
			"Purge":         l.purge,
			"Trim":          l.trim,
			"Jobs":          l.jobs,
			"Events":        l.events,
			"Devices":       l.devices,
			"Tokens":        l.tokens,
			"HistoryOfUser": l.historyOfUser,
			"":              l.lookNowAndThen,
		})
		l.look(r)
	})
}

type life struct {
	r      *rapid.T
	t      *testing.T
	store  store.Store
	memory *memory
	steps  int
}

var (
	calls   = rapid.SampledFrom([]string{"c1", "c2", "c3"})
	apps    = rapid.SampledFrom([]string{"app", "app", "app", "other"})
	devices = rapid.SampledFrom([]string{"d1", "d2", "d3"})
	users   = rapid.SampledFrom([]string{"alice", "bob"})
	kinds   = rapid.SampledFrom([]string{"push", "webhook"})
	jobs    = rapid.SampledFrom([]string{"j1", "j2", "j3", "j4"})
	tokens  = rapid.SampledFrom([]string{"", "aa", "bb"})
	counts  = rapid.IntRange(-1, 5)
	some    = rapid.Custom(func(r *rapid.T) []byte { return []byte(rapid.StringMatching(`[a-z]{0,3}`).Draw(r, "text")) })
	moments = rapid.Custom(func(r *rapid.T) time.Time { return at(rapid.IntRange(0, 9).Draw(r, "moment")) })
	maybe   = rapid.Custom(func(r *rapid.T) time.Time {
		if rapid.Bool().Draw(r, "none") {
			return time.Time{}
		}
		return moments.Draw(r, "moment")
	})
	leases = rapid.Custom(func(r *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 5).Draw(r, "lease")) * time.Second
	})
	events = rapid.Custom(func(r *rapid.T) store.Event {
		return store.Event{App: apps.Draw(r, "app"), Device: devices.Draw(r, "device"), CallID: calls.Draw(r, "call"), Payload: some.Draw(r, "payload"), At: moments.Draw(r, "at")}
	})
)

// agree compares what both say.
func agree[T any](l *life, r *rapid.T, what string, got T, err error, want T, wantErr error) {
	r.Helper()
	if !errors.Is(err, wantErr) || err != nil && wantErr == nil {
		r.Fatalf("%s: error %v, want %v", what, err, wantErr)
	}
	if g, w := text(l.t, got), text(l.t, want); g != w {
		r.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func (l *life) commit(r *rapid.T) {
	id := calls.Draw(r, "call")
	t := store.Transition{
		Call: store.Call{
			ID: id, App: apps.Draw(r, "app"), State: some.Draw(r, "state"), Live: rapid.Bool().Draw(r, "live"),
			Devices: rapid.SliceOfN(devices, 0, 3).Draw(r, "devices"), Users: rapid.SliceOfN(users, 0, 2).Draw(r, "users"),
			Key: rapid.SampledFrom([]string{"", "k1", "k2"}).Draw(r, "key"), Timer: maybe.Draw(r, "timer"),
			KeepUntil: maybe.Draw(r, "keepUntil"), CreatedAt: moments.Draw(r, "createdAt"),
		},
		Events:   rapid.SliceOfN(events, 0, 3).Draw(r, "events"),
		DropJobs: rapid.SliceOfN(jobs, 0, 2).Draw(r, "drop"),
	}
	if c := l.memory.call(id); c != nil {
		t.ExpectRev = c.Rev
	}
	if rapid.IntRange(0, 9).Draw(r, "wrong") == 0 {
		t.ExpectRev = rapid.Uint64Range(0, 5).Draw(r, "expect")
	}
	for _, j := range rapid.SliceOfN(jobs, 0, 2).Draw(r, "jobs") {
		t.Jobs = append(t.Jobs, store.Job{ID: j, CallID: id, Kind: kinds.Draw(r, "kind"), Payload: some.Draw(r, "payload"), LeasedUntil: moments.Draw(r, "leased"), Append: rapid.Bool().Draw(r, "append")})
	}
	if rapid.Bool().Draw(r, "ledger") {
		t.Ledger = []store.LedgerEntry{{CallID: id, Stage: 3, At: moments.Draw(r, "at"), DeviceAt: maybe.Draw(r, "deviceAt")}, {CallID: id, Stage: 4}}
	}
	if rapid.IntRange(0, 3).Draw(r, "history") == 0 {
		t.History = &store.Record{CallID: id, App: apps.Draw(r, "app"), Caller: users.Draw(r, "caller"), Callee: users.Draw(r, "callee"), CreatedAt: moments.Draw(r, "at")}
	}
	got, err := l.store.Commit(l.t.Context(), t)
	want, wantErr := l.memory.commit(t)
	agree(l, r, "Commit", got, err, want, wantErr)
}

func (l *life) dueTimers(r *rapid.T) {
	now, n, lease := moments.Draw(r, "now"), counts.Draw(r, "n"), leases.Draw(r, "lease")
	got, err := l.store.DueTimers(l.t.Context(), now, n, lease)
	agree(l, r, "DueTimers", got, err, l.memory.dueTimers(now, n, lease), nil)
}

func (l *life) purge(r *rapid.T) {
	now := moments.Draw(r, "now")
	got, err := l.store.Purge(l.t.Context(), now)
	agree(l, r, "Purge", got, err, l.memory.purge(now), nil)
}

func (l *life) trim(r *rapid.T) {
	before := moments.Draw(r, "before")
	var do trim
	var want int
	switch rapid.IntRange(0, 2).Draw(r, "what") {
	case 0:
		do, want = l.store.TrimHistory, l.memory.trimHistory(before)
	case 1:
		do, want = l.store.TrimLedger, l.memory.trimLedger(before)
	case 2:
		do, want = l.store.TrimJobs, l.memory.trimJobs(before)
	}
	got, err := do(l.t.Context(), before, 99)
	agree(l, r, "Trim", got, err, want, nil)
}

func (l *life) jobs(r *rapid.T) {
	id, kind, now, n, lease := jobs.Draw(r, "job"), kinds.Draw(r, "kind"), moments.Draw(r, "now"), counts.Draw(r, "n"), leases.Draw(r, "lease")
	switch rapid.IntRange(0, 5).Draw(r, "what") {
	case 4:
		put := store.Job{ID: id, CallID: "c1", Kind: kind, Payload: some.Draw(r, "payload"), LeasedUntil: now, Append: rapid.Bool().Draw(r, "append")}
		l.memory.putJobs([]store.Job{put})
		agree(l, r, "PutJobs", 0, l.store.PutJobs(l.t.Context(), []store.Job{put}), 0, nil)
	case 5:
		done := some.Draw(r, "done")
		if j := l.memory.job(id); j != nil && rapid.Bool().Draw(r, "fits") {
			done = j.Payload[:rapid.IntRange(0, len(j.Payload)).Draw(r, "most")]
		}
		got, err := l.store.Advance(l.t.Context(), id, done, now)
		want, wantErr := l.memory.advance(id, done, now)
		agree(l, r, "Advance", got, err, want, wantErr)
	case 0:
		agree(l, r, "Retry", 0, l.store.Retry(l.t.Context(), id, now), 0, l.memory.retry(id, now))
	case 1:
		l.memory.done(id)
		agree(l, r, "Done", 0, l.store.Done(l.t.Context(), id), 0, nil)
	default:
		got, err := l.store.Claim(l.t.Context(), kind, now, n, lease)
		agree(l, r, "Claim", got, err, l.memory.claim(kind, now, n, lease), nil)
	}
}

func (l *life) events(r *rapid.T) {
	app, device, seq := apps.Draw(r, "app"), devices.Draw(r, "device"), rapid.Uint64Range(0, 9).Draw(r, "seq")
	if rapid.IntRange(0, 3).Draw(r, "trim") == 0 {
		l.memory.trimEvents(app, device, seq)
		agree(l, r, "TrimEvents", 0, l.store.TrimEvents(l.t.Context(), app, device, seq), 0, nil)
		return
	}
	some := rapid.SliceOfN(events, 0, 4).Draw(r, "events")
	got, err := l.store.PutEvents(l.t.Context(), some)
	agree(l, r, "PutEvents", got, err, l.memory.putEvents(some), nil)
	n := counts.Draw(r, "n")
	page, err := l.store.EventsAfter(l.t.Context(), app, device, seq, n)
	agree(l, r, "EventsAfter", page, err, l.memory.eventsAfter(app, device, seq, n), nil)
}

func (l *life) devices(r *rapid.T) {
	d := store.Device{
		App: apps.Draw(r, "app"), ID: devices.Draw(r, "device"), User: users.Draw(r, "user"), Name: "n", VoIPToken: tokens.Draw(r, "token"),
		AlertToken: tokens.Draw(r, "alert"), AlertRegisteredAt: moments.Draw(r, "alert registered"), Environment: 1, RegisteredAt: moments.Draw(r, "registered"), SeenAt: moments.Draw(r, "seen"),
	}
	if rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
		l.memory.deleteDevice(d.App, d.ID)
		agree(l, r, "DeleteDevice", 0, l.store.DeleteDevice(l.t.Context(), d.App, d.ID), 0, nil)
		return
	}
	l.memory.putDevice(d)
	agree(l, r, "PutDevice", 0, l.store.PutDevice(l.t.Context(), d), 0, nil)
}

func (l *life) tokens(r *rapid.T) {
	token, before := tokens.Draw(r, "token"), moments.Draw(r, "before")
	if rapid.Bool().Draw(r, "environment") {
		l.memory.setEnvironment(token, 2)
		agree(l, r, "SetEnvironment", 0, l.store.SetEnvironment(l.t.Context(), token, 2), 0, nil)
		return
	}
	got, err := l.store.DropToken(l.t.Context(), token, before)
	agree(l, r, "DropToken", got, err, l.memory.dropToken(token, before), nil)
}

func (l *life) historyOfUser(r *rapid.T) {
	app, user, n := apps.Draw(r, "app"), users.Draw(r, "user"), rapid.IntRange(1, 3).Draw(r, "n")
	var all []store.Record
	for mark, pages := "", 0; pages == 0 || mark != ""; pages++ {
		page, next, err := l.store.HistoryOfUser(l.t.Context(), app, user, mark, n)
		if err != nil || pages > 9 {
			r.Fatalf("HistoryOfUser, page %d: %v", pages, err)
		}
		all, mark = append(all, page...), next
	}
	want := l.memory.historyOf(func(h store.Record) bool { return h.App == app && (h.Caller == user || h.Callee == user) })
	agree(l, r, "HistoryOfUser", all, nil, want, nil)
}

// lookNowAndThen follows every step.
func (l *life) lookNowAndThen(r *rapid.T) {
	if l.steps++; l.steps%10 == 0 {
		l.look(r)
	}
}

// look compares everything there is.
func (l *life) look(r *rapid.T) {
	ctx := l.t.Context()
	for _, app := range []string{"app", "other"} {
		for _, device := range []string{"d1", "d2", "d3"} {
			got, seq, err := l.store.CallsOfDevice(ctx, app, device)
			want, wantSeq := l.memory.callsOfDevice(app, device)
			agree(l, r, "CallsOfDevice", got, err, want, nil)
			agree(l, r, "newest seq", seq, nil, wantSeq, nil)
			events, err := l.store.EventsAfter(ctx, app, device, 0, 99)
			agree(l, r, "EventsAfter", events, err, l.memory.eventsAfter(app, device, 0, 99), nil)
			compareOne(l, r, "Device "+device, func() (store.Device, error) { return l.store.Device(ctx, app, device) }, l.memory.device(app, device))
		}
		for _, user := range []string{"alice", "bob"} {
			got, err := l.store.CallsOfUser(ctx, app, user)
			agree(l, r, "CallsOfUser", got, err, l.memory.callsOfUser(app, user), nil)
			devices, err := l.store.DevicesOfUser(ctx, app, user)
			agree(l, r, "DevicesOfUser", devices, err, l.memory.devicesOfUser(app, user), nil)
		}
		for _, key := range []string{"", "k1", "k2"} {
			compareOne(l, r, "CallByKey", func() (store.Call, error) { return l.store.CallByKey(ctx, app, key) }, l.memory.callByKey(app, key))
		}
		got, err := l.store.LiveCalls(ctx, app, 2)
		agree(l, r, "LiveCalls", got, err, l.memory.liveCalls(app, 2), nil)
		records, err := l.store.LatestHistory(ctx, app, 2)
		agree(l, r, "LatestHistory", records, err, first(l.memory.historyOf(func(h store.Record) bool { return h.App == app }), 2), nil)
	}
	for _, id := range []string{"c1", "c2", "c3"} {
		compareOne(l, r, "Call", func() (store.Call, error) { return l.store.Call(ctx, id) }, l.memory.call(id))
		got, err := l.store.LedgerOf(ctx, id)
		for i := range got {
			got[i].Seq = 0
		}
		agree(l, r, "LedgerOf", got, err, l.memory.ledgerOf(id), nil)
		compareOne(l, r, "HistoryOfCall", func() (store.Record, error) { return l.store.HistoryOfCall(ctx, id) },
			find(l.memory.history, func(h store.Record) bool { return h.CallID == id }))
	}
	for _, kind := range []string{"push", "webhook"} {
		jobs, err := l.store.JobsOfKind(ctx, kind, "j1", 2)
		agree(l, r, "JobsOfKind", jobs, err, l.memory.jobsOfKind(kind, "j1", 2), nil)
	}
	for _, id := range []string{"j1", "j2", "j3", "j4"} {
		compareOne(l, r, "Job", func() (store.Job, error) { return l.store.Job(ctx, id) }, l.memory.job(id))
	}
	got, err := l.store.NextTimer(ctx)
	agree(l, r, "NextTimer", got, err, l.memory.nextTimer(), nil)
}

func compareOne[T any](l *life, r *rapid.T, what string, get func() (T, error), want *T) {
	r.Helper()
	got, err := get()
	if want == nil {
		agree(l, r, what, fmt.Sprint(), err, "", store.ErrNotFound)
		return
	}
	agree(l, r, what, got, err, *want, nil)
}
