package phone

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// sfu is a carrier's SDK: a session connects by its credentials alone, when the test says so.
type sfu struct{ all []*sfuSeat }

type sfuSeat struct {
	cfg    media.Config
	did    []string
	stale  error // of Renew
	closed bool
}

func (f *sfu) New(c media.Config) (media.Session, error) {
	s := &sfuSeat{cfg: c}
	f.all = append(f.all, s)
	return s, nil
}

func (s *sfuSeat) note(format string, args ...any) {
	s.did = append(s.did, fmt.Sprintf(format, args...))
}
func (s *sfuSeat) Prepare() error              { return nil }
func (s *sfuSeat) Warm() error                 { s.note("warm %s", s.cfg.Credentials); return nil }
func (s *sfuSeat) Receive(media.Message) error { s.note("receive"); return nil }
func (s *sfuSeat) StartAudio() error           { s.note("start"); return nil }
func (s *sfuSeat) StopAudio()                  { s.note("stop") }
func (s *sfuSeat) SetMuted(on bool)            { s.note("muted %t", on) }
func (s *sfuSeat) SetHeld(on bool)             { s.note("held %t", on) }
func (s *sfuSeat) PlayDTMF(d string) error     { s.note("dtmf %s", d); return nil }
func (s *sfuSeat) Restart() error              { s.note("restart"); return nil }
func (s *sfuSeat) Renew(c []byte) error        { s.note("renew %s", c); return s.stale }
func (s *sfuSeat) Stats() media.Stats          { return media.Stats{} }
func (s *sfuSeat) Close() error {
	s.closed = true
	s.cfg.Send(media.Message{Kind: media.Bye})
	return nil
}

func newCarried(t *testing.T) (*rig, *sfu) {
	f := &sfu{}
	return newRig(t, false, func(c *Config, _ *rig) { c.Media = f }), f
}

// by puts a carrier into the server's word.
func by(c *v1.Call, credentials string) *v1.Call {
	c.Carrier, c.MediaCredentials = "roomy", []byte(credentials)
	return c
}

func (r *rig) relayed() bool {
	return slices.ContainsFunc(r.conn.sent, func(q *fakeRequest) bool { _, ok := q.msg.(*v1.SendMediaRequest); return ok })
}

// A device of the callee joins the carrier's room while it rings, and its transport is the call's.
func TestCarriedIncoming(t *testing.T) {
	r, f := newCarried(t)
	r.push(r.payload(1), true)
	if len(f.all) != 0 {
		t.Fatal("it joined before the server said how")
	}
	r.reply("AckRequest", signaling.Result{Call: by(r.truth(1, v1.CallState_CALL_STATE_RINGING), "bob")})
	if len(f.all) != 1 || !slices.Contains(f.all[0].did, "warm bob") {
		t.Fatalf("sessions: %v", f.all)
	}
	f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
	r.s.run()
	r.answer(1)
	r.reply("AnswerRequest", signaling.Result{Call: by(r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "bob again")})
	r.activate(true)
	r.wantState(1, call.Connected, call.NotEnded)
	r.conn.Media(&v1.MediaMessage{CallId: id(1).String(), FromDevice: "alice-1", Session: "x", Kind: v1.MediaKind_MEDIA_KIND_OFFER, Data: "v=0"})
	r.hold(1, true)
	r.hold(1, false)
	r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(1)}, Muted: true})
	r.perform(&callkit.PlayDTMFCallAction{Base: callkit.Base{CallUUID: id(1)}, Digits: "12", Type: callkit.SingleTone})
	// The caller goes on on another device: this side's session stays.
	moved := by(r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "bob")
	moved.CallerDevice = "alice-2"
	r.tell(moved)
	if len(f.all) != 1 || f.all[0].closed {
		t.Errorf("after the caller moved there are %d sessions", len(f.all))
	}
	r.wantState(1, call.Connected, call.NotEnded)
	for _, want := range []string{"start", "held true", "held false", "muted true", "dtmf 12"} {
		if !slices.Contains(f.all[0].did, want) {
			t.Errorf("the session was not told %q: %q", want, f.all[0].did)
		}
	}
	r.end(1)
	if !f.all[0].closed || r.relayed() {
		t.Errorf("closed: %v, something was relayed: %v", f.all[0].closed, r.relayed())
	}
}

