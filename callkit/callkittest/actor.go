package callkittest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// actor is the scripted app in one process. Every callback that it gets is shown to the run; what the
// scenario has under it is done inside of the callback, and where the scenario says nothing the actor does
// what a well-behaved app would.
type actor struct {
	name       string // empty: the app under test; else how the scenario calls the other app
	run        director
	sys        callkit.System
	provider   callkit.Provider
	controller callkit.CallController
	registry   callkit.PushRegistry
	manager    lck.ConversationManager // of LiveCommunicationKit, in place of provider and controller
	ext        inExtension             // if this is an extension's code
	takes      bool                    // the app carries out the transaction itself

	mu     sync.Mutex // on the wall clock, lines under when run beside the callbacks that they bring about
	last   settleable // what fulfill and fail are about
	push   payload
	pushed func() // the completion of the last push
	inside int    // the entry of the log whose callback is running
}

// settleable is an action of CallKit or of LiveCommunicationKit.
type settleable interface {
	Fulfill()
	FulfillAt(time.Time)
	Fail()
}

// director says what the scripted apps do, and hears what happens to them.
type director interface {
	// launched notes the actor of a new process and says what it leaves out.
	launched(*actor) (setup string)
	// configuration is that of the providers that the actor makes.
	configuration() callkit.ProviderConfiguration
	// observe hears of a callback. It returns the lines to carry out inside of it; if it is scripted they are all
	// that the app does, else the app does what a good one would. entry is the callback's place in the log.
	observe(a *actor, channel, text string) (steps []Line, scripted bool, entry int)
	// good says whether the app does what a good app would where nothing is scripted.
	good(what string) bool
	// did hears of a line that the app carries out, and returns its place in the log.
	did(a *actor, l Line) (entry int)
	// later returns the lines that follow a wait, the entry'th of the log, in place of those that the scenario has.
	later(entry int, steps []Line) []Line
	// media has the app's microphone track send sound or silence.
	media(a *actor, sends bool) error
	// fail hears of a line that can't be carried out.
	fail(l Line, format string, args ...any)
}

var (
	_ callkit.App                  = (*actor)(nil)
	_ callkit.PushRegistryDelegate = (*actor)(nil)
	_ callkit.VoIPPushDelegate     = (*actor)(nil)
	_ callkit.InvalidateDelegate   = (*actor)(nil)
	_ callkit.ProviderDelegate     = (*actor)(nil)
	_ callkit.TransactionDelegate  = (*actor)(nil)
	_ callkit.AudioDelegate        = (*actor)(nil)
	_ callkit.TimedOutDelegate     = (*actor)(nil)
	_ callkit.AudioObserver        = (*actor)(nil)
	_ callkit.ApplicationDelegate  = (*actor)(nil)
	_ callkit.CallObserverDelegate = (*actor)(nil)
	_ callkit.SetGroupDelegate     = (*actor)(nil)
	_ callkit.PlayDTMFDelegate     = (*actor)(nil)
	_ callkit.SetMutedDelegate     = (*actor)(nil)
	_ callkit.SetHeldDelegate      = (*actor)(nil)
	_ callkit.EndCallDelegate      = (*actor)(nil)
	_ callkit.AnswerCallDelegate   = (*actor)(nil)
	_ callkit.StartCallDelegate    = (*actor)(nil)
	_ callkit.BeginDelegate        = (*actor)(nil)

	_ callkit.SetTranslatingDelegate    = (*actor)(nil)
	_ callkit.SceneDelegate             = (*actor)(nil)
	_ callkit.URLDelegate               = (*actor)(nil)
	_ callkit.InputMuteObserver         = (*actor)(nil)
	_ callkit.MediaServicesObserver     = (*actor)(nil)
	_ callkit.AudioInterruptionObserver = (*actor)(nil)
)

