package phone

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// fakeSystem is a callkit.System for tests of the engine alone: it believes everything, has no rules of its own and
// writes down what it is told. Its one thread is the test's: posted work and timers run in run and advance.
// With sync, it calls back from within the call that causes it, against the contract; else it posts to the main queue.
type fakeSystem struct {
	sync     bool
	clock    time.Time // never jumps
	skew     time.Duration
	queue    []func()
	timers   []*fakeTimer
	log      []string
	shown    map[callkit.UUID]bool
	refuse   error // what a report is answered with
	mute     bool  // reports are not answered
	calls    []callkit.Call
	state    callkit.ApplicationState
	tasks    int
	expire   func()
	provider fakeProvider
	push     callkit.PushRegistryDelegate
	observer callkit.CallObserverDelegate
	app      callkit.ApplicationDelegate
	audio    fakeAudio
	onReport func() // called from within a report
	refuseTx error
	hold     bool                  // run does nothing yet
	seen     map[callkit.UUID]bool // calls that were ever reported
}

type fakeTimer struct {
	at   time.Time
	f    func()
	over bool
}

func (t *fakeTimer) Stop() bool {
	was := !t.over
	t.over = true
	return was
}

func newFakeSystem(sync bool) *fakeSystem {
	s := &fakeSystem{sync: sync, clock: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), shown: map[callkit.UUID]bool{}, seen: map[callkit.UUID]bool{}, state: callkit.Background}
	s.provider.s, s.audio.s = s, s
	return s
}

func (s *fakeSystem) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// take returns what was written down since the last time.
func (s *fakeSystem) take() []string {
	log := s.log
	s.log = nil
	return log
}

