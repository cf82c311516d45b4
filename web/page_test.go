package web_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/web"
)

// backend is as much of the page's other end as it takes to show it: a line that says nothing but Hello, and
// phones that show what the test wants.
type backend struct {
	*httptest.Server
	screens chan iossim.Screen
}

func newBackend(t *testing.T) *backend {
	b := &backend{screens: make(chan iossim.Screen)}
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler())
	mux.HandleFunc("GET /demo/config", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"caller":{"user":"alice","name":"Alice","device":"alice-web","token":"t"},"callee":{"user":"bob","name":"Bob"},
			"ops_token":"o","phones":[{"id":"bob-1","name":"Bob's iPhone"},{"id":"bob-2","name":"Bob's iPad"}],"signature":{"caller":1,"phones":{"bob-1":2,"bob-2":3}}}`))
	})
	mux.HandleFunc("GET /demo/phones/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case <-r.Context().Done():
				return
			case s := <-b.screens:
				for _, phone := range []string{"bob-1", "bob-2"} {
					data, err := json.Marshal(map[string]any{"phone": phone, "screen": s})
					if err != nil {
						t.Error(err)
					}
					fmt.Fprintf(w, "event: screen\ndata: %s\n\n", data)
				}
				w.(http.Flusher).Flush()
			}
		}
	})
	mux.HandleFunc("POST /ringtrip.v1.PhoneService/RegisterDevice", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"nextCallId":"c1"}`))
	})
	mux.HandleFunc("POST /ringtrip.v1.PhoneService/Events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/connect+json")
		hello := []byte(`{"hello":{}}`)
		_, _ = w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(hello))), hello...))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.Close)
	t.Cleanup(b.CloseClientConnections)
	return b
}

// full is a screen of a kind with everything on it that it can have.
func full(kind iossim.ScreenKind) iossim.Screen {
	now := time.Now()
	s := iossim.Screen{
		Kind: kind, Time: now, Phone: "bob-1", OS: "26.4", Locale: "en_US", Locked: kind == iossim.ScreenLock, Focus: "Do Not Disturb", Online: true, Front: "app",
		Prompt: "Unlock to open ringtrip", Missed: 2, Notices: []string{"ringtrip was killed: a push was not reported"},
		Apps:   []iossim.AppIcon{{BundleID: "app", Name: "ringtrip", Colour: "#0f766e", State: "background", Badge: "1", Strikes: 1}},
		Others: []iossim.ScreenCall{}, Dialogs: []string{}, Route: "BluetoothHFP", Routes: []string{"Receiver", "Speaker", "BluetoothHFP"},
		Before: kind == iossim.ScreenLock, Airplane: true, LowPower: true,
		Recents: []iossim.Recent{
			{Name: "Alice", Handle: callkit.Handle{Type: callkit.Generic, Value: "alice"}, AppName: "ringtrip", Missed: true, When: now},
			{Name: "Somebody with a name that is longer than any screen is wide", AppName: "ringtrip", Outgoing: true, When: now.Add(-time.Hour), Duration: time.Minute},
		},
	}
	switch kind {
	case iossim.ScreenOff, iossim.ScreenLock, iossim.ScreenHome, iossim.ScreenRecents:
		return s
	}
	s.Call = &iossim.ScreenCall{Caller: "Alice", Handle: "alice", App: "ringtrip", BundleID: "app", ConnectedAt: now, Audio: true, Digits: "42#"}
	ids := []string{"mute", "keypad", "speaker", "hold", "video", "end"}
	if strings.HasPrefix(string(kind), "incoming") {
		ids, s.Call.Status, s.Call.ConnectedAt = []string{"decline", "answer"}, "ringtrip Audio…", time.Time{}
	}
	dora := iossim.ScreenCall{UUID: "2", Caller: "Dora with a name that is longer than any screen is wide", App: "Phone", Cellular: true, Held: true, Status: "on hold", Buttons: []iossim.Button{}}
	switch kind {
	case iossim.ScreenCallWaiting:
		ids, s.Call.Status, s.Call.ConnectedAt = []string{"end-and-accept", "end-held-and-accept", "decline", "hold-and-accept"}, "ringtrip Audio…", time.Time{}
		s.Others = append(s.Others, dora, iossim.ScreenCall{UUID: "3", Caller: "Eve", App: "ringtrip", ConnectedAt: now, Buttons: []iossim.Button{}})
	case iossim.ScreenInCall:
		ids = []string{"mute", "keypad", "speaker", "swap", "merge", "hold", "video", "translate", "end"}
		s.Others = append(s.Others, dora)
		for i, name := range []string{"Alice", "Eve", "Fred"} {
			s.Call.Members = append(s.Call.Members, iossim.Member{UUID: fmt.Sprint(i), Caller: name, Buttons: []iossim.Button{{ID: "split", Label: "Private", Enabled: true}, {ID: "end", Label: "End", Enabled: true}}})
		}
	case iossim.ScreenConnecting:
		s.Call.Translating = "de→en"
	case iossim.ScreenApp:
		s.Dialogs = append(s.Dialogs, "ringtrip has failed to report an incoming call after it received a VoIP push.")
	}
	for _, id := range ids {
		s.Call.Buttons = append(s.Call.Buttons, iossim.Button{ID: id, Label: id, Enabled: true})
	}
	return s
}

