package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/web"
)

// browser is a page in a real headless Chromium, on a lab with Bob's two phones.
type browser struct {
	t   *testing.T
	ctx context.Context
	lab *rig.Lab
	url string
	out string // folder for screenshots
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("RINGTRIP_BROWSER_TESTS") != "" {
		t.Fatal("no Chromium on this machine; `make tools` installs it")
	}
	t.Skip("SKIPPED: no Chromium on this machine; `make test` installs it")
	return ""
}

// openBrowser starts a lab and opens its page.
func openBrowser(t *testing.T) *browser { return openBrowserWith(t, "") }

// openBrowserWith is openBrowser with a carrier.
func openBrowserWith(t *testing.T, carrier string) *browser {
	t.Helper()
	path := chromium(t)
	page := rig.NewPage(web.Handler())
	page.Handle("/demo/scenarios", scenarioPage())
	page.Handle("/demo/scenarios/", scenarioPage())
	lab, err := rig.NewLab(t.Context(), rig.LabConfig{
		Node: rig.NodeConfig{Page: page, Carrier: carrier},
		Owners: []rig.Owner{{User: "bob", Name: "Bob", Phones: []rig.PhoneSpec{
			{ID: bob, Name: "Bob's iPhone", Knobs: map[string]string{"bootTime": "1s"}}, {ID: bob2, Name: "Bob's old iPhone"},
		}}, carols("")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	if err := show(t.Context(), page, lab); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("disable-features", "WebRtcHideLocalIpsWithMdns"), chromedp.Flag("mute-audio", true),
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	out, err := filepath.Abs(filepath.Join("..", "..", "testoutput"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, lab: lab, url: lab.URL + "/?voice=test", out: out}
	b.do("opening the page", chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(b.url))
	return b
}

func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// until waits until a JavaScript expression holds on the page.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(30*time.Second)))
	if err != nil {
		state, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`JSON.stringify(window.ringtrip ? {state: ringtrip.state(), hears: ringtrip.hears(), level: ringtrip.level(), phones: ringtrip.phones()} : document.body.innerText, null, 1)`))
		b.shoot("failed")
		b.t.Fatalf("%s: %v\n%s", what, err, state)
	}
}

// lab waits until something holds in the lab.
func (b *browser) inLab(what string, ok func() bool) {
	b.t.Helper()
	if err := b.lab.Await(b.t.Context(), 30*time.Second, ok); err != nil {
		b.shoot("failed")
		b.t.Fatalf("%s: %v", what, err)
	}
}

// shoot keeps a screenshot as test output.
func (b *browser) shoot(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Errorf("screenshot %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(b.out, name+".png"), png, 0o644); err != nil {
		b.t.Error(err)
	}
}

// shootAll keeps screenshots of one moment at desktop and phone width, in light and dark.
func (b *browser) shootAll(name string) {
	b.t.Helper()
	for _, theme := range []string{"light", "dark"} {
		b.do("theme", chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = "`+theme+`"`))
		for _, size := range []struct {
			name string
			w, h int64
		}{{"desktop", 1440, 1000}, {"phone", 390, 844}} {
			b.do("viewport", chromedp.EmulateViewport(size.w, size.h))
			b.shoot(fmt.Sprintf("%s-%s-%s", name, size.name, theme))
		}
	}
	b.do("viewport", chromedp.EmulateViewport(1440, 1000))
}

func (b *browser) kind(id string) iossim.ScreenKind { return b.lab.Devices[id].Phone.Screen().Kind }

// shootPair keeps two screenshots of one moment: desktop in light, phone in dark.
func (b *browser) shootPair(name string) {
	b.t.Helper()
	b.do("theme", chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = "light"`))
	b.shoot(name + "-desktop-light")
	b.do("the other", chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = "dark"`), chromedp.EmulateViewport(390, 844))
	b.shoot(name + "-phone-dark")
	b.do("viewport", chromedp.EmulateViewport(1440, 1000))
}

// TestPage is the main job in a real browser: Alice calls from the page, Bob's phones ring, he answers on one of them
// on the page, each hears the other's own voice, and she hangs up.
func TestPage(t *testing.T) {
	b := openBrowser(t)
	b.until("the page is ready", `window.ringtrip && ringtrip.state().line === "ready" && ringtrip.phones().every(p => p.screen)`)
	b.shootAll("1-idle")

	b.do("pressing Call", chromedp.Click(".set .go"))
	b.inLab("both phones ring", func() bool {
		return b.kind(bob) == iossim.ScreenIncomingFull && b.kind(bob2) == iossim.ScreenIncomingFull
	})
	b.until("the page shows the ring", `ringtrip.state().phase === "ringing" && ringtrip.phones().every(p => p.screen.kind === "incoming-full")`)
	b.shootAll("2-ringing")

	b.do("answering on Bob's iPhone, on the page", chromedp.Click(".phone:nth-of-type(1) .round.answer"))
	b.until("the call is answered", `ringtrip.state().phase === "talking" && ringtrip.state().answeredBy === "`+bob+`"`)
	b.until("the page hears Bob's iPhone, by its content", `ringtrip.hears() === "`+bob+`"`)
	b.inLab("Bob's iPhone hears the page's voice, by its content", func() bool { return b.lab.Voices[bob].Hears(rig.CallerVoice) })
	b.inLab("the other phone stopped", func() bool { return b.kind(bob2) == iossim.ScreenLock })
	b.until("the ledger is on the page", `ringtrip.ledger().entries.some(e => e.device === "`+bob+`" && e.stage === "FIRST_MEDIA")`)
	b.shootAll("3-talking")

	b.do("muting", chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".set button")].find(b => b.textContent.includes("Mute")).click()`))
	b.inLab("Bob hears nothing of a muted page", func() bool { return b.lab.Voices[bob].Level() < 0.002 })
	b.do("unmuting", chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".set button")].find(b => b.textContent.includes("Mute")).click()`))
	b.inLab("Bob hears the page again", func() bool { return b.lab.Voices[bob].Hears(rig.CallerVoice) })
	b.do("pressing 7 on the keyboard", chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent("keydown", {key: "7"}))`))
	b.inLab("the digit arrives at Bob's iPhone as a telephone event", func() bool { return b.lab.Digits(bob) == "7" })

	b.do("holding", chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".set button")].find(b => b.textContent.includes("Hold")).click()`))
	b.until("held", `ringtrip.state().held`)
	b.inLab("Bob hears nothing of a page that holds", func() bool { return b.lab.Voices[bob].Level() < 0.002 })
	b.do("resuming", chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".set button")].find(b => b.textContent.includes("Hold")).click()`))
	b.inLab("Bob hears the page again", func() bool { return b.lab.Voices[bob].Hears(rig.CallerVoice) })

	b.do("hanging up", chromedp.Click(".set .stop"))
	b.until("the call is over on the page", `ringtrip.state().state === "ENDED" && ringtrip.state().reason === "HUNGUP"`)
	b.inLab("and on Bob's iPhone", func() bool { return b.lab.Devices[bob].Phone.Screen().Call == nil })
	b.until("the ledger says so", `ringtrip.ledger() && ringtrip.ledger().entries.some(e => e.stage === "CALL_ENDED")`)
	b.shootAll("4-ended")
	if r := b.lab.Devices[bob].Phone.Recents(); len(r) != 1 || r[0].Missed || r[0].Name != "Alice" || r[0].Duration == 0 {
		t.Errorf("Bob's Recents are %+v, want one answered call from Alice", r)
	}
}

