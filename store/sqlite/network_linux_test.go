//go:build linux

package sqlite

import (
	"strings"
	"testing"
)

func TestNetworkMount(t *testing.T) {
	const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/my\040calls rw shared:2 master:1 - fuse.sshfs u@host:/x rw
31 22 0:41 / /srv/local rw - fuse.ext4 /dev/sdb rw
32 22 0:42 / /srv/local/far rw - fuse.rclone x: rw
33 22 0:43 / /srv/local/far rw - fuseblk /dev/sdc rw
broken line
34
`
	for dir, want := range map[string]string{
		"/srv/my calls/data": "fuse.sshfs",
		"/srv/my calls":      "fuse.sshfs",
		"/srv/my callsigns":  "",
		"/srv/local/data":    "",
		"/srv/local/far/x":   "", // what was mounted last hides the other
		"/elsewhere":         "",
	} {
		if got := networkMount(mounts, dir); got != want {
			t.Errorf("%s is on %q, want %q", dir, got, want)
		}
	}
	if got := networkMount(strings.Replace(mounts, "33 22", "33 22 0:43 / /other rw - x\n#", 1), "/srv/local/far/x"); got != "fuse.rclone" {
		t.Errorf("/srv/local/far is on %q", got)
	}
}
