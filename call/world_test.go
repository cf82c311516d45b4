package call

import (
	"fmt"
	"slices"
)

// A world is a call and what everybody else was told of it, counted from the effects alone.
type world struct {
	c        Call
	shown    bool // the system shows it
	owed     bool // an answer action is neither fulfilled, failed nor void
	open     bool // media is warmed and not closed
	audio    bool
	muted    bool // media was told
	held     bool // media was told
	farHeld  bool // the server was told
	acked    bool
	answered bool
	invited  bool
	timers   [3]bool
}

var timers = [3]EventKind{RingTimeout, FulfillTimer, MediaTimeout}

// starts are the calls that an engine may begin with.
var starts = []world{
	{c: Call{}}, {c: Call{FulfillFirst: true}}, {c: Call{Outgoing: true}}, {c: Call{Outgoing: true, FulfillFirst: true}},
}

// events are all that can happen, senseless ones included.
var events = allEvents()

func allEvents() []Event {
	var all []Event
	for k := EventKind(0); int(k) <= len(eventNames); k++ {
		switch k {
		case Push, ExpiredPush, RemoteHold, Leftover, LeftoverLive:
			all = append(all, Event{Kind: k}, Event{Kind: k, On: true})
		case RemoteEnded:
			for _, r := range []Reason{NotEnded, Cancelled, AnsweredElsewhere, Busy, Blocked, 200} {
				all = append(all, Event{Kind: k, Reason: r})
			}
		case Refused:
			for _, r := range []Reason{DoNotDisturb, Blocked, Busy, Unreachable, HungUp} {
				all = append(all, Event{Kind: k, Reason: r})
			}
		case Perform, TimedOut:
			for a := NoAction; a <= DTMFAction+1; a++ {
				all = append(all, Event{Kind: k, Action: a}, Event{Kind: k, Action: a, On: true})
			}
		default:
			all = append(all, Event{Kind: k})
		}
	}
	return all
}

// next carries out e by m and checks the step.
func (w world) next(m *machine, e Event) (world, error) {
	after, effects := m.step(w.c, e)
	n := w
	n.c = after
	if err := n.hear(w.c, e, effects); err != nil {
		return n, fmt.Errorf("%w (effects %v)", err, effects)
	}
	if err := n.check(w.c, e, effects); err != nil {
		return n, fmt.Errorf("%w (%+v -> %+v, effects %v)", err, w.c, after, effects)
	}
	if err := checkMusts(w.c, e, after, effects); err != nil {
		return n, fmt.Errorf("%w (%+v -> %+v, effects %v)", err, w.c, after, effects)
	}
	return n, nil
}

// hear updates what others know, first by the event itself, then by each effect in order.
func (n *world) hear(before Call, e Event, effects []Effect) error {
	settled := 0
	switch e.Kind {
	case Leftover, LeftoverLive:
		if before.State == Idle || before.State == Ended {
			n.shown = e.On
		}
	case Reported:
		if before.State == Ended {
			n.shown = true
		}
	case Refused:
		if before.State == Reporting {
			n.shown = false
		}
	case SystemReset:
		n.shown, n.owed = false, false
	case TimedOut:
		if e.Action == AnswerAction {
			n.owed = false
		}
	case RingTimeout, FulfillTimer, MediaTimeout:
		n.timers[slices.Index(timers[:], e.Kind)] = false
	}
	for i, f := range effects {
		switch f.Kind {
		case SendHold, MuteMedia, HoldMedia:
			if n.c.State == Ended {
				return fmt.Errorf("a call that is over is held or muted")
			}
		case SendInvite, SendAnswer, SendDecline, SendCancel, SendHangup:
			if settled > 0 {
				return fmt.Errorf("what is sent comes after the action is settled: the process may be suspended by then")
			}
		}
		switch f.Kind {
		case ReportIncoming:
			if i != 0 {
				return fmt.Errorf("the report is not the first effect")
			}
			n.shown = true
		case ReportEnded:
			if f.Reason == NotEnded || f.Reason != n.c.Reason {
				return fmt.Errorf("the end is reported with %q, the call has %q", f.Reason, n.c.Reason)
			}
			if !n.shown {
				return fmt.Errorf("the end of something that is not shown is reported")
			}
			n.shown = false
		case ReportConnecting:
			if !n.shown || settled == 0 {
				return fmt.Errorf("connecting is reported before the start is fulfilled")
			}
		case Fulfill, Fail:
			settled++
			if e.Kind != Perform {
				return fmt.Errorf("there is no action to settle")
			}
			if f.Kind == Fulfill && e.Action == StartAction {
				n.shown = true
			}
			if f.Kind == Fulfill && e.Action == EndAction {
				n.shown = false
			}
		case FulfillPending, FailPending:
			if !n.owed {
				return fmt.Errorf("no answer is owed")
			}
			n.owed = false
			if f.Kind == FulfillPending && n.c.State == Ended {
				return fmt.Errorf("an answer is fulfilled for a call that is over")
			}
			if f.Kind == FailPending && n.shown {
				return fmt.Errorf("the answer is failed before the true end was reported")
			}
		case WarmMedia:
			if n.open || n.c.State == Ended {
				return fmt.Errorf("media is warmed while open or over")
			}
			n.open, n.muted, n.held = true, false, false
		case CloseMedia:
			if !n.open || n.audio {
				return fmt.Errorf("media is closed while not open, or with audio running")
			}
			n.open = false
		case StartAudio, StopAudio:
			if n.audio == (f.Kind == StartAudio) || !n.open {
				return fmt.Errorf("audio is started or stopped twice, or without media")
			}
			n.audio = f.Kind == StartAudio
		case MuteMedia:
			if !n.open || n.muted == f.On {
				return fmt.Errorf("media is told about mute while closed, or twice")
			}
			n.muted = f.On
		case HoldMedia:
			if !n.open || n.held == f.On {
				return fmt.Errorf("media is told about hold while closed, or twice")
			}
			n.held = f.On
		case SendHold:
			if !n.c.Won || n.farHeld == f.On {
				return fmt.Errorf("the server is told about hold before the answer, or twice")
			}
			n.farHeld = f.On
		case SendRinging:
			if n.acked {
				return fmt.Errorf("the ring is acknowledged twice")
			}
			n.acked = true
		case SendAnswer:
			if n.answered {
				return fmt.Errorf("the answer is sent twice")
			}
			n.answered = true
		case SendInvite:
			if n.invited {
				return fmt.Errorf("the invitation is sent twice")
			}
			n.invited = true
		case StartTimer, StopTimer:
			i := slices.Index(timers[:], f.Timer)
			if i < 0 || n.timers[i] == (f.Kind == StartTimer) {
				return fmt.Errorf("timer %v is started or stopped twice", f.Timer)
			}
			n.timers[i] = f.Kind == StartTimer
		}
	}
	if e.Kind != Perform {
		return nil
	}
	if settled > 1 || settled == 1 && n.c.Pending != NoAction && before.Pending == NoAction {
		return fmt.Errorf("the action is settled twice")
	}
	if settled == 0 {
		if e.Action != AnswerAction || n.owed || n.c.Pending == NoAction {
			return fmt.Errorf("the action is not settled")
		}
		n.owed = true
	}
	return nil
}

