package iossim

import (
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// PhoneConfig says what a phone is like when it comes out of the box.
type PhoneConfig struct {
	// Name is how the log and the screen call it; empty is "phone" and a number. It has no spaces in the log.
	Name string
	// OS is a version of iOS whose [Profile] the phone has; empty takes the world's knobs.
	OS string
	// Knobs, if not zero, are the phone's own.
	Knobs Knobs
	// Locale is the user's language and region, as "en_US" (the default).
	Locale string
	// Locked phones start on the lock screen. They count as unlocked once since the start.
	Locked bool
	// Contacts maps handles to the names that the user has given them.
	Contacts map[string]string
	// TokenSource makes a new VoIP push token for an app, as APNs does. It runs on the loop and may call
	// anything but Run, Settle and Close. Nil makes tokens from the seed.
	TokenSource func(bundleID string) []byte
}

// Phone is one simulated iPhone.
type Phone struct {
	w           *World
	name        string
	locale      string
	knobs       Knobs
	contacts    map[string]string
	tokenSource func(string) []byte

	apps  []*app
	calls []*call // the call service's table, in the order in which the calls came
	audio arbiter
	sound sound

	front      *app // whose window is in front; nil: the home screen, or Recents
	inRecents  bool
	showCall   bool // the call screen lies over everything else
	locked     bool
	off        bool
	unlocked1  bool // unlocked once since the start (first unlock)
	online     bool
	airplane   bool
	told       bool // what network watchers were told last
	lowPower   bool
	stored     []storedPush // at APNs, newest of each app
	dialogs    []string
	donations  []donation // newest first
	callingApp *app       // for telephone links; nil: the Phone app

	notifications []Notification // newest first
	focus         string
	refusal       Refusal // of the system\'s own
	allowed       map[string]bool
	blocked       map[string]bool
	skew          time.Duration
	failed        *call // shown as "Call Failed" for a while
	afterUnlock   func()
	firstUnlock   []func() // what waits for the first unlock
	promptText    string

	dialer   *app // the default dialer, nil: the Phone app
	recents  []Recent
	notices  []string
	missed   int
	onScreen []func(Screen)
	sent     *Screen
	dirty    bool // the screen is to be looked at when this moment is over
	ui       string
	nextPID  int
	mobile   *app // the Phone app, whose calls go over the mobile network; nil until there is one
	turns    int  // counts how often the user or an app turned to a call, see turnTo
}

// NewPhone adds a phone to the world: switched on, online and, unless the config says otherwise, unlocked on
// the home screen. It fails if the config names no version of iOS that is known.
func (w *World) NewPhone(c PhoneConfig) (*Phone, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	k := w.knobs
	if c.OS != "" {
		p, err := Profile(c.OS)
		if err != nil {
			return nil, err
		}
		k = p
	}
	if c.Knobs != (Knobs{}) {
		k = c.Knobs
	}
	if c.Name == "" {
		c.Name = fmt.Sprintf("phone%d", len(w.phones)+1)
	}
	if c.Locale == "" {
		c.Locale = "en_US"
	}
	ph := &Phone{
		w: w, name: oneWord(c.Name), locale: c.Locale, knobs: k, tokenSource: c.TokenSource,
		contacts: map[string]string{}, locked: c.Locked, unlocked1: true, online: true, told: true,
		blocked: map[string]bool{}, nextPID: 100,
	}
	for h, n := range c.Contacts {
		ph.contacts[h] = n
	}
	ph.audio.ph = ph
	w.phones = append(w.phones, ph)
	ph.ui = ph.uiLine()
	return ph, nil
}

// Name is the phone's name.
func (ph *Phone) Name() string { return ph.name }

// Knobs returns the phone's settings.
func (ph *Phone) Knobs() Knobs {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	return ph.knobs
}

// SetKnob changes one of the phone's settings by its name, see [Knobs.Set].
func (ph *Phone) SetKnob(name, value string) error {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	return ph.knobs.Set(name, value)
}

// SetFocus switches a Focus (as Do Not Disturb) on: only calls from those allowed come through, each a handle or
// the name of a contact. An empty name switches it off.
func (ph *Phone) SetFocus(name string, allowed ...string) {
	ph.act("focus "+orNone(name), func() {
		ph.focus, ph.allowed = name, map[string]bool{}
		for _, h := range allowed {
			ph.allowed[h] = true
		}
	})
}

// BlockCaller puts a handle on the block list, or takes it off.
func (ph *Phone) BlockCaller(handle string, on bool) {
	ph.act(fmt.Sprintf("block %s %s", handle, onOff(on)), func() { ph.blocked[handle] = on })
}

// SetClock sets the phone's clock apart from the world's true time: what [callkit.System].Now says and what
// stands on the screen. Timers do not follow it.
func (ph *Phone) SetClock(skew time.Duration) {
	ph.act(fmt.Sprintf("clock %+v", skew), func() { ph.skew = skew })
}

// now is the phone's own clock.
func (ph *Phone) now() time.Time { return ph.w.now.Add(ph.skew) }

// act queues something that happens to the phone.
func (ph *Phone) act(text string, do func()) {
	w := ph.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	ph.after(0, func() {
		ph.log(ChanSystem, nil, "%s", text)
		do()
	})
}

func (ph *Phone) find(bundleID string) *app {
	for _, a := range ph.apps {
		if a.cfg.BundleID == bundleID {
			return a
		}
	}
	return nil
}

func (ph *Phone) notice(format string, args ...any) {
	ph.notices = append(ph.notices, fmt.Sprintf(format, args...))
	if len(ph.notices) > 20 {
		ph.notices = slices.Delete(ph.notices, 0, 1)
	}
}

// displayName is what the screen says for a caller: the update's name overrides the contact (CXCallUpdate), and a
// call directory extension names who is neither.
func (ph *Phone) displayName(name string, h callkit.Handle) string {
	switch {
	case name != "":
		return name
	case ph.contact(h.Value) != "":
		return ph.contact(h.Value)
	case ph.directoryLabel(h) != "":
		return ph.directoryLabel(h)
	case h.Value != "":
		return h.Value
	}
	return "Unknown"
}

// foreground reports whether a's window is what the user has before him.
func (ph *Phone) foreground(a *app) bool { return ph.front == a && !ph.locked && !ph.off }

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func oneWord(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c <= ' ' {
			b[i] = '_'
		}
	}
	return string(b)
}
