package iossim

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// ScreenKind says what fills the screen.
type ScreenKind string

// The kinds of screens.
const (
	ScreenOff            ScreenKind = "off"
	ScreenLock           ScreenKind = "lock"
	ScreenHome           ScreenKind = "home"
	ScreenApp            ScreenKind = "app" // Screen.Front says which
	ScreenRecents        ScreenKind = "recents"
	ScreenIncomingFull   ScreenKind = "incoming-full"
	ScreenIncomingBanner ScreenKind = "incoming-banner" // above the home screen or an app
	ScreenConnecting     ScreenKind = "connecting"      // answered or dialing, not connected
	ScreenInCall         ScreenKind = "in-call"
	ScreenCallWaiting    ScreenKind = "call-waiting" // another call comes in during a call: Screen.Call rings, Screen.Others go on
	ScreenCallFailed     ScreenKind = "call-failed"
)

// Screen is what the user sees.
type Screen struct {
	Kind   ScreenKind `json:"kind"`
	Time   time.Time  `json:"time"` // by the phone's clock
	Phone  string     `json:"phone"`
	OS     string     `json:"os"`
	Locale string     `json:"locale"`
	Locked bool       `json:"locked"`
	Focus  string     `json:"focus,omitempty"`
	Online bool       `json:"online"`
	Front  string     `json:"front,omitempty"`  // bundle id of the app behind or on the screen
	Prompt string     `json:"prompt,omitempty"` // asks the user to unlock
	Apps   []AppIcon  `json:"apps"`
	// Call is the call that the screen is about, nil if there is none: one that rings, else the one that is not on
	// hold, else the oldest. On home, app and lock it is a pill. A group is one Call with Members.
	Call *ScreenCall `json:"call,omitempty"`
	// Others are the other calls, oldest first: those on hold, and during call waiting those that go on.
	Others []ScreenCall `json:"others"`
	// Dialogs are alerts over everything else, as iOS 26 shows to developers; Dismiss closes the last.
	Dialogs  []string `json:"dialogs"`
	Route    string   `json:"route"`  // the output port in use, as AVAudioSession names it
	Routes   []string `json:"routes"` // the output ports that could be chosen
	Before   bool     `json:"beforeFirstUnlock"`
	Airplane bool     `json:"airplane"`
	// Microphone is the orange dot: an app uses the microphone.
	Microphone bool     `json:"microphone"`
	LowPower   bool     `json:"lowPower"`
	Missed     int      `json:"missed"` // badge of the Phone app
	Recents    []Recent `json:"recents"`
	// Notifications are what alert pushes show, newest first.
	Notifications []Notification `json:"notifications,omitempty"`
	Notices       []string       `json:"notices"` // what the system did to apps, the last 20
}

// Ringing reports whether the screen asks the user to answer: full, as a banner, or beside another call.
func (s Screen) Ringing() bool {
	return s.Kind == ScreenIncomingFull || s.Kind == ScreenIncomingBanner || s.Kind == ScreenCallWaiting
}

// AppIcon is an app on the home screen. State is what no user sees, but who draws a simulation shows.
type AppIcon struct {
	BundleID string `json:"bundleId"`
	Name     string `json:"name"`
	Colour   string `json:"colour,omitempty"`
	State    string `json:"state"` // not running, launching, foreground, background, suspended
	Badge    string `json:"badge,omitempty"`
	Strikes  int    `json:"strikes,omitempty"` // pushes not reported
}

