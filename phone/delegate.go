package phone

import (
	"slices"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// A delegate is the Phone as the system sees it. It decides nothing: each callback becomes an event.
type delegate struct{ p *Phone }

var (
	_ callkit.PushRegistryDelegate = delegate{}
	_ callkit.VoIPPushDelegate     = delegate{}
	_ callkit.InvalidateDelegate   = delegate{}
	_ callkit.ProviderDelegate     = delegate{}
	_ callkit.StartCallDelegate    = delegate{}
	_ callkit.AnswerCallDelegate   = delegate{}
	_ callkit.EndCallDelegate      = delegate{}
	_ callkit.SetHeldDelegate      = delegate{}
	_ callkit.SetMutedDelegate     = delegate{}
	_ callkit.SetGroupDelegate     = delegate{}
	_ callkit.PlayDTMFDelegate     = delegate{}
	_ callkit.TimedOutDelegate     = delegate{}
	_ callkit.AudioDelegate        = delegate{}
	_ callkit.CallObserverDelegate = delegate{}
	_ callkit.ApplicationDelegate  = delegate{}
)

// DidReceiveIncomingPush is how iOS up to 26.3 delivers: it does not say whether it demands a report, so it always
// gets one.
func (d delegate) DidReceiveIncomingPush(_ callkit.PushRegistry, in callkit.PushPayload, _ callkit.PushType, completion func()) {
	d.p.push(pushed{dictionary: in.Dictionary, must: true, completion: completion})
}

func (d delegate) DidReceiveIncomingVoIPPush(_ callkit.PushRegistry, in callkit.PushPayload, m callkit.VoIPPushMetadata, completion func()) {
	d.p.push(pushed{dictionary: in.Dictionary, must: m.MustReport, metadata: true, completion: completion})
}

func (d delegate) DidUpdatePushCredentials(_ callkit.PushRegistry, c callkit.PushCredentials, t callkit.PushType) {
	if t == callkit.PushTypeVoIP {
		d.p.do(func() { d.p.setToken(c.Token) })
	}
}

func (d delegate) DidInvalidatePushToken(_ callkit.PushRegistry, t callkit.PushType) {
	if t == callkit.PushTypeVoIP {
		d.p.do(func() { d.p.setToken(nil) })
	}
}

func (d delegate) ProviderDidReset(callkit.Provider) { d.p.do(d.p.reset) }

func (d delegate) PerformStartCallAction(_ callkit.Provider, a *callkit.StartCallAction) {
	d.p.do(func() { d.p.performStart(a) })
}

func (d delegate) PerformAnswerCallAction(_ callkit.Provider, a *callkit.AnswerCallAction) {
	d.p.do(func() { d.p.performAnswer(a) })
}

func (d delegate) PerformEndCallAction(_ callkit.Provider, a *callkit.EndCallAction) {
	d.p.do(func() { d.p.performEnd(a) })
}

func (d delegate) PerformSetHeldCallAction(_ callkit.Provider, a *callkit.SetHeldCallAction) {
	d.p.do(func() { d.p.performOther(call.Event{Kind: call.Perform, Action: call.HoldAction, On: a.OnHold}, a) })
}

func (d delegate) PerformSetMutedCallAction(_ callkit.Provider, a *callkit.SetMutedCallAction) {
	d.p.do(func() { d.p.performOther(call.Event{Kind: call.Perform, Action: call.MuteAction, On: a.Muted}, a) })
}

func (d delegate) PerformSetGroupCallAction(_ callkit.Provider, a *callkit.SetGroupCallAction) {
	d.p.do(func() { d.p.performGroup(a) })
}

func (d delegate) PerformPlayDTMFCallAction(_ callkit.Provider, a *callkit.PlayDTMFCallAction) {
	d.p.do(func() { d.p.performOther(call.Event{Kind: call.Perform, Action: call.DTMFAction}, a) })
}

func (d delegate) TimedOutPerformingAction(_ callkit.Provider, a callkit.Action) {
	d.p.do(func() { d.p.timedOut(a) })
}

func (d delegate) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	d.p.do(func() { d.p.setAudio(true) })
}

func (d delegate) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	d.p.do(func() { d.p.setAudio(false) })
}

func (d delegate) CallChanged(callkit.CallObserver, callkit.Call) {
	d.p.do(d.p.observe)
}

func (d delegate) DidBecomeActive() {
	d.p.do(func() {
		d.p.outside(func() { d.p.conn.SetForeground(true); d.p.conn.Open() })
		for _, l := range slices.Clone(d.p.lines) {
			d.p.unlocked(l)
		}
		d.p.retryRegistration()
	})
}

func (d delegate) DidEnterBackground() {
	d.p.do(func() { d.p.outside(func() { d.p.conn.SetForeground(false) }) })
}

func (d delegate) ContinueUserActivity(a callkit.UserActivity) { d.p.ContinueUserActivity(a) }