// check holds the invariants of every state and every step.
func (n world) check(before Call, e Event, effects []Effect) error {
	c := n.c
	isLive := slices.Contains([]State{Reporting, Ringing, Dialing, Alerting, Connecting, Connected}, c.State)
	waits := [3]bool{
		slices.Contains([]State{Reporting, Ringing, Dialing, Alerting}, c.State),
		n.owed,
		c.State == Connecting || c.State == Connected && c.Transport == Lost,
	}
	speaks := (c.State == Connecting || c.State == Connected) && c.Won && !c.Held && c.Audio
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"a call has a reason just when it is over", (c.State == Ended) == (c.Reason != NotEnded)},
		{"what is over stays over, for the same reason", before.State != Ended || c.State == Ended && c.Reason == before.Reason},
		{"nothing becomes unheard of again", before.State == Idle || c.State != Idle},
		{"the system shows just what lives", n.shown == isLive && c.Shown == isLive},
		{"the answer owed is the answer kept", n.owed == (c.Pending != NoAction)},
		{"only an answer is kept, while connecting", c.Pending == NoAction || c.Pending == AnswerAction && c.State == Connecting && !c.Outgoing},
		{"an answer is not kept when the transport is up, or the policy is to fulfil first", c.Pending == NoAction || c.Transport != Up && !c.FulfillFirst},
		{"audio runs just when answered, won, not held and lent", n.audio == speaks && c.AudioRuns() == speaks},
		{"media is open from the ring on, until the end", n.open == (c.State == Connecting || c.State == Connected || isLive && c.State != Reporting && c.Transport != Gone)},
		{"the call knows whether media is open", n.open == c.Open()},
		{"media knows about mute", !n.open || n.muted == c.Muted},
		{"media knows about hold", !n.open || n.held == c.Held},
		{"the server knows about hold", !isLive || n.farHeld == (c.Won && c.Held)},
		{"timers run just where something waits", n.timers == waits},
		{"Waits agrees", c.Waits(RingTimeout) == waits[0] && c.Waits(FulfillTimer) == waits[1] && c.Waits(MediaTimeout) == waits[2]},
		{"Live and Answered agree", c.Live() == isLive && c.Answered() == (c.State == Connecting || c.State == Connected)},
		{"connected means won and transport was up", c.State != Connected || c.Won && (c.Transport == Up || c.Transport == Lost)},
		{"nothing waits in connecting that could connect", c.State != Connecting || !c.Won || c.Transport != Up},
		{"a caller never rings", !c.Outgoing || c.State != Reporting && c.State != Ringing},
		{"a callee never dials", c.Outgoing || c.State != Dialing && c.State != Alerting},
		{"what is over remembers no hold, mute or audio", c.State != Ended || !c.Held && !c.RemoteHeld && !c.Muted && !c.Audio},
		{"nothing is known of a call nobody has heard of", c.State != Idle || c == Call{Outgoing: c.Outgoing, FulfillFirst: c.FulfillFirst}},
		{"the policy never changes", c.FulfillFirst == before.FulfillFirst},
		{"a demanded push is reported, once", count(effects, ReportIncoming) == 1 || (e.Kind != Push && e.Kind != ExpiredPush) || !e.On},
		{"the sides of a live call never change", before.State == Idle || c.Outgoing == before.Outgoing},
	} {
		if !p.ok {
			return fmt.Errorf("%s", p.name)
		}
	}
	return nil
}

func count(effects []Effect, kind EffectKind) int {
	n := 0
	for _, f := range effects {
		if f.Kind == kind {
			n++
		}
	}
	return n
}
