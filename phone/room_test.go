package phone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// in puts a room of the carrier into the server's word.
func in(room string, c *v1.Call, credentials string) *v1.Call {
	c.MediaRoom, c.Group = room, room
	return by(c, credentials)
}

// take returns what the session was told since the last time.
func (s *sfuSeat) take() string {
	did := strings.Join(s.did, ", ")
	s.did = nil
	return did
}

func (s *sfuSeat) tell(r *rig, kinds ...media.EventKind) {
	for _, k := range kinds {
		s.cfg.Notify(media.Event{Kind: k})
	}
	r.s.run()
}

// wantDid compares what a session was told since the last time, in order.
func (r *rig) wantDid(s *sfuSeat, what, want string) {
	r.t.Helper()
	if got := s.take(); got != want {
		r.t.Errorf("%s, the room's session was told %q, not %q", what, got, want)
	}
}

// callsMore has call 1 of a room answered, and call 200 to Carol in the same room ringing.
func callsMore(t *testing.T) (*rig, *sfu) {
	r, f := newCarried(t)
	r.hello()
	r.push(r.payload(1), true)
	r.reply("AckRequest", signaling.Result{Call: in("g", r.truth(1, v1.CallState_CALL_STATE_RINGING), "first")})
	if len(f.all) != 1 || f.all[0].cfg.Room != "roomy/g" || f.all[0].cfg.Group != "g" {
		t.Fatalf("sessions: %+v", f.all)
	}
	room := f.all[0]
	room.tell(r, media.Connected)
	r.answer(1)
	r.reply("AnswerRequest", signaling.Result{Call: in("g", r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "first")})
	r.activate(true)
	room.tell(r, media.FirstMedia)
	r.wantState(1, call.Connected, call.NotEnded)
	r.wantDid(room, "in one call", "warm first, start")

	if _, err := r.p.Start(StartRequest{Callee: "carol", Group: "g"}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	r.activate(false)
	r.reply("StartRequest", signaling.Result{Call: in("g", r.ours(200, v1.CallState_CALL_STATE_RINGING), "second")})
	if len(f.all) != 1 {
		t.Fatalf("there are %d sessions in one room", len(f.all))
	}
	r.wantDid(room, "while the second call rings", "stop, held true, warm first")
	return r, f
}

// answered has Carol answer call 200.
func (r *rig) carolAnswers(room *sfuSeat) {
	r.t.Helper()
	r.activate(true)
	c := in("g", r.ours(200, v1.CallState_CALL_STATE_ANSWERED), "second")
	c.AnsweredBy = "carol-1"
	r.tell(c)
	r.wantState(200, call.Connected, call.NotEnded)
	if r.state(200).Transport != call.Up || !r.state(200).AudioRuns() || r.state(1).AudioRuns() || !r.state(1).Held {
		r.t.Errorf("the calls are %+v and %+v", r.state(1), r.state(200))
	}
	r.wantDid(room, "when the second was answered", "held false, start")
}

// Two calls of this phone in one room are one session there, which has the sound of the call in front, and which each of
// them can leave.
func TestOneSessionInARoom(t *testing.T) {
	for _, first := range []byte{1, 200} {
		t.Run(fmt.Sprintf("call %d ends first", first), func(t *testing.T) {
			r, f := callsMore(t)
			room := f.all[0]
			r.carolAnswers(room)
			room.tell(r, media.FirstMedia)
			if n := slices.Index(r.marks, v1.Stage_STAGE_FIRST_MEDIA); n < 0 || !slices.Contains(r.marks[n+1:], v1.Stage_STAGE_FIRST_MEDIA) {
				t.Errorf("not both calls had sound: %v", r.marks)
			}
			r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(200)}, Muted: true})
			r.wantDid(room, "muted in front", "muted true")
			r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(200)}, Muted: false})
			r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(1)}, Muted: true})
			r.wantDid(room, "muted on hold", "muted false")
			r.p.NetworkChanged()
			r.s.run()
			r.wantDid(room, "on another network", "restart")

			// They swap.
			r.hold(200, true)
			r.activate(false)
			r.wantDid(room, "both on hold", "stop, muted true, held true")
			r.hold(1, false)
			r.activate(true)
			r.wantDid(room, "the first resumed", "held false, start")

			second := byte(201 - int(first))
			r.end(first)
			r.wantState(first, call.Ended, call.HungUp)
			if room.closed {
				t.Fatal("who leaves one of two calls leaves the room")
			}
			r.wantState(second, call.Connected, call.NotEnded)
			r.end(second)
			r.wantState(second, call.Ended, call.HungUp)
			if !room.closed || len(f.all) != 1 || r.relayed() {
				t.Errorf("closed: %t, sessions: %d", room.closed, len(f.all))
			}

			// The room is entered anew.
			r.push(r.payload(3), true)
			r.reply("AckRequest", signaling.Result{Call: in("g", r.truth(3, v1.CallState_CALL_STATE_RINGING), "third")})
			if len(f.all) != 2 || f.all[1].take() != "warm third" {
				t.Errorf("sessions: %+v", f.all)
			}
		})
	}
}

