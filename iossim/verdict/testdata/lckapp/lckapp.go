// Package lckapp lets an app that is written in CallKit's words speak LiveCommunicationKit's instead, so that the kit
// can be tried with apps of either kind.
package lckapp

import (
	"errors"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// App is an app behind the translation.
type App struct{ callkit.App }

// DidFinishLaunching gives the app a system whose providers are conversation managers.
func (a App) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.App.DidFinishLaunching(&system{System: sys}, o)
}

type system struct {
	callkit.System
	m lck.ConversationManager // the newest
}

func (s *system) NewProvider(c callkit.ProviderConfiguration) callkit.Provider {
	m, err := s.System.(lck.System).NewConversationManager(lck.Configuration{
		RingtoneName: c.RingtoneSound, IconTemplateImageData: c.IconTemplateImageData,
		MaximumConversationGroups: c.MaximumCallGroups, MaximumConversationsPerConversationGroup: c.MaximumCallsPerCallGroup,
		IncludesConversationInRecents: c.IncludesCallsInRecents, SupportsVideo: c.SupportsVideo, SupportedHandleTypes: c.SupportedHandleTypes,
	})
	if err != nil {
		panic(err) // it is tried from iOS 17.4 on only
	}
	s.m = m
	return &provider{s: s, m: m}
}

func (s *system) NewCallController(q callkit.Queue) callkit.CallController {
	return &controller{s: s, observer: s.NewCallObserver()}
}

type provider struct {
	callkit.Provider // what apps of the kit's tests do not use
	s                *system
	m                lck.ConversationManager
}

func (p *provider) SetDelegate(d callkit.ProviderDelegate, _ callkit.Queue) {
	p.m.SetDelegate(&delegate{p: p, d: d})
}

func (p *provider) Invalidate() { p.m.Invalidate() }

func (p *provider) ReportNewIncomingCall(id callkit.UUID, u callkit.Update, completion func(error)) {
	err := p.m.(lck.Waiter).ReportNewIncomingConversationAndWait(id, update(u))
	p.s.MainQueue().Async(func() { completion(err) })
}

func (p *provider) event(id callkit.UUID, e lck.Event) {
	p.m.ReportConversationEvent(e, lck.Conversation{UUID: id})
}

func (p *provider) ReportCallUpdated(id callkit.UUID, u callkit.Update) {
	p.event(id, lck.ConversationUpdated{Update: update(u)})
}

func (p *provider) ReportCallEnded(id callkit.UUID, at time.Time, why callkit.EndedReason) {
	p.event(id, lck.ConversationEnded{At: at, Reason: why})
}

func (p *provider) ReportOutgoingCallStartedConnecting(id callkit.UUID, at time.Time) {
	p.event(id, lck.ConversationStartedConnecting{At: at})
}

func (p *provider) ReportOutgoingCallConnected(id callkit.UUID, at time.Time) {
	p.event(id, lck.ConversationConnected{At: at})
}

// update says what a call can do all at once: capabilities have no third state.
func update(u callkit.Update) lck.Update {
	var to lck.Update
	if u.RemoteHandle != nil {
		h := lck.Handle{Type: u.RemoteHandle.Type, Value: u.RemoteHandle.Value}
		if u.LocalizedCallerName != nil {
			h.DisplayName = *u.LocalizedCallerName
		}
		to.Members = &[]lck.Handle{h}
	}
	can := lck.Capabilities(0)
	for _, f := range []struct {
		set *bool
		can lck.Capabilities
	}{{u.HasVideo, lck.Video}, {u.SupportsHolding, lck.Pausing}, {u.SupportsGrouping, lck.Merging | lck.Unmerging}, {u.SupportsDTMF, lck.PlayingTones}} {
		if f.set != nil && *f.set {
			can |= f.can
		}
	}
	if can != 0 {
		to.Capabilities = &can
	}
	return to
}

type controller struct {
	s        *system
	observer callkit.CallObserver
}

func (c *controller) CallObserver() callkit.CallObserver { return c.observer }

func (c *controller) RequestTransaction(actions []callkit.Action, completion func(error)) {
	if c.s.m == nil { // a wrong app
		c.s.MainQueue().Async(func() { completion(errors.New("there is no conversation manager")) })
		return
	}
	asked := make([]lck.Action, len(actions))
	for i, a := range actions {
		base := lck.Base{ConversationUUID: a.Call()}
		switch a := a.(type) {
		case *callkit.StartCallAction:
			asked[i] = &lck.StartConversationAction{Base: base, Handles: []lck.Handle{{Type: a.Handle.Type, Value: a.Handle.Value}}, IsVideo: a.IsVideo}
		case *callkit.EndCallAction:
			asked[i] = &lck.EndConversationAction{Base: base}
		case *callkit.SetHeldCallAction:
			asked[i] = &lck.PauseConversationAction{Base: base, IsPaused: a.OnHold}
		case *callkit.SetMutedCallAction:
			asked[i] = &lck.MuteConversationAction{Base: base, IsMuted: a.Muted}
		case *callkit.SetGroupCallAction:
			asked[i] = &lck.MergeConversationAction{Base: base, ConversationUUIDToMergeWith: a.GroupWith}
		}
	}
	c.s.m.Perform(asked, completion)
}

