package iossim

import (
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// plan is what one press of a button brings about when it needs several actions, perhaps in several apps: steps
// that are performed in order, each of them one transaction to one app.
type plan struct {
	steps  [][]callkit.Action // actions of one step are about calls of one app
	strict bool               // when an action fails, what follows is dropped
	room   bool               // its holds make room for another call
	about  map[callkit.Action]*call
}

// carryOut performs a plan. Neighbouring steps in one app become one transaction if the knob
// callWaitingTransactions says so. A step begins when all actions of the one before are over, for the old call's
// hold or end comes first and the answer waits for it (forums 794277); with the knob transactionOrder on
// backToBack all begin at once.
func (ph *Phone) carryOut(p plan) {
	if ph.knobs.CallWaitingTransactions == "one" {
		var steps [][]callkit.Action
		for _, s := range p.steps {
			if n := len(steps) - 1; n >= 0 && ph.appOf(steps[n]) != nil && ph.appOf(steps[n]) == ph.appOf(s) {
				steps[n] = append(steps[n], s...)
				continue
			}
			steps = append(steps, slices.Clone(s))
		}
		p.steps = steps
	}
	p.about = map[callkit.Action]*call{}
	for _, s := range p.steps {
		for _, a := range s {
			p.about[a] = ph.lookup(a.Call())
		}
	}
	ph.next(p)
}

// appOf is the app whose calls the actions are about, nil if none of the calls is there any more.
func (ph *Phone) appOf(acts []callkit.Action) *app {
	for _, a := range acts {
		if c := ph.lookup(a.Call()); c != nil {
			return c.app
		}
	}
	return nil
}

// next begins the next step of a plan whose calls are still there.
func (ph *Phone) next(p plan) {
	for len(p.steps) > 0 {
		acts := slices.DeleteFunc(p.steps[0], func(a callkit.Action) bool {
			c := ph.lookup(a.Call()) // which may be a later call with the same UUID
			return c == nil || c != p.about[a]
		})
		p.steps = p.steps[1:]
		a := ph.appOf(acts)
		if a == nil {
			continue
		}
		t := &transaction{from: "user", strict: p.strict, room: p.room}
		wait := len(p.steps) > 0 && ph.knobs.TransactionOrder != "backToBack"
		if wait {
			t.done = func() {
				if !t.failed || !p.strict {
					ph.next(p)
				}
			}
		}
		a.submit(t, acts...)
		if wait {
			return
		}
	}
}

func setHeld(c *call, on bool) callkit.Action {
	return &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: c.id}, OnHold: on}
}

func endOf(c *call) callkit.Action {
	return &callkit.EndCallAction{Base: callkit.Base{CallUUID: c.id}}
}

func answerOf(c *call) callkit.Action {
	return &callkit.AnswerCallAction{Base: callkit.Base{CallUUID: c.id}}
}

// holdAll are the actions that put c's group on hold, one a member.
func holdAll(c *call) []callkit.Action {
	var acts []callkit.Action
	for _, m := range c.line() {
		if !m.held {
			acts = append(acts, setHeld(m, true))
		}
	}
	return acts
}

// resumeAll are the actions that resume c's group, one a member.
func resumeAll(c *call) []callkit.Action {
	var acts []callkit.Action
	for _, m := range c.line() {
		if m.held {
			acts = append(acts, setHeld(m, false))
		}
	}
	return acts
}

// endAll are the actions that end c's group, one a member; the calls count as ending from now on.
func endAll(c *call) []callkit.Action {
	var acts []callkit.Action
	for _, m := range c.line() {
		m.ringStop()
		m.ending = true
		acts = append(acts, endOf(m))
	}
	return acts
}

// hangUp ends one call by an end action.
func (c *call) hangUp(from string) {
	c.ringStop()
	c.ending = true
	c.app.submit(&transaction{from: from}, endOf(c))
	c.ph.ringNext()
}
