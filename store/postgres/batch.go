package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// bulk is a batch as it is sent: a few statements, each with the rows of all writes in arrays. The order of the
// statements, and of the rows in each, is the order in which locks are taken, the same in every batch on every
// node: calls by id, jobs by id, what devices have by device, cursors by device.
type bulk struct {
	batch pgx.Batch
	made  int // index of the query that makes calls; -1: none
	moved int // of the query that changes calls
	plain int // of the query that changes calls whose indices stay as they are
	told  int // of the query that stores events

	seqsOf []place // of the told query's rows, by ordinal
}

// place is where a seq belongs: the write and its event.
type place struct{ write, event int }

// result is what became of a write whose batch was committed.
type result struct {
	out store.Committed
	err error
}

// guard says for each row of a statement which write it belongs to: the row counts if the write needs no
// compare-and-set, or has won it, that is, if the call bears its stamp.
type guard struct {
	cas    []bool
	holder []string
	stamp  []int64
}

func (g *guard) add(w *write) {
	g.cas = append(g.cas, w.cas)
	g.holder = append(g.holder, text(w.t.Call.ID))
	g.stamp = append(g.stamp, w.stamp)
}

// won is the condition on x, a row with the columns of guard. The subquery makes sure that the call is found by
// its key, whatever the planner thinks of the table's size.
const won = `(NOT x.cas OR (SELECT c.stamp FROM call c WHERE c.id = x.holder) = x.stamp)`

func (b *bulk) queue(sql string, args ...any) int {
	b.batch.Queue(sql, args...)
	return b.batch.Len() - 1
}

// fence begins the batch: it fails, by the constraint named fenced, if the writer has taken another epoch since.
func (b *bulk) fence(id string, epoch, batch, at int64) {
	b.queue(`UPDATE writer SET batch = CASE WHEN epoch = $2 THEN $3::bigint ELSE -1 END, at = $4 WHERE id = $1`, id, epoch, batch, at)
}

// load queues the statements of all writes.
func (b *bulk) load(batch []*write, known memo) {
	b.made, b.moved, b.plain, b.told = -1, -1, -1, -1
	byCall := slices.Clone(batch)
	slices.SortStableFunc(byCall, func(x, y *write) int { return cmp.Compare(text(x.t.Call.ID), text(y.t.Call.ID)) })
	b.loadCalls(byCall, known)
	b.loadJobs(byCall)
	b.loadTrims(batch)
	b.loadEvents(batch)
	b.loadLedger(byCall)
	b.loadHistory(byCall)
}