// delegate is the single funnel of LiveCommunicationKit.
type delegate struct {
	p *provider
	d callkit.ProviderDelegate
}

func (d *delegate) ConversationManagerDidBegin(lck.ConversationManager) {}
func (d *delegate) ConversationManagerDidReset(lck.ConversationManager) { d.d.ProviderDidReset(d.p) }

func (d *delegate) DidActivate(_ lck.ConversationManager, s callkit.AudioSession) {
	if a, ok := d.d.(callkit.AudioDelegate); ok {
		a.DidActivateAudioSession(d.p, s)
	}
}

func (d *delegate) DidDeactivate(_ lck.ConversationManager, s callkit.AudioSession) {
	if a, ok := d.d.(callkit.AudioDelegate); ok {
		a.DidDeactivateAudioSession(d.p, s)
	}
}

func (d *delegate) TimedOutPerforming(_ lck.ConversationManager, a lck.Action) {
	if t, ok := d.d.(callkit.TimedOutDelegate); ok {
		t.TimedOutPerformingAction(d.p, action(a))
	}
}

func (d *delegate) Perform(_ lck.ConversationManager, a lck.Action) {
	switch x := action(a).(type) {
	case *callkit.StartCallAction:
		d.d.(callkit.StartCallDelegate).PerformStartCallAction(d.p, x)
	case *callkit.AnswerCallAction:
		d.d.(callkit.AnswerCallDelegate).PerformAnswerCallAction(d.p, x)
	case *callkit.EndCallAction:
		d.d.(callkit.EndCallDelegate).PerformEndCallAction(d.p, x)
	case *callkit.SetHeldCallAction:
		d.d.(callkit.SetHeldDelegate).PerformSetHeldCallAction(d.p, x)
	case *callkit.SetMutedCallAction:
		d.d.(callkit.SetMutedDelegate).PerformSetMutedCallAction(d.p, x)
	case *callkit.SetGroupCallAction:
		d.d.(callkit.SetGroupDelegate).PerformSetGroupCallAction(d.p, x)
	case *callkit.PlayDTMFCallAction:
		d.d.(callkit.PlayDTMFDelegate).PerformPlayDTMFCallAction(d.p, x)
	default:
		a.Fail()
	}
}

// action is an action in CallKit's words, tied to the one of LiveCommunicationKit.
func action(a lck.Action) callkit.Action {
	var to callkit.Action
	base := callkit.Base{CallUUID: a.Conversation()}
	switch a := a.(type) {
	case *lck.StartConversationAction:
		s := &callkit.StartCallAction{Base: base, IsVideo: a.IsVideo}
		if len(a.Handles) > 0 {
			s.Handle = callkit.Handle{Type: a.Handles[0].Type, Value: a.Handles[0].Value}
		}
		to = s
	case *lck.JoinConversationAction:
		to = &callkit.AnswerCallAction{Base: base}
	case *lck.EndConversationAction:
		to = &callkit.EndCallAction{Base: base}
	case *lck.PauseConversationAction:
		to = &callkit.SetHeldCallAction{Base: base, OnHold: a.IsPaused}
	case *lck.MuteConversationAction:
		to = &callkit.SetMutedCallAction{Base: base, Muted: a.IsMuted}
	case *lck.MergeConversationAction:
		to = &callkit.SetGroupCallAction{Base: base, GroupWith: a.ConversationUUIDToMergeWith}
	case *lck.UnmergeConversationAction:
		to = &callkit.SetGroupCallAction{Base: base}
	case *lck.PlayToneAction:
		to = &callkit.PlayDTMFCallAction{Base: base, Digits: a.Digits, Type: callkit.DTMFType(a.Tone)}
	default:
		return nil
	}
	to.Bind(a.UUID(), a.TimeoutDate(), settler{a})
	return to
}

type settler struct{ a lck.Action }

func (s settler) Settled() bool { return s.a.State() != lck.ActionRunning }

func (s settler) Settle(ok bool, at time.Time) {
	if ok {
		s.a.FulfillAt(at)
	} else {
		s.a.Fail()
	}
}
