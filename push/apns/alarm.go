package apns

import (
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// alarmEvery is how often the same alarm is raised.
const alarmEvery = time.Minute

// alarms raises each alarm once in a while.
type alarms struct {
	tell func(push.Environment, push.Error)

	mu     sync.Mutex
	raised map[alarmKey]time.Time
}

type alarmKey struct {
	env    push.Environment
	reason string // Apple's, so there are not many
}

// alarm tells a person, if one wants to know, what APNs said.
func (s *Sender) alarm(env push.Environment, e *push.Error) {
	a := &s.alarms
	if a.tell == nil {
		return
	}
	key, now := alarmKey{env, e.Reason}, s.now()
	a.mu.Lock()
	since := now.Sub(a.raised[key])
	due := since >= alarmEvery || since < 0 // below: the clock was set back
	if due {
		if a.raised == nil || len(a.raised) > 1000 { // who answers with ever new reasons is not Apple
			a.raised = map[alarmKey]time.Time{}
		}
		a.raised[key] = now
	}
	a.mu.Unlock()
	if due {
		a.tell(env, *e)
	}
}
