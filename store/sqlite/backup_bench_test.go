package sqlite

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/archive"
)

// kept makes a store with so many ended calls in it.
func kept(b *testing.B, dir string, calls int) *Store {
	s := open(b, Config{Dir: dir})
	now := time.Now()
	next := make(chan int)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := range next {
				id := fmt.Sprintf("0199-%d", i)
				t := store.Transition{
					Call:    store.Call{ID: id, App: "app", State: make([]byte, 500), Devices: []string{"a", "b"}, CreatedAt: now, KeepUntil: now.Add(time.Hour)},
					Events:  []store.Event{{App: "app", Device: "a", CallID: id, Payload: make([]byte, 300), At: now}},
					History: &store.Record{CallID: id, App: "app", Caller: fmt.Sprint("u", i%1000), Callee: "v", CreatedAt: now, EndedAt: now},
				}
				for stage := range int32(10) {
					t.Ledger = append(t.Ledger, store.LedgerEntry{CallID: id, Stage: stage, At: now, Device: "a"})
				}
				if _, err := s.Commit(context.Background(), t); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range calls {
		next <- i
	}
	close(next)
	all.Wait()
	return s
}

const keptCalls = 20_000

// BenchmarkBackup backs up a store of 20,000 ended calls; the floor copies the file and waits for the disk.
func BenchmarkBackup(b *testing.B) {
	dir := b.TempDir()
	s := kept(b, dir, keptCalls)
	defer s.Close()
	b.Run("Backup", func(b *testing.B) {
		for i := range b.N {
			info, err := Backup(b.Context(), dir, filepath.Join(b.TempDir(), fmt.Sprint(i)))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size)
		}
	})
	b.Run("Floor", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "backup")
		info, err := Backup(b.Context(), dir, file)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(info.Size)
		for b.Loop() {
			if err := copyFile(file, file+".copy"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMove dumps a store of 20,000 ended calls and loads it into another; the floor only dumps.
func BenchmarkMove(b *testing.B) {
	s := kept(b, b.TempDir(), keptCalls)
	defer s.Close()
	var rows []store.Row
	if err := s.Dump(b.Context(), func(r store.Row) error { rows = append(rows, r); return nil }); err != nil {
		b.Fatal(err)
	}
	report := func(b *testing.B) {
		b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("Load", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			to := open(b, Config{Dir: b.TempDir()})
			b.StartTimer()
			if err := to.Load(b.Context(), rowsOf(rows)); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			to.Close()
			b.StartTimer()
		}
		report(b)
	})
	b.Run("Archive", func(b *testing.B) {
		for range b.N {
			if _, err := archive.Write(b.Context(), discard{}, s); err != nil {
				b.Fatal(err)
			}
		}
		report(b)
	})
	b.Run("Floor", func(b *testing.B) {
		for range b.N {
			if err := s.Dump(b.Context(), func(store.Row) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
		report(b)
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// rowsOf is what Load asks for rows.
func rowsOf(rows []store.Row) func() (store.Row, error) {
	return func() (store.Row, error) {
		if len(rows) == 0 {
			return store.Row{}, io.EOF
		}
		r := rows[0]
		rows = rows[1:]
		return r, nil
	}
}

// BenchmarkTrim forgets 20,000 calls' ledgers by age, 256 a commit.
func BenchmarkTrim(b *testing.B) {
	for range b.N {
		b.StopTimer()
		s := kept(b, b.TempDir(), keptCalls)
		if _, err := s.Purge(b.Context(), time.Now().Add(2*time.Hour)); err != nil {
			b.Fatal(err)
		}
		longest := time.Duration(0)
		b.StartTimer()
		for n := 256; n == 256; {
			began := time.Now()
			var err error
			if n, err = s.TrimLedger(b.Context(), time.Now(), 256); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(began))
		}
		b.StopTimer()
		b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-commit")
		s.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(keptCalls*b.N)/b.Elapsed().Seconds(), "calls/s")
}
