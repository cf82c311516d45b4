package wire

import (
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// provider carries out a command for a CXProvider.
func (h *Host) provider(m Message) Message {
	p := get(h, h.providers, m.Object)
	if p == nil {
		return refuse("no command is named " + string(m.Op) + ", or there is no such provider")
	}
	call := id(m.Call)
	switch m.Op {
	case ProviderSetDelegate:
		if m.On {
			p.SetDelegate(&hostProvider{h, m.Object, m.Implements}, nil)
		} else {
			p.SetDelegate(nil, nil)
		}
	case ProviderReportNewIncoming:
		var u callkit.Update
		if m.Update != nil {
			u = callkit.Update(*m.Update)
		}
		p.ReportNewIncomingCall(call, u, h.complete(m.Ticket))
	case ProviderReportUpdated:
		if m.Update != nil {
			p.ReportCallUpdated(call, callkit.Update(*m.Update))
		}
	case ProviderReportEnded:
		p.ReportCallEnded(call, when(m.At), callkit.EndedReason(m.Number))
	case ProviderReportConnecting:
		p.ReportOutgoingCallStartedConnecting(call, when(m.At))
	case ProviderReportConnected:
		p.ReportOutgoingCallConnected(call, when(m.At))
	case ProviderSetConfiguration:
		p.SetConfiguration(m.Config.config())
	case ProviderInvalidate:
		p.Invalidate()
	default:
		return refuse("no command is named " + string(m.Op))
	}
	return Message{}
}

// hostProvider is the delegate that the system sees. It has every optional method, and says by [callkit.Partial]
// which of them the app implements.
type hostProvider struct {
	h          *Host
	object     int
	implements []string
}

var (
	_ callkit.Partial                = (*hostProvider)(nil)
	_ callkit.ProviderDelegate       = (*hostProvider)(nil)
	_ callkit.BeginDelegate          = (*hostProvider)(nil)
	_ callkit.TransactionDelegate    = (*hostProvider)(nil)
	_ callkit.StartCallDelegate      = (*hostProvider)(nil)
	_ callkit.AnswerCallDelegate     = (*hostProvider)(nil)
	_ callkit.EndCallDelegate        = (*hostProvider)(nil)
	_ callkit.SetHeldDelegate        = (*hostProvider)(nil)
	_ callkit.SetMutedDelegate       = (*hostProvider)(nil)
	_ callkit.SetGroupDelegate       = (*hostProvider)(nil)
	_ callkit.PlayDTMFDelegate       = (*hostProvider)(nil)
	_ callkit.SetTranslatingDelegate = (*hostProvider)(nil)
	_ callkit.TimedOutDelegate       = (*hostProvider)(nil)
	_ callkit.AudioDelegate          = (*hostProvider)(nil)
)

// Implements is part of [callkit.Partial].
func (d *hostProvider) Implements(method string) bool {
	return slices.Contains(d.implements, method) || method == "ExecuteTransaction" && d.Late()
}

// Late is part of [callkit.LateTransactionDelegate].
func (d *hostProvider) Late() bool { return slices.Contains(d.implements, Unsure) }

func (d *hostProvider) tell(op Op) { d.h.send(Message{Op: op, Object: d.object}) }

func (d *hostProvider) perform(a callkit.Action) {
	if !d.h.send(Message{Op: ProviderPerform, Object: d.object, Action: d.h.deliver(a)}).Missing {
		return
	}
	if s, ok := callkit.SettlerOf(a).(callkit.Disowner); ok {
		s.Disown()
	}
}

// ProviderDidReset is part of [callkit.ProviderDelegate].
func (d *hostProvider) ProviderDidReset(callkit.Provider) { d.tell(ProviderDidReset) }

// ProviderDidBegin is part of [callkit.BeginDelegate].
func (d *hostProvider) ProviderDidBegin(callkit.Provider) { d.tell(ProviderDidBegin) }

// ExecuteTransaction is part of [callkit.TransactionDelegate].
func (d *hostProvider) ExecuteTransaction(p callkit.Provider, all []callkit.Action) bool {
	whole, _ := d.ExecuteTransactionLate(p, all)
	return whole
}

// ExecuteTransactionLate is part of [callkit.LateTransactionDelegate].
func (d *hostProvider) ExecuteTransactionLate(_ callkit.Provider, all []callkit.Action) (whole, has bool) {
	m := Message{Op: ProviderExecute, Object: d.object}
	for _, a := range all {
		m.Actions = append(m.Actions, *d.h.deliver(a))
	}
	answer := d.h.send(m)
	return answer.On, !answer.Missing
}

// PerformStartCallAction is part of [callkit.StartCallDelegate].
func (d *hostProvider) PerformStartCallAction(_ callkit.Provider, a *callkit.StartCallAction) {
	d.perform(a)
}

// PerformAnswerCallAction is part of [callkit.AnswerCallDelegate].
func (d *hostProvider) PerformAnswerCallAction(_ callkit.Provider, a *callkit.AnswerCallAction) {
	d.perform(a)
}

// PerformEndCallAction is part of [callkit.EndCallDelegate].
func (d *hostProvider) PerformEndCallAction(_ callkit.Provider, a *callkit.EndCallAction) {
	d.perform(a)
}

// PerformSetHeldCallAction is part of [callkit.SetHeldDelegate].
func (d *hostProvider) PerformSetHeldCallAction(_ callkit.Provider, a *callkit.SetHeldCallAction) {
	d.perform(a)
}

// PerformSetMutedCallAction is part of [callkit.SetMutedDelegate].
func (d *hostProvider) PerformSetMutedCallAction(_ callkit.Provider, a *callkit.SetMutedCallAction) {
	d.perform(a)
}

// PerformSetGroupCallAction is part of [callkit.SetGroupDelegate].
func (d *hostProvider) PerformSetGroupCallAction(_ callkit.Provider, a *callkit.SetGroupCallAction) {
	d.perform(a)
}

// PerformPlayDTMFCallAction is part of [callkit.PlayDTMFDelegate].
func (d *hostProvider) PerformPlayDTMFCallAction(_ callkit.Provider, a *callkit.PlayDTMFCallAction) {
	d.perform(a)
}

// PerformSetTranslatingCallAction is part of [callkit.SetTranslatingDelegate].
func (d *hostProvider) PerformSetTranslatingCallAction(_ callkit.Provider, a *callkit.SetTranslatingCallAction) {
	d.perform(a)
}

// TimedOutPerformingAction is part of [callkit.TimedOutDelegate].
func (d *hostProvider) TimedOutPerformingAction(_ callkit.Provider, a callkit.Action) {
	w := actionOf(a)
	d.h.send(Message{Op: ProviderTimedOut, Object: d.object, Action: &w})
}

// DidActivateAudioSession is part of [callkit.AudioDelegate].
func (d *hostProvider) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	d.tell(ProviderDidActivate)
}

// DidDeactivateAudioSession is part of [callkit.AudioDelegate].
func (d *hostProvider) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	d.tell(ProviderDidDeactivate)
}
