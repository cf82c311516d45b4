package iossim

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/callkit"
)

// wildExtension is every kind of app extension, and does what the dice say.
type wildExtension struct {
	dice    func(string, int) int
	handler func(callkit.NotificationContent)
}

func (x *wildExtension) DidReceive(e callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
	x.handler = handler
	switch x.dice("nse", 5) {
	case 0:
		handler(r.Content)
	case 1: // never
	case 2:
		e.AfterFunc(time.Duration(x.dice("late", 40))*time.Second, func() { handler(callkit.NotificationContent{}) })
	default:
		e.ReportNewIncomingVoIPPushPayload([]byte(`{"n":1}`), func(error) { handler(callkit.NotificationContent{}) })
	}
}

func (x *wildExtension) ServiceExtensionTimeWillExpire() {
	if x.dice("expire", 2) == 0 {
		x.handler(callkit.NotificationContent{Body: "late"})
	}
}

func (x *wildExtension) BeginRequest(c callkit.CallDirectoryExtensionContext) {
	c.SetDelegate(x)
	for range x.dice("entries", 4) {
		n := callkit.CallDirectoryPhoneNumber(14085550100 + x.dice("number", 5))
		switch x.dice("entry", 4) {
		case 0:
			c.RemoveBlockingEntry(n)
		case 1:
			c.AddIdentificationEntry(n, "label")
		default:
			c.AddBlockingEntry(n)
		}
	}
	if x.dice("complete", 4) > 0 {
		c.CompleteRequest(nil)
	}
}

func (x *wildExtension) RequestFailed(callkit.CallDirectoryExtensionContext, error) {}

func (x *wildExtension) HandleStartCall(_ callkit.Extension, _ callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	if n := x.dice("code", 5); n < 4 {
		completion(callkit.StartCallCode(n))
	}
}

// pushed takes whatever payload there is.
type pushed struct {
	*goodApp
	do func()
}

func (p pushed) DidReceiveIncomingPush(_ callkit.PushRegistry, _ callkit.PushPayload, _ callkit.PushType, completion func()) {
	p.do()
	completion()
}