func (b *bulk) loadCalls(sorted []*write, known memo) {
	var made, moved, plain callRows
	var was []int64
	var ended []*write
	for _, w := range sorted {
		if !w.cas {
			continue
		}
		row := rowOf(w)
		if w.t.ExpectRev == 0 {
			made.add(w, row)
			continue
		}
		before, ok := known[w.t.Call.ID]
		if !ok || before.rev != w.t.ExpectRev || !before.stays(row) {
			moved.add(w, row)
			continue
		}
		plain.add(w, row)
		was = append(was, before.stamp)
		if !row.live {
			ended = append(ended, w)
		}
	}
	if len(made.id) > 0 {
		b.made = b.queue(`WITH made AS (
				INSERT INTO call (id, app, rev, stamp, state, live, devices, users, key, timer, keep_until, created_at)
				SELECT x.id, x.app, x.expect + 1, x.stamp, x.state, x.live, x.devices, x.users, x.key, x.timer, x.keep_until, x.created_at
				FROM `+callRowsFrom+` ON CONFLICT DO NOTHING RETURNING id, app, live, devices, users
			), device AS (
				INSERT INTO call_device (app, device, call_id)
				SELECT made.app, n.name, made.id FROM made, json_array_elements_text(made.devices::json) AS n (name) ON CONFLICT DO NOTHING
			), member AS (
				INSERT INTO call_user (app, "user", call_id)
				SELECT made.app, n.name, made.id FROM made, json_array_elements_text(made.users::json) AS n (name) WHERE made.live ON CONFLICT DO NOTHING
			) SELECT id FROM made`, made.args()...)
	}
	if len(moved.id) > 0 {
		// The row that a call had before is read as it was when the statement began. If it had the expected rev then, it
		// is the row that is changed, for whoever changed it meanwhile has raised the rev. The index of devices and users
		// is only touched if they changed, or the call ended, for it has users of live calls only; its rows are looked for by arrays of keys, so that no plan reads all of it.
		// What a call told that loses a device gets rows that the device finds without the call.
		b.moved = b.queue(`WITH x AS MATERIALIZED (SELECT * FROM `+callRowsFrom+`), old AS MATERIALIZED (
				SELECT id, app, devices, CASE WHEN live THEN users ELSE '[]' END AS users FROM call WHERE id = ANY($1)
			), changed AS (
				UPDATE call c SET app = x.app, rev = x.expect + 1, stamp = x.stamp, state = x.state, live = x.live, devices = x.devices, users = x.users,
					key = x.key, timer = x.timer, keep_until = x.keep_until, created_at = x.created_at
				FROM x WHERE c.id = ANY($1) AND c.id = x.id AND c.rev = x.expect
					AND (x.key = '' OR (x.key = c.key AND x.app = c.app) OR NOT EXISTS (
						SELECT 1 FROM call o WHERE o.app = x.app AND o.key = x.key AND o.key <> '' AND o.id <> x.id))
				RETURNING c.id, c.app, c.devices, CASE WHEN c.live THEN c.users ELSE '[]' END AS users
			), moved AS MATERIALIZED (
				SELECT changed.id, changed.app, changed.devices, changed.users, old.app AS old_app, old.devices AS old_devices, old.users AS old_users
				FROM changed JOIN old ON old.id = changed.id
				WHERE (changed.app, changed.devices, changed.users) IS DISTINCT FROM (old.app, old.devices, old.users)
			), no_device AS MATERIALIZED (
				SELECT moved.old_app AS app, n.name, moved.id FROM moved, json_array_elements_text(moved.old_devices::json) AS n (name)
				EXCEPT SELECT moved.app, n.name, moved.id FROM moved, json_array_elements_text(moved.devices::json) AS n (name)
			), no_member AS MATERIALIZED (
				SELECT moved.old_app AS app, n.name, moved.id FROM moved, json_array_elements_text(moved.old_users::json) AS n (name)
				EXCEPT SELECT moved.app, n.name, moved.id FROM moved, json_array_elements_text(moved.users::json) AS n (name)
			), device_gone AS (
				DELETE FROM call_device i WHERE i.app = ANY(ARRAY(SELECT app FROM no_device)) AND i.device = ANY(ARRAY(SELECT name FROM no_device))
					AND i.call_id = ANY(ARRAY(SELECT id FROM no_device)) AND (i.app, i.device, i.call_id) IN (SELECT app, name, id FROM no_device)
			), member_gone AS (
				DELETE FROM call_user i WHERE i.app = ANY(ARRAY(SELECT app FROM no_member)) AND i."user" = ANY(ARRAY(SELECT name FROM no_member))
					AND i.call_id = ANY(ARRAY(SELECT id FROM no_member)) AND (i.app, i."user", i.call_id) IN (SELECT app, name, id FROM no_member)
			), device AS (
				INSERT INTO call_device (app, device, call_id)
				SELECT moved.app, n.name, moved.id FROM moved, json_array_elements_text(moved.devices::json) AS n (name) ON CONFLICT DO NOTHING
			), member AS (
				INSERT INTO call_user (app, "user", call_id)
				SELECT moved.app, n.name, moved.id FROM moved, json_array_elements_text(moved.users::json) AS n (name) ON CONFLICT DO NOTHING
			), spread AS (
				INSERT INTO event (app, device, seq, stamp, call_id, payload, at)
				SELECT moved.old_app, n.device, n.seq, t.stamp, t.call_id, n.payload, t.at
				FROM moved JOIN told t ON t.call_id = moved.id, unnest(t.devices, t.seqs, t.payloads) AS n (device, seq, payload)
				WHERE t.call_id = ANY(ARRAY(SELECT id FROM no_device))
			), spread_out AS (
				DELETE FROM told WHERE call_id = ANY(ARRAY(SELECT id FROM no_device))
			) SELECT id FROM changed`, moved.args()...)
	}
	b.loadPlain(plain, was, ended)
}

