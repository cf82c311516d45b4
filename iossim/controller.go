package iossim

import (
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// controller is CXCallController.
type controller struct {
	p        *Process
	queue    callkit.Queue
	observer *observer
}

var _ callkit.CallController = (*controller)(nil)

// CallObserver is part of [callkit.CallController].
func (c *controller) CallObserver() callkit.CallObserver { return c.observer }

// RequestTransaction is part of [callkit.CallController].
func (c *controller) RequestTransaction(actions []callkit.Action, completion func(error)) {
	p := c.p
	copies := make([]callkit.Action, len(actions))
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = "nil"
		if a != nil {
			copies[i] = copyAction(a)
		}
		if copies[i] != nil {
			kind, args := actionWords(copies[i])
			words[i] = kind + " " + copies[i].Call().String() + args
		}
	}
	p.send("request ["+strings.Join(words, ", ")+"]", func() { p.request(c.queue, copies, completion) })
}

// request is a transaction when it reaches the call service.
func (p *Process) request(q callkit.Queue, actions []callkit.Action, completion func(error)) error {
	err := p.judge(actions)
	p.post(item{
		queue: q,
		log:   p.say(ChanController, "completion %s", short(err)),
		run: func() {
			if completion != nil {
				completion(err)
			}
		},
	})
	if err == nil {
		p.accept(actions)
	}
	return err
}

// judge says whether the call service passes a transaction on to the provider.
func (p *Process) judge(actions []callkit.Action) error {
	fail := func(code int, text string) error {
		return &callkit.Error{Domain: callkit.RequestTransactionErrorDomain, Code: code, Text: text}
	}
	pr := p.app.provider()
	switch {
	case p.app.cfg.NoVoIPBackgroundMode:
		return fail(callkit.RequestUnentitled, "UIBackgroundModes lacks voip")
	case len(actions) == 0:
		return fail(callkit.RequestEmptyTransaction, "the transaction has no actions")
	case pr == nil:
		return fail(callkit.RequestUnknownCallProvider, "the app has no provider")
	case p.ph.refusal == ProtectedCalls:
		return fail(callkit.RequestCallIsProtected, unexplainedRefusal)
	}
	groups := p.ph.groupsOf(p.app)
	var started []callkit.UUID
	for _, a := range actions {
		if a == nil || a.Call().IsZero() {
			return fail(callkit.RequestInvalidAction, "no action, or an action without a call UUID")
		}
		c := p.ph.lookup(a.Call())
		if _, ok := a.(*callkit.StartCallAction); ok {
			if c != nil || slices.Contains(started, a.Call()) {
				return fail(callkit.RequestCallUUIDAlreadyExists, "a call with this UUID exists")
			}
			// Ringing calls and leftovers of an earlier process count too (wire PR123).
			if groups++; groups > pr.config.MaximumCallGroups {
				return fail(callkit.RequestMaximumCallGroupsReached, "more calls than maximumCallGroups")
			}
			started = append(started, a.Call())
			continue
		}
		if slices.Contains(started, a.Call()) {
			continue
		}
		if c == nil || c.app != p.app {
			return fail(callkit.RequestUnknownCallUUID, "the app has no call with this UUID")
		}
		switch a := a.(type) {
		case *callkit.AnswerCallAction:
			if c.state != callRinging || c.ending {
				return fail(callkit.RequestInvalidAction, "the call does not ring")
			}
		case *callkit.SetGroupCallAction:
			if code, why := p.ph.mayGroup(c, a.GroupWith, pr.config); code != 0 {
				return fail(code, why)
			}
		case *callkit.SetTranslatingCallAction:
			if why := c.mayTranslate(); why != "" {
				return fail(callkit.RequestInvalidAction, why)
			}
		case *callkit.PlayDTMFCallAction:
			if a.Digits == "" {
				return fail(callkit.RequestInvalidAction, "no digits")
			}
		}
	}
	return nil
}

// accept passes a transaction on to the provider.
func (p *Process) accept(actions []callkit.Action) {
	for _, a := range actions {
		if a, ok := a.(*callkit.StartCallAction); ok {
			c := p.ph.newCall(p.app, a.CallUUID, true)
			c.handle, c.video = a.Handle, a.IsVideo
			if p.ph.foreground(p.app) {
				p.ph.showCall = true
			}
			p.ph.changed(c)
			continue
		}
		c := p.ph.lookup(a.Call())
		if c == nil {
			continue
		}
		switch a.(type) {
		case *callkit.AnswerCallAction:
			c.answer()
		case *callkit.EndCallAction:
			c.ringStop()
			c.ending = true
			p.ph.ringNext()
		}
	}
	p.app.submit(&transaction{from: "app"}, actions...)
}

// answer is the moment when a ring becomes a call, before the app has done anything for it.
func (c *call) answer() {
	c.ringStop()
	c.state, c.rung, c.answered = callAnswering, true, true
	c.turnTo()
	c.ph.showCall = true
}
