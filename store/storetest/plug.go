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
	PulledPlugOf(t, 256, inFolder, open)
}

// Powered is a store's server that runs on a disk. Place is what opens the store there; Off ends the server, at once and
// also when its disk is gone, and returns when nobody has a file on it open.
type Powered struct {
	Place string
	Off   func()
}

// inFolder is for stores that have no server.
func inFolder(_ *testing.T, dir string) Powered { return Powered{Place: dir, Off: func() {}} }

// PulledPlugOf is [PulledPlug] for a store with a server of its own, on a disk of so many megabytes: begin starts it with its
// data in dir, where a life before may have left some.
func PulledPlugOf(t *testing.T, megabytes int64, begin func(t *testing.T, dir string) Powered, open func(place string) (store.Store, error)) {
	plugged(t, megabytes, open, func(t *testing.T, d *Disk) {
		said := &said{revs: map[string]uint64{}, tokens: map[string]int{}}
		end := time.Now().Add(*crashFor)
		rounds := 0
		for ; rounds < 3 || time.Now().Before(end); rounds++ {
			pull(t, d, "store", begin, rounds, said)
			on := begin(t, filepath.Join(d.Dir, "store"))
			s, err := open(on.Place)
			if err != nil {
				on.Off()
				t.Fatalf("opening after the plug was pulled %d times: %v", rounds+1, err)
			}
			(&audit{bench: &bench{T: t, Store: s}, said: said, round: rounds}).run()
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			on.Off()
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
	PulledPlugLosesOf(t, 256, inFolder, open)
}

// PulledPlugLosesOf is [PulledPlugLoses] for a store with a server of its own, see [PulledPlugOf].
func PulledPlugLosesOf(t *testing.T, megabytes int64, begin func(t *testing.T, dir string) Powered, open func(place string) (store.Store, error)) {
	plugged(t, megabytes, open, func(t *testing.T, d *Disk) {
		for round := range 8 {
			dir := fmt.Sprint("store", round)
			said := &said{revs: map[string]uint64{}, tokens: map[string]int{}}
			pull(t, d, dir, begin, round, said)
			on := begin(t, filepath.Join(d.Dir, dir))
			s, err := open(on.Place)
			if err != nil {
				on.Off()
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
			on.Off()
			t.Logf("of %d calls (%d commits), %d were lost or set back", len(said.revs), said.commits, lost)
			if lost > 0 {
				return
			}
		}
		t.Error("nothing was ever lost: this test, and PulledPlug with it, shows nothing here")
	})
}

func plugged(t *testing.T, megabytes int64, open func(dir string) (store.Store, error), run func(t *testing.T, d *Disk)) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, dir, open)
		return
	}
	OnDisk(t, megabytes, run)
}

// pull lets a child work in a folder of the disk for a moment, pulls the plug, and mounts the disk again.
func pull(t *testing.T, d *Disk, dir string, begin func(t *testing.T, dir string) Powered, round int, said *said) {
	t.Helper()
	on := begin(t, filepath.Join(d.Dir, dir))
	life := time.Duration(50+rand.IntN(350)) * time.Millisecond
	runChild(t, on.Place, round, life, said, nil, func(p *os.Process) {
		d.Freeze(p)
		d.Pull()
		_ = p.Kill() // what it acknowledges from now on it says nobody
	})
	on.Off()
	d.Unmount()
	d.Mount("rw")
}
