package callkittest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// do carries out lines of channel A, one after the other; what follows "wait" comes later.
func (a *actor) do(steps []Line) {
	for i, l := range steps {
		if l.Words[0] == "wait" {
			d, err := time.ParseDuration(strings.Join(l.Words[1:], ""))
			if err != nil {
				a.run.fail(l, "as in: A wait 4s")
				return
			}
			rest := steps[i+1:]
			entry := a.run.did(a, l)
			rest = a.run.later(entry, rest)
			a.after(d, func() {
				a.enter(entry)
				a.do(rest)
				a.enter(0)
			})
			return
		}
		a.run.did(a, l)
		if err := a.step(l.Words); err != nil {
			a.run.fail(l, "%v", err)
		}
	}
}

// step carries out one line of channel A.
func (a *actor) step(words []string) error {
	args := words[1:]
	if a.sys == nil {
		return a.extensionStep(words)
	}
	if a.provider == nil && a.manager == nil && !slices.Contains([]string{"provider.init", "registry.init", "desiredPushTypes", "setActive", "setCategory", "block", "crash", "returns", "setup"}, words[0]) {
		return fmt.Errorf("the app has no provider yet (A provider.init makes one)")
	}
	switch words[0] {
	case "fulfill", "fail":
		return a.settle(words[0] == "fulfill", args)
	case "reportNewIncomingCall":
		_, p, _ := a.latest()
		if len(args) > 0 {
			var err error
			if p, _, err = readPayload(args); err != nil {
				return err
			}
		}
		a.report(p)
	case "reportCall":
		return a.reportCall(args)
	case "reportOutgoing":
		return a.reportOutgoing(args)
	case "request":
		return a.request(strings.Join(args, " "))
	case "pushCompletion":
		if _, _, pushed := a.latest(); pushed != nil {
			pushed()
		}
	case "setActive", "setCategory", "setMode", "overrideOutputAudioPort", "prefersNoInterruptions", "setInputMuted", "observeInputMute", "startAudio":
		return a.audioStep(words[0], args)
	case "reportNewIncomingConversation":
		if a.manager == nil {
			return fmt.Errorf("the app does not use LiveCommunicationKit (given: app setup lck)")
		}
		p, _, err := readPayload(args)
		if err != nil {
			return err
		}
		id, err := parseName(args[0])
		a.reportConversation(id, p, false)
		return err
	case "reportNewIncomingVoIPPushPayload":
		r, ok := a.sys.(callkit.VoIPPushReporter)
		if !ok {
			return fmt.Errorf("this system has no notification service extensions")
		}
		return reportVoIPPush(a, r, args)
	case "donate":
		return a.donate(args)
	case "reloadCallDirectory":
		return a.reloadCallDirectory()
	case "provider.init":
		a.makeProvider()
	case "setDelegate":
		a.provider.SetDelegate(a, nil)
	case "setDelegate.nil":
		a.provider.SetDelegate(nil, nil)
	case "invalidate":
		a.provider.Invalidate()
	case "registry.init":
		a.makeRegistry()
	case "desiredPushTypes":
		if a.registry == nil {
			a.makeRegistry()
		}
		var types []callkit.PushType
		if len(args) > 0 && args[0] == "voip" {
			types = []callkit.PushType{callkit.PushTypeVoIP}
		}
		a.registry.SetDesiredPushTypes(types)
	case "block":
		b, ok := a.sys.(interface{ Block(time.Duration) })
		d, err := time.ParseDuration(strings.Join(args, ""))
		if !ok || err != nil {
			return fmt.Errorf("can't block (as in: A block 8s, on a simulated iPhone)")
		}
		b.Block(d)
	case "crash":
		c, ok := a.sys.(interface{ Crash(string) })
		if !ok {
			return fmt.Errorf("this system's processes can't crash")
		}
		c.Crash("as the scenario wants")
	case "takesTransaction":
		a.takes = true
	case "muteTrack":
		return a.run.media(a, false)
	case "sendTrack":
		return a.run.media(a, true)
	case "returns":
		// The app does nothing that the system hears of.
	default:
		return fmt.Errorf("the scripted app can't %q", words[0])
	}
	return nil
}

// settle fulfils or fails the last action.
func (a *actor) settle(ok bool, args []string) error {
	last, _, _ := a.latest()
	if last == nil {
		return fmt.Errorf("no action has been delivered")
	}
	switch {
	case !ok:
		last.Fail()
	case len(args) > 0 && (args[0] == "default" || args[0] == "custom"):
		t, is := last.(*callkit.SetTranslatingCallAction)
		if !is {
			return fmt.Errorf("only a translation is fulfilled with an engine")
		}
		engine := callkit.DefaultTranslation
		if args[0] == "custom" {
			engine = callkit.CustomTranslation
		}
		t.FulfillUsingTranslationEngine(engine)
	case len(args) > 0:
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return fmt.Errorf("%.40q is no time from now (want as: A fulfill -1s)", args[0])
		}
		last.FulfillAt(a.sys.Now().Add(d))
	default:
		last.Fulfill()
	}
	if c, is := last.(callkit.Action); is && !c.IsComplete() {
		return fmt.Errorf("the action is settled, but IsComplete says no")
	}
	return nil
}

