package mediatest

import (
	"container/heap"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// clock is a virtual clock on the test's own goroutine.
type clock struct {
	now    time.Duration
	n      int
	timers timers
}

type timer struct {
	at time.Duration
	n  int
	f  func()
}

type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].n < t[j].n
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (c *clock) AfterFunc(d time.Duration, f func()) {
	c.n++
	heap.Push(&c.timers, timer{c.now + d, c.n, f})
}

// run lets d pass.
func (c *clock) run(d time.Duration) {
	end := c.now + d
	for len(c.timers) > 0 && c.timers[0].at <= end {
		t := heap.Pop(&c.timers).(timer)
		c.now = t.at
		t.f()
	}
	c.now = end
}

// world is two fakes on one clock, and everything that happened between them.
type world struct {
	clock
	a, b         *Fake
	sa, sb       *FakeSession
	log          []string
	drop         func(media.Message) bool
	allowA       bool
	messages     []media.Message
	insideNotify func(media.Event)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{allowA: true}
	net := NewNet()
	w.a = NewFake(FakeConfig{AfterFunc: w.AfterFunc, Net: net, Content: "alice", Allowed: func() bool { return w.allowA }})
	w.b = NewFake(FakeConfig{AfterFunc: w.AfterFunc, Net: net, Content: "bob"})
	w.sa = w.session(t, w.a, "a", media.Offerer, func() *FakeSession { return w.sb })
	w.sb = w.session(t, w.b, "b", media.Answerer, func() *FakeSession { return w.sa })
	return w
}

func (w *world) session(t *testing.T, f *Fake, who string, role media.Role, far func() *FakeSession) *FakeSession {
	t.Helper()
	cfg := media.Config{CallID: "c", Role: role,
		Send: func(m media.Message) {
			w.messages = append(w.messages, m)
			if w.drop != nil && w.drop(m) {
				return
			}
			if err := far().Receive(m); err != nil && !errors.Is(err, media.ErrClosed) {
				t.Errorf("%s was refused %v: %v", who, m, err)
			}
		},
		Notify: func(e media.Event) {
			line := fmt.Sprintf("%v %s %s", w.now, who, kinds[e.Kind])
			if e.Digit != 0 {
				line += " " + string(e.Digit)
			}
			w.log = append(w.log, line)
			if w.insideNotify != nil {
				w.insideNotify(e)
			}
		},
	}
	if role == media.Offerer {
		cfg.Session = "s1"
	}
	s, err := f.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*FakeSession)
}

