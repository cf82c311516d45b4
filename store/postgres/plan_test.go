//go:build unix

package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
)

// Plans are made once (see settle), perhaps while a table is empty and the database knows it. None may read all of a table
// then that grows later: each finds rows by an index, but for those that are meant to look at all.
func TestPlansOfEmptyTables(t *testing.T) {
	ctx := t.Context()
	s := open(t, Config{URL: pgtest.Database(t), Writers: 1, MaxConns: 1})
	defer s.Close()
	at := time.Unix(100, 0)
	do := func(err error) {
		t.Helper()
		if err != nil && !strings.Contains(err.Error(), "not found") && !strings.Contains(err.Error(), "changed meanwhile") {
			t.Fatal(err)
		}
	}
	call := store.Call{ID: "c", App: "app", Live: true, Devices: []string{"a", "b"}, Users: []string{"u"}, Key: "k", Timer: at, CreatedAt: at}
	commit := func(rev uint64, change func(*store.Transition)) {
		t.Helper()
		tr := store.Transition{Call: call, ExpectRev: rev, Events: told("a", "x"), Ledger: []store.LedgerEntry{{CallID: "c", At: at}},
			Jobs: []store.Job{{ID: "j", Kind: "push", Payload: []byte("12")}, {ID: "q", Kind: "push", Append: true}}, DropJobs: []string{"o"}}
		change(&tr)
		_, err := s.Commit(ctx, tr)
		do(err)
		call = tr.Call
	}
	same := func(*store.Transition) {}
	commit(0, same)
	commit(1, same)                                                              // as it is remembered
	commit(2, func(t *store.Transition) { t.Call.Devices = []string{"a", "c"} }) // as it is found
	_, err := s.DueTimers(ctx, at, 3, time.Second)
	do(err)
	_, err = s.Claim(ctx, "push", at, 3, time.Second)
	do(err)
	do(s.Retry(ctx, "j", at))
	_, err = s.Advance(ctx, "j", []byte("1"), at)
	do(err)
	_, err = s.AdvanceAll(ctx, []store.Step{{ID: "j", Done: []byte("2"), At: at}})
	do(err)
	_, _, err = s.CallsOfDevice(ctx, "app", "a")
	do(err)
	_, err = s.CallsOfUser(ctx, "app", "u")
	do(err)
	_, err = s.CallByKey(ctx, "app", "k")
	do(err)
	_, err = s.EventsAfter(ctx, "app", "a", 0, 9)
	do(err)
	do(s.TrimEvents(ctx, "app", "a", 1))
	_, err = s.LedgerOf(ctx, "c")
	do(err)
	commit(3, func(t *store.Transition) {
		t.Call.Live, t.History = false, &store.Record{CallID: "c", App: "app", Caller: "u", Callee: "v"}
	})
	_, _, err = s.HistoryOfUser(ctx, "app", "u", "", 9)
	do(err)
	_, err = s.HistoryOfCall(ctx, "c")
	do(err)
	do(s.PutDevice(ctx, store.Device{App: "app", ID: "a", User: "u", VoIPToken: "t", AlertToken: "s"}))
	_, err = s.DevicesOfUser(ctx, "app", "u")
	do(err)
	do(s.SetEnvironment(ctx, "t", 1))
	_, err = s.DropToken(ctx, "t", at)
	do(err)
	_, err = s.Attach(ctx, store.Stream{App: "app", Device: "a", Node: "n", ID: "i"})
	do(err)
	_, err = s.StreamsOf(ctx, "app", []string{"a", "b"})
	do(err)
	do(s.Detach(ctx, store.Stream{App: "app", Device: "a", ID: "i"}))
	do(s.RemoveNode(ctx, "n", at))
	do(s.DeleteDevice(ctx, "app", "a"))
	_, err = s.TrimHistory(ctx, at, 9)
	do(err)
	_, err = s.TrimLedger(ctx, at, 9)
	do(err)
	_, err = s.TrimJobs(ctx, at, 9)
	do(err)
	_, err = s.Purge(ctx, at)
	do(err)

	reader, err := s.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	for _, statement := range []string{`TRUNCATE call, call_device, call_user, job, event, told, trimmed, cursor, ledger, history, device, stream, member`, `VACUUM ANALYZE`} {
		if _, err := reader.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	checked := explain(t, ctx, reader.Conn()) + explain(t, ctx, s.writers[0].conn) // it waits
	if checked < 40 {
		t.Errorf("only %d statements were looked at", checked)
	}
}

// explain looks at the plans of all statements that a connection has prepared.
func explain(t *testing.T, ctx context.Context, conn *pgx.Conn) (checked int) {
	type statement struct {
		Name, SQL string
		Args      int
	}
	found, err := conn.Query(ctx, `SELECT name, statement, coalesce(array_length(parameter_types, 1), 0) FROM pg_prepared_statements`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByPos[statement])
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if strings.Contains(p.SQL, "FROM node") || strings.Contains(p.SQL, "pg_") || strings.Contains(p.SQL, "writer") {
			continue // few rows, all of them wanted
		}
		execute := fmt.Sprintf(`EXPLAIN EXECUTE %q`, p.Name)
		if p.Args > 0 {
			execute += "(NULL" + strings.Repeat(", NULL", p.Args-1) + ")"
		}
		found, err := conn.Query(ctx, execute, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", p.SQL, err)
		}
		checked++
		for i, line := range lines {
			whole := strings.Contains(line, "Index Scan") || strings.Contains(line, "Index Only Scan") || strings.Contains(line, "Index Scan Backward")
			if whole && i+1 < len(lines) && strings.Contains(lines[i+1], "Index Cond:") {
				whole = false
			}
			if whole || strings.Contains(line, "Seq Scan on") {
				t.Errorf("all of a table is read:\n%s\n%s\n\n%s", line, p.SQL, strings.Join(lines, "\n"))
			}
		}
	}
	return checked
}

// A connection that has had its plans for long makes new ones, for statements that stay prepared.
func TestReplan(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range []string{`CREATE TABLE few (id bigint PRIMARY KEY) WITH (autovacuum_enabled = false)`, `VACUUM ANALYZE few`, `SET plan_cache_mode = force_generic_plan`,
		`PREPARE q AS SELECT id FROM few WHERE id = ANY(ARRAY(SELECT $1::bigint))`, `EXECUTE q(1)`,
		`INSERT INTO few SELECT * FROM generate_series(1, 20000)`} {
		if _, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	plan := func() string {
		t.Helper()
		rows, _ := conn.Query(t.Context(), `EXPLAIN EXECUTE q(1)`, pgx.QueryExecModeSimpleProtocol)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	before := plan()
	now := time.Now()
	if since := replan(t.Context(), conn, now); since != now || plan() != before {
		t.Errorf("at once: since %v, %s", since, plan())
	}
	if since := replan(t.Context(), conn, now.Add(-plansLive)); !since.After(now) || plan() == before {
		t.Errorf("later: since %v, not %v, and still\n%s", since, now, before)
	}
}
