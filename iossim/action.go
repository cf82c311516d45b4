package iossim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

type actionState int

const (
	actionWaiting   actionState = 1 // for a process, a provider, or the action before it
	actionDelivered actionState = 2 // the app has been asked to perform it
	actionOver      actionState = 3 // fulfilled, failed, timed out or void
)

// transaction is CXTransaction in the call service.
type transaction struct {
	from    string // user, system or app
	actions []*action
	whole   bool   // the delegate's executeTransaction took it over
	strict  bool   // if one of its actions fails, the rest is dropped
	failed  bool   // one has failed
	room    bool   // its holds make room for another call, see the knob holdTimeout
	done    func() // happens once all of its actions are over; may be nil
}

// action is a CXAction on its way; it is the [callkit.Settler] of the copy that the app has.
type action struct {
	w        *World
	app      *app
	t        *transaction
	call     *call
	act      callkit.Action
	state    actionState
	settled  bool // the app has settled it; the call service may not know yet
	ghost    bool // an end action for a call that the system has ended by force
	disowned bool // the delegate turned out not to implement it
	provider *provider
	timeout  *event
	slow     *event // the knob holdTimeout
}

var (
	_ callkit.Settler  = (*action)(nil)
	_ callkit.Disowner = (*action)(nil)
)

// Settled is part of [callkit.Settler].
func (x *action) Settled() bool {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	return x.settled || x.state == actionOver
}

// Settle is part of [callkit.Settler].
func (x *action) Settle(ok bool, at time.Time) {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	if x.settled || x.state != actionDelivered {
		return
	}
	x.settled = true
	verb := "fail "
	if ok {
		verb = "fulfill "
	}
	x.provider.p.sendLocked(verb+x.String(), func() {
		if x.state == actionDelivered {
			x.conclude(ok, at)
		}
	})
}

// Disown is part of [callkit.Disowner].
func (x *action) Disown() {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	if x.settled || x.state != actionDelivered || x.disowned {
		return
	}
	x.disowned = true
	x.unimplemented()
}

// unimplemented logs that the delegate has no method for the action.
func (x *action) unimplemented() {
	x.app.ph.log(ChanSystem, x.app.tag(), "log %s: the delegate does not implement it: %s", x, x.app.ph.knobs.UnimplementedActions)
}

// conclude is the end of an action that was fulfilled or has failed: its effect, and what comes after it.
func (x *action) conclude(ok bool, at time.Time) {
	x.over()
	x.effect(ok, at)
	if !ok {
		x.t.fail()
	}
	x.next()
}

// fail notes that an action has failed, and drops the rest of a transaction that is all or nothing.
func (t *transaction) fail() {
	t.failed = true
	for _, x := range t.actions {
		if t.strict && x.state == actionWaiting {
			x.app.ph.log(ChanSystem, x.app.tag(), "log %s dropped: what had to come before it failed", x)
			x.over()
		}
	}
}

// String is the action as the log has it: its kind, call and arguments.
func (x *action) String() string {
	kind, args := x.words()
	return kind + " " + x.act.Call().String() + args
}

// words are the action's kind and arguments in the vocabulary of who performs it.
func (x *action) words() (kind, args string) {
	if x.provider != nil && x.provider.manager != nil {
		return x.provider.manager.words(x.act)
	}
	return actionWords(x.act)
}

// performs is how the log says that the delegate is asked to perform: performAnswer, or perform Join.
func (pr *provider) performs() string {
	if pr.manager != nil {
		return "perform "
	}
	return "perform"
}

// patience is how long the action may take.
func (x *action) patience() time.Duration {
	if pr := x.app.provider(); pr != nil && pr.manager != nil {
		return x.app.ph.knobs.LCKActionTimeout
	}
	return x.app.ph.knobs.ActionTimeout
}

