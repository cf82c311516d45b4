package iossim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/callkit"
)

// wildApp settles its actions as the dice say: well, badly, late, twice, never, or by crashing.
type wildApp struct {
	t        interface{ Errorf(string, ...any) }
	dice     func(string, int) int // label, n: 0..n-1
	sys      callkit.System
	provider callkit.Provider
	control  callkit.CallController
	dead     bool
	frozen   bool
	inside   *int // callbacks under way in the phone, over all processes
}

func (a *wildApp) ProcessDied()              { a.dead = true }
func (a *wildApp) ProcessSuspended(now bool) { a.frozen = now }

// in checks what must hold in every callback, and returns what to do at its end.
func (a *wildApp) in(what string) func() {
	if a.dead {
		a.t.Errorf("%s reached a dead process", what)
	}
	if *a.inside++; *a.inside > 1 {
		a.t.Errorf("%s came while another callback was running", what)
	}
	return func() { *a.inside-- }
}

func (a *wildApp) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	defer a.in("didFinishLaunching")()
	a.sys = sys
	if a.dice("launch", 20) == 0 {
		return // an app that forgets everything
	}
	c := callkit.DefaultConfiguration()
	c.SupportedHandleTypes, c.SupportsVideo, c.SupportsAudioTranslation = []callkit.HandleType{callkit.Generic}, true, true
	c.MaximumCallGroups = 1 + a.dice("groups", 4)
	a.provider = sys.NewProvider(c)
	a.provider.SetDelegate(a, nil)
	a.control = sys.NewCallController(nil)
	a.control.CallObserver().SetDelegate(a, nil)
	sys.Application().SetDelegate(a)
	sys.AudioSession().SetObserver(a)
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	r := sys.NewPushRegistry(nil)
	r.SetDelegate(a)
	r.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

func (a *wildApp) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	defer a.in("didReceive")()
	switch a.dice("push", 8) {
	case 0:
		return
	case 1:
		a.sys.(*Process).Block(time.Duration(a.dice("block", 12)) * time.Second)
	case 2:
		a.sys.(*Process).Crash("in the push")
	}
	name := "Bob"
	a.provider.ReportNewIncomingCall(callID(int(p.Dictionary[0]-'0')), callkit.Update{
		LocalizedCallerName: &name, RemoteHandle: &callkit.Handle{Type: callkit.Generic, Value: "bob"},
	}, func(error) { defer a.in("completion")() })
	completion()
}

func (a *wildApp) settle(x callkit.Action) {
	defer a.in(fmt.Sprintf("perform %T", x))()
	switch a.dice("settle", 12) {
	case 0:
		x.Fail()
	case 1: // never
	case 2:
		x.Fulfill()
		x.Fail()
	case 3:
		a.sys.AfterFunc(time.Duration(a.dice("late", 90))*time.Second, x.Fulfill)
	case 4:
		a.sys.(*Process).Block(time.Duration(a.dice("block", 80)) * time.Second)
		x.Fulfill()
	case 5:
		a.provider.ReportCallEnded(x.Call(), time.Time{}, callkit.RemoteEnded)
		x.Fulfill()
	case 6:
		a.sys.(*Process).Crash("in an action")
	default:
		x.Fulfill()
	}
}

func (a *wildApp) ProviderDidReset(callkit.Provider)                                     { defer a.in("reset")() }
func (a *wildApp) PerformStartCallAction(_ callkit.Provider, x *callkit.StartCallAction) { a.settle(x) }
func (a *wildApp) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	a.settle(x)
}
func (a *wildApp) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) { a.settle(x) }
func (a *wildApp) PerformSetHeldCallAction(_ callkit.Provider, x *callkit.SetHeldCallAction) {
	a.settle(x)
}
func (a *wildApp) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	a.settle(x)
}
func (a *wildApp) PerformSetGroupCallAction(_ callkit.Provider, x *callkit.SetGroupCallAction) {
	a.settle(x)
}
func (a *wildApp) PerformSetTranslatingCallAction(_ callkit.Provider, x *callkit.SetTranslatingCallAction) {
	a.settle(x)
}
func (a *wildApp) PerformPlayDTMFCallAction(_ callkit.Provider, x *callkit.PlayDTMFCallAction) {
	a.settle(x)
}
func (a *wildApp) ExecuteTransaction(_ callkit.Provider, all []callkit.Action) bool {
	defer a.in("executeTransaction")()
	if a.dice("whole", 6) > 0 {
		return false
	}
	for _, x := range all {
		if a.dice("part", 3) > 0 {
			x.Fulfill()
		}
	}
	return a.dice("honest", 3) > 0
}
func (a *wildApp) TimedOutPerformingAction(callkit.Provider, callkit.Action) {
	defer a.in("timedOut")()
}
func (a *wildApp) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	defer a.in("didActivate")()
}
func (a *wildApp) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	defer a.in("didDeactivate")()
}
func (a *wildApp) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
	defer a.in("didUpdate")()
}
func (a *wildApp) CallChanged(callkit.CallObserver, callkit.Call) { defer a.in("changed")() }
func (a *wildApp) DidBecomeActive()                               { defer a.in("active")() }
func (a *wildApp) DidEnterBackground()                            { defer a.in("background")() }
func (a *wildApp) ContinueUserActivity(callkit.UserActivity)      { defer a.in("activity")() }
func (a *wildApp) AudioInterruption(callkit.InterruptionType)     { defer a.in("interruption")() }
func (a *wildApp) AudioRouteChange(callkit.RouteChangeReason, callkit.AudioPort) {
	defer a.in("route")()
}

