package iossim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// provider is CXProvider, and what a conversation manager of LiveCommunicationKit is made of.
type provider struct {
	p        *Process
	name     string   // in the log
	manager  *manager // whose provider it is; nil for a CXProvider
	config   callkit.ProviderConfiguration
	delegate callkit.ProviderDelegate
	queue    callkit.Queue
	began    bool
	invalid  bool
}

var _ callkit.Provider = (*provider)(nil)

func (pr *provider) valid() bool { return !pr.invalid && !pr.p.dead }

// provider is the one that gets actions: the newest. An app with two providers learns it the hard way
// (VialerSIPLib#243).
func (a *app) provider() *provider {
	if a.proc == nil {
		return nil
	}
	for _, pr := range slices.Backward(a.proc.providers) {
		if pr.valid() {
			return pr
		}
	}
	return nil
}

// SetDelegate is part of [callkit.Provider].
func (pr *provider) SetDelegate(d callkit.ProviderDelegate, q callkit.Queue) {
	p := pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	pr.delegate, pr.queue = d, p.orMain(q)
	p.sendLocked(pr.name+".setDelegate "+setOrNil(d != nil), func() {
		if pr.delegate == nil || pr.invalid {
			return
		}
		if !pr.began {
			pr.began = true
			pr.didBegin()
		}
		p.app.flushTransactions()
	})
}

// ReportNewIncomingCall is part of [callkit.Provider].
func (pr *provider) ReportNewIncomingCall(id callkit.UUID, u callkit.Update, completion func(error)) {
	p := pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	u = copyUpdate(u)
	p.unhandled = 0 // PushKit's flag
	p.sendLocked("reportNewIncomingCall "+id.String()+describe(u), func() { pr.reportIncoming(id, u, completion) })
}

// reportIncoming is a report when it reaches the call service.
func (pr *provider) reportIncoming(id callkit.UUID, u callkit.Update, completion func(error)) error {
	ph := pr.p.ph
	pr.p.reported()
	err := pr.incoming(id, u)
	pr.complete(id, err, completion)
	if err == nil {
		if c := ph.lookup(id); c != nil {
			ph.changed(c)
		}
	}
	return err
}

// incoming decides about an incoming call, and rings.
func (pr *provider) incoming(id callkit.UUID, u callkit.Update) error {
	p := pr.p
	ph := p.ph
	var h callkit.Handle
	set(&h, u.RemoteHandle)
	switch {
	case pr.invalid, id.IsZero():
		return incomingError(callkit.IncomingUnknown, "the provider is invalid, or the UUID is zero")
	case p.app.cfg.NoVoIPBackgroundMode:
		return incomingError(callkit.IncomingUnentitled, "UIBackgroundModes lacks voip")
	case ph.lookup(id) != nil:
		if ph.knobs.DuplicateFlash && ph.knobs.OS.AtLeast(16, 0) {
			ph.log(ChanSystem, p.tag(), "flash %s 100ms: a banner for a call that is there already", id)
		}
		return incomingError(callkit.IncomingCallUUIDAlreadyExists, "a call with this UUID exists")
	case ph.blocks(h):
		return incomingError(callkit.IncomingFilteredByBlockList, "the caller is on the block list")
	case ph.focus != "" && !ph.allows(h):
		if ph.knobs.RecentsWhenFiltered {
			ph.addRecent(&call{ph: ph, id: id, app: p.app, handle: h, name: deref(u.LocalizedCallerName), created: ph.now()}, endReport, true, ph.now())
		}
		return incomingError(callkit.IncomingFilteredByDoNotDisturb, "a Focus is on that does not allow the caller")
	case ph.refusal.refusedIncoming() != 0:
		return incomingError(ph.refusal.refusedIncoming(), unexplainedRefusal)
	case ph.knobs.SilenceUnknown && !ph.known(h):
		ph.addRecent(&call{ph: ph, id: id, app: p.app, handle: h, name: deref(u.LocalizedCallerName), created: ph.now()}, endReport, true, ph.now())
		return incomingError(callkit.IncomingFilteredByDoNotDisturb, "unknown callers are silenced")
	case ph.knobs.OverLimitIncoming == "reject" && ph.groupsOf(p.app) >= pr.config.MaximumCallGroups:
		return incomingError(callkit.IncomingUnknown, "more calls than maximumCallGroups")
	}
	c := ph.newCall(p.app, id, false)
	c.update(u)
	c.ringIn()
	if d := ph.knobs.RingTimeout; d > 0 {
		c.ring = ph.after(d, c.ringTimeout)
	}
	return nil
}

