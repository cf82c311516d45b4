package server

import (
	"context"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/push"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Observer hears what the server does, for metrics and traces (package server/observe). It is called on the paths of
// requests and pushes, by many goroutines at once: it must neither block nor change what it is given.
type Observer interface {
	// Committed is told of every commit of a call, also of those that failed. ctx has the values of the request that
	// made it.
	Committed(ctx context.Context, c Change)
	// Pushing is told before a push goes to its sender. The sender gets the context that it returns, and done is called
	// with what the sender said. done is never nil.
	Pushing(ctx context.Context, p PushStart) (sending context.Context, done func(push.Receipt, error))
}

// Change is one commit of a call.
type Change struct {
	App, Call  string
	CreatedAt  time.Time // of the call
	AnsweredAt time.Time // of the call; zero: never
	Took       time.Duration
	// Err is why it was not stored: store.ErrConflict if somebody else was faster, which is tried again.
	Err error
	// What follows is what the commit stored, or would have if Err is not nil.

	Events   int     // events for devices
	Stages   []Stage // what went into the ledger
	RingOver []Fate  // of every leg, once a call: by the commit that ended its ringing
	Ended    bool    // this commit ended the call
	EndedAt  time.Time
	Reason   call.Reason // why, if it ended
}

// Stage is an entry of the ledger with what is known of the device.
type Stage struct {
	Stage    v1.Stage
	Device   Device // zero: the call as a whole
	At       time.Time
	DeviceAt time.Time // by the device's own clock; zero: unknown
	Reason   call.Reason
	Detail   string
}

// Device is what a device said of itself when the call began.
type Device struct{ ID, Platform, AppVersion, OSVersion string }

// Fate is what became of one leg while the call rang.
type Fate struct {
	Device Device
	Rang   bool
	// NotRung is why it did not ring, a word of [NotRungReasons]; empty if it did.
	NotRung string
}

// NotRungReasons are the reasons for which a leg does not ring, with what each means.
var NotRungReasons = map[string]string{
	"unreachable":    "there was neither a push token that works nor an open stream",
	"no_push":        "the push was not accepted by APNs before the ring ended",
	"not_woken":      "APNs took the push, or the stream had the offer, but the app never said that it has it",
	"not_reported":   "the app ran but did not report the call to the system",
	"not_shown":      "the call was reported but the system did not show it",
	"do_not_disturb": "a Focus or quiet hours silenced it",
	"blocked":        "the caller is on a block list",
	"busy":           "the device was on another call",
	"over_too_soon":  "the call was answered, cancelled or replaced within 5 s, before this device could have rung",
}

// tooSoon is how long a ring must have lasted for a silent device to count as one that did not ring.
const tooSoon = 5 * time.Second

// PushStart is a push that is about to be sent.
type PushStart struct {
	App, Call, BundleID string
	Device              Device
	CreatedAt           time.Time // of the call
	Environment         push.Environment
}

// blind is the Observer of a server that has none.
type blind struct{}

func (blind) Committed(context.Context, Change) {}
func (blind) Pushing(ctx context.Context, _ PushStart) (context.Context, func(push.Receipt, error)) {
	return ctx, func(push.Receipt, error) {}
}

// observe tells the Observer of a commit, which began at begin and ended with err.
func (t *turn) observe(ctx context.Context, events int, begin time.Time, err error) {
	c := Change{
		App: t.row.App, Call: t.row.ID, CreatedAt: t.CreatedAt, AnsweredAt: t.AnsweredAt,
		Took: time.Since(begin), Err: err, Events: events,
	}
	for _, e := range t.ledger {
		s := Stage{Stage: v1.Stage(e.Stage), At: e.At, DeviceAt: e.DeviceAt, Reason: call.Reason(e.Reason), Detail: e.Detail}
		if e.Device != "" {
			s.Device = t.observed(e.Device)
		}
		c.Stages = append(c.Stages, s)
	}
	if t.over {
		c.Ended, c.EndedAt, c.Reason = true, t.EndedAt, t.Fork.Reason
	}
	if t.before.State != fork.Answered && t.before.State != fork.Ended && (t.Fork.State == fork.Answered || t.Fork.State == fork.Ended) {
		for i := range t.Legs {
			if t.Fork.Legs[i].State == fork.Waiting || isOutside(t.Legs[i].ID) {
				continue // its turn never came, or it is no device of ours
			}
			c.RingOver = append(c.RingOver, t.fate(i))
		}
	}
	t.s.cfg.Observer.Committed(ctx, c)
}

// observed returns what is known of a device of the call.
func (t *turn) observed(id string) Device {
	if id == t.CallerDevice.ID {
		return t.CallerDevice.observed()
	}
	if i := t.legOf(id); i >= 0 {
		return t.Legs[i].observed()
	}
	return Device{ID: id}
}

func (d *device) observed() Device {
	return Device{ID: d.ID, Platform: d.Platform, AppVersion: d.AppVersion, OSVersion: d.OSVersion}
}

// fate says what became of a leg while the call rang, at the moment the ringing ends.
func (t *turn) fate(i int) Fate {
	f := Fate{Device: t.Legs[i].observed()}
	marks, was, is := t.Legs[i].Marks, t.before.Legs[i], t.Fork.Legs[i]
	reason := is.Reason
	if was.State == fork.LegEnded {
		reason = was.Reason // it was over before the others were
	}
	switch {
	case marks.has(int32(v1.Stage_STAGE_RINGING)), reason == call.Declined, t.Fork.WasAnswered() && int(t.Fork.Winner) == i:
		f.Rang = true
	case reason == call.DoNotDisturb, reason == call.Blocked, reason == call.Busy, reason == call.Unreachable:
		f.NotRung = reason.String()
	case t.now.Sub(t.CreatedAt) < tooSoon:
		f.NotRung = "over_too_soon"
	case marks.has(int32(v1.Stage_STAGE_REPORTED)):
		f.NotRung = "not_shown"
	case marks.has(int32(v1.Stage_STAGE_WOKE)):
		f.NotRung = "not_reported"
	case was.State == fork.Created && !t.Legs[i].Streamed:
		f.NotRung = "no_push"
	default:
		f.NotRung = "not_woken"
	}
	return f
}
