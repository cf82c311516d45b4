package boundary

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/wire"
	"github.com/ringtrip/ringtrip/phone"
)

// request carries out what the user wants on the app's own screen.
func (e *Engine) request(r Request) Answer {
	var call callkit.UUID
	switch r.Verb {
	case StartCall, SetSpeaker, ContinueUse, Register, SwapCalls, StartGroup, JoinGroup, LeaveGroup, Invite, Members, LiveCalls, AlertToken:
	default:
		var err error
		if call, err = callkit.ParseUUID(r.Call); err != nil {
			return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: %s: %v", r.Verb, err)}
		}
	}
	var err error
	switch r.Verb {
	case StartCall, StartGroup, JoinGroup, MoveCall:
		var id callkit.UUID
		if id, err = e.start(r, call); err == nil {
			return Answer{Call: id.String()}
		}
	case LeaveGroup:
		err = e.phone.LeaveGroup(r.Group)
	case OfferMove:
		err = e.phone.OfferMove(call, r.Device)
	case WithdrawMove:
		err = e.phone.WithdrawMove(call)
	case AlertToken:
		e.phone.SetAlertToken(r.Token)
	case Invite, Members, LiveCalls, Credentials:
		err = e.ask(r, call)
	case AnswerCall:
		err = e.phone.Answer(call)
	case EndCall:
		err = e.phone.End(call)
	case HoldCall:
		err = e.phone.SetHeld(call, r.On)
	case MuteCall:
		err = e.phone.SetMuted(call, r.On)
	case PlayTones:
		err = e.phone.PlayDTMF(call, r.Digits)
	case HoldAnswer:
		err = e.phone.HoldAndAnswer(call)
	case EndAnswer:
		err = e.phone.EndAndAnswer(call)
	case EndHeldAnswer:
		err = e.phone.EndHeldAndAnswer(call)
	case ResumeCall:
		err = e.phone.Resume(call)
	case SplitCall:
		err = e.phone.Split(call)
	case SwapCalls:
		err = e.phone.Swap()
	case MergeCalls:
		var with callkit.UUID
		if with, err = callkit.ParseUUID(r.With); err != nil {
			return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: %s with: %v", r.Verb, err)}
		}
		err = e.phone.Merge(call, with)
	case SetSpeaker:
		err = e.phone.SetSpeaker(r.On)
	case Register:
		e.phone.Register()
	case ContinueUse:
		if r.Activity == nil {
			return Answer{Code: "bad_message", Error: "boundary: continue has no activity"}
		}
		o := wire.Options(wire.Message{Launch: &wire.Launch{Activity: r.Activity}})
		e.phone.ContinueUserActivity(*o.UserActivity)
	default:
		return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: there is no verb %.40q", r.Verb)}
	}
	return failed(err)
}

// start starts a call: a new one, a group, or one that is answered already. What the system refuses later is said by an
// [Out] of its own.
func (e *Engine) start(r Request, moved callkit.UUID) (callkit.UUID, error) {
	var mu sync.Mutex // the refusal may come on the main queue before Start has returned here
	var id callkit.UUID
	var refused error
	tell := func() {
		if refused != nil && !id.IsZero() {
			e.say(Out{Failed: &Failed{id.String(), refused.Error()}})
		}
	}
	failed := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		refused = err
		tell()
	}
	var started callkit.UUID
	var err error
	switch r.Verb {
	case StartGroup:
		started, err = e.phone.StartGroup(phone.GroupRequest{Callees: r.Callees, Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: failed})
	case JoinGroup:
		started, err = e.phone.Join(phone.JoinRequest{Group: r.Group, Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: failed})
	case MoveCall:
		started, err = moved, e.phone.Move(phone.MoveRequest{CallID: moved, Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: failed})
	default:
		started, err = e.phone.Start(phone.StartRequest{Callee: r.Callee, Name: r.Name, Handle: r.Handle, Video: r.Video, Group: r.Group, Failed: failed})
	}
	mu.Lock()
	defer mu.Unlock()
	id = started
	tell()
	return started, err
}

// failed is the answer that carries an error of package phone.
func failed(err error) Answer {
	if err == nil {
		return Answer{}
	}
	a := Answer{Code: "failed", Error: err.Error()}
	for _, c := range []struct {
		err  error
		code string
	}{
		{phone.ErrClosed, "closed"}, {phone.ErrNoCall, "no_call"}, {phone.ErrOnCall, "on_call"},
		{phone.ErrNotConnected, "not_connected"}, {phone.ErrNoCallee, "no_callee"}, {phone.ErrTooManyCalls, "too_many_calls"},
		{phone.ErrNothingToSwap, "nothing_to_swap"}, {phone.ErrCannotMix, "cannot_mix"},
		{phone.ErrCallees, "bad_callees"}, {phone.ErrGroup, "group"},
	} {
		if errors.Is(err, c.err) {
			a.Code = c.code
		}
	}
	return a
}

func snapshot(s phone.Snapshot) *Snapshot {
	out := &Snapshot{Online: s.Online, Registered: s.Registered, CanStart: s.CanStart, OtherApps: s.OtherApps, CanSwap: s.CanSwap, Calls: []Call{}}
	for _, c := range s.Calls {
		w := Call{
			ID: c.ID.String(), State: c.State.String(), Outgoing: c.Outgoing, Video: c.Video, Name: c.Name, Handle: c.Handle,
			Muted: c.Muted, Held: c.Held, RemoteHeld: c.RemoteHeld, AudioRunning: c.AudioRunning, Transport: c.Transport.String(),
			Reason: c.Reason.String(), AnsweredBy: c.AnsweredBy, CanResume: c.CanResume,
			Front: c.Front, Waiting: c.Waiting, CanHold: c.CanHold, CanEnd: c.CanEnd, CanEndHeld: c.CanEndHeld, Group: c.Group,
			GroupCall: c.GroupCall, Moving: c.Moving, OfferedTo: c.OfferedTo,
		}
		if !c.AnsweredAt.IsZero() {
			at := c.AnsweredAt
			w.AnsweredAt = &at
		}
		out.Calls = append(out.Calls, w)
	}
	return out
}

// logger is a slog handler that says each line to the app.
type logger struct{ e *Engine }

// Enabled is part of [slog.Handler].
func (logger) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle is part of [slog.Handler].
func (l logger) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	l.e.say(Out{Log: &Log{r.Level.String(), b.String()}})
	return nil
}

// WithAttrs is part of [slog.Handler].
func (l logger) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup is part of [slog.Handler].
func (l logger) WithGroup(string) slog.Handler { return l }