var endedReasons = map[string]callkit.EndedReason{
	"failed": callkit.Failed, "remoteEnded": callkit.RemoteEnded, "unanswered": callkit.Unanswered,
	"answeredElsewhere": callkit.AnsweredElsewhere, "declinedElsewhere": callkit.DeclinedElsewhere,
}

// reportCall is "u1 ended reason=remoteEnded" and "u1 updated name=Bob supportsHolding=1".
func (a *actor) reportCall(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("as in: A reportCall u1 ended reason=remoteEnded")
	}
	id, err := parseName(args[0])
	if err != nil {
		return err
	}
	if args[1] == "ended" {
		var at time.Time
		reason, known := callkit.RemoteEnded, true
		for _, w := range args[2:] {
			k, v, _ := strings.Cut(w, "=")
			switch k {
			case "reason":
				reason, known = endedReasons[v], endedReasons[v] != 0
			case "at":
				d, err := time.ParseDuration(v)
				if err != nil {
					return err
				}
				at = a.sys.Now().Add(d)
			}
		}
		if !known {
			return fmt.Errorf("no such reason (want failed, remoteEnded, unanswered, answeredElsewhere, declinedElsewhere)")
		}
		if a.manager != nil {
			return a.conversationEvent(id, lck.ConversationEnded{At: at, Reason: reason})
		}
		a.provider.ReportCallEnded(id, at, reason)
		return nil
	}
	var u callkit.Update
	for _, w := range args[2:] {
		k, v, _ := strings.Cut(w, "=")
		v = strings.Trim(v, `"`)
		on := v == "1"
		switch k {
		case "name":
			u.LocalizedCallerName = &v
		case "handle":
			u.RemoteHandle = &callkit.Handle{Type: callkit.Generic, Value: v}
		case "hasVideo":
			u.HasVideo = &on
		case "supportsHolding":
			u.SupportsHolding = &on
		case "supportsDTMF":
			u.SupportsDTMF = &on
		case "supportsGrouping":
			u.SupportsGrouping = &on
		case "supportsUngrouping":
			u.SupportsUngrouping = &on
		default:
			return fmt.Errorf("an update has no %.40q", k)
		}
	}
	if a.manager != nil {
		return a.conversationEvent(id, conversationUpdate(u))
	}
	a.provider.ReportCallUpdated(id, u)
	return nil
}

func (a *actor) reportOutgoing(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("as in: A reportOutgoing u1 connected")
	}
	id, err := parseName(args[0])
	if err != nil {
		return err
	}
	if a.manager != nil {
		return a.conversationEvent(id, connectedEvent(args[1]))
	}
	if args[1] == "connected" {
		a.provider.ReportOutgoingCallConnected(id, time.Time{})
	} else {
		a.provider.ReportOutgoingCallStartedConnecting(id, time.Time{})
	}
	return nil
}

// request is "End u1", "SetHeld u1 1, SetHeld u2 0" or "nothing".
func (a *actor) request(text string) error {
	var acts []callkit.Action
	if text != "nothing" {
		for part := range strings.SplitSeq(text, ",") {
			act, err := readAction(strings.Fields(part))
			if err != nil {
				return err
			}
			acts = append(acts, act)
		}
	}
	if a.manager != nil {
		var all []lck.Action
		for _, act := range acts {
			x, err := conversationAction(act)
			if err != nil {
				return err
			}
			all = append(all, x)
		}
		a.manager.Perform(all, func(err error) { a.on("C", "completion "+short(err)) })
		return nil
	}
	a.controller.RequestTransaction(acts, func(err error) { a.on("C", "completion "+short(err)) })
	return nil
}

func readAction(words []string) (callkit.Action, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("an action has a kind and a call (want as: End u1)")
	}
	id, err := parseName(words[1])
	if err != nil {
		return nil, err
	}
	base := callkit.Base{CallUUID: id}
	arg := ""
	if len(words) > 2 {
		arg = words[2]
	}
	switch words[0] {
	case "Start":
		p, _, err := readPayload(words[1:])
		return &callkit.StartCallAction{Base: base, Handle: p.handle(), IsVideo: p.Video}, err
	case "Answer":
		return &callkit.AnswerCallAction{Base: base}, nil
	case "End":
		return &callkit.EndCallAction{Base: base}, nil
	case "SetHeld":
		return &callkit.SetHeldCallAction{Base: base, OnHold: arg == "1"}, nil
	case "SetMuted":
		return &callkit.SetMutedCallAction{Base: base, Muted: arg == "1"}, nil
	case "SetGroup":
		g := &callkit.SetGroupCallAction{Base: base}
		if arg != "none" {
			g.GroupWith, err = parseName(arg)
		}
		return g, err
	case "SetTranslating":
		if len(words) != 5 {
			return nil, fmt.Errorf("as in: SetTranslating u1 1 de en")
		}
		return &callkit.SetTranslatingCallAction{Base: base, IsTranslating: arg == "1", LocalLanguage: words[3], RemoteLanguage: words[4]}, nil
	case "DTMF":
		return &callkit.PlayDTMFCallAction{Base: base, Digits: arg, Type: callkit.SingleTone}, nil
	}
	return nil, fmt.Errorf("no action is named %.40q", words[0])
}