// TestPageScenario finds a scenario on the page, goes through it step by step and plays it at once.
func TestPageScenario(t *testing.T) {
	b := openBrowser(t)
	b.until("the page is ready", `window.ringtrip && ringtrip.state().line === "ready"`)
	b.do("opening the scenarios", chromedp.Click(`nav a[href="#scenarios"]`))
	b.until("the first scenario is there", `ringtrip.scenario() && document.querySelectorAll(".list li").length > 50`)
	b.do("searching", chromedp.SendKeys(`input[type=search]`, "S32"))
	b.until("one is found", `document.querySelectorAll(".list li").length === 1`)
	b.do("choosing it", chromedp.Click(".list li button"))
	b.until("it is there", `ringtrip.scenario().id === "S32" && location.hash === "#scenario=S32"`)
	b.until("it begins after what was given", `ringtrip.scenario().step > 0 && !!document.querySelector(".source .now")`)
	b.do("one step on", chromedp.Click(`.transport [aria-label="One step on"]`))
	b.until("its line is lit", `document.querySelector(".source .now i").textContent === String(ringtrip.scenario().line) && location.hash.includes("step=")`)
	b.do("at once", chromedp.Click(`.speeds button:last-child`), chromedp.Click(`.transport .main`))
	b.until("it has played to its end, where all lines came true", `ringtrip.scenario().step === ringtrip.scenario().last && ringtrip.scenario().ok && document.querySelectorAll(".source .met").length > 2`)
	b.do("the other variant", chromedp.Evaluate[chromedp.Void](`(() => { const s = document.querySelectorAll(".forms select")[1]; s.value = s.options[1].value; s.dispatchEvent(new Event("change", {bubbles: true})); })()`))
	b.until("the other variant is there", `ringtrip.scenario().variant === "endAfterFail=false"`)
	b.do("a deep link", chromedp.Evaluate[chromedp.Void](`location.hash = "#scenario=S03&os=16&step=3"`))
	b.until("leads to its step", `ringtrip.scenario().id === "S03" && ringtrip.scenario().os.startsWith("16") && ringtrip.scenario().step === 3`)
	b.do("to the end", chromedp.Click(`.transport [aria-label="To the end"]`))
	b.until("the phone is in a call", `ringtrip.scenario().screen.kind === "in-call" && !!document.querySelector('.show [data-kind="in-call"]')`)

	b.do("call waiting", chromedp.Evaluate[chromedp.Void](`location.hash = "#scenario=S36&os=26.4"`))
	b.until("is there", `ringtrip.scenario().id === "S36" && ringtrip.scenario().step < ringtrip.scenario().last`)
	for range 40 {
		waits, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`ringtrip.scenario().screen.kind === "call-waiting"`))
		if err != nil {
			t.Fatal(err)
		}
		if waits {
			break
		}
		b.do("one step on", chromedp.Click(`.transport [aria-label="One step on"]`))
	}
	b.until("its three buttons are there", `[...document.querySelectorAll('.show [data-kind="call-waiting"] .rounds button')].map(e => e.className.split(" ")[1]).join() === "end-and-accept,decline,hold-and-accept"`)
	b.do("searching no more", chromedp.Evaluate[chromedp.Void](`(() => { const e = document.querySelector("input[type=search]"); e.value = ""; e.dispatchEvent(new Event("input", {bubbles: true})); })()`))
	b.until("the whole list is there, the scenario in sight", `document.querySelectorAll(".list li").length > 50 && (() => { const r = document.querySelector(".list [aria-current=true]").getBoundingClientRect(), l = document.querySelector(".list").getBoundingClientRect(); return r.top >= l.top && r.bottom <= l.bottom; })()`)
	b.shootPair("5-scenario")
	for _, width := range []int64{320, 390, 768, 1024, 1280} {
		b.do("viewport", chromedp.EmulateViewport(width, 900))
		b.until(fmt.Sprintf("nothing is wider than a window of %d", width), `document.documentElement.scrollWidth <= innerWidth`)
	}
	b.do("viewport", chromedp.EmulateViewport(1440, 1000))
	b.do("to the end", chromedp.Click(`.transport [aria-label="To the end"]`))
	b.do("asking what if", chromedp.Evaluate[chromedp.Void](`location.hash = "#scenario=S31&knob=actionTimeout=1s"`))
	b.until("the knob is set", `ringtrip.scenario().id === "S31" && document.querySelector(".whatif .chip").textContent.includes("actionTimeout=1s")`)
	b.do("back", chromedp.Evaluate[chromedp.Void](`history.back()`))
	b.until("call waiting again", `ringtrip.scenario().id === "S36"`)
	b.do("to the end", chromedp.Click(`.transport [aria-label="To the end"]`))
	b.until("one call is on, the other on hold", `!!document.querySelector('.show [data-kind="in-call"] .others .held') && ringtrip.scenario().ok`)
}

