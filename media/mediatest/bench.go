package mediatest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

var kinds = map[media.EventKind]string{
	media.Connected: "Connected", media.Disconnected: "Disconnected", media.Failed: "Failed",
	media.FirstMedia: "FirstMedia", media.DTMF: "DTMF",
}

// patience is how long the suite waits before it calls an event missing.
const patience = 20 * time.Second

// A bench is two sessions, a that offers and b that answers, and the wire between them.
type bench struct {
	t    *testing.T
	a, b *end
	// deliver decides what arrives of a message; it is called from one goroutine. Set it before Warm.
	deliver func(from *end, m media.Message) []media.Message
	wire    chan parcel
}

type parcel struct {
	from *end
	m    media.Message
}

// An end is one session, watched.
type end struct {
	media.Session
	name    string
	t       *testing.T
	factory media.Factory
	events  chan media.Event
	arrived chan media.MessageKind // at the far end
	inside  sync.Map               // goroutines that are in a method
	busy    atomic.Bool            // Notify runs
	closed  atomic.Bool            // Close has returned
	mu      sync.Mutex
	counts  map[media.MessageKind]int
}

func newBench(t *testing.T, fa, fb media.Factory) *bench {
	t.Helper()
	b := &bench{t: t, wire: make(chan parcel, 1024), deliver: func(_ *end, m media.Message) []media.Message { return []media.Message{m} }}
	b.a = b.end("the offerer", fa, media.Config{CallID: "c", Session: "s", Role: media.Offerer})
	b.b = b.end("the answerer", fb, media.Config{CallID: "c", Role: media.Answerer})
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-over:
				return
			case p := <-b.wire:
				b.pass(p)
			}
		}
	}()
	t.Cleanup(func() {
		b.a.must("Close", b.a.Close)
		b.b.must("Close", b.b.Close)
		close(over)
		<-gone
	})
	return b
}

func (b *bench) pass(p parcel) {
	far := b.a
	if p.from == b.a {
		far = b.b
	}
	for _, m := range b.deliver(p.from, p.m) {
		if err := far.Receive(m); err != nil && !errors.Is(err, media.ErrClosed) {
			b.t.Errorf("%s refused a good message of kind %d: %v", far.name, m.Kind, err)
		}
		select {
		case p.from.arrived <- m.Kind:
		default:
		}
	}
}

func (b *bench) end(name string, f media.Factory, cfg media.Config) *end {
	b.t.Helper()
	e := &end{name: name, t: b.t, factory: f, events: make(chan media.Event, 256), arrived: make(chan media.MessageKind, 1024), counts: map[media.MessageKind]int{}}
	cfg.Send = func(m media.Message) {
		e.mu.Lock()
		e.counts[m.Kind]++
		e.mu.Unlock()
		b.wire <- parcel{e, m}
	}
	cfg.Notify = e.notify
	s, err := f.New(cfg)
	if err != nil {
		b.t.Fatalf("making %s: %v", name, err)
	}
	e.Session = s
	return e
}

// notify checks the promises of [media.Config.Notify].
func (e *end) notify(ev media.Event) {
	if !e.busy.CompareAndSwap(false, true) {
		e.t.Errorf("%s: Notify was called while it ran", e.name)
	}
	if e.closed.Load() {
		e.t.Errorf("%s: Notify was called after Close had returned", e.name)
	}
	if _, ok := e.inside.Load(goroutine()); ok {
		e.t.Errorf("%s: Notify was called from within a method", e.name)
	}
	e.Stats() // methods may be called from within Notify
	e.busy.Store(false)
	e.events <- ev
}

// must calls a method and fails if it returns an error or does not return.
func (e *end) must(what string, method func() error) {
	e.t.Helper()
	id := goroutine()
	e.inside.Store(id, true)
	err := method()
	e.inside.Delete(id)
	if err != nil {
		e.t.Errorf("%s: %s: %v", e.name, what, err)
	}
	if what == "Close" {
		e.closed.Store(true)
	}
}

// closeTwice closes the session twice: whatever is asked of it afterwards says so, or does nothing.
func (e *end) closeTwice() {
	e.t.Helper()
	e.must("Close", e.Close)
	e.must("Close again", e.Close)
	for name, f := range map[string]func() error{
		"Prepare": e.Prepare, "Warm": e.Warm, "StartAudio": e.StartAudio, "Restart": e.Restart,
		"PlayDTMF": func() error { return e.PlayDTMF("1") },
		"Receive":  func() error { return e.Receive(media.Message{Session: "s", Kind: media.Bye}) },
	} {
		if err := f(); !errors.Is(err, media.ErrClosed) {
			e.t.Errorf("%s: %s after Close: %v", e.name, name, err)
		}
	}
	e.StopAudio()
	e.SetHeld(true)
	e.SetMuted(true)
	e.Stats()
}

// next waits for the next event.
func (e *end) next() media.Event {
	e.t.Helper()
	select {
	case ev := <-e.events:
		return ev
	case <-time.After(patience):
		e.t.Fatalf("%s: nothing happened for %v", e.name, patience)
		return media.Event{}
	}
}

// wait waits for an event of a kind, passing over others, but not over a failure.
func (e *end) wait(kind media.EventKind) media.Event {
	e.t.Helper()
	for {
		ev := e.next()
		if ev.Kind == kind {
			return ev
		}
		if ev.Kind == media.Failed {
			e.t.Fatalf("%s failed while it was waited for %s: %v", e.name, kinds[kind], ev.Err)
		}
	}
}

// sent returns how many messages of a kind were sent.
func (e *end) sent(kind media.MessageKind) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[kind]
}

func (b *bench) ends() []*end { return []*end{b.a, b.b} }

// connect prepares and warms both ends and waits until they are connected.
func (b *bench) connect() {
	b.t.Helper()
	for _, e := range b.ends() {
		e.must("Prepare", e.Prepare)
		e.must("Warm", e.Warm)
	}
	for _, e := range b.ends() {
		e.wait(media.Connected)
	}
}

// talk starts audio anew and waits until both ends hear each other.
func (b *bench) talk() {
	b.t.Helper()
	for _, e := range b.ends() {
		e.StopAudio()
		e.must("StartAudio", e.StartAudio)
	}
	for _, e := range b.ends() {
		e.wait(media.FirstMedia)
	}
}

// delivered waits until a message of a kind by e has arrived at the far end.
func (b *bench) delivered(e *end, kind media.MessageKind) {
	b.t.Helper()
	for {
		select {
		case k := <-e.arrived:
			if k == kind {
				return
			}
		case <-time.After(patience):
			b.t.Fatalf("no message of kind %d of %s arrived for %v", kind, e.name, patience)
		}
	}
}
