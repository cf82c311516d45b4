//go:build unix

package sqlite

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// BenchmarkSetUp is the life of a call: made with three pushes, ringing, answered, connected and ended, that is
// five commits, with its reads and events. 64 of them go on at a time.
func BenchmarkSetUp(b *testing.B) {
	s := open(b, Config{Dir: b.TempDir()})
	defer s.Close()
	ctx := context.Background()
	var calls atomic.Int64
	now := time.Now()
	began := cpu()
	b.SetParallelism(64)
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
	b.ReportMetric(float64(s.writer.writes.Load())/float64(s.writer.batches.Load()), "commits/fsync")
	b.ReportMetric(float64((cpu()-began).Microseconds())/1000/float64(b.N), "cpu-ms/setup")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "setups/s")
}

// cpu is what the process has used so far: a steadier figure than the time on a machine that is shared.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
