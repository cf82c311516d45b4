package call

// A need is a named condition on a turn.
type need struct {
	name string
	is   func(t *turn) bool
}

// A clause holds for every event: when all of its needs are met, it is done.
type clause struct {
	name string
	when []need
	do   func(t *turn)
}

// A wait says when a timer runs.
type wait struct {
	timer EventKind
	name  string
	is    func(c *Call) bool
}

var (
	connectable  = need{"connecting, won, transport up", func(t *turn) bool { return t.next.State == Connecting && t.next.Won && t.next.Transport == Up }}
	newRing      = need{"the ring begins", func(t *turn) bool { return t.before.State == Idle && t.next.State == Reporting }}
	notNewRing   = need{"the ring does not begin here", func(t *turn) bool { return !newRing.is(t) }}
	pushed       = need{"a push", func(t *turn) bool { return t.event.Kind == Push || t.event.Kind == ExpiredPush }}
	demanded     = need{"the system demands a report", func(t *turn) bool { return t.event.On }}
	performed    = need{"an action", func(t *turn) bool { return t.event.Kind == Perform }}
	taken        = need{"a row takes it", func(t *turn) bool { return t.taken }}
	notTaken     = need{"no row takes it", func(t *turn) bool { return !t.taken }}
	keptNow      = need{"it is the answer to keep", func(t *turn) bool { return t.before.Pending == NoAction && t.next.Pending != NoAction }}
	notKeptNow   = need{"it is not the answer to keep", func(t *turn) bool { return !keptNow.is(t) }}
	needNotWait  = need{"the transport is up, or the policy is to fulfil first", func(t *turn) bool { return t.next.Transport == Up || t.next.FulfillFirst }}
	kept         = need{"an answer is kept", func(t *turn) bool { return t.next.Pending != NoAction }}
	isUpNow      = need{"the transport is up", func(t *turn) bool { return t.next.Transport == Up }}
	over         = need{"the call is over", func(t *turn) bool { return t.next.State == Ended }}
	shown        = need{"the system shows it", func(t *turn) bool { return t.next.Shown }}
	notByUser    = need{"not by the end action", func(t *turn) bool { return t.event.Kind != Perform || t.event.Action != EndAction }}
	notByReset   = need{"not by a reset", func(t *turn) bool { return t.event.Kind != SystemReset }}
	notByFilter  = need{"not by a refusal", func(t *turn) bool { return t.event.Kind != Refused }}
	dials        = need{"the call begins to dial", func(t *turn) bool { return t.before.State != Dialing && t.next.State == Dialing }}
	connects     = need{"the call connects", func(t *turn) bool { return t.before.State != Connected && t.next.State == Connected }}
	caller       = need{"this is the caller", func(t *turn) bool { return t.next.Outgoing }}
	open         = need{"media is open", func(t *turn) bool { return t.next.Open() }}
	toWarm       = need{"ringing or dialing with media never opened, or connecting with media not open", needsWarm}
	ran          = need{"audio ran", func(t *turn) bool { return t.m.audioRuns(&t.before) }}
	didNotRun    = need{"audio did not run", func(t *turn) bool { return !t.m.audioRuns(&t.before) }}
	runs         = need{"audio runs", func(t *turn) bool { return t.m.audioRuns(&t.next) }}
	doesNotRun   = need{"audio does not run", func(t *turn) bool { return !t.m.audioRuns(&t.next) }}
	muteIsNews   = need{"media was told otherwise about mute", func(t *turn) bool { return (t.before.Open() && t.before.Muted) != t.next.Muted }}
	holdIsNews   = need{"media was told otherwise about hold", func(t *turn) bool { return (t.before.Open() && t.before.Held) != t.next.Held }}
	notOver      = need{"the call lives", func(t *turn) bool { return t.next.State != Ended }}
	won          = need{"won", func(t *turn) bool { return t.next.Won }}
	serverIsLate = need{"the server was told otherwise about hold", func(t *turn) bool { return (t.before.Won && t.before.Held) != t.next.Held }}
)

// audio is what must hold for audio to run.
var audio = []need{
	{"answered", func(t *turn) bool { return t.next.Answered() }},
	won,
	{"not held here", func(t *turn) bool { return !t.next.Held }},
	{"the system lends the audio session", func(t *turn) bool { return t.next.Audio }},
}