// loadPlain changes calls of which is known how they were when they got the stamp that they are expected to have.
func (b *bulk) loadPlain(plain callRows, was []int64, ended []*write) {
	if len(plain.id) == 0 {
		return
	}
	b.plain = b.queue(`UPDATE call c SET rev = x.expect + 1, stamp = x.stamp, state = x.state, live = x.live,
			timer = x.timer, keep_until = x.keep_until, created_at = x.created_at
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::boolean[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
			AS x (id, expect, stamp, state, live, timer, keep_until, created_at, was)
		WHERE c.id = ANY($1) AND c.id = x.id AND c.rev = x.expect AND c.stamp = x.was RETURNING c.id`,
		plain.id, plain.expect, plain.stamp, plain.state, plain.live, plain.timer, plain.keepUntil, plain.createdAt, was)
	var g guard
	var app, user []string
	for _, w := range ended {
		for _, u := range w.t.Call.Users {
			g.add(w)
			app, user = append(app, text(w.t.Call.App)), append(user, text(u))
		}
	}
	if len(user) == 0 {
		return
	}
	b.queue(`DELETE FROM call_user i USING unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::text[]) AS x (cas, holder, stamp, app, "user")
		WHERE i.app = ANY($4) AND i."user" = ANY($5) AND i.call_id = ANY($2) AND i.app = x.app AND i."user" = x."user" AND i.call_id = x.holder AND `+won, g.cas, g.holder, g.stamp, app, user)
}

// callRows are calls in arrays.
type callRows struct {
	id, app                     []string
	expect, stamp               []int64
	state                       [][]byte
	live                        []bool
	devices, users, key         []string
	timer, keepUntil, createdAt []int64
}

const callRowsFrom = `unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[], $6::boolean[], $7::text[], $8::text[], $9::text[],
	$10::bigint[], $11::bigint[], $12::bigint[]) AS x (id, app, expect, stamp, state, live, devices, users, key, timer, keep_until, created_at)`

func (r *callRows) add(w *write, row indexed) {
	c := &w.t.Call
	r.id, r.app = append(r.id, text(c.ID)), append(r.app, row.app)
	r.expect, r.stamp = append(r.expect, int64(w.t.ExpectRev)), append(r.stamp, w.stamp)
	r.state, r.live = append(r.state, blob(c.State)), append(r.live, row.live)
	r.devices, r.users, r.key = append(r.devices, row.devices), append(r.users, row.users), append(r.key, row.key)
	r.timer, r.keepUntil, r.createdAt = append(r.timer, packed.Nanos(c.Timer)), append(r.keepUntil, packed.Nanos(c.KeepUntil)), append(r.createdAt, packed.Nanos(c.CreatedAt))
}

func (r *callRows) args() []any {
	return []any{r.id, r.app, r.expect, r.stamp, r.state, r.live, r.devices, r.users, r.key, r.timer, r.keepUntil, r.createdAt}
}

func (b *bulk) loadJobs(sorted []*write) {
	type drop struct {
		id string
		w  *write
	}
	type put struct {
		job store.Job
		w   *write
	}
	var drops []drop
	var puts []put
	for _, w := range sorted {
		for _, id := range w.t.DropJobs {
			drops = append(drops, drop{text(id), w})
		}
		for _, j := range folded(w.t.Jobs) {
			puts = append(puts, put{j, w})
		}
	}
	if len(drops) > 0 {
		slices.SortStableFunc(drops, func(x, y drop) int { return cmp.Compare(x.id, y.id) })
		var g guard
		var ids []string
		for _, d := range drops {
			g.add(d.w)
			ids = append(ids, d.id)
		}
		b.queue(`DELETE FROM job j USING unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[]) AS x (cas, holder, stamp, id)
			WHERE j.id = ANY($4) AND j.id = x.id AND `+won, g.cas, g.holder, g.stamp, ids)
	}
	slices.SortStableFunc(puts, func(x, y put) int { return cmp.Compare(text(x.job.ID), text(y.job.ID)) })
	for _, longer := range []bool{false, true} {
		var g guard
		var id, call, kind []string
		var payload [][]byte
		var leased, tries []int64
		for _, p := range puts {
			if p.job.Append == longer {
				g.add(p.w)
				id, call, kind = append(id, text(p.job.ID)), append(call, text(p.job.CallID)), append(kind, text(p.job.Kind))
				payload = append(payload, blob(p.job.Payload))
				leased, tries = append(leased, packed.Nanos(p.job.LeasedUntil)), append(tries, int64(p.job.Tries))
			}
		}
		if len(id) == 0 {
			continue
		}
		exists := `call_id = excluded.call_id, kind = excluded.kind, payload = excluded.payload, leased_until = excluded.leased_until, tries = excluded.tries`
		if longer {
			exists = `payload = old.payload || excluded.payload`
		}
		b.queue(`INSERT INTO job AS old (id, call_id, kind, payload, leased_until, tries)
			SELECT x.id, x.call_id, x.kind, x.payload, x.leased_until, x.tries
			FROM unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bigint[])
				AS x (cas, holder, stamp, id, call_id, kind, payload, leased_until, tries)
			WHERE `+won+` ON CONFLICT (id) DO UPDATE SET `+exists,
			g.cas, g.holder, g.stamp, id, call, kind, payload, leased, tries)
	}
}