func actionWords(a callkit.Action) (kind, args string) {
	switch a := a.(type) {
	case *callkit.StartCallAction:
		return "Start", fmt.Sprintf(" handle=%q video=%s", a.Handle.Value, bit(a.IsVideo))
	case *callkit.AnswerCallAction:
		return "Answer", ""
	case *callkit.EndCallAction:
		return "End", ""
	case *callkit.SetHeldCallAction:
		return "SetHeld", " " + bit(a.OnHold)
	case *callkit.SetMutedCallAction:
		return "SetMuted", " " + bit(a.Muted)
	case *callkit.SetGroupCallAction:
		return "SetGroup", " with=" + a.GroupWith.String()
	case *callkit.SetTranslatingCallAction:
		return "SetTranslating", " " + bit(a.IsTranslating) + " local=" + a.LocalLanguage + " remote=" + a.RemoteLanguage
	case *callkit.PlayDTMFCallAction:
		return "DTMF", fmt.Sprintf(" %s %s", a.Digits, [...]string{"?", "singleTone", "softPause", "hardPause"}[max(0, min(3, int(a.Type)))])
	}
	return "?", ""
}

// copyAction is the action that the provider gets: a copy of what was asked for (CXAction is NSCopying).
func copyAction(a callkit.Action) callkit.Action {
	base := callkit.Base{CallUUID: a.Call()}
	switch a := a.(type) {
	case *callkit.StartCallAction:
		return &callkit.StartCallAction{Base: base, Handle: a.Handle, ContactIdentifier: a.ContactIdentifier, IsVideo: a.IsVideo}
	case *callkit.AnswerCallAction:
		return &callkit.AnswerCallAction{Base: base}
	case *callkit.EndCallAction:
		return &callkit.EndCallAction{Base: base}
	case *callkit.SetHeldCallAction:
		return &callkit.SetHeldCallAction{Base: base, OnHold: a.OnHold}
	case *callkit.SetMutedCallAction:
		return &callkit.SetMutedCallAction{Base: base, Muted: a.Muted}
	case *callkit.SetGroupCallAction:
		return &callkit.SetGroupCallAction{Base: base, GroupWith: a.GroupWith}
	case *callkit.SetTranslatingCallAction:
		return &callkit.SetTranslatingCallAction{Base: base, IsTranslating: a.IsTranslating, LocalLanguage: a.LocalLanguage, RemoteLanguage: a.RemoteLanguage}
	case *callkit.PlayDTMFCallAction:
		return &callkit.PlayDTMFCallAction{Base: base, Digits: a.Digits, Type: a.Type}
	}
	return nil
}

// submit sends a transaction to the app, which is launched for it if it does not run. The Phone app's actions are
// performed by the system.
func (a *app) submit(t *transaction, acts ...callkit.Action) {
	a.ph.tellConversations() // a conversation is leaving before its manager is asked to end it (WWDC26 session 226)
	for _, act := range acts {
		x := &action{w: a.ph.w, app: a, t: t, call: a.ph.lookup(act.Call()), act: act, state: actionWaiting}
		t.actions = append(t.actions, x)
		a.actions = append(a.actions, x)
		if a.builtin {
			continue
		}
		x.arm()
		if h, ok := act.(*callkit.SetHeldCallAction); ok && h.OnHold && t.room && a.ph.knobs.HoldTimeout > 0 {
			x.slow = a.ph.after(a.ph.knobs.HoldTimeout, x.tooSlow)
		}
	}
	if a.builtin {
		a.ph.after(0, t.performBySystem)
		return
	}
	a.waiting = append(a.waiting, t)
	a.launch(callkit.LaunchOptions{Background: true}, "an action on its call")
	a.flushTransactions()
}

// arm starts the time that the action may take.
func (x *action) arm() {
	x.timeout.cancel()
	x.timeout = x.app.ph.after(x.patience(), x.expire)
}

