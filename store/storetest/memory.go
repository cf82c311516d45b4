package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// memory is what a store does, in the plainest words: no index, no transaction, one user at a time. It is what
// [model] compares a store with.
type memory struct {
	calls   []store.Call
	jobs    []store.Job
	events  []store.Event
	newest  map[[2]string]uint64 // app, device
	ledger  []store.LedgerEntry
	devices []store.Device
	history []store.Record
}

func newMemory() *memory { return &memory{newest: map[[2]string]uint64{}} }

func (m *memory) call(id string) *store.Call {
	return find(m.calls, func(c store.Call) bool { return c.ID == id })
}

func (m *memory) callByKey(app, key string) *store.Call {
	return find(m.calls, func(c store.Call) bool { return c.App == app && c.Key == key && key != "" })
}

func (m *memory) commit(t store.Transition) (store.Committed, error) {
	old := m.call(t.Call.ID)
	rev := uint64(0)
	if old != nil {
		rev = old.Rev
	}
	if other := m.callByKey(t.Call.App, t.Call.Key); rev != t.ExpectRev || other != nil && other.ID != t.Call.ID {
		return store.Committed{}, store.ErrConflict
	}
	t.Call.Rev = rev + 1
	if old != nil {
		*old = t.Call
	} else {
		m.calls = append(m.calls, t.Call)
	}
	m.done(t.DropJobs...)
	m.putJobs(t.Jobs)
	seqs := m.putEvents(t.Events)
	m.appendLedger(t.Ledger)
	if t.History != nil {
		m.history = slices.DeleteFunc(m.history, func(r store.Record) bool { return r.CallID == t.History.CallID })
		m.history = append(m.history, *t.History)
	}
	return store.Committed{Rev: rev + 1, Seqs: seqs}, nil
}

func (m *memory) callsOfDevice(app, device string) ([]store.Call, uint64) {
	return slices.SortedFunc(filter(m.calls, func(c store.Call) bool {
		return c.App == app && slices.Contains(c.Devices, device)
	}), oldest), m.newest[[2]string{app, device}]
}

func (m *memory) callsOfUser(app, user string) []store.Call {
	return slices.SortedFunc(filter(m.calls, func(c store.Call) bool {
		return c.App == app && c.Live && slices.Contains(c.Users, user)
	}), oldest)
}

func (m *memory) liveCalls(app string, n int) []store.Call {
	all := slices.SortedFunc(filter(m.calls, func(c store.Call) bool { return c.App == app && c.Live }), oldest)
	slices.Reverse(all)
	return first(all, n)
}

func oldest(a, b store.Call) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func (m *memory) dueTimers(now time.Time, n int, lease time.Duration) []store.Call {
	due := first(slices.SortedFunc(filter(m.calls, func(c store.Call) bool {
		return !c.Timer.IsZero() && !c.Timer.After(now)
	}), func(a, b store.Call) int { return cmp.Or(a.Timer.Compare(b.Timer), cmp.Compare(a.ID, b.ID)) }), n)
	for i := range due {
		due[i].Timer = now.Add(lease)
		m.call(due[i].ID).Timer = due[i].Timer
	}
	return due
}

func (m *memory) nextTimer() (next time.Time) {
	for _, c := range m.calls {
		if !c.Timer.IsZero() && (next.IsZero() || c.Timer.Before(next)) {
			next = c.Timer
		}
	}
	return next
}

func (m *memory) purge(now time.Time) int {
	n := 0
	m.calls = slices.DeleteFunc(m.calls, func(c store.Call) bool {
		old := !c.Live && c.KeepUntil.Before(now)
		if old {
			n++
			m.events = slices.DeleteFunc(m.events, func(e store.Event) bool { return e.CallID == c.ID })
		}
		return old
	})
	return n
}

func (m *memory) claim(kind string, now time.Time, n int, lease time.Duration) []store.Job {
	due := first(slices.SortedFunc(filter(m.jobs, func(j store.Job) bool {
		return j.Kind == kind && !j.LeasedUntil.After(now)
	}), func(a, b store.Job) int { return cmp.Or(a.LeasedUntil.Compare(b.LeasedUntil), cmp.Compare(a.ID, b.ID)) }), n)
	for i := range due {
		due[i].LeasedUntil = now.Add(lease)
		m.job(due[i].ID).LeasedUntil = due[i].LeasedUntil
	}
	return due
}

func (m *memory) job(id string) *store.Job {
	return find(m.jobs, func(j store.Job) bool { return j.ID == id })
}

func (m *memory) done(ids ...string) {
	m.jobs = slices.DeleteFunc(m.jobs, func(j store.Job) bool { return slices.Contains(ids, j.ID) })
}

func (m *memory) putJobs(jobs []store.Job) {
	for _, j := range jobs {
		if old := m.job(j.ID); old != nil && j.Append {
			old.Payload = slices.Concat(old.Payload, j.Payload)
			continue
		}
		m.done(j.ID)
		j.Append = false
		m.jobs = append(m.jobs, j)
	}
}

func (m *memory) advance(id string, done []byte, at time.Time) (store.Job, error) {
	j := m.job(id)
	if j == nil {
		return store.Job{}, store.ErrNotFound
	}
	rest, ok := bytes.CutPrefix(j.Payload, done)
	if !ok {
		return store.Job{}, store.ErrConflict
	}
	j.Payload, j.Tries, j.LeasedUntil = rest, 0, at
	left := *j
	if len(rest) == 0 {
		m.done(id)
	}
	return left, nil
}

