package phone

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A Refusal is the server's no to what the app asked, or why it could not be asked.
type Refusal struct {
	Problem string // the code of the server's CallProblem, as "unknown_group"; empty: it was not reached, or said nothing
	Err     error
}

// Error says what the server said.
func (r *Refusal) Error() string { return fmt.Sprintf("phone: %v", r.Err) }

// Unwrap returns the connection's error.
func (r *Refusal) Unwrap() error { return r.Err }

// Credentials are what a device joins a carrier's media with.
type Credentials struct {
	Carrier string    // as "livekit"; empty: the devices between themselves
	Data    []byte    // what the carrier's adapter reads, as [media.Config].Credentials
	Until   time.Time // when they expire, the server's clock; zero: never
}

// Members asks who is in a group call, who rings for it, and what became of the others who were called into it: what
// [Config].OnGroup tells changes of. done is told once, on the main queue, unless the Phone is closed first; its error
// is a [Refusal]. Members returns [ErrNoCall] for no group at all, or [ErrClosed].
func (p *Phone) Members(group string, done func([]*v1.Member, error)) error {
	if group == "" {
		return ErrNoCall
	}
	return p.query(&v1.GetGroupRequest{Group: group}, func(answer proto.Message, err error) {
		res, _ := answer.(*v1.GetGroupResponse)
		done(res.GetMembers(), err)
	})
}

// LiveCalls asks which answered calls this user's devices have, oldest first: those of others can be gone on with here, by
// [Phone.Move]. done is told as by [Phone.Members]. The error is [ErrClosed].
func (p *Phone) LiveCalls(done func([]*v1.LiveCall, error)) error {
	return p.query(&v1.ListLiveRequest{}, func(answer proto.Message, err error) {
		res, _ := answer.(*v1.ListLiveResponse)
		done(res.GetCalls(), err)
	})
}

// Credentials asks for fresh credentials of a live call's media. The engine gives media those that come with the call, and
// fresh ones before they expire ([media.Renewer]); an SDK that asks for a new token itself gets it here. done is told as by [Phone.Members]. The error is [ErrNoCall], or [ErrClosed].
func (p *Phone) Credentials(id callkit.UUID, done func(Credentials, error)) error {
	p.mu.Lock()
	l := p.find(id)
	alive, asked := l != nil && l.state.Live(), id.String()
	if alive {
		asked = l.serverCall()
	}
	closed := p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case !alive:
		return ErrNoCall
	}
	return p.query(&v1.GetCredentialsRequest{CallId: asked, DeviceId: p.cfg.DeviceID}, func(answer proto.Message, err error) {
		var c Credentials
		if res, _ := answer.(*v1.GetCredentialsResponse); res != nil {
			c.Carrier, c.Data = res.Carrier, res.MediaCredentials
			if res.MediaUntil != nil {
				c.Until = when(res.MediaUntil)
			}
		}
		done(c, err)
	})
}

// query asks what changes nothing, and tells done the answer on the main queue.
func (p *Phone) query(req proto.Message, done func(proto.Message, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.requests++
	p.balance()
	p.outside(func() {
		p.conn.Send(req, signaling.SendOptions{}, func(r signaling.Result) {
			p.post(func() {
				p.requests--
				var err error
				if r.Err != nil {
					err = &Refusal{r.Problem, r.Err}
				}
				p.outside(func() { done(r.Answer, err) })
			})
		})
	})
	p.drain()
	return nil
}