// complete calls a report's completion handler.
func (pr *provider) complete(id callkit.UUID, err error, completion func(error)) {
	q := pr.queue
	if q == nil {
		q = pr.p.orMain(nil)
	}
	pr.p.post(item{
		queue: q,
		log:   pr.p.say(ChanController, "report completion %s %s", id, short(err)),
		run: func() {
			if completion != nil {
				completion(err)
			}
		},
	})
}

// about runs f for a call of this app that exists, else says so in the log: unknown calls are ignored.
func (pr *provider) about(what string, id callkit.UUID, f func(*call)) {
	pr.p.send(what, func() {
		c := pr.p.ph.lookup(id)
		if c == nil || c.app != pr.p.app || pr.invalid {
			pr.p.ph.log(ChanSystem, pr.p.tag(), "log ignored: no call %s", id)
			return
		}
		f(c)
	})
}

// ReportCallUpdated is part of [callkit.Provider].
func (pr *provider) ReportCallUpdated(id callkit.UUID, u callkit.Update) {
	u = copyUpdate(u)
	pr.about("reportCall "+id.String()+" updated"+describe(u), id, func(c *call) { c.update(u) })
}

// ReportCallEnded is part of [callkit.Provider].
func (pr *provider) ReportCallEnded(id callkit.UUID, at time.Time, reason callkit.EndedReason) {
	pr.about("reportCall "+id.String()+" ended reason="+reasonName(reason), id, func(c *call) { c.reportedEnded(at, reason) })
}

// reportedEnded is the end of a call by the app's report.
func (c *call) reportedEnded(at time.Time, reason callkit.EndedReason) {
	ph := c.ph
	c.reason = reason
	cause := endReport
	switch {
	case reason == callkit.Failed && (c.outgoing || c.state != callRinging):
		cause = endFailed
	case reason == callkit.AnsweredElsewhere && !at.IsZero() && at.Before(ph.now()):
		cause = endSystem // the one ending without a visible trace (forum, sefatanis)
	}
	if at.IsZero() {
		at = ph.now()
	}
	ph.endCall(c, cause, at)
}

// ReportOutgoingCallStartedConnecting is part of [callkit.Provider].
func (pr *provider) ReportOutgoingCallStartedConnecting(id callkit.UUID, at time.Time) {
	pr.about("reportOutgoing "+id.String()+" startedConnecting", id, func(c *call) {
		if c.outgoing {
			c.connecting = true
		}
	})
}

// ReportOutgoingCallConnected is part of [callkit.Provider].
func (pr *provider) ReportOutgoingCallConnected(id callkit.UUID, at time.Time) {
	pr.about("reportOutgoing "+id.String()+" connected", id, func(c *call) {
		if c.outgoing {
			c.reportedConnected(at)
		}
	})
}

// reportedConnected is the beginning of a call by the app's report.
func (c *call) reportedConnected(at time.Time) {
	if c.wasUp {
		return
	}
	if at.IsZero() {
		at = c.ph.now()
	}
	c.connected(at)
}

// Configuration is part of [callkit.Provider].
func (pr *provider) Configuration() callkit.ProviderConfiguration {
	pr.p.w.mu.Lock()
	defer pr.p.w.mu.Unlock()
	return copyConfig(pr.config)
}

// SetConfiguration is part of [callkit.Provider].
func (pr *provider) SetConfiguration(c callkit.ProviderConfiguration) {
	p := pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	pr.config = copyConfig(c)
	if !p.dead {
		p.app.config = pr.config
	}
}

