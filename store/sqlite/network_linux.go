//go:build linux

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// networkTypes are the numbers of statfs(2) of file systems that are elsewhere.
var networkTypes = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "SMB",
	0xfe534d42: "SMB",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x73757245: "Coda",
	0x00c36400: "Ceph",
	0x01161970: "GFS2",
	0x7461636f: "OCFS2",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
}

// fuse is the number of all file systems in user space, some of which are local.
const fuse = 0x65735546

// networkFuse are those of them that are not, by their names in /proc/self/mountinfo.
var networkFuse = []string{"fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.goofys", "fuse.mountpoint-s3",
	"fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.davfs", "fuse.blobfuse2", "fuse.juicefs", "fuse.curlftpfs"}

// networkFileSystem names the network file system that dir is on; empty for a local one or if unknown.
func networkFileSystem(dir string) string {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return ""
	}
	if uint32(st.Type) == fuse {
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			return ""
		}
		return networkMount(string(mounts), dir)
	}
	return networkTypes[uint32(st.Type)]
}

// networkMount looks up in the text of /proc/self/mountinfo what dir is on; see proc_pid_mountinfo(5).
func networkMount(mounts, dir string) (name string) {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	best := -1
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if !ok || len(where) < 5 || len(what) == 0 {
			continue
		}
		point := unescape.Replace(where[4])
		if !strings.HasPrefix(dir+"/", strings.TrimSuffix(point, "/")+"/") || len(point) < best {
			continue
		}
		best, name = len(point), ""
		for _, network := range networkFuse {
			if what[0] == network {
				name = network
			}
		}
	}
	return name
}
