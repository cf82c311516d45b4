package phone

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// until says when the credentials of the server's word expire, from now.
func (r *rig) until(c *v1.Call, life time.Duration) *v1.Call {
	c.MediaUntil = timestamppb.New(r.now().Add(life))
	return c
}

// fresh answers the newest request for credentials.
func (r *rig) fresh(credentials string, life time.Duration) {
	r.t.Helper()
	r.reply("GetCredentialsRequest", signaling.Result{Answer: &v1.GetCredentialsResponse{
		Carrier: "roomy", MediaCredentials: []byte(credentials), MediaUntil: timestamppb.New(r.now().Add(life)),
	}})
}

// wantAsked says how often credentials were asked for so far, and for which call the last time.
func (r *rig) wantAsked(what string, times int, n byte) {
	r.t.Helper()
	if got := r.conn.count("GetCredentialsRequest"); got != times {
		r.t.Fatalf("%s: credentials were asked for %d times, not %d", what, got, times)
	}
	if times == 0 {
		return
	}
	if q := r.conn.last("GetCredentialsRequest").msg.(*v1.GetCredentialsRequest); q.CallId != id(n).String() || q.DeviceId != "dev" {
		r.t.Fatalf("%s: the credentials of %v were asked for", what, q)
	}
}

// expiring has call 1 talk through a carrier, by credentials that are good for life.
func expiring(t *testing.T, f *sfu, life time.Duration, change func(*Config)) (*rig, *sfuSeat) {
	t.Helper()
	r := newRig(t, false, func(c *Config, _ *rig) {
		c.Media = f
		if change != nil {
			change(c)
		}
	})
	r.hello()
	r.push(r.payload(1), true)
	r.reply("AckRequest", signaling.Result{Call: r.until(in("g", r.truth(1, v1.CallState_CALL_STATE_RINGING), "first"), life)})
	r.answer(1)
	r.reply("AnswerRequest", signaling.Result{Call: r.until(in("g", r.truth(1, v1.CallState_CALL_STATE_ANSWERED), "first"), life)})
	f.all[0].tell(r, media.Connected)
	r.activate(true)
	r.wantState(1, call.Connected, call.NotEnded)
	f.all[0].take()
	return r, f.all[0]
}

// The credentials of a long call are renewed again and again before they expire, and no more when it is over.
func TestRenewal(t *testing.T) {
	r, s := expiring(t, &sfu{}, 24*time.Hour, nil)
	r.s.advance(17 * time.Hour)
	r.wantAsked("early", 0, 1)
	r.s.advance(61 * time.Minute)
	r.wantAsked("when three quarters have passed", 1, 1)
	r.fresh("second", 24*time.Hour)
	r.wantDid(s, "renewed", "renew second")
	r.s.advance(17 * time.Hour)
	r.wantAsked("soon after", 1, 1)
	r.s.advance(2 * time.Hour)
	r.wantAsked("again", 2, 1)
	r.fresh("third", 24*time.Hour)
	r.wantDid(s, "renewed again", "renew third")
	r.end(1)
	r.s.advance(48 * time.Hour)
	r.wantAsked("after the end", 2, 1)
}

// A server that can't be reached is asked again while there is time, and when there is none, for the call may go on all the
// same; a session that does not take the credentials is given others.
func TestRenewalFails(t *testing.T) {
	f := &sfu{}
	r, s := expiring(t, f, time.Hour, nil)
	r.s.advance(46 * time.Minute)
	for n, wait := range []time.Duration{11 * time.Minute, 3 * time.Minute} {
		r.wantAsked("refused", n+1, 1)
		r.reply("GetCredentialsRequest", signaling.Result{Err: errors.New("the network is gone")})
		r.s.advance(wait)
	}
	r.wantAsked("with a minute left", 3, 1)
	r.reply("GetCredentialsRequest", signaling.Result{Answer: &v1.GetCredentialsResponse{Carrier: "roomy"}}) // none could be made
	r.s.advance(10 * time.Minute)
	r.wantAsked("it is asked once at a time", 4, 1)
	r.reply("GetCredentialsRequest", signaling.Result{Err: errors.New("the network is gone")})
	r.s.advance(renewLate + time.Second)
	r.wantAsked("after they have expired", 5, 1)
	s.stale = errors.New("not these")
	r.fresh("second", time.Hour)
	r.wantDid(s, "refused by the session", "renew second")
	s.stale = nil
	r.s.advance(renewLate + time.Second)
	r.wantAsked("after the session refused", 6, 1)
	r.fresh("third", time.Hour)
	r.wantDid(s, "taken by the session", "renew third")
	r.wantState(1, call.Connected, call.NotEnded)
}

