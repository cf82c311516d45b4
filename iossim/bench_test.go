package iossim

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// dayApp is glue code that does everything right and nothing else.
type dayApp struct {
	callbacks *int
	sys       callkit.System
	provider  callkit.Provider
	control   callkit.CallController
}

func (a *dayApp) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	*a.callbacks++
	a.sys = sys
	a.provider = sys.NewProvider(callkit.DefaultConfiguration())
	a.provider.SetDelegate(a, nil)
	a.control = sys.NewCallController(sys.MainQueue())
	a.control.CallObserver().SetDelegate(a, nil)
	r := sys.NewPushRegistry(nil)
	r.SetDelegate(a)
	r.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

func (a *dayApp) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	*a.callbacks++
	name := "Bob"
	var id callkit.UUID
	copy(id[:], p.Dictionary)
	a.provider.ReportNewIncomingCall(id, callkit.Update{LocalizedCallerName: &name, RemoteHandle: &callkit.Handle{Type: callkit.Generic, Value: "bob"}},
		func(error) { *a.callbacks++; completion() })
}

func (a *dayApp) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
	*a.callbacks++
}
func (a *dayApp) ProviderDidReset(callkit.Provider) { *a.callbacks++ }
func (a *dayApp) ProviderDidBegin(callkit.Provider) { *a.callbacks++ }
func (a *dayApp) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	*a.callbacks++
	_ = a.sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	x.Fulfill()
}
func (a *dayApp) PerformStartCallAction(p callkit.Provider, x *callkit.StartCallAction) {
	*a.callbacks++
	_ = a.sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	x.Fulfill()
	a.sys.AfterFunc(5*time.Second, func() { p.ReportOutgoingCallConnected(x.CallUUID, time.Time{}) })
}
func (a *dayApp) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	*a.callbacks++
	x.Fulfill()
}
func (a *dayApp) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	*a.callbacks++
	x.Fulfill()
}
func (a *dayApp) DidActivateAudioSession(callkit.Provider, callkit.AudioSession)   { *a.callbacks++ }
func (a *dayApp) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) { *a.callbacks++ }
func (a *dayApp) CallChanged(callkit.CallObserver, callkit.Call)                   { *a.callbacks++ }

// dayOfCalls lives a day with 200 calls: answered and muted, declined, missed, cancelled and made.
func dayOfCalls(tb testing.TB, seed uint64) (callbacks int, log string) {
	w := NewWorld(Config{Seed: seed})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Name: "alice", Locked: true})
	if err != nil {
		tb.Fatal(err)
	}
	var app *dayApp
	if err := ph.Install(AppConfig{BundleID: bundle, Name: "Example", New: func() callkit.App {
		app = &dayApp{callbacks: &callbacks}
		return app
	}}); err != nil {
		tb.Fatal(err)
	}
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%v\n%s", err, w.Log())
		}
	}
	const calls = 200
	for n := range calls {
		id := callkit.UUID{0: 0xca, 14: byte(n >> 8), 15: byte(n)}
		switch n % 5 {
		case 0, 1: // answered
			ph.DeliverPush(bundle, id[:])
			w.Run(4 * time.Second)
			must(ph.Answer())
			w.Run(30 * time.Second)
			must(ph.Mute(true))
			w.Run(time.Minute)
			must(ph.End())
		case 2: // declined
			ph.DeliverPush(bundle, id[:])
			w.Run(4 * time.Second)
			must(ph.Decline())
		case 3: // cancelled by the caller
			ph.DeliverPush(bundle, id[:])
			w.Run(10 * time.Second)
			app.provider.ReportCallEnded(id, time.Time{}, callkit.RemoteEnded)
		case 4: // made by the user
			must(ph.Unlock()) // who calls has the app before him
			w.Settle()
			must(ph.OpenApp(bundle))
			w.Run(time.Second)
			app.control.RequestTransaction([]callkit.Action{&callkit.StartCallAction{
				Base: callkit.Base{CallUUID: id}, Handle: callkit.Handle{Type: callkit.Generic, Value: "carol"}}}, nil)
			w.Run(40 * time.Second)
			must(ph.End())
			w.Run(time.Second)
			must(ph.Lock())
		}
		w.Run(24*time.Hour/calls - 2*time.Minute)
	}
	if got := len(ph.Calls()); got != 0 {
		tb.Fatalf("%d calls are left at the end of the day", got)
	}
	return callbacks, w.Log()
}

// TestADayOfCalls wants the day that the benchmark lives to be a real one.
func TestADayOfCalls(t *testing.T) {
	callbacks, log := dayOfCalls(t, 1)
	if callbacks < 200*4 {
		t.Errorf("%d callbacks in a day of 200 calls are too few to be true\n%s", callbacks, log)
	}
	if again, same := dayOfCalls(t, 1); again != callbacks || same != log {
		t.Error("the same seed lived another day")
	}
}

// BenchmarkDay is a day of a phone's life with 200 calls.
func BenchmarkDay(b *testing.B) {
	b.ReportAllocs()
	total := 0
	for i := range b.N {
		n, _ := dayOfCalls(b, uint64(i))
		total += n
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "callbacks/s")
	b.ReportMetric(float64(total)/float64(b.N), "callbacks/day")
}

// BenchmarkPushToRing is one push to a suspended app, reported, rung and ended by the caller.
func BenchmarkPushToRing(b *testing.B) {
	w := NewWorld(Config{Seed: 1, KeepLog: 1000})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Name: "alice", Locked: true})
	if err != nil {
		b.Fatal(err)
	}
	callbacks := 0
	var app *dayApp
	if err := ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App { app = &dayApp{callbacks: &callbacks}; return app }}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := range b.N {
		id := callkit.UUID{0: 0xcb}
		copy(id[4:], fmt.Sprintf("%012d", i))
		ph.DeliverPush(bundle, id[:])
		w.Run(time.Second)
		if !ph.Screen().Ringing() {
			b.Fatal("it does not ring")
		}
		app.provider.ReportCallEnded(id, time.Time{}, callkit.RemoteEnded)
		w.Run(time.Minute)
	}
	b.ReportMetric(float64(callbacks)/b.Elapsed().Seconds(), "callbacks/s")
}

// BenchmarkFloorQueue is the floor of both: the bare event queue of the world, one event a callback, no phone.
func BenchmarkFloorQueue(b *testing.B) {
	w := NewWorld(Config{Seed: 1})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for range b.N {
		w.mu.Lock()
		ph.after(time.Millisecond, func() { n++ })
		w.mu.Unlock()
		w.Run(2 * time.Millisecond)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "callbacks/s")
}