// flushTransactions delivers what waits, if there is a provider with a delegate.
func (a *app) flushTransactions() {
	pr := a.provider()
	if pr == nil || pr.delegate == nil {
		return
	}
	waiting := a.waiting
	a.waiting = nil
	for _, t := range waiting {
		pr.deliver(t)
	}
}

// deliver asks the delegate to execute the transaction, or else its first action.
func (pr *provider) deliver(t *transaction) {
	d, ok := pr.delegate.(callkit.TransactionDelegate)
	if !ok || !callkit.Counts(d, "ExecuteTransaction") {
		t.perform(pr)
		return
	}
	late, isLate := d.(callkit.LateTransactionDelegate)
	isLate = isLate && late.Late()
	var asked []*action
	var acts []callkit.Action
	pr.p.post(item{
		queue: pr.queue,
		wakes: true,
		skip: func() bool {
			for _, x := range t.actions {
				if x.state == actionWaiting {
					x.bind(pr)
					x.state = actionDelivered
					asked = append(asked, x)
					acts = append(acts, x.act)
				}
			}
			return len(acts) == 0
		},
		log: func() {
			if !isLate {
				pr.p.ph.log(ChanProvider, pr.p.tag(), "executeTransaction actions=%d", len(acts))
			}
		},
		run: func() {
			var whole, has bool
			if isLate {
				whole, has = late.ExecuteTransactionLate(pr, acts)
			} else {
				whole = d.ExecuteTransaction(pr, acts)
			}
			pr.p.w.mu.Lock()
			defer pr.p.w.mu.Unlock()
			if has {
				pr.p.ph.log(ChanProvider, pr.p.tag(), "executeTransaction actions=%d", len(acts))
			}
			t.whole = whole
		},
		then: func() {
			if t.whole {
				return
			}
			for _, x := range asked {
				if x.state == actionDelivered && !x.settled {
					x.state = actionWaiting
				}
			}
			t.perform(pr)
		},
	})
}

// bind ties the app's copy of the action to this provider.
func (x *action) bind(pr *provider) {
	if x.provider != nil {
		return
	}
	x.provider, x.act = pr, copyAction(x.act)
	x.arm()
	var id callkit.UUID
	binary.BigEndian.PutUint64(id[:8], x.w.rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], x.w.rng.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	x.act.Bind(id, x.timeout.at.Add(x.app.ph.skew), x)
}

// perform delivers the next action that waits.
func (t *transaction) perform(pr *provider) {
	for _, x := range t.actions {
		if x.state == actionWaiting {
			pr.perform(x)
			return
		}
	}
}

// next goes on with the transaction when an action is settled.
func (x *action) next() {
	if x.t.whole || x.provider == nil || !x.provider.valid() || x.app.ph.knobs.TransactionOrder != "afterSettle" {
		return
	}
	x.t.perform(x.provider)
}

func (pr *provider) perform(x *action) {
	var run func()
	pr.p.post(item{
		queue: pr.queue,
		wakes: true,
		skip:  func() bool { return x.state != actionWaiting || pr.delegate == nil || pr.invalid },
		log: func() {
			x.bind(pr)
			x.state = actionDelivered
			run = callkit.Performer(pr.delegate, pr, x.act)
			kind, args := x.words()
			if run == nil {
				x.unimplemented()
				return
			}
			pr.p.ph.log(ChanProvider, pr.p.tag(), "%s%s %s%s", pr.performs(), kind, x.act.Call(), args)
		},
		run: func() {
			if run != nil {
				run()
			}
		},
		then: func() {
			if run == nil || x.disowned {
				switch x.app.ph.knobs.UnimplementedActions {
				case "fulfill", "fail":
					if x.state == actionDelivered {
						x.conclude(x.app.ph.knobs.UnimplementedActions == "fulfill", time.Time{})
					}
				}
			} else if x.app.ph.knobs.ActivateTrigger == "afterPerform" && x.call != nil {
				switch x.act.(type) {
				case *callkit.StartCallAction, *callkit.AnswerCallAction:
					x.call.audioReady = true
					x.app.ph.arbitrate()
				}
			}
			if x.app.ph.knobs.TransactionOrder == "backToBack" {
				x.t.perform(pr)
			}
		},
	})
}