// worldLife plays pushes, networks, updates, extensions, Siri and crashes against two apps that mostly behave.
func worldLife(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, seed uint64, steps int, dice func(string, int) int) string {
	w := NewWorld(Config{Seed: seed})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Name: "alice", OS: Profiles[dice("os", len(Profiles))], Locked: dice("locked", 2) == 0,
		Contacts: map[string]string{"+14085550100": "Ann"}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, k := range KnobList() {
		if k.Unsettled && dice(k.Name, 3) == 0 {
			if err := ph.SetKnob(k.Name, k.Probes[dice("probe", len(k.Probes))]); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	bundles := []string{bundle, otherBundle}
	apps := map[string]*goodApp{}
	calls := 0
	for _, b := range bundles {
		x := &wildExtension{dice: dice}
		c := AppConfig{BundleID: b, FilteringEntitlement: dice("entitled", 2) == 0, Scenes: dice("scenes", 3) == 0,
			CallingAppEntitlement: true, URLSchemes: []string{"x" + b[len(b)-3:]},
			New: func() callkit.App {
				a := &goodApp{}
				a.onLaunch = func() {
					a.registry.SetDelegate(pushed{a, func() {
						if dice("report", 6) > 0 {
							calls++
							a.report(callID(calls % 200))
						}
					}})
				}
				apps[b] = a
				return a
			},
			NotificationService: func() callkit.NotificationService { return x },
			CallDirectory:       func() callkit.CallDirectoryProvider { return x },
		}
		if dice("intents", 2) == 0 {
			c.IntentsExtension = func() callkit.StartCallHandler { return x }
		}
		if err := ph.Install(c); err != nil {
			t.Fatalf("%v", err)
		}
	}
	on := func() bool { return dice("on", 2) == 0 }
	for range steps {
		b := bundles[dice("app", 2)]
		switch dice("move", 26) {
		case 0, 1, 2:
			options := []PushOption{SentAt(w.Now()), ExpiresAtOnce(), Expires(w.Now().Add(10 * time.Second)), Delay(3 * time.Second), Twice(), Lost(), Priority(5), Topic("wrong")}
			ph.DeliverPush(b, pushOf(u1), options[dice("option", len(options))])
		case 3, 4:
			_ = ph.DeliverAlert(b, []byte(alertCall))
		case 5, 6:
			ph.SetAirplane(on())
		case 7:
			ph.SetOnline(on())
		case 8:
			ph.SetLowPower(on())
		case 9:
			_ = ph.Answer()
		case 10:
			_ = ph.End()
			_ = ph.Decline()
		case 11:
			_ = ph.Unlock()
		case 12:
			_ = ph.Lock()
		case 13:
			_ = ph.OpenApp(b)
		case 14:
			_ = ph.Home()
		case 15:
			_ = ph.UpdateApp(b, nil)
		case 16:
			_ = ph.Reinstall(b)
		case 17:
			ph.CrashAt(b, "", 1+dice("n", 9))
		case 18:
			_ = ph.EnableCallDirectory(b, on())
		case 19:
			_ = ph.Siri([]string{"call", "redial", "callback"}[dice("verb", 3)], "ann", on(), b)
		case 20:
			_ = ph.OpenURL([]string{"tel:4085550123", "telephony:4085550123", "x" + b[len(b)-3:] + "://y"}[dice("link", 3)])
			_ = ph.SetDefaultCallingApp(b)
		case 21:
			ph.LowMemory()
			_ = ph.Dismiss()
		case 22:
			ph.CellularRing([]string{"+14085550100", "4085550101"}[dice("from", 2)], "")
		case 23:
			if dice("restart", 3) == 0 {
				ph.Restart()
			} else {
				ph.RestartCallService()
			}
		case 24:
			_ = ph.TapNotification(0)
			_ = ph.TapSuggestion(0)
		case 25:
			if a := apps[b]; a != nil && a.sys != nil {
				a.sys.(callkit.InteractionDonor).DonateInteraction(callkit.Interaction{Identifier: fmt.Sprint(dice("id", 3)),
					Intent: callkit.StartCallIntent{Contacts: []callkit.Person{{Handle: callkit.Handle{Type: callkit.Generic, Value: "ann"}, DisplayName: "Ann"}}}}, nil)
				a.sys.(callkit.CallDirectory).CallDirectoryManager().ReloadExtension(DirectoryIdentifier(b), nil)
			}
		}
		w.Run([]time.Duration{0, time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 33 * time.Second}[dice("wait", 5)])
		if err := w.Check(); err != nil {
			t.Fatalf("%v\n%s", err, w.Log())
		}
	}
	ph.SetAirplane(false)
	ph.SetOnline(true)
	w.Run(3 * time.Minute)
	if err := w.Check(); err != nil {
		t.Fatalf("%v\n%s", err, w.Log())
	}
	for _, a := range ph.apps {
		if n := len(a.extensions); n > 0 {
			t.Fatalf("%d extensions still run\n%s", n, w.Log())
		}
	}
	if n := len(ph.stored); n > 0 {
		t.Fatalf("%d pushes are still kept\n%s", n, w.Log())
	}
	return w.Log()
}

func TestRandomWorlds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		worldLife(t, rapid.Uint64().Draw(t, "seed"), steps, func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t, label) })
	})
}

func TestSameSeedSameWorld(t *testing.T) {
	for seed := range uint64(100) {
		if a, b := worldLife(t, seed, 80, diced(seed)), worldLife(t, seed, 80, diced(seed)); a != b {
			t.Fatalf("seed %d: two lives differ:\n%s", seed, firstDifference(a, b))
		}
	}
}
