package verdict_test

import (
	"encoding/json"
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
)

// Small is a whole app that takes calls, as it would be written against package callkit.
type Small struct {
	sys      callkit.System
	provider callkit.Provider
	line     *verdict.Line // what would be the app's signaling and media
	answered callkit.UUID
}

// DidFinishLaunching makes provider and push registry at every launch, and connects.
func (a *Small) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	a.sys = sys
	a.provider = sys.NewProvider(callkit.DefaultConfiguration())
	a.provider.SetDelegate(a, nil)
	registry := sys.NewPushRegistry(nil)
	registry.SetDelegate(a)
	registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	a.line.Open(func(m verdict.Message) {
		switch m.News {
		case verdict.Cancelled, verdict.HungUp:
			a.end(m.ID, callkit.RemoteEnded)
		case verdict.AnsweredElsewhere:
			a.end(m.ID, callkit.AnsweredElsewhere)
		case verdict.DeclinedElsewhere:
			a.end(m.ID, callkit.DeclinedElsewhere)
		}
	})
}

func (a *Small) end(id callkit.UUID, why callkit.EndedReason) {
	a.line.Close(id)
	a.provider.ReportCallEnded(id, a.sys.Now(), why)
}

// DidReceiveIncomingPush reports the call before it returns.
func (a *Small) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	var push struct {
		ID           callkit.UUID
		Handle, Name string
	}
	if json.Unmarshal(p.Dictionary, &push) != nil {
		completion()
		return
	}
	handle := callkit.Handle{Type: callkit.Generic, Value: push.Handle}
	a.provider.ReportNewIncomingCall(push.ID, callkit.Update{RemoteHandle: &handle, LocalizedCallerName: &push.Name},
		func(error) { completion() })
	a.line.Connect(push.ID, nil)
}

// PerformAnswerCallAction sets the category, tells the server and fulfils.
func (a *Small) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	_ = a.sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	a.line.Say(x.CallUUID, verdict.SayAnswered, nil)
	a.answered = x.CallUUID
	x.Fulfill()
}

// PerformEndCallAction declines or hangs up.
func (a *Small) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	word := verdict.SayDeclined
	if a.answered == x.CallUUID {
		word = verdict.SayHungUp
	}
	a.line.Say(x.CallUUID, word, a.sys.Application().BeginBackgroundTask("end", nil))
	a.line.Close(x.CallUUID)
	x.Fulfill()
}

// DidActivateAudioSession is when audio starts.
func (a *Small) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	_ = a.line.StartAudio(a.answered)
}

// DidDeactivateAudioSession is when it stops.
func (a *Small) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	a.line.StopAudio(a.answered)
}

// ProviderDidReset should end all calls.
func (a *Small) ProviderDidReset(callkit.Provider) {}

// DidUpdatePushCredentials would send the token to the server.
func (a *Small) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
}

// A SmallSubject tells the kit how to make the app, and what its server's push looks like.
type SmallSubject struct{}

// New makes the app's code for a new process.
func (SmallSubject) New(line *verdict.Line) callkit.App { return &Small{line: line} }

// Push is what the server sends for an incoming call.
func (SmallSubject) Push(c verdict.Call) []byte {
	return fmt.Appendf(nil, `{"id":%q,"handle":%q,"name":%q}`, c.ID, c.Handle, c.Name)
}

// A small app that looks right has several of the known bugs.
func Example() {
	v, err := verdict.Examine(func() verdict.Subject { return SmallSubject{} }, verdict.Options{OS: []string{"26.4"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range v.Findings {
		fmt.Println(f.Bug.ID, f.Bug.Title)
	}
	fmt.Println(v.Untried[1].Trial, "was not tried:", v.Untried[1].Why)
	// Output:
	// B1 a push is not reported
	// B2 a push for a call that is over is not reported
	// B9 a late push rings for a call that is over
	// B14 held for a cellular call and never resumed
	// B15 the wrong call is ended, answered or heard where there are two
	// B17 a call that is over stays in the system and blocks new ones
	// B25 the system's end of the ring is taken for a decline
	// B26 mute is out of step, or plays ping-pong
	// B28 a tap in Recents opens the app but does not call
	// B31 a push with a bad UUID is not reported
	// B37 a call without a handle
	// B40 providerDidReset is ignored
	// video-on-lock-screen was not tried: the app makes no video call of a push that says so
}

// What a finding says: what was seen, and what to do. Printed whole, it has the phone's log too.
func ExampleFinding() {
	v, err := verdict.Examine(func() verdict.Subject { return SmallSubject{} }, verdict.Options{OS: []string{"18", "26.4"}, Trials: "^push-garbage$"})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := v.Findings[0]
	fmt.Println(f.Bug.ID, f.OS, f.Seen)
	fmt.Println(f.Log[len(f.Log)-2])
	fmt.Println(f.Bug.Fix)
	// Output:
	// B1 [18 26.4] a push with the payload [] was not reported: killed by check 1
	// +19.250 phone SYS kill pid=104: push not reported, check 1
	// Report a call for every push, whatever is in it and whatever you know: if it is no use, report a placeholder and end it at once.
}
