package phone

import (
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// MoveRequest says which call to go on with here.
type MoveRequest struct {
	CallID callkit.UUID   // of a call that another device of this user has answered or started; the server's ListLive lists them
	Name   string         // shown on this phone's call screen; empty: what the server knows
	Handle callkit.Handle // how Recents will call back; zero: Generic "unknown" until the server says
	Video  bool
	// Failed is told, on the main queue, if the system refuses to start the call; may be nil.
	Failed func(error)
}

// Move goes on here with a live call that another device of the user has, which ends there as answered elsewhere. For this
// phone's system it is an outgoing call, whoever called: CallKit knows no other way to begin one that does not ring. Its ID
// stays the call's own. Who talks is put on hold first, as by [Phone.Start]. If the server does not give the call, because
// it is over or still rings, it ends here with the true reason; nothing changes where it was. A call that is here already
// is left as it is. The error is [ErrOnCall], [ErrTooManyCalls], [ErrNoCall] for no ID at all, or [ErrClosed].
func (p *Phone) Move(r MoveRequest) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Handle = handleOr(r.Handle, nobody)
	switch {
	case p.closed:
		return ErrClosed
	case r.CallID.IsZero():
		return ErrNoCall
	case p.isStarting(r.CallID):
		return nil
	}
	if l := p.find(r.CallID); l != nil && l.state.Live() {
		return nil
	}
	return p.dial(r.CallID, starting{StartRequest: StartRequest{Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: r.Failed}, move: true})
}

// OfferMove rings another device of this user, also one whose app does not run, so that the user can go on there with an
// answered call of this phone: it is over here, as answered elsewhere, when that one answers, and stays otherwise.
// [Call].OfferedTo shows it. The error is [ErrNoCall] for a call that is not answered here, [ErrGroup] for
// a group call that this phone began, or [ErrClosed].
func (p *Phone) OfferMove(id callkit.UUID, device string) error {
	return p.aboutMove(id, &v1.OfferMoveRequest{CallId: id.String(), DeviceId: p.cfg.DeviceID, ToDevice: device})
}

// WithdrawMove stops the ring of [Phone.OfferMove]. The errors are the same.
func (p *Phone) WithdrawMove(id callkit.UUID) error {
	return p.aboutMove(id, &v1.WithdrawMoveRequest{CallId: id.String(), DeviceId: p.cfg.DeviceID})
}

func (p *Phone) aboutMove(id callkit.UUID, req proto.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	l := p.find(id)
	if l == nil || !l.state.Answered() {
		return ErrNoCall
	}
	if l.party != nil {
		return ErrGroup
	}
	p.send(l, req, false, func(r signaling.Result) { p.heard(l, r) })
	p.drain()
	return nil
}

// offeredAnew reports whether an offer to move the call here, made at the moment (Unix milliseconds), is a new one for a
// call that is over here.
func (l *line) offeredAnew(at int64) bool { return l.state.State == call.Ended && at > l.offered }