// press presses a button of Bob's iPhone on the page, by what it says, as soon as it is there.
func (b *browser) press(label string) {
	b.t.Helper()
	button := `[...document.querySelectorAll(".phone:nth-of-type(1) button:enabled")].find(e => e.textContent.trim() === "` + label + `" || ["` + label + `", "` + label + ` on Bob's iPhone"].includes(e.getAttribute("aria-label")))`
	b.until("the button "+label, "!!"+button)
	b.do(label, chromedp.Evaluate[chromedp.Void](button+".click()"))
}

// call has Alice call Bob from the page, and Bob answer on his iPhone.
func (b *browser) call() {
	b.t.Helper()
	b.until("the page is ready", `window.ringtrip && ringtrip.state().line === "ready" && ringtrip.phones().every(p => p.screen)`)
	b.do("pressing Call", chromedp.Click(".set .go"))
	b.until("Bob's iPhone rings", `ringtrip.phones()[0].screen.kind === "incoming-full"`)
	b.press("Accept")
	b.until("they talk", `ringtrip.state().phase === "talking" && ringtrip.phones()[0].screen.kind === "in-call"`)
}

// TestPageMobileCall has a call over the mobile network come in during a call, on the page.
func TestPageMobileCall(t *testing.T) {
	b := openBrowser(t)
	b.call()
	b.press("Mobile")
	b.until("call waiting", `(() => { const s = ringtrip.phones()[0].screen; return s.kind === "call-waiting" && s.call.cellular && s.others.length === 1; })()`)
	b.shootPair("6-waiting")
	b.press("Hold & Accept")
	b.until("the mobile call is on, Alice's is on hold", `(() => { const s = ringtrip.phones()[0].screen; return s.kind === "in-call" && s.call.cellular && s.call.connectedAt > "0002" && s.others[0].held; })()`)
	b.until("Alice knows", `ringtrip.state().remoteHeld`)
	b.shootPair("7-two-calls")
	b.press("swap")
	b.until("Alice is back", `!ringtrip.state().remoteHeld && ringtrip.phones()[0].screen.call.caller === "Alice" && ringtrip.phones()[0].screen.others[0].cellular`)
	b.press("Far end")
	b.until("one call is left", `ringtrip.phones()[0].screen.others.length === 0 && ringtrip.phones()[0].screen.call.caller === "Alice"`)
}

