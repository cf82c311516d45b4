//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
)

func TestOpenSaysWhereAndHowFast(t *testing.T) {
	var log strings.Builder
	s := open(t, Config{URL: pgtest.Database(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "durable_write=") || !strings.Contains(log.String(), s.Database()) || s.WriteLatency() <= 0 {
		t.Errorf("the log says %q", log.String())
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// Every error says where, what and what to do, and no password.
func TestOpenErrors(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	with := func(statement string) func(t *testing.T) Config {
		return func(t *testing.T) Config {
			url := pgtest.Database(t)
			pgtest.Exec(t, url, statement)
			return Config{URL: url}
		}
	}
	for _, test := range []struct {
		name string
		cfg  func(t *testing.T) Config
		want error // may be nil
		says []string
	}{
		{"no URL", func(*testing.T) Config { return Config{} }, nil, []string{"no database is named", "postgres://"}},
		{"nonsense", func(*testing.T) Config { return Config{URL: "postgres://ann:secret@[/x"} }, nil, []string{"can't be read"}},
		{"too many writers", func(*testing.T) Config { return Config{URL: "postgres://x/y", Writers: 65} }, nil, []string{"65", "1 to 64"}},
		{"nobody listens", func(*testing.T) Config { return Config{URL: "postgres://ann:secret@" + nobody + "/x?sslmode=disable"} }, nil,
			[]string{nobody, "can't be reached", "Is it running"}},
		{"no such database", func(t *testing.T) Config { return Config{URL: pgtest.Database(t) + "&dbname=nosuch"} }, nil, []string{"no such database", "CREATE DATABASE"}},
		{"another program's", with(`CREATE TABLE bookmark (url text)`), ErrNotOurs, []string{"something else", "search_path"}},
		{"newer", func(t *testing.T) Config {
			url := pgtest.Database(t)
			open(t, Config{URL: url}).Close()
			pgtest.Exec(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
			return Config{URL: url}
		}, ErrNewer, []string{"schema 9999", "newer ringtrip"}},
		{"no durable commits", func(t *testing.T) Config { return Config{URL: pgtest.Database(t) + "&synchronous_commit=off"} }, ErrForgets,
			[]string{"synchronous_commit is off", "Set synchronous_commit = on"}},
		{"takes no writes", func(t *testing.T) Config {
			return Config{URL: pgtest.Database(t) + "&default_transaction_read_only=on"}
		}, nil,
			[]string{"does not take writes", "primary"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(t.Context(), test.cfg(t))
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			var opened *OpenError
			if !errors.As(err, &opened) || opened.Hint == "" || opened.Database == "" {
				t.Fatalf("error %#v says not where, or not what to do", err)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v is not %v", err, test.want)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("error %q does not say %q", err, says)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q has the password", err)
			}
		})
	}
}

// A server that may lose what it acknowledged is refused.
func TestOpenRefusesNoFsync(t *testing.T) {
	for _, setting := range []string{"fsync", "full_page_writes"} {
		server := pgtest.Start(t, setting+"=off")
		_, err := Open(t.Context(), Config{URL: server.URL("postgres")})
		if !errors.Is(err, ErrForgets) || !strings.Contains(err.Error(), setting+" is off") {
			t.Errorf("with %s=off: %v", setting, err)
		}
	}
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Config{URL: pgtest.Database(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}

// Each schema that there ever was is brought up to date, with what is in it.
func TestMigrations(t *testing.T) {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	for version := int64(1); version <= int64(len(names)); version++ {
		url := pgtest.Database(t)
		cfg, err := pgx.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		db := stdlib.OpenDB(*cfg)
		old(t, db, files, version)
		db.Close()
		pgtest.Exec(t, url, `CREATE TABLE ringtrip_migration (id bigint PRIMARY KEY); INSERT INTO ringtrip_migration VALUES (1);
			INSERT INTO call VALUES ('c1', 'app', 3, 0, 'state', true, '["d1"]', '["u1"]', 'key', 7, 0, 5);
			INSERT INTO call_device VALUES ('app', 'd1', 'c1'); INSERT INTO call_user VALUES ('app', 'u1', 'c1');
			INSERT INTO cursor VALUES ('app', 'd1', 41); INSERT INTO event VALUES ('app', 'd1', 40, 0, 'c1', 'first', 6), ('app', 'd1', 41, 0, 'c1', 'second', 7);
			INSERT INTO ledger (call_id, stage, device, at, device_at, reason, detail, opens) VALUES ('c1', 1, '', 5, 0, 0, '', true), ('c1', 2, 'd1', 6, 0, 0, '', false);
			INSERT INTO call VALUES ('c0', 'app', 9, 0, 'over', false, '[]', '["u1"]', '', 0, 8, 4); INSERT INTO call_user VALUES ('app', 'u1', 'c0')`)
		s := open(t, Config{URL: url})
		calls, newest, err := s.CallsOfDevice(t.Context(), "app", "d1")
		if err != nil || newest != 41 || len(calls) != 1 || calls[0].Rev != 3 || string(calls[0].State) != "state" || !calls[0].Timer.Equal(time.Unix(0, 7)) {
			t.Errorf("from schema %d: %+v up to %d, %v", version, calls, newest, err)
		}
		if of, err := s.CallsOfUser(t.Context(), "app", "u1"); err != nil || len(of) != 1 || of[0].ID != "c1" {
			t.Errorf("from schema %d the user is in %+v, %v", version, of, err)
		}
		at := time.Unix(0, 9).UTC()
		done, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c1", App: "app", Live: true, Devices: []string{"d1", "d2"}, Users: []string{"u1"}}, ExpectRev: 3,
			Events: []store.Event{{App: "app", Device: "d1", CallID: "c1", Payload: []byte("third"), At: at}, {App: "app", Device: "d2", CallID: "c1", At: at}},
			Ledger: []store.LedgerEntry{{CallID: "c1", Stage: 3, At: at}, {CallID: "c1", Stage: 4, Device: "d2", Detail: `"ä"`, At: at}}})
		if err != nil || done.Rev != 4 || !slices.Equal(done.Seqs, []uint64{42, 1}) {
			t.Errorf("from schema %d it goes on with %+v, %v", version, done, err)
		}
		check := func(when string) {
			t.Helper()
			events, err := s.EventsAfter(t.Context(), "app", "d1", 40, 9)
			if err != nil || len(events) != 2 || string(events[0].Payload) != "second" || string(events[1].Payload) != "third" || events[1].Seq != 42 || !events[1].At.Equal(at) {
				t.Errorf("from schema %d, %s, the events are %+v, %v", version, when, events, err)
			}
			ledger, err := s.LedgerOf(t.Context(), "c1")
			if err != nil || len(ledger) != 4 || ledger[3].Detail != `"ä"` || ledger[3].Device != "d2" || ledger[2].Seq >= ledger[3].Seq || !ledger[3].At.Equal(at) {
				t.Errorf("from schema %d, %s, the ledger is %+v, %v", version, when, ledger, err)
			}
			for i, e := range ledger {
				if e.Stage != int32(i)+1 {
					t.Errorf("from schema %d, %s, entry %d is %+v", version, when, i, e)
				}
			}
		}
		check("after a commit")
		s.Close()
		// Back, which no program does, and forward again.
		db = stdlib.OpenDB(*cfg)
		provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
		if err == nil {
			_, err = provider.DownTo(t.Context(), 3)
		}
		db.Close()
		if err != nil {
			t.Fatal(err)
		}
		s = open(t, Config{URL: url})
		check("back and forward")
		s.Close()
	}
}

// old makes the tables of an older version.
func old(t *testing.T, db *sql.DB, files fs.FS, version int64) {
	t.Helper()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// A database that can't be reached does not hold up Close for long, nor a caller whose context ends.
func TestDatabaseIsGone(t *testing.T) {
	server := pgtest.Start(t)
	s := open(t, Config{URL: server.Database(t), Writers: 1})
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Call(ctx, "c1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a read: %v", err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- s.Done(context.Background(), "j") }()
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > grace+5*time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := <-waiting; err == nil {
		t.Error("a write was acknowledged by nobody")
	}
}