// A call that ends while it is asked renews nothing, and neither does a phone that is closed.
func TestRenewalOfWhatIsOver(t *testing.T) {
	r, s := expiring(t, &sfu{}, time.Hour, nil)
	r.s.advance(46 * time.Minute)
	r.wantAsked("in time", 1, 1)
	r.end(1)
	r.fresh("second", time.Hour)
	r.wantDid(s, "over", "stop")

	r, _ = expiring(t, &sfu{}, time.Hour, nil)
	r.p.Close()
	r.s.advance(time.Hour)
	r.wantAsked("closed", 0, 1)
}

// stiff is a factory of sessions that can't be renewed.
type stiff struct{ *sfu }

func (f stiff) New(c media.Config) (media.Session, error) {
	s, err := f.sfu.New(c)
	return struct{ media.Session }{s}, err
}

// Nobody asks for what no session takes, in a room or not, and for what does not expire.
func TestNoRenewal(t *testing.T) {
	f := &sfu{}
	r, _ := expiring(t, f, time.Hour, func(c *Config) { c.Media = stiff{f} })
	r.s.advance(2 * time.Hour)
	r.wantAsked("of sessions that take none", 0, 1)

	r, _ = newCarried(t)
	r.push(r.payload(1), true)
	r.reply("AckRequest", signaling.Result{Call: by(r.truth(1, v1.CallState_CALL_STATE_RINGING), "for ever")})
	r.s.advance(30 * time.Second)
	r.wantAsked("of credentials that do not expire", 0, 1)
}

// The calls of one room renew its session once, by the credentials of the one that is in it for longest; when that one is
// over, the next one does, in time for the credentials that the session has, and not for its own.
func TestRenewalInARoom(t *testing.T) {
	f := &sfu{}
	r, room := expiring(t, f, time.Hour, nil)
	r.s.advance(40 * time.Minute)
	if _, err := r.p.Start(StartRequest{Callee: "carol", Group: "g"}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	r.activate(false)
	r.reply("StartRequest", signaling.Result{Call: r.until(in("g", r.ours(200, v1.CallState_CALL_STATE_ANSWERED), "of the second"), time.Hour)})
	r.activate(true)
	r.wantState(200, call.Connected, call.NotEnded)
	room.take()
	r.s.advance(16 * time.Minute)
	r.wantAsked("the first is in it for longest", 1, 1)
	r.fresh("second of the first", time.Hour) // until 1:56
	r.wantDid(room, "renewed", "renew second of the first")
	r.s.advance(40 * time.Minute) // 1:36: nobody has asked, though the second call's own are nearly over
	r.wantAsked("there is time", 1, 1)
	r.end(1)
	r.activate(true)
	r.s.advance(15 * time.Minute) // 1:51
	r.wantAsked("the second sees to it now", 2, 200)
	room.take()
	r.fresh("second of the second", time.Hour)
	r.wantDid(room, "renewed by the second", "renew second of the second")
	r.end(200)
	r.s.advance(3 * time.Hour)
	r.wantAsked("all are over", 2, 200)
	if !room.closed || len(f.all) != 1 {
		t.Errorf("closed: %t, sessions: %d", room.closed, len(f.all))
	}
}