// A room that is lost is lost for all calls in it, and one that comes back comes back for all.
func TestRoomLost(t *testing.T) {
	r, f := callsMore(t)
	room := f.all[0]
	r.carolAnswers(room)
	room.tell(r, media.Disconnected)
	for _, n := range []byte{1, 200} {
		if r.state(n).Transport != call.Lost {
			t.Errorf("call %d: %+v", n, r.state(n))
		}
	}
	room.tell(r, media.Connected)
	for _, n := range []byte{1, 200} {
		if r.state(n).Transport != call.Up {
			t.Errorf("call %d: %+v", n, r.state(n))
		}
	}
	room.cfg.Notify(media.Event{Kind: media.Failed, Err: errors.New("gone")})
	r.s.run()
	for _, n := range []byte{1, 200} {
		r.wantState(n, call.Ended, call.MediaFailed)
	}
	if !room.closed {
		t.Error("the session stays")
	}
}

// Calls in different rooms, or of which the server names no room, have sessions of their own.
func TestRoomsApart(t *testing.T) {
	r, f := newCarried(t)
	for n, room := range map[byte]string{1: "a", 2: "b", 3: ""} {
		r.push(r.payload(n), true)
		r.reply("AckRequest", signaling.Result{Call: in(room, r.truth(n, v1.CallState_CALL_STATE_RINGING), "x")})
	}
	if len(f.all) != 3 {
		t.Errorf("%d sessions", len(f.all))
	}
}