// DidFinishLaunching sets up what an app that takes calls sets up, less what the scenario wants left out.
func (a *actor) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.sys = sys
	setup := a.run.launched(a)
	sys.Application().SetDelegate(a)
	switch setup {
	case "nothing":
	case "lck":
		if err := a.makeManager(); err != nil {
			a.run.fail(Line{Text: "app setup lck"}, "%v", err)
			return
		}
		_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
		sys.AudioSession().SetObserver(a)
	default:
		a.makeProvider()
		if setup == "onlyRequired" {
			a.provider.SetDelegate(required{a}, nil)
		} else {
			a.provider.SetDelegate(a, nil)
		}
		_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
		sys.AudioSession().SetObserver(a)
		a.controller.CallObserver().SetDelegate(a, nil)
	}
	switch setup {
	case "", "all", "onlyRequired", "lck":
		a.makeRegistry()
		a.registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	case "noRegistryDelegate":
		a.registry = sys.NewPushRegistry(nil)
		a.registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	}
	if o.UserActivity != nil {
		a.ContinueUserActivity(*o.UserActivity)
	}
}

func (a *actor) makeProvider() {
	a.provider = a.sys.NewProvider(a.run.configuration())
	a.controller = a.sys.NewCallController(nil)
}

func (a *actor) makeRegistry() {
	a.registry = a.sys.NewPushRegistry(nil)
	a.registry.SetDelegate(a)
}

// on shows a callback to the director and does what the scenario has under it, or else the good lines.
func (a *actor) on(channel, text string, good ...string) {
	steps, scripted, entry := a.run.observe(a, channel, text)
	outer := a.enter(entry)
	defer func() { a.enter(outer) }()
	if scripted {
		a.do(steps)
	} else if len(good) > 0 && a.run.good(text) {
		for _, g := range good {
			words, _ := cut(g)
			a.do([]Line{{Text: "A " + g, Channel: "A", App: a.name, Words: words}})
		}
	}
}

// enter notes inside of which entry of the log the app is, and returns where it was.
func (a *actor) enter(entry int) (outer int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	outer, a.inside = a.inside, entry
	return outer
}

// within is the entry of the log inside of which the app is; 0 is none.
func (a *actor) within() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inside
}

// deliver keeps an action for fulfill and fail.
func (a *actor) deliver(act settleable) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = act
}

// latest is the last action, and the last push with its completion.
func (a *actor) latest() (settleable, payload, func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last, a.push, a.pushed
}

func (a *actor) perform(act callkit.Action, text string) {
	a.deliver(act)
	a.on("P", "perform"+text, "fulfill")
}

// DidUpdatePushCredentials is part of [callkit.PushRegistryDelegate].
func (a *actor) DidUpdatePushCredentials(_ callkit.PushRegistry, c callkit.PushCredentials, t callkit.PushType) {
	same := string(a.registry.PushToken(t)) == string(c.Token)
	a.on("R", fmt.Sprintf("didUpdateCredentials pushTokenForType=%v", map[bool]string{true: "same", false: "other"}[same]))
}

// DidReceiveIncomingPush is part of [callkit.PushRegistryDelegate].
func (a *actor) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	a.received(p, "didReceive", completion)
}

// DidReceiveIncomingVoIPPush is part of [callkit.VoIPPushDelegate].
func (a *actor) DidReceiveIncomingVoIPPush(_ callkit.PushRegistry, p callkit.PushPayload, m callkit.VoIPPushMetadata, completion func()) {
	a.received(p, fmt.Sprintf("didReceive mustReport=%v", m.MustReport), completion)
}

func (a *actor) received(p callkit.PushPayload, text string, completion func()) {
	var sent payload
	if err := json.Unmarshal(p.Dictionary, &sent); err != nil {
		a.run.fail(Line{Text: text}, "the push's payload is not what was sent: %v", err)
	}
	a.mu.Lock()
	a.push, a.pushed = sent, completion
	a.mu.Unlock()
	a.on("R", text, "reportNewIncomingCall "+sent.words(), "pushCompletion")
}

func (a *actor) report(p payload) {
	id, err := callkit.ParseUUID(p.UUID)
	if err != nil {
		a.run.fail(Line{Text: "reportNewIncomingCall"}, "%v", err)
		return
	}
	if a.manager != nil {
		a.reportConversation(id, p, true)
		return
	}
	a.provider.ReportNewIncomingCall(id, p.update(), func(err error) {
		a.on("C", "report completion "+id.String()+" "+short(err))
	})
}

// DidInvalidatePushToken is part of [callkit.InvalidateDelegate].
func (a *actor) DidInvalidatePushToken(callkit.PushRegistry, callkit.PushType) {
	a.on("R", "didInvalidate")
}

// ProviderDidReset is part of [callkit.ProviderDelegate].
func (a *actor) ProviderDidReset(callkit.Provider) { a.on("P", "providerDidReset") }

