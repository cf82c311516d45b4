package iossim_test

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
	"github.com/ringtrip/ringtrip/iossim"
)

// talk is an app that uses LiveCommunicationKit: one manager, one method for all actions.
type talk struct{ manager lck.ConversationManager }

func (a *talk) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	s, ok := sys.(lck.System)
	if !ok {
		return // no LiveCommunicationKit at all: CallKit is the way
	}
	m, err := s.NewConversationManager(lck.DefaultConfiguration())
	if err != nil {
		fmt.Println(err)
		return
	}
	a.manager = m
	m.SetDelegate(a)
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
}

func (a *talk) ConversationManagerDidBegin(lck.ConversationManager)         {}
func (a *talk) ConversationManagerDidReset(lck.ConversationManager)         {}
func (a *talk) TimedOutPerforming(_ lck.ConversationManager, _ lck.Action)  {}
func (a *talk) DidActivate(lck.ConversationManager, callkit.AudioSession)   { fmt.Println("audio") }
func (a *talk) DidDeactivate(lck.ConversationManager, callkit.AudioSession) {}
func (a *talk) ConversationChanged(_ lck.ConversationManager, c lck.Conversation) {
	fmt.Println(c.State)
}

func (a *talk) Perform(_ lck.ConversationManager, action lck.Action) {
	switch action := action.(type) {
	case *lck.JoinConversationAction:
		fmt.Println("join")
		action.Fulfill()
	case *lck.EndConversationAction:
		fmt.Println("end")
		action.Fulfill()
	default:
		action.Fail() // never leave an action unsettled
	}
}

// LiveCommunicationKit on the simulated iPhone: the same phone and the same call, in other words.
func ExampleProcess_NewConversationManager() {
	w := iossim.NewWorld(iossim.Config{})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{OS: "18"})
	if err != nil {
		fmt.Println(err)
		return
	}
	app := &talk{}
	_ = phone.Install(iossim.AppConfig{BundleID: "com.example.talk", Name: "Talk", New: func() callkit.App { return app }})
	_ = phone.OpenApp("com.example.talk")
	w.Run(time.Second)

	bob := lck.Handle{Type: callkit.PhoneNumber, Value: "+14085550123", DisplayName: "Bob"}
	app.manager.ReportNewIncomingConversation(callkit.UUID{1}, lck.NewUpdate(lck.Pausing, bob), nil)
	w.Run(time.Second)
	fmt.Println(phone.Screen().Call.Caller)
	_ = phone.Answer()
	w.Run(time.Second)
	_ = phone.End()
	w.Run(time.Second)
	// Output:
	// idle
	// Bob
	// join
	// joined
	// audio
	// leaving
	// end
	// left
}
