package storetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// PulledPlug is [Crash] with the plug pulled instead of kill -9: what the operating system had promised to write is
// lost, too. It must be the whole of a top-level test; see [OnDisk] for what it needs.
func PulledPlug(t *testing.T, open func(dir string) (store.Store, error)) {
	plugged(t, open, func(t *testing.T, d *Disk) {
		said := &said{revs: map[string]uint64{}, tokens: map[string]int{}}
		end := time.Now().Add(*crashFor)
		rounds := 0
		for ; rounds < 3 || time.Now().Before(end); rounds++ {
			pull(t, d, "store", rounds, said)
			s, err := open(filepath.Join(d.Dir, "store"))
			if err != nil {
				t.Fatalf("opening after the plug was pulled %d times: %v", rounds+1, err)
			}
			(&audit{bench: &bench{T: t, Store: s}, said: said, round: rounds}).run()
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			if t.Failed() {
				t.Fatalf("after the plug was pulled %d times", rounds+1)
			}
		}
		t.Logf("the plug pulled %d times, %d calls and %d commits acknowledged, nothing lost", rounds, len(said.revs), said.commits)
	})
}

// PulledPlugLoses proves that [PulledPlug] can fail: open opens a store that acknowledges what is not on the disk, and
// some of it must be lost within a few rounds.
func PulledPlugLoses(t *testing.T, open func(dir string) (store.Store, error)) {
	plugged(t, open, func(t *testing.T, d *Disk) {
		for round := range 8 {
			dir := fmt.Sprint("store", round)
			said := &said{revs: map[string]uint64{}, tokens: map[string]int{}}
			pull(t, d, dir, round, said)
			s, err := open(filepath.Join(d.Dir, dir))
			if err != nil {
				t.Logf("after %d acknowledged commits there is no store at all: %v", said.commits, err)
				return
			}
			lost := 0
			for id, rev := range said.revs {
				if c, err := s.Call(t.Context(), id); err != nil || c.Rev < rev {
					lost++
				}
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			t.Logf("of %d calls (%d commits), %d were lost or set back", len(said.revs), said.commits, lost)
			if lost > 0 {
				return
			}
		}
		t.Error("nothing was ever lost: this test, and PulledPlug with it, shows nothing here")
	})
}

func plugged(t *testing.T, open func(dir string) (store.Store, error), run func(t *testing.T, d *Disk)) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, dir, open)
		return
	}
	OnDisk(t, 256, run)
}

// pull lets a child work in a folder of the disk for a moment, pulls the plug, and mounts the disk again.
func pull(t *testing.T, d *Disk, dir string, round int, said *said) {
	t.Helper()
	life := time.Duration(50+rand.IntN(350)) * time.Millisecond
	runChild(t, filepath.Join(d.Dir, dir), round, life, said, nil, func(p *os.Process) {
		d.Pull()
		_ = p.Kill() // what it acknowledges from now on it says nobody
	})
	d.Unmount()
	d.Mount("rw")
}
