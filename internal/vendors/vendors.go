// Package vendors runs the carriers' own Node packages (tools/peers/carriers) as oracles: what ringtrip signs they verify,
// and what they sign ringtrip verifies. Only tests import it.
package vendors

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Oracle is one process that answers for all vendors. It is safe for concurrent use, one question at a time.
type Oracle struct {
	t testing.TB

	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// Start returns an oracle that lives until the end of the test. Without RINGTRIP_VENDORS=1 ("make test-carriers"), and
// without Node and npm, the test is skipped loudly; if npm is there it installs the packages, which may take a minute the
// first time. No script of theirs runs at installation.
func Start(t testing.TB) *Oracle {
	t.Helper()
	if os.Getenv("RINGTRIP_VENDORS") == "" {
		t.Skip("SKIPPED: not asked for; make test-carriers asks the vendors' own packages")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: there is no Node here; NOTHING was compared with the vendors' own packages")
	}
	dir := folder()
	if _, err := os.Stat(filepath.Join(dir, "package-lock.json")); err != nil {
		t.Fatal(err)
	}
	if err := install(t, dir); err != nil {
		t.Skipf("SKIPPED: the vendors' packages can't be installed; NOTHING was compared with them: %v", err)
	}
	cmd := exec.Command(node, "oracle.mjs")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // its loop ends
		if err := cmd.Wait(); err != nil {
			t.Errorf("the oracle: %v", err)
		}
	})
	return &Oracle{t: t, in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// folder is where the packages are, from this package's own folder, in which its tests run.
func folder() string { return filepath.Join("..", "..", "tools", "peers", "carriers") }

// install brings the packages of package-lock.json, unless they are there.
func install(t testing.TB, dir string) error {
	want, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	mark := filepath.Join(dir, "node_modules", ".ringtrip")
	if have, err := os.ReadFile(mark); err == nil && string(have) == string(want) {
		return nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("there is no npm")
	}
	t.Log("installing the vendors' packages with npm ci into tools/peers/carriers/node_modules")
	cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %.500s", err, text)
	}
	return os.WriteFile(mark, want, 0o600)
}

// Ask asks op of a vendor while its clock stands at a moment, and reads the answer into value. It fails the test if the
// vendor refuses; [Oracle.Refuses] is for what it must refuse.
func (o *Oracle) Ask(at time.Time, op string, args, value any) {
	o.t.Helper()
	answer, problem := o.ask(at, op, args)
	if problem != "" {
		o.t.Fatalf("%s: the vendor's package refuses it: %s", op, problem)
	}
	if err := json.Unmarshal(answer, value); err != nil {
		o.t.Fatalf("%s: the vendor's package answers %s: %v", op, answer, err)
	}
}

// Refuses asks op and fails the test if the vendor takes it: neither an error nor false is its answer.
func (o *Oracle) Refuses(at time.Time, op string, args any) {
	o.t.Helper()
	if answer, problem := o.ask(at, op, args); problem == "" && string(answer) != "false" {
		o.t.Errorf("%s: the vendor's package takes it: %s", op, answer)
	}
}

func (o *Oracle) ask(at time.Time, op string, args any) (json.RawMessage, string) {
	o.t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	line, err := json.Marshal(map[string]any{"op": op, "at": at.Unix(), "args": args})
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		o.t.Fatalf("asking the oracle: %v", err)
	}
	text, err := o.out.ReadBytes('\n')
	if err != nil {
		o.t.Fatalf("the oracle's answer: %v", err)
	}
	var answer struct {
		Value json.RawMessage `json:"value"`
		Error string          `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		o.t.Fatalf("the oracle's answer %.200q: %v", text, err)
	}
	return answer.Value, answer.Error
}
