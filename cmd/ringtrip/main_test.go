package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media/audio"
)

// TestMain runs the command itself when a test starts its own binary as one.
func TestMain(m *testing.M) {
	if os.Getenv("RINGTRIP_TEST_COMMAND") != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command runs the command line in this process and returns what it printed.
func command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(args, &stdout, &stderr); got != want {
		t.Fatalf("ringtrip %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, &stdout, &stderr)
	}
	return stdout.String() + stderr.String()
}

func keyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.key")
	if err := os.WriteFile(file, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// child is a server in a process of its own.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	log logText
}

// logText is what a child printed. It is safe for concurrent use.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew *sync.Cond // made by the first who waits
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grew != nil {
		l.grew.Broadcast()
	}
	return l.text.Write(b)
}

// wait waits until the text has all of words.
func (l *logText) wait(t *testing.T, words ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grew == nil {
		l.grew = sync.NewCond(&l.mu)
	}
	late := false
	stop := time.AfterFunc(time.Minute, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		late = true
		l.grew.Broadcast()
	})
	defer stop.Stop()
	for _, w := range words {
		for !strings.Contains(l.text.String(), w) {
			if late {
				t.Fatalf("the log does not say %q:\n%s", w, l.text.String())
			}
			l.grew.Wait()
		}
	}
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serveChild starts `ringtrip serve` and waits until it serves.
func serveChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)}
	c.cmd.Env = append(os.Environ(), "RINGTRIP_TEST_COMMAND=1")
	c.cmd.Stderr = &c.log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	lines := bufio.NewScanner(out)
	serving := regexp.MustCompile(`url=(http://\S+)`)
	for lines.Scan() {
		fmt.Fprintln(&c.log, lines.Text())
		if m := serving.FindStringSubmatch(lines.Text()); m != nil {
			c.url = m[1]
			go func() { _, _ = io.Copy(&c.log, out) }()
			return c
		}
	}
	_ = c.cmd.Wait()
	t.Fatalf("serve ended before it served:\n%s", c.log.String())
	return nil
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// post sends JSON to a method, as curl would, and returns the status and the answer.
func (c *child) post(token, method, body string) (int, map[string]any) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url+"/ringtrip.v1."+method, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, out
}