// required is a delegate that has nothing but what it must have.
type required struct{ a *actor }

// ProviderDidReset is part of [callkit.ProviderDelegate].
func (r required) ProviderDidReset(p callkit.Provider) { r.a.ProviderDidReset(p) }

// ProviderDidBegin is part of [callkit.BeginDelegate].
func (a *actor) ProviderDidBegin(callkit.Provider) { a.on("P", "providerDidBegin") }

// ExecuteTransaction is part of [callkit.TransactionDelegate].
func (a *actor) ExecuteTransaction(_ callkit.Provider, acts []callkit.Action) bool {
	a.on("P", fmt.Sprintf("executeTransaction actions=%d", len(acts)))
	taken := a.takes
	a.takes = false
	return taken
}

// PerformStartCallAction is part of [callkit.StartCallDelegate].
func (a *actor) PerformStartCallAction(_ callkit.Provider, s *callkit.StartCallAction) {
	a.deliver(s)
	a.on("P", fmt.Sprintf("performStart %s handle=%q video=%s", s.CallUUID, s.Handle.Value, bit(s.IsVideo)),
		"fulfill", "reportOutgoing "+named(s.CallUUID.String())+" startedConnecting")
}

// PerformAnswerCallAction is part of [callkit.AnswerCallDelegate].
func (a *actor) PerformAnswerCallAction(_ callkit.Provider, s *callkit.AnswerCallAction) {
	a.perform(s, "Answer "+s.CallUUID.String())
}

// PerformEndCallAction is part of [callkit.EndCallDelegate].
func (a *actor) PerformEndCallAction(_ callkit.Provider, s *callkit.EndCallAction) {
	a.perform(s, "End "+s.CallUUID.String())
}

// PerformSetHeldCallAction is part of [callkit.SetHeldDelegate].
func (a *actor) PerformSetHeldCallAction(_ callkit.Provider, s *callkit.SetHeldCallAction) {
	a.perform(s, "SetHeld "+s.CallUUID.String()+" "+bit(s.OnHold))
}

// PerformSetMutedCallAction is part of [callkit.SetMutedDelegate].
func (a *actor) PerformSetMutedCallAction(_ callkit.Provider, s *callkit.SetMutedCallAction) {
	a.perform(s, "SetMuted "+s.CallUUID.String()+" "+bit(s.Muted))
}

// PerformSetGroupCallAction is part of [callkit.SetGroupDelegate].
func (a *actor) PerformSetGroupCallAction(_ callkit.Provider, s *callkit.SetGroupCallAction) {
	a.perform(s, "SetGroup "+s.CallUUID.String()+" with="+s.GroupWith.String())
}

// PerformPlayDTMFCallAction is part of [callkit.PlayDTMFDelegate].
func (a *actor) PerformPlayDTMFCallAction(_ callkit.Provider, s *callkit.PlayDTMFCallAction) {
	kind := map[callkit.DTMFType]string{callkit.SingleTone: "singleTone", callkit.SoftPause: "softPause", callkit.HardPause: "hardPause"}[s.Type]
	a.perform(s, "DTMF "+s.CallUUID.String()+" "+s.Digits+" "+kind)
}

// TimedOutPerformingAction is part of [callkit.TimedOutDelegate].
func (a *actor) TimedOutPerformingAction(_ callkit.Provider, act callkit.Action) {
	a.on("P", "timedOutPerforming "+kindOf(act)+" "+act.Call().String())
}

// DidActivateAudioSession is part of [callkit.AudioDelegate].
func (a *actor) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	a.on("P", "didActivate")
}

// DidDeactivateAudioSession is part of [callkit.AudioDelegate].
func (a *actor) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	a.on("P", "didDeactivate")
}

// CallChanged is part of [callkit.CallObserverDelegate].
func (a *actor) CallChanged(_ callkit.CallObserver, c callkit.Call) {
	a.on("O", fmt.Sprintf("changed %s outgoing=%s onHold=%s connected=%s ended=%s",
		c.UUID, bit(c.IsOutgoing), bit(c.IsOnHold), bit(c.HasConnected), bit(c.HasEnded)))
}

// DidBecomeActive is part of [callkit.ApplicationDelegate].
func (a *actor) DidBecomeActive() { a.on("L", "didBecomeActive") }