// folded makes one job of several of one id: what storing them one after the other comes to.
func folded(jobs []store.Job) []store.Job {
	if len(jobs) < 2 {
		return jobs
	}
	var all []store.Job
	for _, j := range jobs {
		at := slices.IndexFunc(all, func(before store.Job) bool { return before.ID == j.ID })
		switch {
		case at < 0:
			all = append(all, j)
		case j.Append:
			all[at].Payload = slices.Concat(all[at].Payload, j.Payload)
		default:
			all[at] = j
		}
	}
	return all
}

func (b *bulk) loadTrims(batch []*write) {
	var trims []trim
	for _, w := range batch {
		trims = append(trims, w.trims...)
	}
	if len(trims) == 0 {
		return
	}
	slices.SortFunc(trims, func(x, y trim) int {
		return cmp.Or(cmp.Compare(text(x.app), text(y.app)), cmp.Compare(text(x.device), text(y.device)))
	})
	var app, device []string
	var seq []int64
	for _, t := range trims {
		app, device, seq = append(app, text(t.app)), append(device, text(t.device)), append(seq, signed(t.seq))
	}
	// A device may say that it has what it was never told: that does not count for what it will be told.
	b.queue(`INSERT INTO trimmed AS t (app, device, seq)
		SELECT x.app, x.device, max(least(x.seq, c.seq)) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS x (app, device, seq)
			JOIN cursor c ON c.app = ANY($1) AND c.device = ANY($2) AND c.app = x.app AND c.device = x.device
		GROUP BY x.app, x.device ORDER BY x.app COLLATE "C", x.device COLLATE "C"
		ON CONFLICT (app, device) DO UPDATE SET seq = greatest(t.seq, excluded.seq)`, app, device, seq)
	b.queue(`DELETE FROM event e USING unnest($1::text[], $2::text[], $3::bigint[]) AS x (app, device, seq)
		WHERE e.app = ANY($1) AND e.device = ANY($2) AND e.app = x.app AND e.device = x.device AND e.seq <= x.seq`, app, device, seq)
}

func (b *bulk) loadLedger(sorted []*write) {
	var g guard
	var first []bool
	var call, device, detail, more []string
	var stage, at, deviceAt, reason []int64
	for _, w := range sorted {
		for part := range w.ledgerRows {
			g.add(w)
			e := part[0]
			first = append(first, w.cas && w.t.ExpectRev == 0)
			call, device, detail = append(call, text(e.CallID)), append(device, text(e.Device)), append(detail, text(e.Detail))
			stage, reason = append(stage, int64(e.Stage)), append(reason, int64(e.Reason))
			at, deviceAt, more = append(at, packed.Nanos(e.At)), append(deviceAt, packed.Nanos(e.DeviceAt)), append(more, packLedger(part[1:]))
		}
	}
	if len(call) == 0 {
		return
	}
	// That more rows than one may say that they open the ledger does no harm: of those, TrimLedger believes the first.
	// Whether there is one is not asked by EXISTS: a plan may then read the whole ledger, to know of all calls at once.
	b.queue(`INSERT INTO ledger (call_id, stage, device, at, device_at, reason, detail, more, opens)
		SELECT x.call_id, x.stage, x.device, x.at, x.device_at, x.reason, x.detail, x.more,
			x.first OR (SELECT min(l.seq) FROM ledger l WHERE l.call_id = x.call_id) IS NULL
		FROM unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
			$11::text[], $12::boolean[]) AS x (cas, holder, stamp, call_id, stage, device, at, device_at, reason, detail, more, first)
		WHERE `+won, g.cas, g.holder, g.stamp, call, stage, device, at, deviceAt, reason, detail, more, first)
}

// ledgerRows splits the entries of a write into rows: those of one call that follow one another, up to maxPacked.
func (w *write) ledgerRows(yield func([]store.LedgerEntry) bool) {
	most := maxPacked
	if !w.packs {
		most = 1
	}
	for entries := w.t.Ledger; len(entries) > 0; {
		n := slices.IndexFunc(entries, func(e store.LedgerEntry) bool { return e.CallID != entries[0].CallID })
		if n < 0 {
			n = len(entries)
		}
		n = min(n, most)
		if !yield(entries[:n]) {
			return
		}
		entries = entries[n:]
	}
}

