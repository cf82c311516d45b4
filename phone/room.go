package phone

import (
	"slices"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// rooms are the rooms of carriers that a phone is in, by name. One lock guards all of them, for a phone has three calls. It
// is held while the sessions behind them are told what to do; what they tell goes over the main queue.
type rooms struct {
	mu  sync.Mutex
	all map[string]*room
}

// A room is the one media session of all calls that this phone has in one room of a carrier. Two sessions there would be
// two connections of one identity, and LiveKit, Agora and Daily put the older one out, or have the user in the room twice.
//
// Each call has a [seat], which is a media.Session like any other. The session behind them is what they are together:
//
//   - It has audio while one of the seats has. As only the call in front has the sound, that is the call in front.
//   - It is muted as the call in front is, and of calls that are merged if one of them is. What the user says is heard by
//     everybody in the room, also by those whose own call is on hold here, for a room can't tell them apart.
//   - It is on hold while a call is, unless another one has audio. So who waits because the user calls somebody else into
//     the room is on hold until that one answers, and hears both from then on.
//   - It begins with the first seat, by whose credentials it joins, and ends with the last. The seat that is the oldest one
//     renews them.
type room struct {
	rooms *rooms
	name  string
	later func(func()) // runs a function on the main queue

	inner media.Session
	seats []*seat
	until time.Time // when inner's credentials expire, the server's clock; zero: never
	told  sound     // what inner was told
	mixed string    // the group that inner is mixed in
	up    bool      // the transport is
	first bool      // sound of the far ends was heard since audio started
}

// sound is what of a session is on.
type sound struct{ audio, muted, held bool }

// A seat is one call's part of a room.
type seat struct {
	room     *room
	notify   func(media.Event)
	sound    sound
	prepared bool
	warmed   bool
	heard    bool   // the call was told that sound of the far ends was heard, since its audio started
	group    string // that the call is mixed in
	closed   bool
}

var _ media.Session = (*seat)(nil)

// sit returns a seat in the room that cfg names, and makes the room's session if nobody of this phone is in it yet. The
// credentials of cfg expire at until, on the server's clock. later runs a function on the main queue.
func (r *rooms) sit(f media.Factory, cfg media.Config, until time.Time, later func(func())) (media.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.all[cfg.Room]
	s := &seat{notify: cfg.Notify}
	if one == nil {
		one = &room{rooms: r, name: cfg.Room, until: until, later: later}
		cfg.Send = func(media.Message) {} // all goes through the carrier
		cfg.Notify = func(e media.Event) { later(func() { one.hear(e) }) }
		var err error
		if one.inner, err = f.New(cfg); err != nil {
			return nil, err
		}
		if r.all == nil {
			r.all = make(map[string]*room)
		}
		r.all[cfg.Room] = one
	}
	s.room = one
	one.seats = append(one.seats, s)
	return s, nil
}

// hear passes on what the session tells. It runs on the main queue.
func (r *room) hear(e media.Event) {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	switch e.Kind {
	case media.Connected:
		r.up = true
	case media.Disconnected:
		r.up = false
	case media.Failed:
		r.up = false
		r.forget() // who sits down now begins anew
	case media.FirstMedia:
		r.first = r.told.audio
		for _, s := range r.seats {
			s.tellFirst()
		}
		return
	case media.DTMF:
	}
	for _, s := range r.seats {
		s.notify(e) // which only posts
	}
}

// forget lets the next call that names the room make a new one. The lock must be held.
func (r *room) forget() {
	if r.rooms.all[r.name] == r {
		delete(r.rooms.all, r.name)
	}
}

// wants is what the seats are together. The lock must be held.
func (r *room) wants() sound {
	var talking, waiting sound
	talking.held = true
	for _, s := range r.seats {
		if s.sound.audio {
			talking = sound{true, talking.muted || s.sound.muted, talking.held && s.sound.held}
		}
		waiting = sound{false, waiting.muted || s.sound.muted, waiting.held || s.sound.held}
	}
	if talking.audio {
		return talking
	}
	return waiting
}

// apply tells the session what has changed: nothing that the user wants silent is heard meanwhile. The error is
// StartAudio's. The lock must be held.
func (r *room) apply() error {
	want := r.wants()
	if r.told.audio && !want.audio {
		r.inner.StopAudio()
		r.told.audio, r.first = false, false
	}
	if r.told.muted != want.muted {
		r.inner.SetMuted(want.muted)
		r.told.muted = want.muted
	}
	if r.told.held != want.held {
		r.inner.SetHeld(want.held)
		r.told.held = want.held
	}
	if want.audio && !r.told.audio {
		r.first = false
		if err := r.inner.StartAudio(); err != nil {
			return err
		}
		r.told.audio = true
	}
	return nil
}

// mix has the room's session mixed with others, if one of its calls is: those in the room need none. The lock must not be
// held.
func (s *seat) mix(mixer media.Mixer, group string) error {
	return s.do(func() error {
		s.group = group
		want := ""
		for _, other := range s.room.seats {
			if want == "" {
				want = other.group
			}
		}
		if want == s.room.mixed {
			return nil
		}
		s.room.mixed = want
		return mixer.Mix(s.room.inner, want)
	})
}

// first reports whether the room is renewed by this seat's call.
func (s *seat) first() (yes bool) {
	_ = s.do(func() error { yes = s == s.room.seats[0]; return nil })
	return yes
}

// renewer returns the room's session if it can be renewed, and until when its credentials are good.
func (s *seat) renewer() (r media.Renewer, until time.Time) {
	_ = s.do(func() error {
		r, _ = s.room.inner.(media.Renewer)
		until = s.room.until
		return nil
	})
	return r, until
}

// renew gives the room's session new credentials, which expire at until.
func (s *seat) renew(credentials []byte, until time.Time) error {
	return s.do(func() error {
		r, ok := s.room.inner.(media.Renewer)
		if !ok {
			return nil
		}
		if err := r.Renew(credentials); err != nil {
			return err
		}
		s.room.until = until
		return nil
	})
}

// do runs f with the lock held, unless the seat was given up.
func (s *seat) do(f func() error) error {
	s.room.rooms.mu.Lock()
	defer s.room.rooms.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	return f()
}

// tellFirst tells the call, once, that sound of the far ends was heard. The lock must be held.
func (s *seat) tellFirst() {
	if s.sound.audio && s.room.first && !s.heard {
		s.heard = true
		s.notify(media.Event{Kind: media.FirstMedia})
	}
}

// Prepare implements media.Session.
func (s *seat) Prepare() error {
	return s.do(func() error {
		s.prepared = true
		return s.room.inner.Prepare()
	})
}

// Warm implements media.Session. Who comes when the transport is up hears of that at once.
func (s *seat) Warm() error {
	return s.do(func() error {
		first := !s.warmed
		s.prepared, s.warmed = true, true
		if first && s.room.up {
			s.notify(media.Event{Kind: media.Connected})
		}
		return s.room.inner.Warm()
	})
}

// Receive implements media.Session.
func (s *seat) Receive(m media.Message) error {
	return s.do(func() error { return s.room.inner.Receive(m) })
}

// StartAudio implements media.Session.
func (s *seat) StartAudio() error {
	return s.do(func() error {
		if !s.prepared {
			return media.ErrNotPrepared
		}
		s.sound.audio = true
		if err := s.room.apply(); err != nil {
			s.sound.audio = false
			return err
		}
		s.tellFirst()
		return nil
	})
}

// StopAudio implements media.Session.
func (s *seat) StopAudio() { s.set(func() { s.sound.audio, s.heard = false, false }) }

// SetMuted implements media.Session.
func (s *seat) SetMuted(on bool) { s.set(func() { s.sound.muted = on }) }

// SetHeld implements media.Session.
func (s *seat) SetHeld(on bool) { s.set(func() { s.sound.held = on }) }

// set changes what the call wants.
func (s *seat) set(f func()) {
	_ = s.do(func() error {
		f()
		return s.room.apply()
	})
}

// PlayDTMF implements media.Session.
func (s *seat) PlayDTMF(digits string) error {
	return s.do(func() error { return s.room.inner.PlayDTMF(digits) })
}

// Restart implements media.Session. Every call of the phone is told that the network changed; the room needs it once.
func (s *seat) Restart() error {
	return s.do(func() error {
		if s != s.room.seats[0] {
			return nil
		}
		return s.room.inner.Restart()
	})
}

// Stats implements media.Session: they are the whole room's.
func (s *seat) Stats() (st media.Stats) {
	_ = s.do(func() error { st = s.room.inner.Stats(); return nil })
	return st
}

// Close implements media.Session. The last one closes the door.
func (s *seat) Close() error {
	r := s.room
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	r.seats = slices.DeleteFunc(r.seats, func(other *seat) bool { return other == s })
	if len(r.seats) > 0 {
		return r.apply()
	}
	r.forget()
	return r.inner.Close()
}
