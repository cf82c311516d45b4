//go:build linux

package sqlite

import "syscall"

// networkFileSystem names the network file system that dir is on; empty for a local one or if unknown.
// The numbers are those of statfs(2).
func networkFileSystem(dir string) string {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return ""
	}
	switch uint32(st.Type) {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xff534d42, 0xfe534d42:
		return "SMB"
	case 0x5346414f:
		return "AFS"
	}
	return ""
}