func callID(n int) callkit.UUID { return callkit.UUID{0: 0xca, 15: byte(n)} }

// moves is what can happen in a random world. Each returns what the user was told, if it was a user's move. bundle
// says which app it is about this time, and app is that app's present process.
func moves(w *World, ph *Phone, dice func(string, int) int, bundle func() string, app func() *wildApp) []func() error {
	nothing := func(f func()) func() error { return func() error { f(); return nil } }
	request := func(acts ...callkit.Action) func() error {
		return nothing(func() {
			if a := app(); a != nil && a.control != nil {
				a.control.RequestTransaction(acts, func(error) { defer a.in("completion")() })
			}
		})
	}
	some := func() callkit.Base { return callkit.Base{CallUUID: callID(dice("call", 4))} }
	push := nothing(func() {
		ph.DeliverPush(bundle(), []byte{byte('0' + dice("call", 4))}, SentAt(w.Now().Add(-time.Duration(dice("age", 40))*time.Second)))
	})
	return []func() error{
		push, push, push,
		ph.Answer, ph.Answer, ph.Answer, ph.Decline, ph.End, ph.Lock, ph.Unlock, ph.Home, ph.Video, ph.ReturnToCall, ph.OpenRecents,
		func() error { return ph.OpenApp(bundle()) },
		func() error { return ph.OpenApp(bundle()) },
		func() error { return ph.SwipeApp(bundle()) },
		func() error { return ph.Mute(dice("on", 2) == 0) },
		func() error { return ph.Hold(dice("on", 2) == 0) },
		func() error { return ph.Hold(dice("on", 2) == 0) },
		func() error { return ph.Speaker(dice("on", 2) == 0) },
		func() error { return ph.Keys("12,3") },
		func() error { return ph.TapRecent(dice("recent", 3)) },
		nothing(func() { ph.Kill(bundle(), "memory") }),
		nothing(ph.RestartCallService),
		nothing(func() {
			if dice("restart", 5) == 0 {
				ph.Restart()
			}
		}),
		nothing(func() { ph.SetClock(time.Duration(dice("skew", 7)-3) * 24 * time.Hour) }),
		nothing(func() { ph.SetOnline(dice("on", 2) == 0) }),
		nothing(func() { ph.SetFocus([]string{"", "Sleep"}[dice("on", 2)]) }),
		nothing(func() { ph.BlockCaller("bob", dice("on", 4) == 0) }),
		nothing(func() { ph.RotateToken(bundle()) }),
		nothing(func() {
			if a := app(); a != nil && a.provider != nil {
				id := callID(dice("call", 4))
				switch dice("report", 5) {
				case 0:
					a.provider.ReportCallEnded(id, time.Time{}, callkit.EndedReason(1+dice("reason", 5)))
				case 1:
					a.provider.ReportOutgoingCallConnected(id, time.Time{})
				case 2:
					a.provider.ReportOutgoingCallStartedConnecting(id, time.Time{})
				case 3:
					video := true
					a.provider.ReportCallUpdated(id, callkit.Update{HasVideo: &video})
				case 4:
					_ = a.sys.AudioSession().SetActive(dice("on", 2) == 0)
				}
			}
		}),
		func() error { return request(&callkit.StartCallAction{Base: some()})() },
		func() error { return request(&callkit.EndCallAction{Base: some()})() },
		func() error { return request(&callkit.AnswerCallAction{Base: some()})() },
		func() error {
			return request(&callkit.SetHeldCallAction{Base: some(), OnHold: true}, &callkit.SetHeldCallAction{Base: some()})()
		},
		request(),

		// Several calls.
		ph.HoldAndAccept, ph.HoldAndAccept, ph.HoldAndAccept, ph.EndAndAccept, ph.EndHeldAndAccept, ph.EndHeldAndAccept,
		ph.Swap, ph.Swap, ph.Merge, ph.Merge, ph.Merge, ph.AddCall, ph.HeadsetPress, ph.More,
		func() error { return ph.Split(some().CallUUID) },
		func() error { return ph.EndMember(some().CallUUID) },
		func() error { return ph.Translate(dice("on", 3) > 0, "de", "en") },
		func() error { return ph.CellularDial("+1555") },
		nothing(func() { ph.CellularRing("+1555", "Carol") }),
		nothing(func() { ph.CellularRing("+1555", "Carol") }),
		nothing(ph.CellularAnswered),
		nothing(ph.CellularEnd),
		nothing(func() {
			if dice("airplane", 4) == 0 {
				ph.SetAirplane(dice("on", 2) == 0)
			}
		}),
		func() error {
			return request(&callkit.SetGroupCallAction{Base: some(), GroupWith: some().CallUUID})()
		},
		func() error { return request(&callkit.SetGroupCallAction{Base: some()})() },
		func() error {
			a, b := some(), some()
			return request(&callkit.SetHeldCallAction{Base: a}, &callkit.SetGroupCallAction{Base: a, GroupWith: b.CallUUID})()
		},
		func() error {
			return request(&callkit.SetHeldCallAction{Base: some(), OnHold: true}, &callkit.StartCallAction{Base: some()})()
		},
		func() error {
			return request(&callkit.SetTranslatingCallAction{Base: some(), IsTranslating: true, LocalLanguage: "de", RemoteLanguage: "en"})()
		},
	}
}

