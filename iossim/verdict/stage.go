package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// stage is the world of one trial: one phone with the app, and the far end.
type stage struct {
	w       *iossim.World
	ph      *iossim.Phone
	sub     Subject
	sv      *server
	proc    *process // the running one, nil if there is none
	may     []string // the bugs that the trial may find
	calls   byte
	from    int // the first log entry of what is being looked at
	sights  []sight
	lastAt  time.Duration // of the log, to see an app that calls itself without end
	atOnce  int
	runaway bool
	sound   bool // the last call that the user answered had sound, so others can be asked for it
}

// stuck is how a trial that can't go on leaves its play.
type stuck struct{ why string }

// lacking is how a trial ends that has nothing to try.
type lacking struct{ why string }

// stopped is how a trial ends that has seen enough.
type stopped struct{}

// tooMuch is how many log entries one moment may have: more is an app that calls itself without end.
const tooMuch = 2000

func newStage(sub Subject, os string, seed uint64, knobs func(*iossim.Knobs)) (*stage, error) {
	if sub == nil {
		return nil, errors.New("verdict: the subject is nil; the function that makes it must return one")
	}
	k, err := iossim.Profile(os)
	if err != nil {
		return nil, fmt.Errorf("verdict: %w", err)
	}
	k.SkipActivateIfActive = "never" // who calls setActive is seen to do so; sound is another matter
	if knobs != nil {
		knobs(&k)
	}
	s := &stage{w: iossim.NewWorld(iossim.Config{Seed: seed, Knobs: k}), sub: sub}
	s.sv = &server{st: s, latency: 50 * time.Millisecond, transport: 200 * time.Millisecond}
	s.w.OnLog(s.hear)
	s.ph, err = s.w.NewPhone(iossim.PhoneConfig{Name: "phone", Locked: true, Knobs: k})
	if err == nil {
		err = s.ph.Install(iossim.AppConfig{BundleID: BundleID, Name: "App", New: s.launch})
	}
	if err != nil {
		s.w.Close()
		return nil, fmt.Errorf("verdict: %w", err)
	}
	return s, nil
}

// launch makes the app's code for a new process.
func (s *stage) launch() callkit.App {
	l := &Line{sv: s.sv}
	build := s.sub.New
	if s.ph != nil && s.ph.Knobs().Region == "CN" {
		build = s.sub.(ChinaBuilder).NewForChina
	}
	code := build(l)
	if code == nil {
		panic(stuck{"Subject.New returned nil"})
	}
	return &process{App: code, code: code, st: s, line: l}
}

// hear follows the log for the kit's own parts.
func (s *stage) hear(e iossim.Entry) {
	if e.Channel == iossim.ChanSystem && strings.HasPrefix(e.Text, "audioDeactivate") {
		s.sv.sessionLost()
	}
	if e.At != s.lastAt {
		s.lastAt, s.atOnce = e.At, 0
	}
	if s.atOnce++; s.atOnce == tooMuch {
		s.runaway = true
		s.ph.Kill(BundleID, "it calls itself without end")
	}
}

// play runs f and says what came of it.
func (s *stage) play(f func()) (o outcome) {
	defer func() {
		switch r := recover().(type) {
		case nil, stopped:
		case lacking:
			o.untried = r.why
		case stuck:
			o.stuck = r.why
			if n := s.ph.Strikes(BundleID); n > 0 {
				o.stuck += "; the app was killed for a push that it did not report"
			}
		default:
			panic(r)
		}
		o.sights = s.sights
	}()
	f()
	return o
}

// boot opens the app once, so that it is registered, and leaves the phone locked with the app in the background.
func (s *stage) boot() {
	s.open()
	s.do(s.ph.Home())
	s.do(s.ph.Lock())
	s.run(time.Second)
	s.look()
}

// open brings the app to the foreground of the unlocked phone.
func (s *stage) open() {
	if s.ph.Screen().Locked {
		s.do(s.ph.Unlock())
	}
	s.do(s.ph.OpenApp(BundleID))
	s.run(2 * time.Second)
	if s.proc == nil {
		panic(stuck{"the app does not run although it was opened"})
	}
}

// kill ends the app's process, as the system does when memory is short.
func (s *stage) kill() {
	s.ph.Kill(BundleID, "memory")
	s.run(time.Second)
}