// ScreenCall is a call as the screen shows it.
type ScreenCall struct {
	UUID        string    `json:"uuid"`
	Caller      string    `json:"caller"`
	Handle      string    `json:"handle"`
	App         string    `json:"app"` // its name
	BundleID    string    `json:"bundleId"`
	Outgoing    bool      `json:"outgoing"`
	Video       bool      `json:"video"`
	Status      string    `json:"status"`               // in Apple's words; empty while a timer runs
	ConnectedAt time.Time `json:"connectedAt,omitzero"` // where the timer began, by the phone's clock; zero: no timer
	InApp       bool      `json:"inApp"`                // drawn by the app, which is in the foreground
	Muted       bool      `json:"muted"`
	Held        bool      `json:"held"`
	Speaker     bool      `json:"speaker"`
	Audio       bool      `json:"audio"`              // the call has the audio session
	Mismatch    string    `json:"mismatch,omitempty"` // what is wrong if the app sends other than Muted says, for a second
	Digits      string    `json:"digits,omitempty"`
	Cellular    bool      `json:"cellular,omitempty"`    // a call of the Phone app over the mobile network
	Translating string    `json:"translating,omitempty"` // "de→en" while live translation is on
	Members     []Member  `json:"members,omitempty"`     // the calls of a group, of which this is the first
	Buttons     []Button  `json:"buttons"`
}

// Member is a call in a group.
type Member struct {
	UUID    string   `json:"uuid"`
	Caller  string   `json:"caller"`
	Buttons []Button `json:"buttons"` // split, end
}

// Button is a button of the call.
type Button struct {
	// ID is answer, decline, end, mute, keypad, speaker, hold, add-call, video, more, translate; with several calls
	// also end-and-accept, hold-and-accept, end-held-and-accept, swap, merge; of a group's member split, end.
	ID      string `json:"id"`
	Label   string `json:"label"`
	Enabled bool   `json:"enabled"`
	On      bool   `json:"on,omitempty"`
}

// Screen says what the user sees now.
func (ph *Phone) Screen() Screen {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	return ph.screen()
}

// OnScreen has f called with the screen now and whenever something on it other than the time has changed,
// from the loop. Changes of one moment come as one.
func (ph *Phone) OnScreen(f func(Screen)) {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	ph.onScreen = append(ph.onScreen, f)
	ph.sent = nil
	ph.after(0, func() {})
}

// coveredByRing reports whether an incoming call fills the screen.
func (ph *Phone) coveredByRing() bool {
	c := ph.shown()
	return c != nil && c.rings() && (ph.locked || !ph.knobs.PrefersBanner || ph.waits(c))
}

func (ph *Phone) kind() ScreenKind {
	c := ph.shown()
	switch {
	case ph.off:
		return ScreenOff
	case c != nil && c.rings() && ph.waits(c):
		return ScreenCallWaiting
	case c != nil && c.rings() && ph.coveredByRing():
		return ScreenIncomingFull
	case c != nil && c.rings():
		return ScreenIncomingBanner
	case c != nil && c.state != callRinging && (ph.showCall || ph.locked) && c.wasUp:
		return ScreenInCall
	case c != nil && c.state != callRinging && (ph.showCall || ph.locked):
		return ScreenConnecting
	case c == nil && ph.failed != nil:
		return ScreenCallFailed
	case ph.locked:
		return ScreenLock
	case ph.inRecents:
		return ScreenRecents
	case ph.front != nil:
		return ScreenApp
	}
	return ScreenHome
}

// status is the line under the caller's name.
func (ph *Phone) status(c *call) string {
	media := "Audio"
	if c.video {
		media = "Video"
	}
	switch {
	case c.state == callEnded:
		return "Call Failed"
	case c.ending:
		return "call ended"
	case c.state == callRinging:
		return c.app.cfg.Name + " " + media + "…"
	case c.state == callAnswering, c.connecting && !c.wasUp:
		return "connecting…"
	case c.state == callStarting, c.state == callDialing:
		return "calling…"
	case c.onHold():
		return "on hold"
	}
	return ""
}

