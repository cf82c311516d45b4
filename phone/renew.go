package phone

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	// renewPause is how soon credentials that could not be renewed are asked for again, at the earliest. The server gives
	// who asks sooner than after 5 s the same ones again.
	renewPause = 10 * time.Second
	// renewLate is how often they are asked for when they have expired: who is in the call may be in it all the same.
	renewLate = time.Minute
)

// renewal is when a session's credentials are renewed. Its parts are guarded by the Phone's lock.
type renewal struct {
	until time.Time // when they expire, the server's clock; zero: never
	timer callkit.Timer
}

// renewer returns what takes a session's new credentials, and until when those are good that it has; nil if nothing does.
// For a call that shares a room's session with others it is the room.
func (s *session) renewer() (media.Renewer, time.Time) {
	if in, ok := s.Session.(*seat); ok {
		return in.renewer()
	}
	r, _ := s.Session.(media.Renewer)
	return r, s.renewal.until
}

// planRenewal has the credentials of a session renewed when three quarters of what is left of their life have passed: of a
// day's, 6 h before their end, and if that fails 90 min before it, and so on. The lock must be held.
func (p *Phone) planRenewal(s *session, until time.Time) {
	if s.renewal.until = until; until.IsZero() {
		return
	}
	if r, _ := s.renewer(); r == nil {
		return
	}
	left := until.Sub(p.serverNow(s.line.sent))
	wait := renewLate
	if left > 0 {
		wait = max(left/4*3, renewPause)
	}
	s.renewal.timer = p.after(wait, func() {
		if !s.closed {
			p.renew(s)
		}
	})
}

// renew asks the server for fresh credentials and gives them to the session. The lock must be held; it is given up
// meanwhile.
func (p *Phone) renew(s *session) {
	l := s.line
	r, until := s.renewer()
	if in, ok := s.Session.(*seat); ok && (!until.Equal(s.renewal.until) || !in.first()) {
		p.planRenewal(s, until) // it has new ones, or another call of the room sees to it
		return
	}
	if r == nil {
		return
	}
	p.send(l, &v1.GetCredentialsRequest{CallId: l.serverCall(), DeviceId: p.cfg.DeviceID}, false, func(res signaling.Result) {
		if s.closed {
			return
		}
		fresh, _ := res.Answer.(*v1.GetCredentialsResponse)
		if res.Err != nil || len(fresh.GetMediaCredentials()) == 0 {
			p.log.Warn("the credentials of the call's media were not renewed", "call", l.id, "until", s.renewal.until, "problem", res.Problem, "err", res.Err)
			p.planRenewal(s, s.renewal.until)
			return
		}
		until := time.Time{}
		if fresh.MediaUntil != nil {
			until = when(fresh.MediaUntil)
		}
		var err error
		p.outside(func() {
			if in, ok := s.Session.(*seat); ok {
				err = in.renew(fresh.MediaCredentials, until)
			} else {
				err = r.Renew(fresh.MediaCredentials)
			}
		})
		if s.closed {
			return
		}
		if err != nil {
			p.log.Error("the session did not take new credentials", "call", l.id, "err", err)
			until = s.renewal.until
		}
		p.planRenewal(s, until)
	})
}

// stopRenewal stops the timer. The lock must be held.
func (s *session) stopRenewal() {
	if s.renewal.timer != nil {
		s.renewal.timer.Stop()
		s.renewal.timer = nil
	}
}
