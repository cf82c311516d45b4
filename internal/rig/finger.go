package rig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/phone"
)

// Finger says more about an action: what a button is to become, which digits, which entry.
type Finger struct {
	On     bool   `json:"on"`     // for switches
	Digits string `json:"digits"` // for keys
	Index  int    `json:"index"`  // for recent and notification, 0 being the newest
	ID     string `json:"id"`     // the call, for split and end-member
	Port   string `json:"port"`   // the audio port, for route, plug and unplug
	App    string `json:"app"`    // bundle id, for open; empty: the lab's app
	Who    string `json:"who"`    // a handle: whom block and siri are about
	Number string `json:"number"` // who calls, or is called, over the mobile network
	Name   string `json:"name"`   // of whom calls over the mobile network
	// Local and Remote are the languages of live translation as BCP 47 tags; empty: en and de.
	Local  string `json:"local"`
	Remote string `json:"remote"`
}

// fingers is what a user, or the world, can do to a phone, by the name that the page calls it.
var fingers = map[string]func(d *Device, f Finger) error{
	"answer":  func(d *Device, _ Finger) error { return d.Phone.Answer() },
	"decline": func(d *Device, _ Finger) error { return d.Phone.Decline() },
	"end":     func(d *Device, _ Finger) error { return d.Phone.End() },
	"mute":    func(d *Device, f Finger) error { return d.Phone.Mute(f.On) },
	"hold":    func(d *Device, f Finger) error { return d.Phone.Hold(f.On) },
	"keys":    func(d *Device, f Finger) error { return d.Phone.Keys(f.Digits) },
	"speaker": func(d *Device, f Finger) error { return d.Phone.Speaker(f.On) },
	"video":   func(d *Device, _ Finger) error { return d.Phone.Video() },
	"more":    func(d *Device, _ Finger) error { return d.Phone.More() },
	"translate": func(d *Device, f Finger) error {
		return d.Phone.Translate(f.On, cmp.Or(f.Local, "en"), cmp.Or(f.Remote, "de"))
	},

	"end-and-accept":      func(d *Device, _ Finger) error { return d.Phone.EndAndAccept() },
	"hold-and-accept":     func(d *Device, _ Finger) error { return d.Phone.HoldAndAccept() },
	"end-held-and-accept": func(d *Device, _ Finger) error { return d.Phone.EndHeldAndAccept() },
	"swap":                func(d *Device, _ Finger) error { return d.Phone.Swap() },
	"merge":               func(d *Device, _ Finger) error { return d.Phone.Merge() },
	"split":               member((*iossim.Phone).Split),
	"end-member":          member((*iossim.Phone).EndMember),
	"add-call":            func(d *Device, _ Finger) error { return d.Phone.AddCall() },
	"headset":             func(d *Device, _ Finger) error { return d.Phone.HeadsetPress() },

	"cellular-ring": world(func(d *Device, f Finger) {
		d.Phone.CellularRing(cmp.Or(f.Number, "+15555550100"), f.Name)
	}),
	"cellular-dial":     func(d *Device, f Finger) error { return d.Phone.CellularDial(cmp.Or(f.Number, "+15555550199")) },
	"cellular-answered": world(func(d *Device, _ Finger) { d.Phone.CellularAnswered() }),
	"cellular-end":      world(func(d *Device, _ Finger) { d.Phone.CellularEnd() }),

	"lock":    func(d *Device, _ Finger) error { return d.Phone.Lock() },
	"unlock":  func(d *Device, _ Finger) error { return d.Phone.Unlock() },
	"home":    func(d *Device, _ Finger) error { return d.Phone.Home() },
	"open":    open,
	"swipe":   func(d *Device, _ Finger) error { return d.Phone.SwipeApp(Bundle) },
	"return":  func(d *Device, _ Finger) error { return d.Phone.ReturnToCall() },
	"recents": func(d *Device, _ Finger) error { return d.Phone.OpenRecents() },
	"recent":  func(d *Device, f Finger) error { return d.Phone.TapRecent(f.Index) },

	"notification": func(d *Device, f Finger) error { return d.Phone.TapNotification(f.Index) },

	"dismiss": func(d *Device, _ Finger) error { return d.Phone.Dismiss() },
	"route":   func(d *Device, f Finger) error { return d.Phone.ChooseRoute(callkit.AudioPort(f.Port)) },
	"plug":    func(d *Device, f Finger) error { return d.Phone.Plug(callkit.AudioPort(f.Port)) },
	"unplug":  func(d *Device, f Finger) error { return d.Phone.Unplug(callkit.AudioPort(f.Port)) },
	"gesture": func(d *Device, _ Finger) error { return d.Phone.MuteGesture() },

	"relaunch":      open,
	"crash":         world(func(d *Device, _ Finger) { d.Phone.Kill(Bundle, "crashed") }),
	"service-crash": world(func(d *Device, _ Finger) { d.Phone.RestartCallService() }),
	"restart":       world(func(d *Device, _ Finger) { d.Phone.Restart() }),
	"crash-at":      world(func(d *Device, _ Finger) { d.Phone.CrashAt(Bundle, "performAnswer", 1) }),
	"memory":        world(func(d *Device, _ Finger) { d.Phone.LowMemory() }),
	"microphone":    world(func(d *Device, f Finger) { d.Phone.AllowMicrophone(Bundle, f.On) }),
	"airplane":      world(func(d *Device, f Finger) { d.SetAirplane(f.On) }),
	"lowpower":      world(func(d *Device, f Finger) { d.Phone.SetLowPower(f.On) }),
	"update":        func(d *Device, _ Finger) error { return d.Phone.UpdateApp(Bundle, nil) },
	"reinstall":     func(d *Device, _ Finger) error { return d.Reinstall() },
	"alarm":         func(d *Device, _ Finger) error { return d.Phone.Interrupt(iossim.InterruptAlarm, 5*time.Second) },
	"siri":          func(d *Device, f Finger) error { return d.Phone.Siri("call", f.Who, false, Bundle) },
	"offline":       world(func(d *Device, f Finger) { d.SetOnline(!f.On) }),
	"block":         world(func(d *Device, f Finger) { d.Phone.BlockCaller(f.Who, f.On) }),
	"focus": world(func(d *Device, f Finger) {
		if f.On {
			d.Phone.SetFocus("Do Not Disturb")
		} else {
			d.Phone.SetFocus("")
		}
	}),
}