func (s *fakeSystem) count(prefix string) int {
	n := 0
	for _, line := range s.log {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// back runs f now or later, as the system does with its callbacks.
func (s *fakeSystem) back(f func()) {
	if s.sync {
		f()
		return
	}
	s.Async(f)
}

// run runs what was posted.
func (s *fakeSystem) run() {
	for len(s.queue) > 0 && !s.hold {
		f := s.queue[0]
		s.queue = s.queue[1:]
		f()
	}
}

// advance lets d pass.
func (s *fakeSystem) advance(d time.Duration) {
	end := s.clock.Add(d)
	s.run()
	for !s.hold {
		sort.SliceStable(s.timers, func(i, j int) bool { return s.timers[i].at.Before(s.timers[j].at) })
		s.timers = slices.DeleteFunc(s.timers, func(t *fakeTimer) bool { return t.over })
		if len(s.timers) == 0 || s.timers[0].at.After(end) {
			break
		}
		t := s.timers[0]
		s.clock = t.at
		t.over = true
		t.f()
		s.run()
	}
	s.clock = end
}

// sleep lets d pass while the process is suspended: nothing of it runs.
func (s *fakeSystem) sleep(d time.Duration) {
	s.clock = s.clock.Add(d)
	for _, t := range s.timers {
		if t.at.Before(s.clock) {
			t.at = s.clock.Add(time.Millisecond)
		}
	}
}

func (s *fakeSystem) NewProvider(callkit.ProviderConfiguration) callkit.Provider {
	s.note("provider")
	return &s.provider
}
func (s *fakeSystem) NewCallController(callkit.Queue) callkit.CallController {
	return fakeController{s}
}
func (s *fakeSystem) NewCallObserver() callkit.CallObserver              { return fakeObserver{s} }
func (s *fakeSystem) NewPushRegistry(callkit.Queue) callkit.PushRegistry { return fakeRegistry{s} }
func (s *fakeSystem) AudioSession() callkit.AudioSession                 { return &s.audio }
func (s *fakeSystem) Application() callkit.Application                   { return fakeApp{s} }
func (s *fakeSystem) MainQueue() callkit.Queue                           { return s }
func (s *fakeSystem) Async(f func())                                     { s.queue = append(s.queue, f) }
func (s *fakeSystem) Now() time.Time                                     { return s.clock.Add(s.skew) }
func (s *fakeSystem) AfterFunc(d time.Duration, f func()) callkit.Timer {
	t := &fakeTimer{at: s.clock.Add(max(0, d)), f: f}
	s.timers = append(s.timers, t)
	return t
}

type fakeProvider struct {
	s *fakeSystem
	d callkit.ProviderDelegate
}

func (p *fakeProvider) SetDelegate(d callkit.ProviderDelegate, _ callkit.Queue) { p.d = d }
func (p *fakeProvider) ReportNewIncomingCall(id callkit.UUID, u callkit.Update, completion func(error)) {
	s := p.s
	name, handle := "", ""
	if u.LocalizedCallerName != nil {
		name = *u.LocalizedCallerName
	}
	if u.RemoteHandle != nil {
		handle = u.RemoteHandle.Value
	}
	s.note("report %s %s %s", short(id), name, handle)
	s.seen[id] = true
	err := s.refuse
	switch {
	case s.shown[id]:
		err = callkit.ErrCallUUIDAlreadyExists
	case err == nil:
		s.shown[id] = true
	}
	if s.onReport != nil {
		s.onReport()
	}
	if completion != nil && !s.mute {
		s.back(func() { completion(err) })
	}
}
func (p *fakeProvider) ReportCallUpdated(id callkit.UUID, u callkit.Update) {
	if u.SupportsHolding == nil && u.LocalizedCallerName != nil {
		p.s.note("renamed %s %s", short(id), *u.LocalizedCallerName)
		return
	}
	p.s.note("updated %s holding=%v", short(id), u.SupportsHolding != nil && *u.SupportsHolding)
}
func (p *fakeProvider) ReportCallEnded(id callkit.UUID, at time.Time, why callkit.EndedReason) {
	past := ""
	if !at.IsZero() {
		past = " in the past"
	}
	p.s.note("ended %s %d%s", short(id), why, past)
	delete(p.s.shown, id)
}
func (p *fakeProvider) ReportOutgoingCallStartedConnecting(id callkit.UUID, _ time.Time) {
	p.s.note("connecting %s", short(id))
}
func (p *fakeProvider) ReportOutgoingCallConnected(id callkit.UUID, _ time.Time) {
	p.s.note("connected %s", short(id))
}
func (p *fakeProvider) Configuration() callkit.ProviderConfiguration {
	return callkit.DefaultConfiguration()
}
func (p *fakeProvider) SetConfiguration(callkit.ProviderConfiguration) {}
func (p *fakeProvider) PendingActions() []callkit.Action               { return nil }
func (p *fakeProvider) Invalidate()                                    { p.s.note("invalidate") }

type fakeController struct{ s *fakeSystem }

func (c fakeController) CallObserver() callkit.CallObserver { return fakeObserver(c) }
func (c fakeController) RequestTransaction(actions []callkit.Action, completion func(error)) {
	s := c.s
	for _, a := range actions {
		s.note("request %s %s", kindOf(a), short(a.Call()))
	}
	err := s.refuseTx
	s.back(func() { completion(err) })
	if err == nil {
		for _, a := range actions {
			s.back(func() { s.perform(a) })
		}
	}
}

type fakeObserver struct{ s *fakeSystem }

func (o fakeObserver) Calls() []callkit.Call { return o.s.calls }
func (o fakeObserver) SetDelegate(d callkit.CallObserverDelegate, _ callkit.Queue) {
	o.s.observer = d
}

type fakeRegistry struct{ s *fakeSystem }

func (r fakeRegistry) SetDelegate(d callkit.PushRegistryDelegate) { r.s.push = d }
func (r fakeRegistry) SetDesiredPushTypes(t []callkit.PushType)   { r.s.note("registry %v", t) }
func (r fakeRegistry) PushToken(callkit.PushType) []byte          { return nil }

type fakeAudio struct {
	s        *fakeSystem
	category callkit.AudioCategory
	mode     callkit.AudioMode
}

func (a *fakeAudio) SetCategory(c callkit.AudioCategory, m callkit.AudioMode, _ callkit.AudioOptions) error {
	a.s.note("category %s %s", c, m)
	a.category, a.mode = c, m
	return nil
}
func (a *fakeAudio) SetActive(bool) error                  { a.s.note("SET ACTIVE"); return nil }
func (a *fakeAudio) OverrideOutputAudioPort(on bool) error { a.s.note("speaker %v", on); return nil }
func (a *fakeAudio) Category() callkit.AudioCategory       { return a.category }
func (a *fakeAudio) Mode() callkit.AudioMode               { return a.mode }
func (a *fakeAudio) CurrentRoute() callkit.AudioPort       { return callkit.BuiltInReceiver }
func (a *fakeAudio) SetObserver(callkit.AudioObserver)     {}

type fakeApp struct{ s *fakeSystem }

func (a fakeApp) State() callkit.ApplicationState           { return a.s.state }
func (a fakeApp) SetDelegate(d callkit.ApplicationDelegate) { a.s.app = d }
func (a fakeApp) BeginBackgroundTask(_ string, expired func()) func() {
	a.s.tasks++
	a.s.expire = expired
	once := false
	return func() {
		if !once {
			once = true
			a.s.tasks--
		}
	}
}

// fakeSettler writes down what becomes of an action.
type fakeSettler struct {
	s    *fakeSystem
	text string
	done bool
}

func (x *fakeSettler) Settle(ok bool, _ time.Time) {
	if x.done {
		x.s.note("SETTLED TWICE %s", x.text)
	}
	x.done = true
	if ok {
		x.s.note("fulfill %s", x.text)
	} else {
		x.s.note("fail %s", x.text)
	}
}
func (x *fakeSettler) Settled() bool { return x.done }

// perform has the engine perform an action, as the system does.
func (s *fakeSystem) perform(a callkit.Action) *fakeSettler {
	x := &fakeSettler{s: s, text: kindOf(a) + " " + short(a.Call())}
	a.Bind(callkit.UUID{1}, s.Now().Add(time.Minute), x)
	d := s.provider.d
	switch a := a.(type) {
	case *callkit.StartCallAction:
		s.shown[a.CallUUID] = true
		d.(callkit.StartCallDelegate).PerformStartCallAction(&s.provider, a)
	case *callkit.AnswerCallAction:
		d.(callkit.AnswerCallDelegate).PerformAnswerCallAction(&s.provider, a)
	case *callkit.EndCallAction:
		d.(callkit.EndCallDelegate).PerformEndCallAction(&s.provider, a)
		delete(s.shown, a.CallUUID)
	case *callkit.SetHeldCallAction:
		d.(callkit.SetHeldDelegate).PerformSetHeldCallAction(&s.provider, a)
	case *callkit.SetMutedCallAction:
		d.(callkit.SetMutedDelegate).PerformSetMutedCallAction(&s.provider, a)
	case *callkit.SetGroupCallAction:
		d.(callkit.SetGroupDelegate).PerformSetGroupCallAction(&s.provider, a)
	case *callkit.PlayDTMFCallAction:
		d.(callkit.PlayDTMFDelegate).PerformPlayDTMFCallAction(&s.provider, a)
	}
	return x
}

func (s *fakeSystem) activate(on bool) {
	d := s.provider.d.(callkit.AudioDelegate)
	if on {
		d.DidActivateAudioSession(&s.provider, &s.audio)
	} else {
		d.DidDeactivateAudioSession(&s.provider, &s.audio)
	}
}

func kindOf(a callkit.Action) string {
	switch a.(type) {
	case *callkit.StartCallAction:
		return "start"
	case *callkit.AnswerCallAction:
		return "answer"
	case *callkit.EndCallAction:
		return "end"
	case *callkit.SetHeldCallAction:
		return "hold"
	case *callkit.SetMutedCallAction:
		return "mute"
	case *callkit.SetGroupCallAction:
		return "group"
	case *callkit.PlayDTMFCallAction:
		return "dtmf"
	}
	return "?"
}

// short names a call in logs of tests: its last byte.
func short(id callkit.UUID) string { return fmt.Sprintf("c%d", id[15]) }
