package carriertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// What a device hears of the end of its seat that is an error.
var (
	// ErrLost: the connection to the carrier was lost.
	ErrLost = errors.New("carriertest: the connection was lost")
	// ErrPutOut: the carrier put the device out: somebody else came with its identity, its time was over.
	ErrPutOut = errors.New("carriertest: the carrier put the device out")
	// ErrNoDigits: rooms carry no tones.
	ErrNoDigits = errors.New("carriertest: rooms carry no DTMF")
)

// departure is how somebody leaves a room.
type departure uint8

const (
	left       departure = iota + 1 // by itself
	lost                            // the connection broke
	replaced                        // the same identity came again
	roomOver                        // the room was ended
	timeIsOver                      // its token, or its time in the room
	removed                         // by the API
)

// String names it in English.
func (d departure) String() string {
	return [...]string{"", "left", "lost", "somebody came with the same identity", "the room is over", "its time is over", "put out by the API"}[d]
}

// RoomSeat is a device's place in a room. It is safe for concurrent use.
type RoomSeat struct {
	Identity string // what the carrier calls it in this room
	Session  string // the carrier's id of this visit
	Name     string // for people
	Joined   time.Time

	house *house
	room  *room
	note  map[string]string // what the carrier keeps of it
	end   *time.Timer       // when its time is over; nil: never
	until time.Time         // that time; guarded by house.mu
	renew func([]byte) error
	gone  chan error
	out   bool // guarded by house.mu
}

var _ Seat = (*RoomSeat)(nil)

var joined = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Connected implements Seat. Who has joined is connected: the far end of the transport is the carrier.
func (s *RoomSeat) Connected() <-chan struct{} { return joined }

// Gone implements Seat.
func (s *RoomSeat) Gone() <-chan error { return s.gone }

// Digits implements Seat.
func (s *RoomSeat) Digits(string) error { return ErrNoDigits }

// Renew gives the device's connection new credentials, as the SDK does. A carrier that needs none takes any.
func (s *RoomSeat) Renew(credentials []byte) error {
	if s.renew == nil {
		return nil
	}
	return s.renew(credentials)
}

// Until is when the carrier puts the device out unless its credentials are renewed; zero: it does not.
func (s *RoomSeat) Until() time.Time {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	return s.until
}

// Leave implements Seat.
func (s *RoomSeat) Leave() { s.house.leave(s, left) }

// Lose breaks the device's connection, as a tunnel or a dead battery does. The carrier notices after its own while, which
// here is at once.
func (s *RoomSeat) Lose() { s.house.leave(s, lost) }

// room is one room that is open.
type room struct {
	name    string
	id      string // the carrier's
	made    time.Time
	met     time.Time // when the first one came in, the last time that it was empty
	started bool      // somebody was in it
	seats   []*RoomSeat
	end     *time.Timer // when its time is over; nil: never
	linger  *time.Timer // when it closes, for nobody is in it; nil: somebody is
}

// house is what the carriers that have rooms have in common: an account, its rooms, its API, its webhooks. What it tells
// its carrier, by the functions, it tells with its lock held and in the order in which it happens.
type house struct {
	post   *postbox
	onJoin func(*RoomSeat)
	onOut  func(*RoomSeat, departure)
	onOpen func(*room)
	onEnd  func(*room)
	// linger is how long a room stays when the last one has left; negative: until it is deleted.
	linger time.Duration
	// onLose forgets what the carrier has beside rooms, in an outage and at the end; nil: nothing.
	onLose func()

	mu     sync.Mutex
	rooms  map[string]*room
	down   bool
	closed bool
	no     []string
	out    []string // whom the carrier put out
	serial int
	last   time.Time // of the last joining: no two are of one millisecond, for who comes again comes later

	server *http.Server
	url    string
	served sync.WaitGroup
}

// open listens and serves the API.
func (h *house) open(api http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("carriertest: %w", err)
	}
	h.url, h.rooms = "http://"+l.Addr().String(), map[string]*room{}
	h.server = &http.Server{Handler: h.guard(api), ReadHeaderTimeout: 30 * time.Second}
	h.served.Go(func() { _ = h.server.Serve(l) })
	return nil
}

// guard answers 503 during an outage, and at the end.
func (h *house) guard(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		down := h.down || h.closed
		h.mu.Unlock()
		if down {
			http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		api.ServeHTTP(w, r)
	})
}

// refuse remembers what was refused, and returns it as an error.
func (h *house) refuse(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.no = append(h.no, err.Error())
	return err
}

// next is a number that was not used before. The lock must be held.
func (h *house) next() int {
	h.serial++
	return h.serial
}

