//go:build linux

package storetest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// Disk is an ext4 file system of a test's own, in a file, whose plug can be pulled. [OnDisk] makes it.
type Disk struct {
	t     *testing.T
	image string
	Dir   string // where it is mounted
}

// diskDir tells a test binary that it runs where it may mount, and the folder for the image.
const diskDir = "RINGTRIP_STORETEST_DISK"

// OnDisk runs a test on a disk of so many megabytes. It must be the whole of a top-level test, for the test runs in a
// process of its own with mounts of its own, so that the kernel takes them away whatever becomes of it. That needs
// Linux, root and a loop device; elsewhere the test is skipped and says so.
func OnDisk(t *testing.T, megabytes int64, run func(t *testing.T, d *Disk)) {
	if dir := os.Getenv(diskDir); dir != "" {
		d := &Disk{t: t, image: filepath.Join(dir, "image"), Dir: filepath.Join(dir, "mounted")}
		if err := d.make(megabytes); err != nil {
			if err := os.WriteFile(filepath.Join(dir, "skip"), []byte(err.Error()), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		defer d.Unmount()
		run(t, d)
		return
	}
	if testing.Short() {
		t.Skip("a disk of its own takes seconds")
	}
	if os.Geteuid() != 0 {
		skipDisk(t, "it needs root")
	}
	dir := t.TempDir()
	inside := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v", "-crash="+crashFor.String())
	inside.Env = append(os.Environ(), diskDir+"="+dir)
	inside.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	said, err := inside.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		skipDisk(t, "this process may not have mounts of its own: "+err.Error())
	}
	t.Logf("on a disk of its own:\n%s", said)
	if why, err := os.ReadFile(filepath.Join(dir, "skip")); err == nil {
		skipDisk(t, string(why))
	}
	if err != nil {
		t.Errorf("the test failed there: %v", err)
	}
}

func skipDisk(t *testing.T, why string) {
	t.Helper()
	t.Skipf("NOT TESTED: what happens to the disk when the plug is pulled, or when it is full: %s. "+
		"Run it as root on Linux with loop devices and e2fsprogs: sudo go test -run '^%s$' -v", why, t.Name())
}

// make makes the file system and mounts it.
func (d *Disk) make(megabytes int64) error {
	file, err := os.Create(d.image)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(megabytes<<20), file.Close(), os.Mkdir(d.Dir, 0o700)); err != nil {
		return err
	}
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil {
		mkfs = "/usr/sbin/mkfs.ext4"
	}
	if err := command(mkfs, "-q", "-F", d.image); err != nil {
		return err
	}
	return d.mount("loop")
}

func (d *Disk) mount(options string) error { return command("mount", "-o", options, d.image, d.Dir) }

func command(name string, args ...string) error {
	said, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return errors.New(name + ": " + err.Error() + ": " + strings.TrimSpace(string(said)))
	}
	return nil
}

// Pull pulls the plug: what is not on the disk by now never will be, and whatever writes or reads on gets errors. It
// is the file system's own shutdown (EXT4_IOC_SHUTDOWN with NOLOGFLUSH), as the kernel's crash tests use it. What it
// cannot show is a disk that lies about its own cache, or that tears a sector.
func (d *Disk) Pull() {
	d.t.Helper()
	const shutdown, noLogFlush = 0x8004587d, 2
	dir, err := os.Open(d.Dir)
	if err != nil { // not Fatal: whoever pulls may be a timer
		d.t.Errorf("pulling the plug: %v", err)
		return
	}
	defer dir.Close()
	flag := uint32(noLogFlush)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, dir.Fd(), shutdown, uintptr(unsafe.Pointer(&flag))); errno != 0 {
		d.t.Errorf("pulling the plug: %v", errno)
	}
}

// Freeze stops a process before the plug is pulled. Else it may acknowledge what is not on the disk: when the file system
// has given up the transaction that an fsync was about to wait for, the fsync finds nothing to wait for and reports success,
// which after a real loss of power nobody is there to hear.
func (d *Disk) Freeze(p *os.Process) {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		d.t.Errorf("stopping the process before the plug is pulled: %v", err)
	}
}

// Mount puts the disk back, after [Disk.Unmount], with an option of mount(8) as "ro" or "rw". The file system mends
// itself by its journal as after a loss of power.
func (d *Disk) Mount(option string) {
	d.t.Helper()
	if err := d.mount("loop," + option); err != nil {
		d.t.Fatal(err)
	}
}

// Unmount takes the disk away. Nobody may have a file on it open.
func (d *Disk) Unmount() {
	d.t.Helper()
	if err := command("umount", d.Dir); err != nil {
		d.t.Errorf("unmounting: %v", err)
		_ = syscall.Unmount(d.Dir, syscall.MNT_DETACH)
	}
}
