package phone

import (
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// JoinRequest says which group call to go into.
type JoinRequest struct {
	Group  string         // its id, which every call of it has; see [Call].GroupCall
	Name   string         // shown on this phone's call screen; empty: who began the group
	Handle callkit.Handle // how Recents will call back; zero: Generic "unknown" until the server says
	Video  bool
	// Failed is told, on the main queue, if the system refuses to start the call; may be nil.
	Failed func(error)
}

// Join goes into a group call that lives, without a ring: one that this user missed, declined or left, or came late for.
// For this phone's system it is an outgoing call, which is answered at once. Who talks is put on hold first, as by [Phone.Start]. If the server does not let
// this phone in, because the group is over or nobody called this user into it, the call ends as server_ended. Its sound is
// a carrier's room's ([media.Config].Group): between devices alone there is no far end for it, and it ends as
// media_failed. It returns the call's ID, and [ErrNotConnected], [ErrOnCall], [ErrTooManyCalls], [ErrNoCall] for no group
// at all, or [ErrClosed].
func (p *Phone) Join(r JoinRequest) (callkit.UUID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Handle = handleOr(r.Handle, nobody)
	switch {
	case p.closed:
		return callkit.UUID{}, ErrClosed
	case r.Group == "":
		return callkit.UUID{}, ErrNoCall
	case p.nextCallID.IsZero():
		if p.board.Live() {
			return callkit.UUID{}, ErrOnCall
		}
		return callkit.UUID{}, ErrNotConnected
	}
	id := p.nextCallID
	if err := p.dial(id, starting{StartRequest: StartRequest{Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: r.Failed}, move: true, join: r.Group}); err != nil {
		return callkit.UUID{}, err
	}
	return id, nil
}

// LeaveGroup takes this phone out of a group call with all of its calls. Those that it began go on without it, if they are
// answered. The server's word ends them here, as hung up. The error is [ErrClosed].
func (p *Phone) LeaveGroup(group string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	for _, l := range p.lines {
		if l.state.Live() && (l.truth.GetGroup() == group || l.party != nil && l.id.String() == group) {
			if l.party != nil {
				l.party.left = true
			}
			p.send(l, &v1.LeaveGroupRequest{Group: group, DeviceId: p.cfg.DeviceID}, false, func(r signaling.Result) { p.heard(l, r) })
			p.drain()
			return nil
		}
	}
	return nil
}

func (p *Phone) groupChanged(g *v1.GroupChanged) {
	if l := p.begun(g.GetGroup()); l != nil {
		l.party.meets(g.GetMember())
	}
	if p.cfg.OnGroup != nil {
		p.outside(func() { p.cfg.OnGroup(g) })
	}
}