func (b *bulk) loadHistory(sorted []*write) {
	var with []*write
	for _, w := range sorted {
		if w.t.History != nil {
			with = append(with, w)
		}
	}
	if len(with) == 0 {
		return
	}
	slices.SortStableFunc(with, func(x, y *write) int { return cmp.Compare(text(x.t.History.CallID), text(y.t.History.CallID)) })
	var g guard
	var call, app, caller, callerName, callerHandle, callee, answeredBy, group []string
	var video []bool
	var reason, createdAt, answeredAt, endedAt []int64
	for _, w := range with {
		r := w.t.History
		g.add(w)
		call, app, caller = append(call, text(r.CallID)), append(app, text(r.App)), append(caller, text(r.Caller))
		callerName, callerHandle = append(callerName, text(r.CallerName)), append(callerHandle, text(r.CallerHandle))
		callee, answeredBy = append(callee, text(r.Callee)), append(answeredBy, text(r.AnsweredBy))
		group = append(group, text(r.Group))
		video, reason = append(video, r.Video), append(reason, int64(r.Reason))
		createdAt, answeredAt, endedAt = append(createdAt, packed.Nanos(r.CreatedAt)), append(answeredAt, packed.Nanos(r.AnsweredAt)), append(endedAt, packed.Nanos(r.EndedAt))
	}
	b.queue(`INSERT INTO history (`+recordColumns+`)
		SELECT x.call_id, x.app, x.caller, x.caller_name, x.caller_handle, x.callee, x.video, x.reason, x.created_at, x.answered_at, x.ended_at, x.answered_by, x.group_id
		FROM unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[],
			$11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[])
			AS x (cas, holder, stamp, call_id, app, caller, caller_name, caller_handle, callee, video, reason, created_at, answered_at, ended_at, answered_by, group_id)
		WHERE `+won+` ON CONFLICT (call_id) DO UPDATE SET app = excluded.app, caller = excluded.caller, caller_name = excluded.caller_name,
			caller_handle = excluded.caller_handle, callee = excluded.callee, video = excluded.video, reason = excluded.reason,
			created_at = excluded.created_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at, answered_by = excluded.answered_by,
			group_id = excluded.group_id`,
		g.cas, g.holder, g.stamp, call, app, caller, callerName, callerHandle, callee, video, reason, createdAt, answeredAt, endedAt, answeredBy, group)
}

// send sends the batch as one pipeline, which is one transaction, and returns what became of each write. Nothing
// of it is true before the last answer, that of the commit, is there.
func (b *bulk) send(ctx context.Context, conn *pgx.Conn, batch []*write) (_ []result, err error) {
	answers := conn.SendBatch(ctx, &b.batch)
	won := map[string]bool{}
	seqs := make([]uint64, len(b.seqsOf))
	for n := range b.batch.Len() {
		switch n {
		case b.made, b.moved, b.plain:
			rows, _ := answers.Query()
			var id string
			if _, err = pgx.ForEachRow(rows, []any{&id}, func() error { won[id] = true; return nil }); err != nil {
				return nil, closed(answers, err)
			}
		case b.told:
			rows, _ := answers.Query()
			var nth, seq int64
			if _, err = pgx.ForEachRow(rows, []any{&nth, &seq}, func() error { seqs[nth-1] = uint64(seq); return nil }); err != nil {
				return nil, closed(answers, err)
			}
		default:
			if _, err = answers.Exec(); err != nil {
				return nil, closed(answers, err)
			}
		}
	}
	if err := answers.Close(); err != nil {
		return nil, err
	}
	results := make([]result, len(batch))
	for i, w := range batch {
		r := &results[i]
		if !w.cas {
			continue
		}
		if r.out.Rev = w.t.ExpectRev + 1; !won[text(w.t.Call.ID)] {
			r.err = store.ErrConflict
		}
	}
	for i, where := range b.seqsOf {
		if r := &results[where.write]; r.err == nil {
			r.out.Seqs = append(r.out.Seqs, seqs[i])
		}
	}
	return results, nil
}

// closed ends a batch that failed, and returns why it failed.
func closed(answers pgx.BatchResults, err error) error {
	_ = answers.Close()
	return err
}
