package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/ringtrip/ringtrip/store"
)

// What was read before a change and comes to be kept after it is not kept.
func TestDeviceMemoLate(t *testing.T) {
	m := newDeviceMemo()
	d := store.Device{App: "app", ID: "d", User: "alice"}
	_, _, epoch := m.device("app", "d")
	_, _, epochOfUser := m.ofUser("app", "alice")
	m.forget([]touched{{"app", "d", "bob"}})
	m.keep(epoch, d)
	m.keepUser(epochOfUser, "app", "alice", []store.Device{d})
	if _, known, _ := m.device("app", "d"); known {
		t.Error("a device is known as it was")
	}
	if _, known, _ := m.ofUser("app", "alice"); known {
		t.Error("a user's devices are known as they were")
	}
}

// It does not grow without bounds, and nobody can change it by what it gave away.
func TestDeviceMemoBounded(t *testing.T) {
	m := newDeviceMemo()
	for i := range 3 * maxKnownDevices {
		d := store.Device{App: "app", ID: fmt.Sprint("d", i), User: fmt.Sprint("u", i)}
		m.keep(0, d)
		m.keepUser(0, "app", d.User, []store.Device{d})
		if n := len(m.byID) + len(m.in); n > maxKnownDevices || len(m.byUser) != len(m.in) {
			t.Fatalf("after %d devices it knows %d, and %d lists of %d", i+1, n, len(m.byUser), len(m.in))
		}
	}
	last := fmt.Sprint("u", 3*maxKnownDevices-1)
	mine, known, _ := m.ofUser("app", last)
	if !known {
		t.Fatal("the last one is not known")
	}
	mine[0].Name = "mine"
	if again, _, _ := m.ofUser("app", last); again[0].Name != "" {
		t.Error("somebody changed what is known")
	}
}

// A device that is known is read without the database, and a closed store does not know it.
func TestDeviceMemoUsed(t *testing.T) {
	s := open(t, Config{})
	ctx := context.Background()
	if err := s.PutDevice(ctx, store.Device{App: "app", ID: "d", User: "alice"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Device(ctx, "app", "d"); err != nil {
			t.Fatal(err)
		}
		if all, err := s.DevicesOfUser(ctx, "app", "alice"); err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
	}
	_, one, _ := s.devices.device("app", "d")
	_, all, _ := s.devices.ofUser("app", "alice")
	if !one || !all {
		t.Errorf("the device is known: %t, its user: %t", one, all)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Device(ctx, "app", "d"); err != store.ErrClosed {
		t.Errorf("a closed store says %v", err)
	}
}