// over takes the action off the books.
func (x *action) over() {
	x.state = actionOver
	x.timeout.cancel()
	x.slow.cancel()
	x.app.actions = slices.DeleteFunc(x.app.actions, func(o *action) bool { return o == x })
	t := x.t
	if t.done != nil && !slices.ContainsFunc(t.actions, func(o *action) bool { return o.state != actionOver }) {
		x.app.ph.after(0, t.done)
		t.done = nil
	}
}

// inTurn reports whether an action of the transaction before x is still with the app, so that x's own time has not
// begun.
func (x *action) inTurn() bool {
	for _, o := range x.t.actions {
		if o == x {
			return false
		}
		if o.state == actionDelivered {
			return x.state == actionWaiting
		}
	}
	return false
}

// tooSlow is the end of the system's patience with a hold that another call waits for (Twilio's notes on audio
// interruptions see End instead of hold when the hold is slow): the call is ended.
func (x *action) tooSlow() {
	c := x.call
	if x.state == actionOver || c == nil || c.state == callEnded || c.ending {
		return
	}
	x.app.ph.log(ChanSystem, x.app.tag(), "log hold of %s is slow: the call is ended", c.id)
	x.over()
	c.hangUp("system")
	x.next()
}

// expire is the end of the system's patience: the action has failed, and the call is ended by force.
func (x *action) expire() {
	if x.state == actionOver {
		return
	}
	if x.inTurn() {
		x.arm()
		return
	}
	ph := x.app.ph
	delivered := x.state == actionDelivered && x.provider.valid()
	x.over()
	ph.log(ChanSystem, x.app.tag(), "log action timed out: %s", x)
	if delivered {
		if d, ok := x.provider.delegate.(callkit.TimedOutDelegate); ok && callkit.Counts(d, "TimedOutPerformingAction") {
			x.provider.p.post(item{
				queue: x.provider.queue,
				wakes: true,
				log:   x.provider.p.say(ChanProvider, "timedOutPerforming %s", x),
				run:   func() { d.TimedOutPerformingAction(x.provider, x.act) },
			})
		}
	}
	c := x.call
	_, isEnd := x.act.(*callkit.EndCallAction)
	switch {
	case c == nil || c.state == callEnded:
	case !ph.knobs.EndAfterTimeout && !isEnd:
		x.effect(false, time.Time{})
	case isEnd:
		ph.endCall(c, endUser, ph.now())
	default:
		ph.endCall(c, endFailed, ph.now())
		if delivered {
			x.app.ghostEnd(c)
		}
	}
	x.t.fail()
	x.next()
}

// ghostEnd tells the app by an end action that the system has ended its call.
func (a *app) ghostEnd(c *call) {
	t := &transaction{from: "system"}
	a.submit(t, &callkit.EndCallAction{Base: callkit.Base{CallUUID: c.id}})
	t.actions[0].ghost = true
}

// voidActions forgets actions that nobody waits for any more.
func (a *app) voidActions(which func(*action) bool) {
	for _, x := range slices.Clone(a.actions) {
		if !which(x) || x.state == actionOver {
			continue
		}
		delivered := x.state == actionDelivered
		x.over()
		if delivered {
			x.next() // the rest of its transaction may be about other calls
		}
	}
}

// requeue is the death of a process: what it had not been asked to perform yet waits for the next one. Of
// what it had been asked the call service learns no more than that nothing comes, so the time-out decides.
func (a *app) requeue() {
	for _, x := range a.actions {
		if x.state == actionWaiting && !slices.Contains(a.waiting, x.t) {
			a.waiting = append(a.waiting, x.t)
		}
		if x.state == actionWaiting {
			x.provider = nil
		}
	}
}
