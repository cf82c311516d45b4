package iossim_test

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// App is the smallest app that takes calls.
type App struct {
	sys      callkit.System
	provider callkit.Provider
}

// DidFinishLaunching sets up what must be there at every launch.
func (a *App) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	a.sys = sys
	a.provider = sys.NewProvider(callkit.DefaultConfiguration())
	a.provider.SetDelegate(a, nil)
	registry := sys.NewPushRegistry(nil)
	registry.SetDelegate(a)
	registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

// DidReceiveIncomingPush reports the call before it returns, as PushKit demands.
func (a *App) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	id, err := callkit.ParseUUID(string(p.Dictionary[1 : len(p.Dictionary)-1]))
	if err != nil {
		return // and be killed for it: report a placeholder instead
	}
	caller := "Bob"
	a.provider.ReportNewIncomingCall(id, callkit.Update{LocalizedCallerName: &caller}, nil)
	completion()
}

// PerformAnswerCallAction fulfils at once; a real app connects its media first.
func (a *App) PerformAnswerCallAction(_ callkit.Provider, answer *callkit.AnswerCallAction) {
	if err := a.sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0); err != nil {
		answer.Fail()
		return
	}
	answer.Fulfill()
}

// PerformEndCallAction hangs up.
func (a *App) PerformEndCallAction(_ callkit.Provider, end *callkit.EndCallAction) { end.Fulfill() }

// DidActivateAudioSession is when audio may run.
func (a *App) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {}

// DidDeactivateAudioSession is when it must stop.
func (a *App) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {}

// ProviderDidReset ends all calls.
func (a *App) ProviderDidReset(callkit.Provider) {}

// DidUpdatePushCredentials sends the token to the app's server.
func (a *App) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
}

// A push wakes an app on a locked phone, the user answers, talks for a minute and hangs up.
func Example() {
	w := iossim.NewWorld(iossim.Config{Seed: 1})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", OS: "26.4", Locked: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = phone.Install(iossim.AppConfig{
		BundleID: "com.example.app", Name: "Example", New: func() callkit.App { return new(App) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
	w.Run(time.Second)
	fmt.Print(phone.Screen())

	fmt.Println(phone.End()) // there is no such button yet
	fmt.Println(phone.Answer())
	w.Run(time.Minute)
	fmt.Print(phone.Screen())

	fmt.Println(phone.End())
	w.Run(time.Second)
	fmt.Println(phone.Recents()[0])
	// Output:
	// +--------------------------------------------
	// | 09:00  alice  locked
	// |   Bob
	// |   Example Audio…
	// |   [Decline] [Accept]
	// +--------------------------------------------
	// iossim: alice can't end: no such button; the screen shows incoming-full 0190cafe-0000-7000-8000-000000000001 name="Bob" status="Example Audio…"
	// <nil>
	// +--------------------------------------------
	// | 09:01  alice  locked
	// |   Bob
	// |   01:00
	// |   [mute] [keypad] [speaker] [hold] [add call] (more) [End]
	// +--------------------------------------------
	// <nil>
	// <- Bob (Example) 09:00 1m0s
}

// An app that does not report its call is killed as on an iPhone.
func ExamplePhone_DeliverPush() {
	w := iossim.NewWorld(iossim.Config{})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", New: func() callkit.App { return new(App) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone.DeliverPush("com.example.app", []byte(`"not a UUID"`))
	w.Run(time.Second)
	fmt.Println(phone.Screen().Notices[0], "- strikes:", phone.Strikes("com.example.app"))
	// Output: killed: push not reported, check 1 - strikes: 1
}