// live plays a random life and checks what must hold after every step.
func live(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, c Config, steps int, dice func(string, int) int) string {
	w := NewWorld(c)
	defer w.Close()
	os := Profiles[dice("os", len(Profiles))]
	ph, err := w.NewPhone(PhoneConfig{Name: "alice", OS: os, Locked: dice("locked", 2) == 0})
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, k := range []struct {
		name   string
		values []string
	}{
		{"endAfterFail", []string{"false", "true"}}, {"endAfterTimeout", []string{"true", "false"}},
		{"transactionOrder", []string{"afterSettle", "backToBack"}}, {"unimplementedActions", []string{"fulfill", "fail", "timeout"}},
		{"activateTrigger", []string{"afterFulfil", "afterPerform"}}, {"surviveProviderDeath", []string{"true", "false"}},
		{"reapAfter", []string{"none", "20s"}}, {"prefersBanner", []string{"true", "false"}}, {"strikesUntilBlock", []string{"0", "4"}},
		{"pushDuplicate", []string{"0", "30"}}, {"pushJitter", []string{"none", "3s"}},
		{"callWaitingTransactions", []string{"two", "one"}}, {"holdTimeout", []string{"none", "5s"}},
		{"audioBounceOnEndAccept", []string{"true", "false"}}, {"mergeUUIDOrder", []string{"activeToHeld", "heldToActive"}},
		{"secondOutgoing", []string{"endsFirst", "holdsFirst"}}, {"secondActive", []string{"holdsFirst", "endsFirst"}},
		{"resumeAfterEnd", []string{"localOnly", "always", "never"}}, {"declineCellularEndsVoIP", []string{"false", "true"}},
		{"headsetThreeCalls", []string{"endAndAccept", "answerThenEnd", "twoHeld"}}, {"defaultCapabilities", []string{"incoming", "all", "none"}},
		{"overLimitIncoming", []string{"offerEndAndAccept", "reject"}},
	} {
		if err := ph.SetKnob(k.name, k.values[dice(k.name, len(k.values))]); err != nil {
			t.Fatalf("%v", err)
		}
	}
	w.OnLog(func(e Entry) { // after every event
		if err := w.Check(); err != nil {
			t.Errorf("after %s: %v\n%s", e, err, w.Log())
		}
	})
	newest := map[string]*wildApp{}
	inside := 0
	both := []string{bundle, otherBundle}
	for _, id := range both {
		err = ph.Install(AppConfig{BundleID: id, Name: "Wild", New: func() callkit.App {
			newest[id] = &wildApp{t: t, dice: dice, inside: &inside}
			return newest[id]
		}})
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	of := func(id string) *wildApp {
		if newest[id] == nil || newest[id].dead {
			return nil
		}
		return newest[id]
	}
	which := func() string { return both[max(0, dice("app", 4)-2)] }
	all := moves(w, ph, dice, which, func() *wildApp { return of(which()) })
	for range steps {
		_ = all[dice("move", len(all))]() // the screen may not offer it
		w.Run([]time.Duration{0, 0, time.Millisecond, 300 * time.Millisecond, time.Second, 7 * time.Second, 61 * time.Second}[dice("wait", 7)])
		if err := w.Check(); err != nil {
			t.Fatalf("%v\n%s", err, w.Log())
		}
	}
	// Left alone, everything comes to rest: each action is settled, timed out or void. The keypad may send
	// four digits of a minute each, and a blocked handler may hold them up.
	w.Run(20 * time.Minute)
	if err := w.Check(); err != nil {
		t.Fatalf("%v\n%s", err, w.Log())
	}
	if p := ph.PendingActions(); len(p) > 0 || ph.unsettled() > 0 {
		t.Fatalf("actions hang: %v (%d)\n%s", p, ph.unsettled(), w.Log())
	}
	for _, id := range both {
		if p := ph.Process(id); p != nil && p.Suspended() && of(id) != nil && !of(id).frozen {
			t.Fatalf("a suspended process was not told\n%s", w.Log())
		}
	}
	return w.Log()
}

func (ph *Phone) unsettled() int {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	n := 0
	for _, a := range ph.apps {
		n += len(a.actions)
	}
	if ph.mobile != nil {
		n += len(ph.mobile.actions)
	}
	return n
}

func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		seed := rapid.Uint64().Draw(t, "seed")
		live(t, Config{Seed: seed}, steps, func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t, label) })
	})
}

