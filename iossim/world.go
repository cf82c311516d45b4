package iossim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Config says how a world is made. The zero Config is a virtual world with seed 0, today's iOS and a clock
// that starts on 1 January 2026 at 09:00 UTC.
type Config struct {
	// Seed decides everything that is random: tokens, action ids, coin flips of knobs.
	Seed uint64
	// Start is the world's first moment. Zero is 2026-01-01 09:00 UTC, or now in a wall world.
	Start time.Time
	// Wall runs the world on real time, in a goroutine of its own.
	Wall bool
	// Knobs are the settings of phones that bring none of their own. The zero Knobs is [DefaultKnobs].
	Knobs Knobs
	// KeepLog is how many entries of the log are kept, for worlds that go on for long; 0 keeps all.
	KeepLog int
}

// World is a discrete-event simulation of phones. All of its methods, and those of everything in it, may be
// called from any goroutine: they append to the queue of events and return. What an event does, and every
// callback into an app, happens on one loop, one at a time: inside [World.Run] in a virtual world, on a
// goroutine of the world's own in a wall world.
type World struct {
	seed  uint64
	wall  bool
	knobs Knobs
	start time.Time
	began time.Time // wall: the real moment that start stands for

	mu        sync.Mutex // held by the loop except while it is inside app code
	now       time.Time
	queue     eventQueue
	seq       uint64
	rng       *rand.Rand
	phones    []*Phone
	changed   []*Phone // whose screens may have changed in this moment
	log       []Entry
	keepLog   int
	unsent    int // the first entry of log that the listeners have not had
	onLog     []func(Entry)
	logged    uint64 // how many entries there ever were
	lastText  string // of the last of them
	executing bool   // the loop is inside an event
	closed    bool

	idle *sync.Cond    // wall: the loop has nothing due
	kick chan struct{} // wall: there is something new in the queue
	done chan struct{} // wall: the loop has returned
}

// NewWorld makes a world without phones. A wall world runs until [World.Close].
func NewWorld(c Config) *World {
	if c.Knobs == (Knobs{}) {
		c.Knobs = DefaultKnobs()
	}
	w := &World{
		seed: c.Seed, wall: c.Wall, knobs: c.Knobs, keepLog: c.KeepLog, start: c.Start, began: time.Now(),
		rng: rand.New(rand.NewPCG(c.Seed, 0x72696e6774726970)),
	}
	if w.start.IsZero() {
		w.start = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
		if w.wall {
			w.start = w.began.Round(0)
		}
	}
	w.now = w.start
	w.idle = sync.NewCond(&w.mu)
	if w.wall {
		w.kick, w.done = make(chan struct{}, 1), make(chan struct{})
		go w.loop()
	}
	return w
}

// Now is the world's true time. A phone's own clock may differ, see [Phone.SetClock].
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	return w.now
}

// Run lets d pass: it runs everything that falls due meanwhile, in order, and returns. In a wall world it
// waits for d of real time. It must not be called from app code, which runs inside of it.
func (w *World) Run(d time.Duration) {
	if w.wall {
		time.Sleep(d)
		w.Settle()
		return
	}
	w.RunUntil(w.Now().Add(d))
}

// RunUntil is [World.Run] up to a moment; a moment in the past only runs what is due now.
func (w *World) RunUntil(t time.Time) {
	if w.wall {
		w.Run(max(0, t.Sub(w.Now())))
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.executing {
		panic("iossim: Run was called while the world runs already: app code must not run the world")
	}
	w.executing = true
	defer func() { w.executing = false }()
	t = later(t, w.now)
	for same := 0; ; {
		if w.step(w.now) {
			if same++; same > 1_000_000 {
				panic("iossim: a million events at one moment: something calls itself without end\n" + w.tail(20))
			}
			continue
		}
		if w.tell() { // once a moment, when nothing more is due in it
			continue
		}
		same = 0
		if !w.step(t) {
			break
		}
	}
	w.now = t
}

// Settle runs everything that is due at this moment, and nothing later.
func (w *World) Settle() {
	if !w.wall {
		w.RunUntil(time.Time{})
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.closed && (w.executing || w.due()) {
		w.idle.Wait()
	}
}

// Close ends every process of every phone, so that what they run can be reaped (see [ProcessWatcher]), and
// stops a wall world's loop and waits for it. It must not be called from app code. A second Close does nothing.
func (w *World) Close() {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.closed = true
	w.mu.Unlock()
	if w.wall {
		w.wakeLoop()
		<-w.done
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle.Broadcast()
	for _, ph := range w.phones {
		for _, a := range ph.apps {
			if p := a.proc; p != nil {
				p.die("the world ends")
				if p.watcher != nil {
					w.outside(p.watcher.ProcessDied)
				}
			}
		}
	}
	w.queue = nil
}

// step runs the first event if it is due at limit. w.mu is held.
func (w *World) step(limit time.Time) bool {
	if w.closed {
		return false
	}
	e := w.queue.first()
	if e == nil || e.at.After(limit) {
		return false
	}
	w.queue.pop()
	w.now = later(w.now, e.at)
	do, ph := e.do, e.ph
	e.do = nil
	do()
	ph.noteUI()
	w.tellLog()
	return true
}

// tell passes what is new to whoever listens to screens and the log, and reports whether there was anything.
func (w *World) tell() bool {
	told := w.tellLog()
	for len(w.changed) > 0 && !w.closed {
		ph := w.changed[0]
		w.changed = w.changed[1:]
		ph.dirty = false
		ph.tellScreen()
		told = true
	}
	return told
}

// tellLog passes new entries to whoever listens, and reports whether there were any.
func (w *World) tellLog() bool {
	told := false
	for w.unsent < len(w.log) && len(w.onLog) > 0 && !w.closed {
		e, listeners := w.log[w.unsent], w.onLog
		w.unsent++
		told = true
		w.outside(func() {
			for _, f := range listeners {
				f(e)
			}
		})
	}
	if len(w.onLog) == 0 {
		w.unsent = len(w.log)
	}
	return told
}

// outside runs f, which is not ours, without the lock.
func (w *World) outside(f func()) {
	w.mu.Unlock()
	defer w.mu.Lock()
	f()
}

// after schedules something that happens to the phone: do will run on the loop with w.mu held.
func (ph *Phone) after(d time.Duration, do func()) *event { return ph.at(ph.w.now.Add(d), do) }

func (ph *Phone) at(t time.Time, do func()) *event {
	w := ph.w
	w.seq++
	e := &event{at: later(t, w.now), seq: w.seq, ph: ph, do: do}
	w.queue.push(e)
	if w.wall {
		w.wakeLoop()
	}
	return e
}

// tick brings a wall world's clock up to date.
func (w *World) tick() {
	if w.wall {
		w.now = later(w.now, w.start.Add(time.Since(w.began)))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