func (w *world) talk(t *testing.T) {
	t.Helper()
	for _, s := range []*FakeSession{w.sb, w.sa} {
		for _, do := range []func() error{s.Prepare, s.Warm, s.StartAudio} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.run(time.Second)
	if w.sa.Hears() != "bob" || w.sb.Hears() != "alice" {
		t.Fatalf("a hears %q, b hears %q", w.sa.Hears(), w.sb.Hears())
	}
	w.log = nil
}

func (w *world) want(t *testing.T, log ...string) {
	t.Helper()
	if !slices.Equal(w.log, log) {
		t.Errorf("it happened:\n  %s\nwant:\n  %s", strings.Join(w.log, "\n  "), strings.Join(log, "\n  "))
	}
	w.log = nil
}

func TestFakeLifeOfACall(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(w.sa.Prepare(), w.sb.Prepare(), w.sb.Warm(), w.sa.Warm()); err != nil {
		t.Fatal(err)
	}
	if len(w.messages) != 0 {
		t.Fatal("something was sent from within Warm")
	}
	w.run(time.Second)
	w.want(t, "20ms a Connected", "20ms b Connected")
	_ = w.sa.StartAudio()
	w.run(time.Second)
	w.want(t)
	_ = w.sb.StartAudio()
	w.run(time.Second)
	w.want(t, "2.04s a FirstMedia", "2.04s b FirstMedia")

	w.sa.SetMuted(true)
	if w.sb.Hears() != "" || w.sa.Hears() != "bob" {
		t.Error("mute must stop what is sent, and only that")
	}
	w.sa.SetMuted(false)
	w.sb.SetHeld(true)
	if w.sb.Hears() != "" || w.sa.Hears() != "" {
		t.Error("hold must stop both directions")
	}
	w.sb.SetHeld(false)
	w.run(time.Second)
	w.want(t)
	if err := w.sa.PlayDTMF("1,#"); err != nil {
		t.Fatal(err)
	}
	w.run(3 * time.Second)
	w.want(t, "4.04s b DTMF 1", "6.19s b DTMF #")
	w.sb.StopAudio()
	_ = w.sb.StartAudio()
	w.run(time.Second)
	w.want(t, "7.04s b FirstMedia")
	_ = w.sa.Close()
	_ = w.sa.Close()
	w.run(time.Minute)
	w.want(t, "8s b Disconnected", "8s b Failed")
	if got := w.sb.Heard(); !slices.Equal(got, []string{"alice", "alice", "alice", "alice"}) {
		t.Errorf("b heard %q", got)
	}
	if v := slices.Concat(w.a.Violations(), w.b.Violations()); v != nil {
		t.Error(v)
	}
}

func TestFakeNetwork(t *testing.T) {
	w := newWorld(t)
	w.talk(t)
	w.a.Lose()
	w.run(10 * time.Second)
	w.want(t, "1s a Disconnected", "1s b Disconnected")
	w.a.Regain()
	w.run(time.Second)
	w.want(t, "11.02s a Connected", "11.02s b Connected")
	if w.sb.Hears() != "alice" {
		t.Error("the sound did not come back")
	}
	w.b.Move()
	w.run(10 * time.Second)
	w.want(t, "12s b Disconnected", "12s a Disconnected")
	_ = w.sb.Restart() // the answerer asks, the offerer offers
	w.run(time.Second)
	w.want(t, "22.02s b Connected", "22.02s a Connected")
	w.b.Lose()
	w.run(time.Minute)
	w.want(t, "23s b Disconnected", "23s a Disconnected", "48s b Failed", "48s a Failed")
	w.b.Regain()
	w.run(time.Minute)
	w.want(t)
}

func TestFakeRules(t *testing.T) {
	w := newWorld(t)
	w.allowA = false
	if err := w.sa.StartAudio(); !errors.Is(err, media.ErrNotPrepared) {
		t.Error(err)
	}
	_ = w.sa.Prepare()
	if err := w.sa.StartAudio(); !errors.Is(err, ErrAudioNotAllowed) || w.sa.AudioRunning() {
		t.Error(err)
	}
	w.insideNotify = func(media.Event) { _ = w.sa.Close() }
	w.sa.Fail(errors.New("test"))
	w.run(time.Second)
	want := []string{"StartAudio before Prepare", "StartAudio outside", "Close from within"}
	got := w.a.Violations()
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("violation %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// TestFakeLostMessages: what is lost on the way never connects, and what was never connected is never heard.
func TestFakeLostMessages(t *testing.T) {
	for _, kind := range []media.MessageKind{media.Offer, media.Answer, media.Candidate} {
		w := newWorld(t)
		w.drop = func(m media.Message) bool { return m.Kind == kind }
		for _, s := range []*FakeSession{w.sb, w.sa} {
			_ = errors.Join(s.Prepare(), s.Warm(), s.StartAudio())
		}
		w.run(time.Minute)
		if w.sa.Connected() || w.sb.Connected() || w.sa.Heard() != nil || w.sb.Heard() != nil {
			t.Errorf("connected without messages of kind %d", kind)
		}
	}
}

func TestFakeSilentMicrophone(t *testing.T) {
	w := newWorld(t)
	w.a.cfg.Content = ""
	for _, s := range []*FakeSession{w.sb, w.sa} {
		_ = errors.Join(s.Prepare(), s.Warm(), s.StartAudio())
	}
	w.run(time.Minute)
	w.want(t, "20ms a Connected", "20ms b Connected", "60ms a FirstMedia")
}

// TestFakeIsDeterministic: the same steps give the same messages and events.
func TestFakeIsDeterministic(t *testing.T) {
	run := func() string {
		w := newWorld(t)
		w.talk(t)
		w.a.Move()
		w.run(time.Second)
		_ = w.sa.Restart()
		w.run(time.Second)
		_ = w.sb.Close()
		w.run(time.Minute)
		return fmt.Sprint(w.messages, w.log)
	}
	if a, b := run(), run(); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestFakeConforms(t *testing.T) {
	Run(t, func(*testing.T) (a, b media.Factory) {
		net := NewNet()
		return NewFake(FakeConfig{Net: net, Content: "alice"}), NewFake(FakeConfig{Net: net, Content: "bob"})
	})
}