func (m *memory) jobsOfKind(kind, after string, n int) []store.Job {
	return first(slices.SortedFunc(filter(m.jobs, func(j store.Job) bool { return j.Kind == kind && j.ID > after }),
		func(a, b store.Job) int { return cmp.Compare(a.ID, b.ID) }), n)
}

func (m *memory) retry(id string, at time.Time) error {
	j := m.job(id)
	if j == nil {
		return store.ErrNotFound
	}
	j.LeasedUntil = at
	j.Tries++
	return nil
}

func (m *memory) eventsAfter(app, device string, after uint64, n int) []store.Event {
	return first(slices.Collect(filter(m.events, func(e store.Event) bool {
		return e.App == app && e.Device == device && e.Seq > after
	})), n)
}

func (m *memory) putEvents(events []store.Event) (seqs []uint64) {
	for _, e := range events {
		key := [2]string{e.App, e.Device}
		m.newest[key]++
		e.Seq = m.newest[key]
		m.events = append(m.events, e)
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func (m *memory) trimEvents(app, device string, seq uint64) {
	m.events = slices.DeleteFunc(m.events, func(e store.Event) bool { return e.App == app && e.Device == device && e.Seq <= seq })
}

func (m *memory) appendLedger(entries []store.LedgerEntry) { m.ledger = append(m.ledger, entries...) }

func (m *memory) ledgerOf(call string) []store.LedgerEntry {
	return slices.Collect(filter(m.ledger, func(e store.LedgerEntry) bool { return e.CallID == call }))
}

func (m *memory) device(app, id string) *store.Device {
	return find(m.devices, func(d store.Device) bool { return d.App == app && d.ID == id })
}

func (m *memory) byToken(token string) *store.Device {
	return find(m.devices, func(d store.Device) bool { return d.VoIPToken == token && token != "" })
}

func (m *memory) byAlertToken(token string) *store.Device {
	return find(m.devices, func(d store.Device) bool { return d.AlertToken == token && token != "" })
}

func (m *memory) putDevice(d store.Device) {
	if other := m.byToken(d.VoIPToken); other != nil && (other.App != d.App || other.ID != d.ID) {
		other.VoIPToken = ""
	}
	if other := m.byAlertToken(d.AlertToken); other != nil && (other.App != d.App || other.ID != d.ID) {
		other.AlertToken = ""
	}
	old := m.device(d.App, d.ID)
	if old == nil {
		m.devices = append(m.devices, d)
		return
	}
	if old.VoIPToken == d.VoIPToken {
		d.RegisteredAt = old.RegisteredAt
	}
	if old.AlertToken == d.AlertToken {
		d.AlertRegisteredAt = old.AlertRegisteredAt
	}
	*old = d
}

func (m *memory) devicesOfUser(app, user string) []store.Device {
	all := slices.SortedFunc(filter(m.devices, func(d store.Device) bool { return d.App == app && d.User == user }),
		func(a, b store.Device) int { return cmp.Or(a.SeenAt.Compare(b.SeenAt), cmp.Compare(a.ID, b.ID)) })
	slices.Reverse(all)
	return all
}

func (m *memory) dropToken(token string, before time.Time) bool {
	dropped := false
	if d := m.byToken(token); d != nil && !d.RegisteredAt.After(before) {
		d.VoIPToken, dropped = "", true
	}
	if d := m.byAlertToken(token); d != nil && !d.AlertRegisteredAt.After(before) {
		d.AlertToken, dropped = "", true
	}
	return dropped
}

func (m *memory) setEnvironment(token string, environment uint8) {
	if d := m.byToken(token); d != nil {
		d.Environment = environment
	}
	if d := m.byAlertToken(token); d != nil {
		d.Environment = environment
	}
}

func (m *memory) deleteDevice(app, id string) {
	m.devices = slices.DeleteFunc(m.devices, func(d store.Device) bool { return d.App == app && d.ID == id })
	m.events = slices.DeleteFunc(m.events, func(e store.Event) bool { return e.App == app && e.Device == id })
}

// historyOf returns the records that want accepts, newest first.
func (m *memory) historyOf(want func(store.Record) bool) []store.Record {
	return slices.SortedFunc(filter(m.history, want), func(a, b store.Record) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.CallID, a.CallID))
	})
}

func (m *memory) trimHistory(before time.Time) int {
	was := len(m.history)
	m.history = slices.DeleteFunc(m.history, func(r store.Record) bool { return r.CreatedAt.Before(before) })
	return was - len(m.history)
}

func (m *memory) trimLedger(before time.Time) int {
	old := map[string]bool{}
	seen := map[string]bool{}
	for _, e := range m.ledger {
		if !seen[e.CallID] && e.At.Before(before) && m.call(e.CallID) == nil {
			old[e.CallID] = true
		}
		seen[e.CallID] = true
	}
	m.ledger = slices.DeleteFunc(m.ledger, func(e store.LedgerEntry) bool { return old[e.CallID] })
	return len(old)
}

func (m *memory) trimJobs(before time.Time) int {
	was := len(m.jobs)
	m.jobs = slices.DeleteFunc(m.jobs, func(j store.Job) bool { return j.LeasedUntil.Before(before) })
	return was - len(m.jobs)
}

func find[T any](all []T, want func(T) bool) *T {
	if i := slices.IndexFunc(all, want); i >= 0 {
		return &all[i]
	}
	return nil
}

func filter[T any](all []T, want func(T) bool) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for _, one := range all {
			if want(one) && !yield(one) {
				return
			}
		}
	}
}

func first[T any](all []T, n int) []T { return all[:min(len(all), max(n, 0))] }