func (ph *Phone) buttons(c *call) []Button {
	live := !c.ending && c.state != callEnded
	if c.state == callRinging && ph.waits(c) {
		return ph.waitingButtons(c)
	}
	if c.state == callRinging {
		return []Button{{ID: "decline", Label: "Decline", Enabled: live}, {ID: "answer", Label: "Accept", Enabled: live}}
	}
	up := live && c.state == callConnected
	owner, held, other := ph.audible(c), c.onHold(), ph.otherThan(c)
	b := []Button{
		{ID: "mute", Label: "mute", Enabled: live, On: c.muted},
		{ID: "keypad", Label: "keypad", Enabled: up && c.tones && !held},
		{ID: "speaker", Label: "speaker", Enabled: live && owner, On: owner && ph.audio.speaker},
	}
	if other == nil || held {
		b = append(b, Button{ID: "hold", Label: "hold", Enabled: up && (held || c.holdable()), On: held})
	}
	if other == nil {
		b = append(b, Button{ID: "add-call", Label: "add call", Enabled: up})
	} else {
		b = append(b,
			Button{ID: "swap", Label: "swap", Enabled: up && other.onHold() && (held || c.holdable())},
			Button{ID: "merge", Label: "merge calls", Enabled: up && ph.mayMerge(c, other)})
	}
	if c.app.config.SupportsAudioTranslation && ph.knobs.OS.AtLeast(26, 0) {
		b = append(b, Button{ID: "translate", Label: "translate", Enabled: up && !held, On: c.translating != ""})
	}
	if !c.app.builtin {
		// From iOS 26 on the way to the app is closed for a call without a handle (forums 810709).
		more := Button{ID: "more", Label: c.app.cfg.Name, Enabled: live}
		if ph.knobs.OS.AtLeast(26, 0) {
			more.Label, more.Enabled = "more", live && c.handle.Value != ""
		}
		b = append(b, more)
	}
	if c.app.config.SupportsVideo && !c.video {
		b = append(b, Button{ID: "video", Label: "video", Enabled: up && c.handle.Value != "" && slices.Contains(c.app.config.SupportedHandleTypes, c.handle.Type)})
	}
	return append(b, Button{ID: "end", Label: "End", Enabled: live})
}

func (ph *Phone) screen() Screen {
	s := Screen{
		Kind: ph.kind(), Time: ph.now(), Phone: ph.name, OS: ph.knobs.OS.String(), Locale: ph.locale, Locked: ph.locked,
		Focus: ph.focus, Online: ph.hasNetwork(), Prompt: ph.promptText, Missed: ph.missed, Airplane: ph.airplane, LowPower: ph.lowPower,
		Others: []ScreenCall{}, Dialogs: append(ph.microphoneDialogs(), ph.dialogs...), Before: !ph.unlocked1,
		Apps: make([]AppIcon, 0, len(ph.apps)), Recents: slices.Clone(ph.recents), Notifications: slices.Clone(ph.notifications), Notices: slices.Clone(ph.notices),
	}
	if s.Recents == nil {
		s.Recents = []Recent{}
	}
	if s.Notices == nil {
		s.Notices = []string{}
	}
	if ph.front != nil {
		s.Front = ph.front.cfg.BundleID
	}
	for _, a := range ph.apps {
		s.Apps = append(s.Apps, AppIcon{BundleID: a.cfg.BundleID, Name: a.cfg.Name, Colour: a.cfg.Colour, State: a.stateWord(), Badge: a.badge, Strikes: a.strikes})
	}
	c := ph.shown()
	if c == nil {
		c = ph.failed
	}
	if c != nil && !ph.off {
		v := ph.screenCall(c)
		if c.state != callEnded {
			v.Buttons = ph.buttons(c)
		}
		s.Call = &v
		for i, m := range c.line() {
			if len(v.Members) > 0 && m.onLine() {
				v.Members[i].Buttons = ph.memberButtons(m)
			}
		}
		for _, o := range ph.calls {
			if o.first() == o && !o.with(c) {
				s.Others = append(s.Others, ph.screenCall(o))
			}
		}
	}
	ph.drawSound(&s)
	return s
}