// TestPageReasons has the world do to Bob's iPhone what the page offers, and reads what the page says of it.
func TestPageReasons(t *testing.T) {
	b := openBrowser(t)
	b.until("the page is ready", `window.ringtrip && ringtrip.state().line === "ready" && ringtrip.phones().every(p => p.screen)`)
	b.press("Restart")
	b.until("it has restarted and was not unlocked", `ringtrip.phones()[0].screen.kind === "lock" && ringtrip.phones()[0].screen.beforeFirstUnlock && document.querySelector(".phone .first")?.textContent.includes("passcode")`)
	b.shootPair("8-restarted")
	b.press("Enter passcode")
	b.until("it is unlocked", `ringtrip.phones()[0].screen.kind === "home"`)
	b.press("Open")
	b.until("the app runs", `ringtrip.phones()[0].screen.kind === "app" && ringtrip.phones()[0].screen.apps[0].state === "foreground"`)
	b.press("Crash")
	b.until("the log says why it ended", `[...document.querySelectorAll(".phone:nth-of-type(1) .line.killed")].some(e => e.textContent.includes("crash") && e.querySelector(".means"))`)
	b.do("reading the reasons only", chromedp.Click(".phone:nth-of-type(1) .filters .why"))
	b.until("every line says why", `(() => { const all = [...document.querySelectorAll(".phone:nth-of-type(1) .line")]; return all.length > 1 && all.every(e => e.querySelector(".means")); })()`)
}

// TestPageSecondCaller has Carol call Bob while he talks to Alice: call waiting on the page, both calls to the end.
func TestPageSecondCaller(t *testing.T) {
	b := openBrowser(t)
	b.call()
	b.do("Carol calls Bob", chromedp.Click(".second .go"))
	b.until("call waiting", `(() => { const s = ringtrip.phones()[0].screen; return s.kind === "call-waiting" && s.call.caller === "Carol" && s.others[0].caller === "Alice"; })()`)
	b.until("the page offers what the screen offers", `[...document.querySelectorAll(".phone:nth-of-type(1) .rounds button:enabled")].length === 3`)
	b.shootPair("9-second-caller")
	b.press("Hold & Accept")
	b.until("Bob talks to Carol, Alice is on hold", `(() => { const s = ringtrip.phones()[0].screen; return s.kind === "in-call" && s.call.caller === "Carol" && s.call.connectedAt > "0002" && s.others.length === 1 && s.others[0].held; })()`)
	b.until("Alice knows", `ringtrip.state().remoteHeld`)
	b.inLab("Bob's iPhone hears Carol, by her content", func() bool { return b.lab.Voices[bob].Hears(carol) })
	b.until("the page says so", `ringtrip.phones()[0].hears.recognised === "second" && ringtrip.second().state === "connected"`)
	b.press("swap")
	b.until("Bob talks to Alice again", `!ringtrip.state().remoteHeld && ringtrip.phones()[0].screen.call.caller === "Alice" && ringtrip.phones()[0].screen.others[0].held`)
	b.inLab("Bob's iPhone hears the page, by its content", func() bool { return b.lab.Voices[bob].Hears(rig.CallerVoice) })
	b.do("Carol hangs up", chromedp.Click(".second .stop"))
	b.until("one call is left", `ringtrip.phones()[0].screen.others.length === 0 && ringtrip.phones()[0].screen.call.caller === "Alice" && ringtrip.second().state === "ended"`)
	b.do("hanging up", chromedp.Click(".set > .stop"))
	b.inLab("and then none", func() bool { return b.lab.Devices[bob].Phone.Screen().Call == nil })
}

// TestPageCallBack has Bob call back from Recents whom he has talked to.
func TestPageCallBack(t *testing.T) {
	b := openBrowser(t)
	b.call()
	b.do("hanging up", chromedp.Click(".set > .stop"))
	b.until("the call is over", `ringtrip.state().state === "ENDED" && ringtrip.phones()[0].screen.kind === "lock"`)
	b.press("Unlock")
	b.press("Recents")
	b.press("Call Alice back, incoming call")
	b.until("the page rings", `ringtrip.state().phase === "incoming"`)
	b.do("answering on the page", chromedp.Click(".set .go"))
	b.until("they talk", `ringtrip.state().phase === "talking" && ringtrip.phones()[0].screen.kind === "in-call"`)
	b.press("End")
	b.until("over", `ringtrip.state().state === "ENDED"`)
}