// unfit lists what is wrong with the page as it stands: controls without a name, and anything wider than the window.
const unfit = `(() => {
	const wrong = [];
	for (const e of document.querySelectorAll("button, input, select, summary, [role=meter], [role=switch]")) {
		if (e.closest("[aria-hidden=true]") || e.closest("[inert]")) continue;
		const name = e.getAttribute("aria-label") || e.textContent.trim() || [...(e.labels || [])].map((l) => l.textContent).join("");
		if (!name) wrong.push("no name: " + e.outerHTML.slice(0, 120));
	}
	if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the window: " + document.documentElement.scrollWidth);
	for (const e of document.querySelectorAll(".switch, .press, .set button, .syslog .copy, .rounds span, .tiles span")) if (e.scrollWidth > e.clientWidth + 1) wrong.push("cut off: " + e.textContent);
	for (const glass of document.querySelectorAll(".glass")) {
		const box = glass.getBoundingClientRect();
		for (const e of glass.querySelectorAll(".screen button, .screen li, .screen time, .screen .who")) {
			const b = e.getBoundingClientRect();
			if (b.width && (b.right > box.right + 1 || b.left < box.left - 1)) wrong.push("beyond the glass: " + e.outerHTML.slice(0, 120));
		}
		const prompt = glass.querySelector(".prompt")?.getBoundingClientRect();
		for (const e of prompt ? glass.querySelectorAll(".tiles button, .rounds button") : []) {
			const b = e.getBoundingClientRect();
			if (b.top < prompt.bottom && b.bottom > prompt.top) wrong.push("the prompt covers " + e.className);
		}
	}
	return wrong;
})()`

// TestPageDrawsEveryScreen shows each kind of screen in a real browser, at several widths.
func TestPageDrawsEveryScreen(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("RINGTRIP_BROWSER_TESTS") != "" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: no Chromium on this machine")
	}
	b := newBackend(t)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var complaints []string
	go func() {
		for m, err := range chromedp.Console(ctx) {
			if err != nil {
				return
			}
			mu.Lock()
			complaints = append(complaints, fmt.Sprint(m))
			mu.Unlock()
		}
	}()
	wait := func(what, expression string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(30*time.Second))); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if _, err := chromedp.Run(ctx, chromedp.Navigate(b.URL+"/?voice=test")); err != nil {
		t.Fatal(err)
	}
	wait("the page is ready", `window.ringtrip && ringtrip.state().line === "ready"`)
	for _, kind := range []iossim.ScreenKind{
		iossim.ScreenLock, iossim.ScreenIncomingFull, iossim.ScreenConnecting, iossim.ScreenInCall, iossim.ScreenCallWaiting, iossim.ScreenCallFailed, iossim.ScreenOff,
		iossim.ScreenHome, iossim.ScreenIncomingBanner, iossim.ScreenApp, iossim.ScreenRecents,
	} {
		b.screens <- full(kind)
		wait(string(kind), fmt.Sprintf(`document.querySelectorAll('.glass [data-kind="%s"]').length === 2`, kind))
		for _, width := range []int64{320, 390, 768, 1024, 1280, 1440} {
			if _, err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
				t.Fatal(err)
			}
			wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](unfit))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range wrong {
				t.Errorf("%s at %d: %s", kind, width, w)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range complaints {
		t.Errorf("the browser complains: %s", c)
	}
}
