// Command model runs the searches that the state machines are checked with, with larger bounds than the tests, and
// prints how large they were, how many mutants were killed and which survive. It exits with 1 if a property is broken
// or the share of mutants killed is below the bar. The searches themselves are tests of packages call, fork and phone/switchboard, so that
// no program carries them; this command only runs and reads them.
//
//	go run ./tools/model         about five minutes
//	go run ./tools/model -quick  the bounds of go test
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	quick := flag.Bool("quick", false, "search only as far as go test does")
	flag.Parse()
	if err := run(os.Stdout, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "model:", err)
		os.Exit(1)
	}
}

// run runs the searches and writes what they say to w.
func run(w io.Writer, quick bool) error {
	began := time.Now()
	cmd := exec.Command("go", "test", "-count=1", "-p=1", "-timeout=30m", "-v", "-run=^(TestModel|TestComposed)",
		"github.com/ringtrip/ringtrip/call", "github.com/ringtrip/ringtrip/fork", "github.com/ringtrip/ringtrip/phone/switchboard")
	if !quick {
		cmd.Env = append(os.Environ(), "RINGTRIP_MODEL=big")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running go test: %w; the go command must be on PATH and the directory inside the module", err)
	}
	report(w, out)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("a property is broken, or too few mutants were killed, see above: %w", err)
	}
	fmt.Fprintf(w, "all properties hold, %.0f s\n", time.Since(began).Seconds())
	return nil
}

// report copies the lines that say how a search went as they come, and everything a failed test said.
func report(w io.Writer, out io.Reader) {
	var test []string // what the running test said
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "=== RUN"):
			test = nil
		case strings.HasPrefix(line, "--- FAIL"):
			fmt.Fprintln(w, line)
			for _, said := range test {
				fmt.Fprintln(w, said)
			}
		case strings.HasPrefix(line, "FAIL"), strings.HasPrefix(line, "panic:"):
			fmt.Fprintln(w, line)
		}
		if _, after, found := strings.Cut(line, ": model: "); found {
			fmt.Fprintln(w, after)
		} else if !strings.HasPrefix(line, "=== ") {
			test = append(test, line)
		}
	}
}
