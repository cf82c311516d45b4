//go:build unix

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestDocs runs the commands of docs/scale.md as they are written, in their order, but for the ports.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "scale.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -euo pipefail\ntrap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT\ndeclare -a pids\n"
	blocks := shellBlock.FindAllSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("there are only %d blocks of commands", len(blocks))
	}
	for _, b := range blocks {
		script += string(b[1])
	}
	script = strings.ReplaceAll(script, "127.0.0.1:8787", free(t))
	for _, kind := range []string{"878", "879"} {
		for _, n := range []string{"1", "2", "3"} {
			addr := free(t)
			script = strings.ReplaceAll(script, "127.0.0.1:"+kind+n, addr)
			script += "\n: " + addr
			script = strings.ReplaceAll(script, "PORT"+kind+n, addr)
		}
		// The functions name the port by the node's number.
		script = strings.ReplaceAll(script, "127.0.0.1:"+kind+"$1", "$(port "+kind+" $1)")
	}
	addrs := regexp.MustCompile(`(?m)^: (\S+)$`).FindAllStringSubmatch(script, -1)
	ports := "port() { case $1$2 in"
	for i, kind := range []string{"878", "879"} {
		for n := range 3 {
			ports += " " + kind + string(rune('1'+n)) + ") echo " + addrs[3*i+n][1] + ";;"
		}
	}
	script = ports + " esac; }\n" + script
	bash := exec.Command("bash", "-c", script)
	bash.Dir = t.TempDir()
	bash.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "DATABASE_URL="+database(t))
	if out, err := bash.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n--- the script:\n%s", err, out, script)
	}
}