// TestServe goes through README's commands: serve, token, the API as JSON, trace; with a kill -9 in between.
func TestServe(t *testing.T) {
	key, data := keyFile(t), filepath.Join(t.TempDir(), "data")
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"key": %q, "data": %q, "ring-timeout": "30s"}`, key, data), 0o600); err != nil {
		t.Fatal(err)
	}
	c := serveChild(t, "--config", config)
	token := func(args ...string) string {
		return strings.TrimSpace(command(t, 0, append([]string{"token", "--key", key}, args...)...))
	}
	alice, bob, ops := token("--user", "alice"), token("--user", "bob"), token("--scope", "ops")
	for user, tok := range map[string]string{"alice": alice, "bob": bob} {
		if status, out := c.post(tok, "PhoneService/RegisterDevice", `{"deviceId":"`+user+`-1","name":"`+user+`","platform":"linux"}`); status != 200 {
			t.Fatalf("registering %s: %d %v", user, status, out)
		}
	}
	status, out := c.post(alice, "PhoneService/Start", `{"deviceId":"alice-1","callee":"bob","idempotencyKey":"k"}`)
	if status != 200 {
		t.Fatalf("starting a call: %d %v", status, out)
	}
	id := out["call"].(map[string]any)["id"].(string)
	if status, out := c.post(bob, "PhoneService/Answer", `{"callId":"`+id+`","deviceId":"bob-1"}`); status != 200 {
		t.Fatalf("answering: %d %v", status, out)
	}

	c.kill()
	c = serveChild(t, "--key", key, "--data", data)
	status, out = c.post(alice, "PhoneService/GetCall", `{"callId":"`+id+`","deviceId":"alice-1"}`)
	if status != 200 || out["call"].(map[string]any)["state"] != "CALL_STATE_ANSWERED" {
		t.Errorf("after kill -9 the answered call is %d %v", status, out)
	}
	if status, out := c.post(alice, "PhoneService/End", `{"callId":"`+id+`","deviceId":"alice-1"}`); status != 200 {
		t.Errorf("hanging up: %d %v", status, out)
	}
	if text := command(t, 0, "trace", id, "--server", c.url, "--token", ops); !strings.Contains(text, "ended: hungup") || !strings.Contains(text, "answered") {
		t.Errorf("trace says:\n%s", text)
	}
	if text := command(t, 0, "trace", "--server", c.url, "--token", ops); !strings.Contains(text, id) || !strings.Contains(text, "alice → bob") {
		t.Errorf("trace without a call lists:\n%s", text)
	}
	if text := command(t, 0, "trace", id, "--json", "--server", c.url, "--token", ops); !json.Valid([]byte(text)) {
		t.Errorf("trace --json is not JSON:\n%s", text)
	}
	text := command(t, 1, "trace", id, "--server", c.url, "--token", alice)
	if !strings.Contains(text, "permission_denied") {
		t.Errorf("trace with a user's token says:\n%s", text)
	}

	// The folder is held: a second server is refused and says by whom.
	other := exec.Command(os.Args[0], "serve", "--key", key, "--data", data, "--listen", "127.0.0.1:0")
	other.Env = append(os.Environ(), "RINGTRIP_TEST_COMMAND=1")
	said, err := other.CombinedOutput()
	if err == nil || !strings.Contains(string(said), data) || !strings.Contains(string(said), "another") {
		t.Errorf("a second server on the same folder: %v\n%s", err, said)
	}
}

// TestWrongUse shows what people read who got something wrong: what, where, and what to do.
func TestWrongUse(t *testing.T) {
	key := keyFile(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	short := filepath.Join(t.TempDir(), "short.key")
	broken := filepath.Join(t.TempDir(), "broken.txt")
	typo, cut := filepath.Join(t.TempDir(), "typo.json"), filepath.Join(t.TempDir(), "cut.json")
	for name, text := range map[string]string{typo: `{"kee": "x"}`, cut: `{"key":`, file: "x", short: "secret", broken: "scenario S1 x\nwhen\n  Z nothing\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args string
		code int
		says []string
	}{
		{"", 2, []string{"Usage: ringtrip", "demo"}},
		{"dial", 2, []string{"dial"}},
		{"demo --headless --os 3", 1, []string{"3", "16, 17.4"}},
		{"demo --listen " + taken.Addr().String(), 1, []string{taken.Addr().String(), "in use", "--listen"}},
		{"demo --listen nowhere", 1, []string{"nowhere", "host:port"}},
		{"demo --listen 127.0.0.1:0 --play " + file, 1, []string{file, "WAV"}},
		{"demo --headless --play " + file, 1, []string{"--play", "melody"}},
		{"demo --headless --record /nonexistent/x.wav", 1, []string{"/nonexistent/x.wav"}},
		{"serve --key " + key + " --data " + file, 1, []string{file}},
		{"serve --key " + short, 1, []string{"6 bytes", "32", "openssl"}},
		{"serve --key /nonexistent", 1, []string{"/nonexistent"}},
		{"serve --key " + key + " --ring-timeout 70s --data " + t.TempDir(), 1, []string{"1m10s", "5-58 s"}},
		{"serve --key " + key + " --apns-key " + file + " --data " + t.TempDir(), 1, []string{"PEM"}},
		{"serve --key " + key + " --ice nonsense --data " + t.TempDir(), 1, []string{"iceServers"}},
		{"serve --config " + typo + " --key " + key, 2, []string{"kee", `did you mean "key"?`}},
		{"serve --config " + cut + " --key " + key, 2, []string{"is not YAML"}},
		{"token --key " + key, 1, []string{"user"}},
		{"token --user x", 2, []string{"--key"}},
		{"trace --token x --server http://127.0.0.1:1", 1, []string{"http://127.0.0.1:1"}},
		{"scenario " + broken, 1, []string{broken + ":3", "Z"}},
		{"scenario " + t.TempDir(), 1, []string{"no scenario files"}},
		{"scenario --only S999", 1, []string{"S999"}},
		{"scenario --knob moon=1", 1, []string{"--knob moon=1", "no knob is named", "ringTimeout"}},
		{"scenario --knob ringTimeout=soon", 1, []string{"--knob ringTimeout=soon", "want as 7s"}},
		{"scenario --os 12", 1, []string{"--os", "\"12\" is no version", "26.4"}},
		{"scenario --os 16 --all", 1, []string{"leave out --os"}},
		{"scenario --os 13 --only S11", 1, []string{"applies to iOS 13"}},
		{"scenario --all --rules", 2, []string{"--all", "--rules"}},
		{"scenario --record " + file, 1, []string{"--record takes one scenario", "--only ID"}},
		{"scenario --only S03 --record /nonexistent/x", 1, []string{"/nonexistent/x"}},
		{"scenario --replay " + file, 1, []string{file + ":1", "no header of a call log"}},
		{"scenario --replay /nonexistent/x", 1, []string{"/nonexistent/x"}},
		{"scenario --replay " + file + " --only S03", 1, []string{"--replay takes no scenarios"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			text := command(t, c.code, strings.Fields(c.args)...)
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
		})
	}
}

// TestScenarios runs the scenarios that ringtrip brings, as the command does, and one that must fail.
func TestScenarios(t *testing.T) {
	if text := command(t, 0, "scenario"); !strings.Contains(text, "ok    S03") || strings.Contains(text, "FAIL") {
		t.Errorf("scenario prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--only", "S03", "--json"); !json.Valid([]byte(text)) {
		t.Errorf("scenario --json prints:\n%s", text)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.txt")
	if err := os.WriteFile(wrong, []byte("scenario X1 an answered call goes on ringing\ngiven\n  u1 ringing\nwhen\n  U answer\nnever\n  SYS ringStop u1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := command(t, 1, "scenario", wrong); !strings.Contains(text, "FAIL  X1") {
		t.Errorf("a scenario that must fail prints:\n%s", text)
	}
}

// TestStory plays `demo --headless --json`: every step must have happened. What Bob's iPhone heard is recorded, and
// Alice's own voice is in it.
func TestStory(t *testing.T) {
	heard := filepath.Join(t.TempDir(), "heard.wav")
	text := command(t, 0, "demo", "--headless", "--json", "--record", heard)
	file, err := os.Open(heard)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	clip, err := audio.ReadWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	voices := audio.NewRecognizer(nil)
	voices.Write(clip)
	if h, ok := voices.Heard(); !ok || h.ID != audio.SignatureOf(alice) {
		t.Errorf("the recording of %d samples has %+v (%v), want Alice's signature", len(clip), h, ok)
	}
	var story struct {
		OK    bool
		Steps []storyStep
	}
	if err := json.Unmarshal([]byte(text), &story); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if !story.OK || len(story.Steps) < 60 {
		t.Errorf("ok=%v after %d steps:\n%s", story.OK, len(story.Steps), text)
	}
}

// TestBenchRing makes a few calls: the figures themselves are for `ringtrip bench ring` on a quiet machine.
func TestBenchRing(t *testing.T) {
	var rows []figures
	text := command(t, 0, "bench", "ring", "--n", "3", "--json")
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if len(rows) != len(spans) {
		t.Errorf("%d rows, want one for each of %v", len(rows), spans)
	}
	for _, r := range rows {
		if r.N == 0 || r.P50 <= 0 || r.P50 > r.P95 || r.P95 > r.Max {
			t.Errorf("%s: %+v is impossible", r.Span, r)
		}
	}
}
