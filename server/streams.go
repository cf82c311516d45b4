package server

import (
	"sync"
	"time"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// streams are the open event streams of this node. A device has at most one: a new one replaces the old, which may be
// the ghost of a connection that the device lost.
//
// Which device's stream is on another node, the store says: see [store.Presence]. What is not known costs a push too
// many, never one too few: a device that is reached by both meets the same call id twice.
type streams struct {
	mu   sync.Mutex
	now  func() time.Time
	open map[string]*openStream
	left map[string]time.Time // when a device's last stream ended

	closed bool           // no stream enters any more
	lines  sync.WaitGroup // what serves the streams
}

// openStream is one device's stream, as the rest of the server sees it.
type openStream struct {
	all        *streams
	topic      string
	foreground bool
	server     interface{ stir(due) } // who serves it
	why        string                 // it has to end: "stream_replaced", "device_unregistered", "server_stopping"
	inbox      inbox
}

// maxInbox is how many events wait for a stream in memory; it reads what is more from the store.
const maxInbox = 32

// inbox is what was committed on this node for a stream of this node: handed over in memory, so that the stream need not
// read it from the store again. It is no truth: who sees a gap reads the store.
type inbox struct {
	mu     sync.Mutex
	events []handed
	more   bool // some did not fit
}

// handed is a committed event and, if it is known, the message that it holds.
type handed struct {
	store.Event
	message *v1.EventsResponse
}

func (b *inbox) put(e handed) {
	b.mu.Lock()
	if len(b.events) < maxInbox {
		b.events = append(b.events, e)
	} else {
		b.more = true
	}
	b.mu.Unlock()
}

// take empties the inbox; more says that the store has more than what it held.
func (b *inbox) take() (events []handed, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events, more = b.events, b.more
	b.events, b.more = nil, false
	return events, more
}

func newStreams(now func() time.Time) *streams {
	return &streams{now: now, open: map[string]*openStream{}, left: map[string]time.Time{}}
}

// enter registers a stream and ends the device's old one. It returns false if no stream may enter any more. Who entered
// says done to s.lines when nothing of the stream is left.
func (s *streams) enter(o *openStream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	o.all = s
	s.lines.Add(1)
	s.end(o.topic, "stream_replaced")
	s.open[o.topic] = o
	delete(s.left, o.topic)
	return true
}

// leave takes the stream out, unless another one replaced it.
func (o *openStream) leave() {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	if o.all.open[o.topic] == o {
		delete(o.all.open, o.topic)
		o.all.left[o.topic] = o.all.now()
	}
}

// drop ends the device's stream, if it has one.
func (s *streams) drop(topic, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(topic, why)
	delete(s.left, topic)
}

// endAll ends every stream: their devices connect again, elsewhere.
func (s *streams) endAll(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endAllLocked(why)
}

func (s *streams) endAllLocked(why string) {
	for topic := range s.open {
		s.end(topic, why)
		s.left[topic] = s.now()
	}
}

// close ends every stream and lets none in any more.
func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.endAllLocked("server_stopping")
}

// end closes the topic's stream. s.mu must be held.
func (s *streams) end(topic, why string) {
	if o := s.open[topic]; o != nil {
		o.why = why
		delete(s.open, topic)
		o.server.stir(dueOver)
	}
}

// reason returns why the stream has to end, empty if it goes on.
func (o *openStream) reason() string {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	return o.why
}

// hand gives a committed event to the topic's stream, and reports whether there is one here.
func (s *streams) hand(topic string, e handed) bool {
	s.mu.Lock()
	o := s.open[topic]
	s.mu.Unlock()
	if o != nil {
		o.inbox.put(e)
		o.server.stir(dueInbox)
	}
	return o != nil
}

// state reports whether the device has a stream, and whether its app is on screen.
func (s *streams) state(topic string) (open, foreground bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[topic]
	return o != nil, o != nil && o.foreground
}

// count returns how many streams are open.
func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// recent reports whether the device's stream ended less than d ago: it will be back.
func (s *streams) recent(topic string, d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.left[topic]
	return ok && s.now().Sub(at).Abs() < d
}

// forget clears away what recent would not report any more.
func (s *streams) forget(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, at := range s.left {
		if s.now().Sub(at).Abs() >= d {
			delete(s.left, topic)
		}
	}
}
