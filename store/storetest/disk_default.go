//go:build !linux

package storetest

import (
	"os"
	"testing"
)

// Disk is a file system whose plug can be pulled; there is none here.
type Disk struct{ Dir string }

// OnDisk skips the test: it needs Linux.
func OnDisk(t *testing.T, _ int64, _ func(t *testing.T, d *Disk)) {
	t.Skip("NOT TESTED: what happens to the disk when the plug is pulled, or when it is full: it needs Linux")
}

// Freeze stops a process before the plug is pulled.
func (*Disk) Freeze(*os.Process) {}

// Pull pulls the plug.
func (*Disk) Pull() {}

// Mount puts the disk back.
func (*Disk) Mount(string) {}

// Unmount takes the disk away.
func (*Disk) Unmount() {}
