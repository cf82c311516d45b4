//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// ownedAs gives file to the owner of dir if root does this, so that the server, which should not be root, may write it.
func ownedAs(dir, file string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(file, int(owner.Uid), int(owner.Gid))
}