// member is what is done to one call of a group.
func member(do func(*iossim.Phone, callkit.UUID) error) func(*Device, Finger) error {
	return func(d *Device, f Finger) error {
		id, err := callkit.ParseUUID(f.ID)
		if err != nil {
			return err
		}
		return do(d.Phone, id)
	}
}

// world is what no finger does and nobody refuses.
func world(do func(*Device, Finger)) func(*Device, Finger) error {
	return func(d *Device, f Finger) error {
		do(d, f)
		return nil
	}
}

func open(d *Device, f Finger) error {
	if f.App == "" {
		f.App = Bundle
	}
	return d.Phone.OpenApp(f.App)
}

// Act does to the phone what the user, or the world, does. It returns an error that says what there is if the phone
// does not know the action, and the phone's own if its screen does not offer it now.
func (d *Device) Act(action string, f Finger) error {
	do := fingers[action]
	if do == nil {
		return fmt.Errorf("a phone has no %.40q; it has %s", action, strings.Join(Actions(), ", "))
	}
	return do(d, f)
}

// Actions lists what can be done to a phone, sorted.
func Actions() []string {
	var all []string
	for name := range fingers {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Dial has the phone's user call somebody in the app, which is opened if it is not. It blocks until the call has begun
// or 10 s have passed.
func (l *Lab) Dial(ctx context.Context, d *Device, callee, name string) error {
	return l.DialWith(ctx, d, phone.StartRequest{Callee: callee, Name: name})
}

// DialWith is Dial with all that can be said.
func (l *Lab) DialWith(ctx context.Context, d *Device, r phone.StartRequest) error {
	if err := d.Phone.OpenApp(Bundle); err != nil {
		return err
	}
	why := errors.New("the app has not started")
	err := l.Await(ctx, 10*time.Second, func() bool {
		if e := d.Engine(); e != nil {
			_, why = e.Start(r)
		}
		return why == nil || errors.Is(why, phone.ErrOnCall) || errors.Is(why, phone.ErrTooManyCalls)
	})
	if err != nil || why != nil {
		return fmt.Errorf("%s can't call %s: %w", d.Name, r.Callee, why)
	}
	return nil
}

// LastCall says how the newest call of the phone's app stands, in the words of package call; both are empty if
// there was none.
func (d *Device) LastCall() (state, reason string) {
	e := d.Engine()
	if e == nil {
		return "", ""
	}
	calls := e.Calls()
	if len(calls) == 0 {
		return "", ""
	}
	c := calls[len(calls)-1]
	if c.State != call.Ended {
		return c.State.String(), ""
	}
	return c.State.String(), c.Reason.String()
}
