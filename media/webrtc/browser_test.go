//go:build unix

package webrtc

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

//go:embed testdata/browser.html
var browserPage []byte

// TestBrowser calls a real headless Chromium, once in each role: each end must know the other's voice by its
// notes, and keys pressed in the browser must arrive. It is skipped where there is no chromium on PATH.
func TestBrowser(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium on PATH")
	}
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, c := range map[string]struct {
		role media.Role
		args []string
	}{
		"the browser offers":                    {media.Answerer, []string{"--disable-features=WebRtcHideLocalIpsWithMdns"}},
		"the browser answers":                   {media.Offerer, []string{"--disable-features=WebRtcHideLocalIpsWithMdns"}},
		"the browser offers and hides by mDNS":  {media.Answerer, nil},
		"the browser answers and hides by mDNS": {media.Offerer, nil},
	} {
		t.Run(name, func(t *testing.T) { callBrowser(t, path, c.role, c.args...) })
	}
}

// A browser is the page's end of the signaling, and what it reports.
type browser struct {
	messages chan media.Message
	notes    chan float64
}

func callBrowser(t *testing.T, path string, role media.Role, args ...string) {
	p := newParty(t, 300, role, func(c *Config) { c.NewCodec = NewOpus })
	b := &browser{messages: make(chan media.Message, 64), notes: make(chan float64, 1024)}
	p.mu.Lock()
	p.far = receiver{Session: p.Session, got: func(m media.Message) { b.messages <- m }}
	p.mu.Unlock()
	server := httptest.NewServer(b.handler(t, p, role))
	t.Cleanup(server.Close)
	p.do(p.Prepare, p.Warm)
	startBrowser(t, path, server.URL, args...)
	begin := time.Now()
	p.wait(media.Connected)
	p.do(p.StartAudio)
	p.wait(media.FirstMedia)
	p.hear(77)
	p.t.Logf("heard the browser %v after it was started", time.Since(begin).Round(time.Millisecond))
	var pressed []byte
	for len(pressed) < 4 {
		pressed = append(pressed, p.wait(media.DTMF).Digit)
	}
	if string(pressed) != "159#" {
		t.Errorf("the browser pressed %q", pressed)
	}
	b.knows(t, 300)
	st := p.Stats()
	t.Logf("%+v", st)
	if st.PacketsLost > st.PacketsReceived/10 {
		t.Errorf("%d of %d packets were lost on loopback", st.PacketsLost, st.PacketsReceived)
	}
}

// knows waits until the browser has heard all notes of signature id and then a word of it in order.
func (b *browser) knows(t *testing.T, id int) {
	t.Helper()
	want := audio.SignatureNotes(id)
	var last []float64
	deadline := time.After(30 * time.Second)
	for {
		select {
		case hz := <-b.notes:
			i := slices.IndexFunc(want[:], func(w float64) bool { return hz > w-30 && hz < w+30 })
			if i < 0 {
				last = nil
				continue
			}
			if n := len(last); n == 0 || last[n-1] != want[i] {
				last = append(last, want[i])
			}
			for at := 0; at+len(want) <= len(last); at++ {
				if slices.Equal(last[at:at+len(want)], want[:]) {
					return
				}
			}
		case <-deadline:
			t.Fatalf("the browser does not know signature %d; it heard %v", id, last)
		}
	}
}

func (b *browser) handler(t *testing.T, p *party, role media.Role) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(browserPage) // the browser may have gone
	})
	mux.HandleFunc("GET /setup", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"offer": role == media.Answerer, "notes": audio.SignatureNotes(77)})
	})
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case m := <-b.messages:
			_ = json.NewEncoder(w).Encode(m)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /send", func(_ http.ResponseWriter, r *http.Request) {
		var m media.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Errorf("the browser said: %v", err)
			return
		}
		if err := p.Receive(m); err != nil && !errors.Is(err, media.ErrClosed) {
			t.Errorf("the browser's message of kind %d: %v\n%s", m.Kind, err, m.Data)
		}
	})
	mux.HandleFunc("POST /heard", func(_ http.ResponseWriter, r *http.Request) {
		var hz []float64
		if json.NewDecoder(r.Body).Decode(&hz) == nil {
			for _, f := range hz {
				select {
				case b.notes <- f:
				default:
				}
			}
		}
	})
	mux.HandleFunc("POST /log", func(_ http.ResponseWriter, r *http.Request) {
		line, _ := io.ReadAll(io.LimitReader(r.Body, 4096))
		t.Logf("browser: %s", line)
	})
	return mux
}

// startBrowser opens url in a headless browser of its own, which ends with the test.
func startBrowser(t *testing.T, path, url string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	profile, err := os.MkdirTemp("", "ringtrip-browser")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + profile, "--remote-debugging-port=0",
		"--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
	}, append(args, url)...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
		_ = os.RemoveAll(profile)
	})
}