// waits is when timers run.
var waits = []wait{
	{RingTimeout, "reporting, ringing, dialing or alerting", func(c *Call) bool {
		return c.State == Reporting || c.State == Ringing || c.State == Dialing || c.State == Alerting
	}},
	{FulfillTimer, "an answer is kept", func(c *Call) bool { return c.Pending != NoAction }},
	{MediaTimeout, "connecting", func(c *Call) bool { return c.State == Connecting }},
	{MediaTimeout, "connected and the transport lost", func(c *Call) bool { return c.State == Connected && c.Transport == Lost }},
}

// first comes before what the row orders: a push must be reported before anything else is done.
var first = []clause{
	{"connect when answered, won and the transport is up", []need{connectable}, func(t *turn) { t.next.State = Connected }},
	{"report the ring", []need{newRing}, reportIncoming},
	{"report every push that the system demands a report for", []need{pushed, demanded, notNewRing}, reportIncoming},
}

// then comes after what the row orders: what is sent leaves before an action is fulfilled, for the system may suspend
// the process from then on. The end is reported before a kept answer is failed, for failing it would put "failed" into
// Recents in place of the true reason.
var then = []clause{
	{"fulfil an action that a row takes", []need{performed, taken, notKeptNow}, func(t *turn) { t.order(Fulfill) }},
	{"fulfil the answer at once if it need not wait", []need{keptNow, needNotWait}, func(t *turn) {
		t.order(Fulfill)
		t.next.Pending = NoAction
	}},
	{"fail an action that no row takes", []need{performed, notTaken}, func(t *turn) { t.order(Fail) }},
	{"report the end of what is shown", []need{over, shown, notByUser, notByReset, notByFilter}, func(t *turn) { t.order(ReportEnded) }},
	{"what is over is not shown", []need{over}, func(t *turn) { t.next.Shown = false }},
	{"fulfil the kept answer when the transport is up", []need{kept, isUpNow}, func(t *turn) {
		t.order(FulfillPending)
		t.next.Pending = NoAction
	}},
	{"fail the kept answer of a call that is over", []need{kept, over}, func(t *turn) {
		t.order(FailPending)
		t.next.Pending = NoAction
	}},
	{"report that an outgoing call connects", []need{dials}, func(t *turn) { t.order(ReportConnecting) }},
	{"report that an outgoing call is connected", []need{connects, caller}, func(t *turn) { t.order(ReportConnected) }},
	{"forget hold, mute and the audio session of a call that is over", []need{over}, func(t *turn) {
		t.next.Held, t.next.RemoteHeld, t.next.Muted, t.next.Audio = false, false, false, false
	}},
	{"tell the server about hold", []need{won, notOver, serverIsLate}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: SendHold, On: t.next.Held})
	}},
	{"stop audio", []need{ran, doesNotRun}, func(t *turn) { t.order(StopAudio) }},
	{"warm media", []need{toWarm}, func(t *turn) {
		t.order(WarmMedia)
		t.next.Transport = Warming
	}},
	{"tell media about mute", []need{notOver, open, muteIsNews}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: MuteMedia, On: t.next.Muted})
	}},
	{"tell media about hold", []need{notOver, open, holdIsNews}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: HoldMedia, On: t.next.Held})
	}},
	{"start audio", []need{didNotRun, runs}, func(t *turn) { t.order(StartAudio) }},
	{"close media of a call that is over", []need{over, open}, func(t *turn) {
		t.order(CloseMedia)
		t.next.Transport = Gone
	}},
	{"stop and start timers", nil, setTimers},
}

func reportIncoming(t *turn) {
	t.order(ReportIncoming)
	t.next.Shown = true
}

func needsWarm(t *turn) bool {
	switch t.next.State {
	case Ringing, Dialing, Alerting:
		return t.next.Transport == Cold
	case Connecting:
		return !t.next.Open()
	case Idle, Reporting, Connected, Ended:
	}
	return false
}

// setTimers stops and starts timers by what waits now and what waited before. A timer whose event this is has run out.
func setTimers(t *turn) {
	for _, timer := range []EventKind{RingTimeout, FulfillTimer, MediaTimeout} {
		var was, is bool
		for _, w := range t.m.waits {
			was = was || w.timer == timer && w.is(&t.before) && t.event.Kind != timer
			is = is || w.timer == timer && w.is(&t.next)
		}
		switch {
		case was && !is:
			t.out = append(t.out, Effect{Kind: StopTimer, Timer: timer})
		case is && !was:
			t.out = append(t.out, Effect{Kind: StartTimer, Timer: timer})
		}
	}
}