// DidEnterBackground is part of [callkit.ApplicationDelegate].
func (a *actor) DidEnterBackground() { a.on("L", "didEnterBackground") }

// ContinueUserActivity is part of [callkit.ApplicationDelegate].
func (a *actor) ContinueUserActivity(u callkit.UserActivity) { a.activity("continueUserActivity", u) }

func (a *actor) activity(word string, u callkit.UserActivity) {
	text := word + " " + u.ActivityType
	if u.Intent != nil && len(u.Intent.Contacts) > 0 {
		capability := "audio"
		if u.Intent.CallCapability == callkit.VideoCall {
			capability = "video"
		}
		text += " handle=" + u.Intent.Contacts[0].Handle.Value + " callCapability=" + capability
	}
	if u.Handle != "" {
		text += " userInfo=" + u.Handle
	}
	a.on("L", text)
}

// PerformSetTranslatingCallAction is part of [callkit.SetTranslatingDelegate].
func (a *actor) PerformSetTranslatingCallAction(_ callkit.Provider, s *callkit.SetTranslatingCallAction) {
	a.perform(s, fmt.Sprintf("SetTranslating %s %s local=%s remote=%s", s.CallUUID, bit(s.IsTranslating), s.LocalLanguage, s.RemoteLanguage))
}

// SceneWillConnect is part of [callkit.SceneDelegate].
func (a *actor) SceneWillConnect(u []callkit.UserActivity) {
	a.on("L", fmt.Sprintf("sceneWillConnect activities=%d", len(u)))
	for _, x := range u {
		a.activity("sceneActivity", x)
	}
}

// SceneContinueUserActivity is part of [callkit.SceneDelegate].
func (a *actor) SceneContinueUserActivity(u callkit.UserActivity) {
	a.activity("sceneContinueUserActivity", u)
}

// OpenURL is part of [callkit.URLDelegate].
func (a *actor) OpenURL(url string) { a.on("L", "openURL "+url) }

// InputMuteStateChanged is part of [callkit.InputMuteObserver].
func (a *actor) InputMuteStateChanged(muted bool) { a.on("L", "inputMute "+bit(muted)) }

// MediaServicesWereLost is part of [callkit.MediaServicesObserver].
func (a *actor) MediaServicesWereLost() { a.on("L", "mediaServicesWereLost") }

// MediaServicesWereReset is part of [callkit.MediaServicesObserver].
func (a *actor) MediaServicesWereReset() { a.on("L", "mediaServicesWereReset") }

// AudioInterrupted is part of [callkit.AudioInterruptionObserver].
func (a *actor) AudioInterrupted(i callkit.Interruption) {
	if i.Type == callkit.InterruptionEnded {
		a.on("L", "interruption ended shouldResume="+bit(i.Options&callkit.ShouldResume != 0))
		return
	}
	reason := map[callkit.InterruptionReason]string{callkit.InterruptionDefault: "default", callkit.InterruptionAppWasSuspended: "appWasSuspended",
		callkit.InterruptionBuiltInMicMuted: "builtInMicMuted", callkit.InterruptionRouteDisconnected: "routeDisconnected"}[i.Reason]
	a.on("L", "interruption began reason="+reason)
}

// AudioInterruption is part of [callkit.AudioObserver].
func (a *actor) AudioInterruption(t callkit.InterruptionType) {
	a.on("L", "interruption "+map[callkit.InterruptionType]string{callkit.InterruptionBegan: "began", callkit.InterruptionEnded: "ended"}[t])
}

// AudioRouteChange is part of [callkit.AudioObserver].
func (a *actor) AudioRouteChange(r callkit.RouteChangeReason, port callkit.AudioPort) {
	a.on("L", fmt.Sprintf("routeChange reason=%s output=%s", r, port))
}

func kindOf(a callkit.Action) string {
	s := fmt.Sprintf("%T", a)
	s = s[strings.LastIndexByte(s, '.')+1:]
	if s == "PlayDTMFCallAction" {
		return "DTMF"
	}
	return strings.TrimSuffix(s, "CallAction")
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// short is an error as scenarios write it: nil, incomingcall/2.
func short(err error) string {
	e, ok := err.(*callkit.Error)
	switch {
	case err == nil:
		return "nil"
	case !ok:
		return err.Error()
	}
	return fmt.Sprintf("%s/%d", e.Domain[strings.LastIndexByte(e.Domain, '.')+1:], e.Code)
}
