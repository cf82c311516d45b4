package server

import (
	"sync"
	"time"
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
}

// openStream is one device's stream.
type openStream struct {
	all        *streams
	topic      string
	foreground bool
	over       chan struct{} // closed when the stream has to end
	why        string        // valid once over is closed: "stream_replaced", "device_unregistered"
}

func newStreams(now func() time.Time) *streams {
	return &streams{now: now, open: map[string]*openStream{}, left: map[string]time.Time{}}
}

// enter registers a stream and ends the device's old one.
func (s *streams) enter(topic string, foreground bool) *openStream {
	o := &openStream{all: s, topic: topic, foreground: foreground, over: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(topic, "stream_replaced")
	s.open[topic] = o
	delete(s.left, topic)
	return o
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
	for topic := range s.open {
		s.end(topic, why)
		s.left[topic] = s.now()
	}
}

// end closes the topic's stream. s.mu must be held.
func (s *streams) end(topic, why string) {
	if o := s.open[topic]; o != nil {
		o.why = why
		close(o.over)
		delete(s.open, topic)
	}
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