// The first that a pushed phone hears from the server is that another one has answered: there is nothing to join, with
// a carrier or without.
func TestOverBeforeMedia(t *testing.T) {
	for _, name := range []string{"", "roomy"} {
		r, f := newCarried(t)
		r.push(r.payload(1), true)
		over := r.over(1, call.AnsweredElsewhere)
		over.Carrier = name
		if name != "" {
			over.MediaCredentials = []byte("late")
		}
		r.reply("AckRequest", signaling.Result{Call: over})
		r.wantState(1, call.Ended, call.AnsweredElsewhere)
		if len(f.all) != 0 {
			t.Errorf("by carrier %q: a session was made for a call that was over: %q", name, f.all[0].did)
		}
	}
}

// answerUninvited answers a call of a carrier that has let this phone into nothing yet.
func (r *rig) answerUninvited() {
	r.t.Helper()
	r.push(r.payload(1), true)
	r.reply("AckRequest", signaling.Result{Call: by(r.truth(1, v1.CallState_CALL_STATE_RINGING), "")})
	r.answer(1)
	r.reply("AnswerRequest", signaling.Result{Call: by(r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "")})
	r.activate(true)
}

// With a carrier whose credentials come with the answer, nothing is joined before.
func TestCarriedAfterAnswer(t *testing.T) {
	r, f := newCarried(t)
	r.answerUninvited()
	if len(f.all) != 0 {
		t.Fatal("it joined without credentials")
	}
	r.tell(by(r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "invited"))
	if len(f.all) != 1 || !slices.Equal(f.all[0].did[len(f.all[0].did)-2:], []string{"warm invited", "start"}) {
		t.Fatalf("after the invitation: %+v", f.all)
	}
	f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
	r.s.run()
	r.wantState(1, call.Connected, call.NotEnded)
}

// The carrier never invites: the call ends as one without media, and does not wait for ever.
func TestCarriedNeverInvited(t *testing.T) {
	r, _ := newCarried(t)
	r.answerUninvited()
	r.s.advance(2 * time.Minute)
	r.wantState(1, call.Ended, call.MediaFailed)
}

// The caller joins at once, and its transport is the call's whoever answers.
func TestCarriedOutgoing(t *testing.T) {
	r, f := newCarried(t)
	r.hello()
	if _, err := r.p.Start(StartRequest{Callee: "carol"}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	r.reply("StartRequest", signaling.Result{Call: by(r.ours(200, v1.CallState_CALL_STATE_RINGING), "alice")})
	r.activate(true)
	if len(f.all) != 1 || !slices.Contains(f.all[0].did, "warm alice") {
		t.Fatalf("sessions: %+v", f.all)
	}
	f.all[0].cfg.Notify(media.Event{Kind: media.Connected})
	r.s.run()
	c := by(r.ours(200, v1.CallState_CALL_STATE_ANSWERED), "alice")
	c.AnsweredBy = "carol-1"
	r.tell(c)
	r.wantState(200, call.Connected, call.NotEnded)
	c = by(r.ours(200, v1.CallState_CALL_STATE_ANSWERED), "alice")
	c.AnsweredBy = "carol-2" // she moved
	r.tell(c)
	if len(f.all) != 1 || f.all[0].closed || !slices.Contains(f.all[0].did, "start") {
		t.Errorf("sessions: %+v", f.all)
	}
	f.all[0].cfg.Notify(media.Event{Kind: media.Failed, Err: media.ErrClosed})
	r.s.run()
	r.wantState(200, call.Ended, call.MediaFailed)
	if !f.all[0].closed || r.relayed() {
		t.Error("the session stays, or something was relayed")
	}
}

// A telephone's call that comes by the stream shows as a telephone number, as one that comes by a push does.
func TestTelephoneHandle(t *testing.T) {
	r := newRig(t, false, nil)
	c := r.truth(1, v1.CallState_CALL_STATE_RINGING)
	c.Caller = &v1.Party{UserId: "tel:+4930123456", Name: "+4930123456", Handle: "+4930123456"}
	r.tell(c)
	calls := r.p.Calls()
	if len(calls) != 1 || calls[0].Handle != (callkit.Handle{Type: callkit.PhoneNumber, Value: "+4930123456"}) {
		t.Errorf("the call shows %+v", calls)
	}
	r.s.advance(time.Second)
	r.reply("AckRequest", signaling.Result{Call: c})
	r.wantState(1, call.Ringing, call.NotEnded)
}
