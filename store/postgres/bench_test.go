//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
)

// BenchmarkSetUp is the life of a call, as in store/sqlite: made with three pushes, ringing, answered, connected and
// ended, that is five commits, with its reads and events. 64 of them go on at a time.
func BenchmarkSetUp(b *testing.B) {
	server := pgtest.Start(b)
	s := open(b, Config{URL: server.Database(b)})
	defer s.Close()
	ctx := context.Background()
	var calls atomic.Int64
	now := time.Now()
	before, err := s.Stats(ctx)
	if err != nil {
		b.Fatal(err)
	}
	began, beganDB := cpu(), databaseCPU()
	b.SetParallelism(64 / max(1, parallel()))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := calls.Add(1)
			id := fmt.Sprintf("0199-%d", n)
			c := store.Call{
				ID: id, App: "app", State: make([]byte, 500), Live: true, CreatedAt: now, Timer: now.Add(45 * time.Second),
				Devices: []string{fmt.Sprint("a", n%10_000), fmt.Sprint("b", n%10_000), fmt.Sprint("c", n%10_000)},
				Users:   []string{fmt.Sprint("u", n%10_000), fmt.Sprint("v", n%10_000)},
			}
			for rev := range uint64(5) {
				t := store.Transition{Call: c, ExpectRev: rev}
				t.Events = []store.Event{{App: "app", Device: c.Devices[rev%3], CallID: id, Payload: make([]byte, 300), At: now}}
				t.Ledger = []store.LedgerEntry{{CallID: id, Stage: int32(rev), At: now}}
				switch rev {
				case 0:
					for i := range 3 {
						t.Jobs = append(t.Jobs, store.Job{ID: fmt.Sprint(id, ".p", i), CallID: id, Kind: "push", Payload: make([]byte, 300), LeasedUntil: now.Add(2 * time.Second)})
					}
				case 2:
					t.DropJobs = []string{id + ".p0", id + ".p1", id + ".p2"}
					t.Call.Timer = time.Time{}
				case 4:
					t.Call.Live, t.Call.KeepUntil = false, now.Add(time.Hour)
					t.History = &store.Record{CallID: id, App: "app", Caller: c.Users[0], Callee: c.Users[1], CreatedAt: now, EndedAt: now}
				}
				if _, err := s.Commit(ctx, t); err != nil {
					b.Error(err)
					return
				}
				if _, err := s.Call(ctx, id); err != nil {
					b.Error(err)
					return
				}
			}
		}
	})
	b.StopTimer()
	after, err := s.Stats(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after.Writes-before.Writes)/float64(after.Transactions-before.Transactions), "commits/tx")
	b.ReportMetric(float64((cpu()-began).Microseconds())/1000/float64(b.N), "cpu-ms/setup")
	b.ReportMetric(float64((databaseCPU()-beganDB).Microseconds())/1000/float64(b.N), "db-cpu-ms/setup")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "setups/s")
}

// BenchmarkFloor is what PostgreSQL and the driver take for the least that could be done: one row a transaction by
// 64 connections, and the five rows that a set-up at the least is, in a pipeline of the size of a batch.
func BenchmarkFloor(b *testing.B) {
	server := pgtest.Start(b)
	url := server.Database(b)
	pgtest.Exec(b, url, `CREATE TABLE floor (id bigserial PRIMARY KEY, state bytea NOT NULL)`)
	ctx := context.Background()
	b.Run("insert", func(b *testing.B) {
		began, beganDB := cpu(), databaseCPU()
		b.SetParallelism(64 / max(1, parallel()))
		b.RunParallel(func(pb *testing.PB) {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close(ctx)
			for pb.Next() {
				if _, err := conn.Exec(ctx, `INSERT INTO floor (state) VALUES ($1)`, make([]byte, 500)); err != nil {
					b.Error(err)
					return
				}
			}
		})
		report(b, began, beganDB, 1)
	})
	b.Run("pipeline", func(b *testing.B) {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close(ctx)
		const rows = 32
		began, beganDB := cpu(), databaseCPU()
		for b.Loop() {
			batch := &pgx.Batch{}
			for range rows {
				batch.Queue(`INSERT INTO floor (state) VALUES ($1)`, make([]byte, 500))
			}
			if err := conn.SendBatch(ctx, batch).Close(); err != nil {
				b.Fatal(err)
			}
		}
		report(b, began, beganDB, rows)
	})
}

func report(b *testing.B, began, beganDB time.Duration, rows int) {
	n := float64(b.N * rows)
	b.ReportMetric(float64((cpu()-began).Microseconds())/1000/n, "cpu-ms/row")
	b.ReportMetric(float64((databaseCPU()-beganDB).Microseconds())/1000/n, "db-cpu-ms/row")
	b.ReportMetric(n/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkCommit is one transition at a time: what a call waits for when nothing else goes on.
func BenchmarkCommit(b *testing.B) {
	server := pgtest.Start(b)
	s := open(b, Config{URL: server.Database(b)})
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		id := fmt.Sprint("c", n)
		_, err := s.Commit(b.Context(), store.Transition{
			Call:   store.Call{ID: id, App: "app", Live: true, State: make([]byte, 500), Devices: []string{"d1", "d2"}, Users: []string{"u1"}},
			Events: []store.Event{{App: "app", Device: "d1", CallID: id, Payload: make([]byte, 300)}},
			Ledger: []store.LedgerEntry{{CallID: id, Stage: 1}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func parallel() int {
	n, _ := strconv.Atoi(os.Getenv("GOMAXPROCS"))
	return max(n, 2)
}

// cpu is what the process has used so far: a steadier figure than the time on a machine that is shared.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// databaseCPU is what the processes of pgtest's servers that run now have used so far (Linux only: else 0).
func databaseCPU() (sum time.Duration) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	mine := map[string]bool{}
	type process struct{ pid, parent string }
	var all []process
	used := map[string]time.Duration{}
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid := filepath.Base(filepath.Dir(file))
		_, rest, _ := strings.Cut(string(raw), ") ")
		f := strings.Fields(rest)
		if len(f) < 15 {
			continue
		}
		u, _ := strconv.ParseInt(f[11], 10, 64)
		k, _ := strconv.ParseInt(f[12], 10, 64)
		used[pid] = time.Duration(u+k) * 10 * time.Millisecond // USER_HZ is 100
		all = append(all, process{pid, f[1]})
	}
	mine[strconv.Itoa(os.Getpid())] = true
	for range 4 { // shell, postmaster, backends
		for _, p := range all {
			if mine[p.parent] && !mine[p.pid] {
				mine[p.pid] = true
				sum += used[p.pid]
			}
		}
	}
	return sum
}