// diced is the dice of a seed. On the wall clock the app throws it on the loop while the test does.
func diced(seed uint64) func(string, int) int {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 1))
	return func(_ string, n int) int {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(n)
	}
}

func TestSameSeedSameLog(t *testing.T) {
	longest := 0
	worlds := uint64(1000)
	if raced {
		worlds = 50 // the race detector is for goroutines, of which these worlds have none
	}
	for seed := range worlds {
		a := live(t, Config{Seed: seed}, 80, diced(seed))
		b := live(t, Config{Seed: seed}, 80, diced(seed))
		if a != b {
			t.Fatalf("seed %d: two lives differ:\n%s", seed, firstDifference(a, b))
		}
		longest = max(longest, strings.Count(a, "\n"))
	}
	if longest < 200 {
		t.Errorf("the longest log has %d lines: the lives are too short to say anything", longest)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\n" + y[i]
		}
	}
	return "one is longer"
}

// TestRandomLivesOnTheWallClock lives the same lives where the world has a goroutine of its own.
func TestRandomLivesOnTheWallClock(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			live(t, Config{Seed: seed, Wall: true}, 60, diced(seed))
		})
	}
}

// TestManyGoroutines has all methods called at once from everywhere, for the race detector.
func TestManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(Config{Seed: 1, Wall: true})
		ph, err := w.NewPhone(PhoneConfig{Name: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		inside := 0
		apps := make(chan *wildApp, 1000)
		dice := func(string, int) int { return 3 } // without state; settles late
		err = ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App {
			a := &wildApp{t: t, dice: dice, inside: &inside}
			apps <- a
			return a
		}})
		if err != nil {
			t.Fatal(err)
		}
		w.OnLog(func(Entry) {})
		ph.OnScreen(func(Screen) {})
		for g := range 8 {
			go func() {
				for i := range 50 {
					switch (g + i) % 10 {
					case 0:
						ph.DeliverPush(bundle, []byte{byte('0' + i%4)})
					case 1:
						_ = ph.Answer()
					case 2:
						_ = ph.Screen().String()
					case 3:
						_ = ph.End()
					case 4:
						_ = ph.AudioActiveFor(bundle)
					case 5:
						if p := ph.Process(bundle); p != nil {
							p.MainQueue().Async(func() {})
							_ = p.NewCallObserver().Calls()
							_ = p.AudioSession().SetActive(i%2 == 0)
							_ = p.AudioSession().CurrentRoute()
						}
					case 6:
						_ = ph.OpenApp(bundle)
					case 7:
						_ = w.Log()
						_ = w.Check()
					case 8:
						ph.CellularRing("+1555", "Carol")
						_ = ph.HoldAndAccept()
						_ = ph.Swap()
					case 9:
						ph.CellularEnd()
						_ = ph.HeadsetPress()
					}
					time.Sleep(time.Duration(g+1) * 37 * time.Millisecond)
				}
			}()
		}
		w.Run(3 * time.Minute)
		w.Close()
		w.Close()
	})
}