// chair is a seat in a room that is not a phone's.
func chair(t *testing.T, r *rooms, f media.Factory, name string, heard *[]string) media.Session {
	t.Helper()
	s, err := r.sit(f, media.Config{Room: "r", Notify: func(e media.Event) { *heard = append(*heard, fmt.Sprint(name, " ", e.Kind)) }}, time.Time{}, func(do func()) { do() })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Of calls that are merged both have audio, and one that mutes mutes the room.
func TestMergedInARoom(t *testing.T) {
	var all rooms
	var heard []string
	f := &sfu{}
	a, b := chair(t, &all, f, "a", &heard), chair(t, &all, f, "b", &heard)
	room := f.all[0]
	want := func(what, did string, events ...string) {
		t.Helper()
		if got := room.take(); got != did {
			t.Errorf("%s: %q, not %q", what, got, did)
		}
		if !slices.Equal(heard, events) {
			t.Errorf("%s: heard %q, not %q", what, heard, events)
		}
		heard = nil
	}
	if err := a.StartAudio(); !errors.Is(err, media.ErrNotPrepared) {
		t.Errorf("audio of a cold seat: %v", err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(a.Warm())
	room.cfg.Notify(media.Event{Kind: media.Connected})
	must(b.Prepare())
	want("one comes first", "warm ", "a 1", "b 1")
	must(a.StartAudio())
	room.cfg.Notify(media.Event{Kind: media.FirstMedia})
	must(b.Warm())
	must(b.StartAudio())
	want("both have audio", "start, warm ", "a 4", "b 1", "b 4")
	b.SetMuted(true)
	a.SetHeld(true)
	want("one is muted, the other held", "muted true")
	a.StopAudio()
	must(b.PlayDTMF("5"))
	want("one has no audio", "dtmf 5")
	b.StopAudio()
	want("none has", "stop, held true")
	must(a.Close())
	must(a.Close())
	for _, err := range []error{a.Prepare(), a.Warm(), a.StartAudio(), a.PlayDTMF("1"), a.Restart(), a.Receive(media.Message{})} {
		if !errors.Is(err, media.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
	want("the first has gone", "held false")
	must(b.Close())
	if !room.closed || len(all.all) != 0 {
		t.Errorf("closed: %t, rooms: %d", room.closed, len(all.all))
	}
}

// broken is a factory that makes nothing, or sessions without audio.
type broken struct{}

type noAudio struct{ *sfuSeat }

func (broken) New(c media.Config) (media.Session, error) {
	if len(c.Credentials) == 0 {
		return nil, errors.New("no credentials")
	}
	return noAudio{&sfuSeat{cfg: c}}, nil
}

func (noAudio) StartAudio() error { return errors.New("no audio unit") }

func TestRoomRefused(t *testing.T) {
	var all rooms
	if _, err := all.sit(broken{}, media.Config{Room: "r"}, time.Time{}, nil); err == nil || len(all.all) != 0 {
		t.Errorf("made: %v, %d rooms", err, len(all.all))
	}
	s, err := all.sit(broken{}, media.Config{Room: "r", Credentials: []byte("x")}, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Prepare(), s.Warm()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if s.StartAudio() == nil {
			t.Error("audio starts")
		}
	}
	s.SetMuted(true)
	s.StopAudio()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The calls of a room are mixed by the room; with calls outside of it by the device.
func TestRoomMixed(t *testing.T) {
	m := &roomMixer{sfu: &sfu{}}
	var all rooms
	var heard []string
	a, b := chair(t, &all, m, "a", &heard).(*seat), chair(t, &all, m, "b", &heard).(*seat)
	for _, step := range []struct {
		s           *seat
		group, want string
	}{{a, "g", "g"}, {b, "g", "g"}, {a, "", "g"}, {b, "", "g ."}, {b, "h", "g . h"}} {
		if err := step.s.mix(m, step.group); err != nil || strings.Join(m.mixed, " ") != step.want {
			t.Errorf("mixed %q: %q, %v", step.group, m.mixed, err)
		}
	}
}

type roomMixer struct {
	*sfu
	mixed []string
}

func (m *roomMixer) Mix(s media.Session, group string) error {
	if s != media.Session(m.all[0]) {
		return errors.New("not the factory's session")
	}
	if group == "" {
		group = "."
	}
	m.mixed = append(m.mixed, group)
	return nil
}

// A journey through a room never leaves it with sound on hold, nor with sound that nobody wants.
func FuzzRoom(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 16, 17, 18, 19})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var all rooms
		carrier := &strict{}
		var open []media.Session
		for _, b := range steps[:min(len(steps), 200)] {
			i := int(b>>4) % 3
			if b%8 == 7 && len(open) < 3 {
				s, err := all.sit(carrier, media.Config{Room: "r", Notify: func(media.Event) {}}, time.Time{}, func(do func()) { do() })
				if err != nil {
					t.Fatal(err)
				}
				_ = s.Prepare()
				open = append(open, s)
				continue
			}
			if i >= len(open) {
				continue
			}
			s := open[i]
			switch b % 8 {
			case 0:
				_ = s.StartAudio()
			case 1:
				s.StopAudio()
			case 2:
				s.SetMuted(true)
			case 3:
				s.SetMuted(false)
			case 4:
				s.SetHeld(true)
			case 5:
				s.SetHeld(false)
			case 6:
				_ = s.Close()
				open = slices.Delete(open, i, i+1)
			}
			var want sound
			silent, talking := len(open) > 0, 0
			for _, s := range open {
				if at := s.(*seat); at.sound.audio {
					talking++
					want.audio, want.muted, silent = true, want.muted || at.sound.muted, silent && at.sound.held
				}
			}
			if len(open) == 0 {
				if carrier.live != 0 {
					t.Fatalf("after %v %d sessions are left", steps, carrier.live)
				}
				continue
			}
			now := carrier.now
			if carrier.live != 1 || now.audio != want.audio || talking > 0 && (now.muted != want.muted || now.held != silent) {
				t.Fatalf("after %v the session has %+v, and %d are open; the calls want %+v", steps, now, carrier.live, want)
			}
		}
		for _, s := range open {
			_ = s.Close()
		}
	})
}

// strict is a factory of sessions that know what is on.
type strict struct {
	live int
	now  sound
}

type strictSession struct {
	*sfuSeat
	of *strict
}

func (f *strict) New(c media.Config) (media.Session, error) {
	f.live++
	f.now = sound{}
	return strictSession{&sfuSeat{cfg: c}, f}, nil
}
func (s strictSession) StartAudio() error { s.of.now.audio = true; return nil }
func (s strictSession) StopAudio()        { s.of.now.audio = false }
func (s strictSession) SetMuted(on bool)  { s.of.now.muted = on }
func (s strictSession) SetHeld(on bool)   { s.of.now.held = on }
func (s strictSession) Close() error      { s.of.live--; return nil }