// enter seats somebody. A room that is not there is made, if it may be.
func (h *house) enter(name string, s *RoomSeat, makes bool, now time.Time) (*RoomSeat, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down || h.closed {
		return nil, fmt.Errorf("%w: nobody answers", ErrLost)
	}
	r := h.rooms[name]
	if r == nil {
		if !makes {
			err := fmt.Errorf("room %q does not exist", name)
			h.no = append(h.no, err.Error())
			return nil, err
		}
		r = h.build(name, now)
	}
	if now.Sub(h.last) < time.Millisecond {
		now = h.last.Add(time.Millisecond)
	}
	h.last = now
	s.house, s.room, s.gone, s.Joined = h, r, make(chan error, 1), now
	if !r.started {
		r.started, r.met = true, now
		h.onOpen(r)
	}
	h.stay(r)
	r.seats = append(r.seats, s)
	h.onJoin(s)
	return s, nil
}

// build makes a room. The lock must be held.
func (h *house) build(name string, now time.Time) *room {
	r := &room{name: name, id: fmt.Sprintf("RM_%06d", h.next()), made: now}
	h.rooms[name] = r
	return r
}

// leave ends a seat.
func (h *house) leave(s *RoomSeat, how departure) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.put(s, how)
}

// put puts somebody out. The lock must be held.
func (h *house) put(s *RoomSeat, how departure) {
	if s.out {
		return
	}
	s.out = true
	if s.end != nil {
		s.end.Stop()
	}
	r := s.room
	r.seats = slices.DeleteFunc(r.seats, func(o *RoomSeat) bool { return o == s })
	switch how {
	case left, roomOver:
		s.gone <- nil
	case lost:
		s.gone <- ErrLost
	case replaced, timeIsOver, removed:
		s.gone <- ErrPutOut
		h.out = append(h.out, fmt.Sprintf("%s in room %s: %s", s.Identity, r.name, how))
	}
	h.onOut(s, how)
	if len(r.seats) > 0 || how == roomOver {
		return
	}
	switch {
	case h.linger > 0:
		h.post.due(1)
		var linger *time.Timer
		linger = time.AfterFunc(h.linger, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if r.linger == linger { // else somebody came in the same moment
				h.close(r)
			}
		})
		r.linger = linger
	case h.linger == 0:
		h.close(r)
	default: // the meeting is over, the room stays
		r.started = false
		h.onEnd(r)
	}
}

// stay keeps a room from closing because nobody is in it. The lock must be held.
func (h *house) stay(r *room) {
	if r.linger != nil {
		r.linger.Stop()
		r.linger = nil
		h.post.due(-1)
	}
}

// close ends a room and puts out who is in it. The lock must be held.
func (h *house) close(r *room) {
	if h.rooms[r.name] != r {
		return
	}
	defer h.stay(r) // after its last webhook is written
	delete(h.rooms, r.name)
	if r.end != nil {
		r.end.Stop()
	}
	for len(r.seats) > 0 {
		h.put(r.seats[0], roomOver)
	}
	if r.started {
		r.started = false
		h.onEnd(r)
	}
}

// URL implements Emulator.
func (h *house) URL() string { return h.url }

// Hooks implements Emulator.
func (h *house) Hooks(base string) { h.post.hooks(base) }

// Dial implements Emulator.
func (h *house) Dial(context.Context, string, string) (*Telephone, error) { return nil, ErrNoPSTN }

// Answerer implements Emulator.
func (h *house) Answerer(func(*Telephone)) {}

// Faults implements Emulator.
func (h *house) Faults(f Faults) { h.post.fail(f) }

// Outage implements Emulator.
func (h *house) Outage(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
	if down {
		h.clear()
	}
}

// clear loses everybody and everything, and tells nobody. The lock must be held.
func (h *house) clear() {
	for _, r := range h.rooms {
		h.stay(r)
		if r.end != nil {
			r.end.Stop()
		}
		for _, s := range r.seats {
			s.out = true
			if s.end != nil {
				s.end.Stop()
			}
			s.gone <- ErrLost
		}
	}
	h.rooms = map[string]*room{}
	if h.onLose != nil {
		h.onLose()
	}
	h.post.drop()
}

// Open implements Emulator.
func (h *house) Open() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for name, r := range h.rooms {
		out = append(out, fmt.Sprintf("room %s with %d in it", name, len(r.seats)))
	}
	slices.Sort(out)
	return out
}

// Idle implements Emulator.
func (h *house) Idle(ctx context.Context) error { return h.post.wait(ctx) }

// Refused implements Emulator.
func (h *house) Refused() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.no)
}

// PutOut lists whom the carrier put out while the room went on, each with why.
func (h *house) PutOut() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.out)
}

// Undelivered lists the webhooks that were given up because the server did not take them.
func (h *house) Undelivered() []string { return h.post.undelivered() }

// Close implements Emulator.
func (h *house) Close() {
	h.mu.Lock()
	h.closed = true
	h.clear()
	h.mu.Unlock()
	_ = h.server.Close()
	h.served.Wait()
	h.post.close()
}