// PendingActions is part of [callkit.Provider].
func (pr *provider) PendingActions() []callkit.Action {
	pr.p.w.mu.Lock()
	defer pr.p.w.mu.Unlock()
	var pending []callkit.Action
	for _, x := range pr.p.app.actions {
		if x.provider == pr && x.state == actionDelivered {
			pending = append(pending, x.act)
		}
	}
	return pending
}

// Invalidate is part of [callkit.Provider].
func (pr *provider) Invalidate() {
	pr.p.send(pr.name+".invalidate", func() {
		if pr.invalid {
			return
		}
		pr.invalid = true
		p := pr.p
		p.app.voidActions(func(x *action) bool { return x.provider == pr })
		if p.app.provider() == nil {
			for _, c := range p.ph.callsOf(p.app) {
				c.reason = callkit.Failed
				p.ph.endCall(c, endFailed, p.ph.now())
			}
		}
		if p.ph.knobs.ResetOnInvalidate {
			pr.didReset()
		}
	})
}

func (pr *provider) didBegin() {
	pr.tell(pr.name+"DidBegin", func(d callkit.ProviderDelegate) {
		if b, ok := d.(callkit.BeginDelegate); ok && callkit.Counts(d, "ProviderDidBegin") {
			b.ProviderDidBegin(pr)
		}
	})
}

func (pr *provider) didReset() {
	pr.tell(pr.name+"DidReset", func(d callkit.ProviderDelegate) { d.ProviderDidReset(pr) })
}

// tell posts a call of the delegate, whoever it is by then.
func (pr *provider) tell(text string, f func(callkit.ProviderDelegate)) {
	var d callkit.ProviderDelegate
	pr.p.post(item{
		queue: pr.queue,
		wakes: true,
		skip:  func() bool { d = pr.delegate; return d == nil },
		log:   pr.p.say(ChanProvider, "%s", text),
		run:   func() { f(d) },
	})
}

func incomingError(code int, text string) error {
	return &callkit.Error{Domain: callkit.IncomingCallErrorDomain, Code: code, Text: text}
}

// short is an error as the scenarios write it: nil, incomingcall/2.
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

func reasonName(r callkit.EndedReason) string {
	switch r {
	case callkit.Failed:
		return "failed"
	case callkit.RemoteEnded:
		return "remoteEnded"
	case callkit.Unanswered:
		return "unanswered"
	case callkit.AnsweredElsewhere:
		return "answeredElsewhere"
	case callkit.DeclinedElsewhere:
		return "declinedElsewhere"
	}
	return fmt.Sprintf("reason(%d)", int(r))
}

func describe(u callkit.Update) string {
	var b strings.Builder
	if u.LocalizedCallerName != nil {
		fmt.Fprintf(&b, " name=%q", *u.LocalizedCallerName)
	}
	if u.RemoteHandle != nil {
		fmt.Fprintf(&b, " handle=%q", u.RemoteHandle.Value)
	}
	for _, f := range []struct {
		name string
		v    *bool
	}{{"hasVideo", u.HasVideo}, {"supportsHolding", u.SupportsHolding}, {"supportsGrouping", u.SupportsGrouping},
		{"supportsUngrouping", u.SupportsUngrouping}, {"supportsDTMF", u.SupportsDTMF}} {
		if f.v != nil {
			fmt.Fprintf(&b, " %s=%s", f.name, bit(*f.v))
		}
	}
	return b.String()
}

func copyUpdate(u callkit.Update) callkit.Update {
	return callkit.Update{
		RemoteHandle: dup(u.RemoteHandle), LocalizedCallerName: dup(u.LocalizedCallerName),
		SupportsHolding: dup(u.SupportsHolding), SupportsGrouping: dup(u.SupportsGrouping),
		SupportsUngrouping: dup(u.SupportsUngrouping), SupportsDTMF: dup(u.SupportsDTMF), HasVideo: dup(u.HasVideo),
	}
}

func dup[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func copyConfig(c callkit.ProviderConfiguration) callkit.ProviderConfiguration {
	c.SupportedHandleTypes = slices.Clone(c.SupportedHandleTypes)
	c.IconTemplateImageData = bytes.Clone(c.IconTemplateImageData)
	return c
}