// screenCall is a call, or the group that it is the first of, as the screen shows it, without buttons.
func (ph *Phone) screenCall(c *call) ScreenCall {
	v := ScreenCall{
		UUID: c.id.String(), Caller: ph.callerOf(c), Handle: c.handle.Value, App: c.app.cfg.Name,
		BundleID: c.app.cfg.BundleID, Outgoing: c.outgoing, Video: c.video, Status: ph.status(c),
		InApp: ph.foreground(c.app) && c.state != callRinging && c.state != callEnded,
		Muted: c.muted, Held: c.onHold(), Digits: c.digits, Cellular: c.app.builtin, Translating: c.translating,
		Speaker: ph.audible(c) && ph.audio.speaker, Audio: ph.audible(c), Buttons: []Button{},
	}
	if c.wasUp && v.Status == "" {
		v.ConnectedAt = c.connectedAt
	}
	if c.group != nil {
		for _, m := range c.line() {
			v.Members = append(v.Members, Member{UUID: m.id.String(), Caller: ph.displayName(m.name, m.handle), Buttons: []Button{}})
		}
	}
	return v
}

// callerOf is the name over a call: that of the far end, or the word for a group.
func (ph *Phone) callerOf(c *call) string {
	if c.group != nil {
		return "Conference"
	}
	return ph.displayName(c.name, c.handle)
}

// audible reports whether c's group has the audio session.
func (ph *Phone) audible(c *call) bool { return ph.audio.owner != nil && ph.audio.owner.with(c) }

func (a *app) stateWord() string {
	switch p := a.proc; {
	case p == nil:
		return "not running"
	case !p.launched:
		return "launching"
	case p.suspended:
		return "suspended"
	case p.state == callkit.Background:
		return "background"
	}
	return "foreground"
}

// uiLine is the screen in one line for the log.
func (ph *Phone) uiLine() string {
	var b strings.Builder
	b.WriteString(string(ph.kind()))
	c := ph.shown()
	if c == nil {
		c = ph.failed
	}
	if c != nil {
		fmt.Fprintf(&b, " %s name=%q", c.id, ph.callerOf(c))
		if s := ph.status(c); s != "" {
			fmt.Fprintf(&b, " status=%q", s)
		} else {
			fmt.Fprintf(&b, " timer=%s", c.connectedAt.Sub(ph.w.start))
		}
		for _, f := range []struct {
			on   bool
			word string
		}{{c.muted, "muted"}, {c.onHold(), "held"}, {ph.audible(c) && ph.audio.speaker, "speaker"}, {c.translating != "", "translating=" + c.translating}} {
			if f.on {
				b.WriteString(" " + f.word)
			}
		}
		if c.group != nil {
			b.WriteString(" members=" + ids(c.line()))
		}
		for _, o := range ph.calls {
			switch {
			case o.with(c) || o.first() != o:
			case o.onHold():
				b.WriteString(" onHold=" + ids(o.line()))
			default:
				b.WriteString(" beside=" + ids(o.line()))
			}
		}
	}
	if ph.promptText != "" {
		fmt.Fprintf(&b, " prompt=%q", ph.promptText)
	}
	return b.String()
}

// noteUI follows every event: processes are told of their windows, and the log of the screen.
func (ph *Phone) noteUI() {
	ph.settleRings()
	ph.keepRoom()
	ph.settleStates()
	ph.tellConversations()
	ph.settleSound()
	if len(ph.onScreen) > 0 && !ph.dirty {
		ph.dirty = true
		ph.w.changed = append(ph.w.changed, ph)
	}
	if ui := ph.uiLine(); ui != ph.ui {
		ph.ui = ui
		ph.log(ChanSystem, nil, "ui %s", ui)
	}
}

// tellScreen shows the listeners a screen that has changed.
func (ph *Phone) tellScreen() {
	s := ph.screen()
	if ph.sent != nil {
		was := *ph.sent
		was.Time = s.Time
		if reflect.DeepEqual(was, s) {
			return
		}
	}
	ph.sent = &s
	listeners := ph.onScreen
	ph.w.outside(func() {
		for _, f := range listeners {
			f(s)
		}
	})
}