// call makes up a call that comes now and rings for 45 s.
func (s *stage) call(handle string) Call {
	s.calls++
	now := s.w.Now()
	return Call{
		ID:     callkit.UUID{0x01, 0x9a, 0xbe, 0xef, 6: 0x70, 8: 0x80, 15: s.calls},
		Handle: handle, Name: strings.ToUpper(handle[:1]) + handle[1:], Sent: now, Expires: now.Add(45 * time.Second),
	}
}

// push has the app's server send the push for a call.
func (s *stage) push(c Call) { s.ph.DeliverPush(BundleID, s.sub.Push(c), iossim.SentAt(c.Sent)) }

// ring brings a call to the screen, and returns its UUID in CallKit.
func (s *stage) ring(c Call) callkit.UUID {
	before := s.ph.Calls()
	s.push(c)
	s.run(time.Second)
	for _, have := range s.ph.Calls() {
		if !slices.ContainsFunc(before, func(b callkit.Call) bool { return b.UUID == have.UUID }) && !have.IsOutgoing {
			return have.UUID
		}
	}
	panic(stuck{"the phone does not ring for a push"})
}

// talk has a call ring and be answered by the user.
func (s *stage) talk(handle string) (Call, callkit.UUID) {
	c := s.call(handle)
	id := s.ring(c)
	s.do(s.ph.Answer())
	s.run(7 * time.Second) // whoever waits for media may do so for 5 s
	if !s.connected(id) {
		panic(stuck{"the user answered, but the call is not connected 7 s later"})
	}
	s.sound = s.sv.talks(c.ID)
	return c, id
}

// dial has the app call somebody, and returns the call's UUID in CallKit.
func (s *stage) dial(handle string) callkit.UUID {
	before := s.ph.Calls()
	button(s, func(d Dialer) { d.Dial(handle) })
	s.run(time.Second)
	for _, have := range s.ph.Calls() {
		if !slices.ContainsFunc(before, func(b callkit.Call) bool { return b.UUID == have.UUID }) && have.IsOutgoing {
			return have.UUID
		}
	}
	panic(stuck{"the app's call button starts no call"})
}

// started is the newest call that the app told its server of, by the server's name.
func (s *stage) started() callkit.UUID {
	for _, x := range slices.Backward(s.sv.said) {
		if x.start {
			return x.id
		}
	}
	panic(stuck{"the app told its server of no call (Line.Start)"})
}

// button presses one of the app's own buttons.
func button[T any](s *stage, press func(T)) {
	if s.proc == nil {
		panic(stuck{"the app does not run"})
	}
	b, ok := s.proc.code.(T)
	if !ok {
		panic(stuck{fmt.Sprintf("the app has no button %T", *new(T))})
	}
	s.proc.sys.MainQueue().Async(func() { press(b) })
	s.w.Settle()
}

// do is for what the user does: a phone that does not offer it leaves the trial stuck.
func (s *stage) do(err error) {
	if err != nil {
		panic(stuck{strings.TrimPrefix(err.Error(), "iossim: ")})
	}
	s.w.Settle()
}

// run lets time pass.
func (s *stage) run(d time.Duration) {
	s.w.Run(d)
	if s.runaway && !s.can("B26") {
		panic(stuck{"the app calls itself without end"})
	}
}

// control makes sure that a plain push rings where the trial is about to send a special one: else the special one
// shows nothing.
func (s *stage) control() {
	s.kill()
	s.ring(s.call("alice"))
	if s.ringing() {
		s.do(s.ph.Decline())
	}
	s.run(2 * time.Second)
}

// look begins to look: what happened before is of no interest any more.
func (s *stage) look() { s.from = len(s.w.Entries()) }

// log is what happened since look.
func (s *stage) log() []iossim.Entry { return s.w.Entries()[s.from:] }

// find notes a bug.
func (s *stage) find(bug, format string, args ...any) {
	if !s.can(bug) {
		panic("verdict: a trial found " + bug + ", which it does not list")
	}
	if slices.ContainsFunc(s.sights, func(x sight) bool { return x.bug == bug }) {
		return
	}
	s.sights = append(s.sights, sight{bug: bug, seen: fmt.Sprintf(format, args...), log: s.tail(s.from)})
}

// stop ends the trial: what follows would only repeat what was seen.
func (s *stage) stop() { panic(stopped{}) }

// tail is the end of the log from an entry on, as much as a finding shows.
func (s *stage) tail(from int) []string {
	const most = 16
	all := s.w.Entries()
	if from = min(from, len(all)); len(all)-from > most {
		from = len(all) - most
	}
	var lines []string
	for _, e := range all[from:] {
		lines = append(lines, e.String())
	}
	return lines
}
