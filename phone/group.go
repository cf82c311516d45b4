package phone

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// How many users a group call is begun with, at the server too.
const (
	minCallees = 2
	maxCallees = 8
)

// Errors of group calls.
var (
	// ErrCallees is returned by StartGroup for callees that make no group.
	ErrCallees = errors.New("phone: a group call is begun with 2 to 8 callees, each named once")
	// ErrGroup is returned by OfferMove and WithdrawMove for a group call that this phone began: it stands for several
	// calls at the server. To go on elsewhere leave it here, and join it there.
	ErrGroup = errors.New("phone: a group call that was begun here can't be moved; leave it and join it on the other device")
)

// GroupRequest says whom to call into a new group call.
type GroupRequest struct {
	Callees []string       // 2 to 8 user IDs, each once
	Name    string         // shown on this phone's call screen; empty: the callees
	Handle  callkit.Handle // how Recents will call back; zero: Generic, with all of the callees, which [Phone.ContinueUserActivity] reads
	Video   bool
	// Failed is told, on the main queue, if the system refuses to start the call; may be nil.
	Failed func(error)
}

// StartGroup begins a group call, as [Phone.Start] begins a call of two. For this phone's system it is one outgoing call,
// whose ID is the group's: it has one sound, the carrier's room's ([media.Config].Group), and a CXCall for each callee
// would be several calls of which the system lets one talk and two exist (maximumCallGroups). It dials until the
// first of them answers, goes on while one of them, or of those who came later, is in it or still rings, and ends with the
// reason of the last one. Who
// hangs up leaves, as by [Phone.LeaveGroup]: those who answered go on with each other. [Phone.Start] with
// [StartRequest].Group calls somebody more into the same call.
//
// It takes a carrier with rooms. Between devices alone, and at carriers that join two ends, nobody has the sound of all, so
// the call is taken back and ends as media_failed. It returns the call's ID, and [ErrCallees], [ErrNotConnected], [ErrOnCall], [ErrTooManyCalls] or
// [ErrClosed].
func (p *Phone) StartGroup(r GroupRequest) (callkit.UUID, error) {
	if len(r.Callees) < minCallees || len(r.Callees) > maxCallees {
		return callkit.UUID{}, ErrCallees
	}
	for i, callee := range r.Callees {
		if callee == "" || slices.Contains(r.Callees[:i], callee) {
			return callkit.UUID{}, ErrCallees
		}
	}
	if r.Name == "" {
		r.Name = strings.Join(r.Callees, ", ")
	}
	if r.Handle.Value == "" {
		r.Handle = callkit.Handle{Type: callkit.Generic, Value: groupHandle(r.Callees)}
	}
	return p.Start(StartRequest{callees: slices.Clone(r.Callees), Name: r.Name, Handle: r.Handle, Video: r.Video, Failed: r.Failed})
}

// groupPrefix begins the handle by which Recents calls a group back.
const groupPrefix = "group:"

func groupHandle(callees []string) string {
	escaped := make([]string, len(callees))
	for i, callee := range callees {
		escaped[i] = url.PathEscape(callee)
	}
	return groupPrefix + strings.Join(escaped, ",")
}

// calleesOf returns whom a handle that groupHandle made stands for; nil if it is none.
func calleesOf(handle string) []string {
	list, ok := strings.CutPrefix(handle, groupPrefix)
	if !ok {
		return nil
	}
	callees := strings.Split(list, ",")
	for i, escaped := range callees {
		callee, err := url.PathUnescape(escaped)
		if err != nil || callee == "" || slices.Contains(callees[:i], callee) {
			return nil
		}
		callees[i] = callee
	}
	if len(callees) < minCallees || len(callees) > maxCallees {
		return nil
	}
	return callees
}

// begun returns the live line of a group that this phone began, or nil.
func (p *Phone) begun(group string) *line {
	id, err := callkit.ParseUUID(group)
	if err != nil {
		return nil
	}
	if l := p.find(id); l != nil && l.party != nil && l.state.Live() {
		return l
	}
	return nil
}

// Invite calls somebody more into a group call that this phone is in: somebody new, or who declined, missed or left it.
// It is no call of its own here, for the sound is there already: [Config.OnGroup] and [Phone.Members] tell what becomes of it.
// done is told, on the main queue, once the server rings, or with a [Refusal]; it may be nil. The error is [ErrNoCallee],
// [ErrNoCall] if this phone is in no such group, or [ErrClosed].
func (p *Phone) Invite(group, callee string, done func(error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case callee == "":
		return ErrNoCallee
	}
	l := p.inGroup(group)
	if l == nil {
		return ErrNoCall
	}
	p.invite(l, group, callee, done)
	return nil
}

// inGroup returns the first live line by which this phone is in a group, or nil.
func (p *Phone) inGroup(group string) *line {
	if l := p.begun(group); l != nil {
		return l
	}
	for _, l := range p.lines {
		if group != "" && l.truth.GetGroup() == group && l.state.Live() {
			return l
		}
	}
	return nil
}

// invite asks the server to call somebody into l's group. The call that it makes has this device for its caller: in a group
// that this phone began it is one of those behind the line, else none that this phone has to do with, until it leaves. The lock
// must be held.
func (p *Phone) invite(l *line, group, callee string, done func(error)) {
	l.invited = l.party == nil
	p.send(l, &v1.StartRequest{
		DeviceId: p.cfg.DeviceID, Group: group, Callee: callee, Video: l.video,
		CallerName: p.cfg.CallerName, CallerHandle: p.cfg.CallerHandle,
	}, false, func(res signaling.Result) {
		p.heardOfLegs(l, res)
		var err error
		if res.Err != nil {
			p.log.Warn("the server did not call somebody into the group", "call", l.id, "callee", callee, "problem", res.Problem, "err", res.Err)
			err = &Refusal{res.Problem, res.Err}
		}
		if done != nil {
			p.outside(func() { done(err) })
		}
	})
	p.drain()
}

// isInvitation reports whether c is a call that [Phone.Invite] made for a group that this phone did not begin.
func (p *Phone) isInvitation(c *v1.Call) bool {
	return c.Role == v1.Role_ROLE_CALLER && slices.ContainsFunc(p.lines, func(l *line) bool {
		return l.invited && l.state.Live() && l.truth.GetGroup() == c.Group
	})
}

// startedGroup takes the answer to the start of a group.
func (p *Phone) startedGroup(l *line, r signaling.Result) {
	p.gather(l, r)
	p.started(l, r)
	inRoom := l.carried() && (l.truth.GetMediaRoom() != "" || len(l.truth.GetMediaCredentials()) == 0) // which name the room
	if r.Err != nil || !l.state.Live() || inRoom {
		return
	}
	p.log.Error("a group call needs a carrier with rooms, and the server has none for this app; it is taken back", "call", l.id)
	p.order(l, call.Effect{Kind: call.SendCancel})
	p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: call.MediaFailed})
}

// gather takes in the calls that a start came to, before any of them is looked at: the first may be over already while
// the next one rings. Who could not be called at all is told as a member who is not in it.
func (p *Phone) gather(l *line, r signaling.Result) {
	answer, ok := r.Answer.(*v1.StartResponse)
	if !ok {
		return
	}
	for _, s := range answer.Calls {
		if s.Call != nil {
			l.party.hear(s.Call)
			continue
		}
		p.log.Warn("somebody could not be called into the group", "call", l.id, "callee", s.Callee, "problem", s.Problem, "why", s.Text)
		reason, err := call.ParseReason(s.Problem)
		if err != nil || reason == call.NotEnded {
			reason = call.Unreachable
		}
		p.groupChanged(&v1.GroupChanged{Group: l.id.String(), Member: &v1.Member{
			User: &v1.Party{UserId: s.Callee}, State: v1.CallState_CALL_STATE_ENDED, Reason: v1.EndReason(reason),
		}})
	}
}

// heardOfLegs takes the answer to a request that is about the calls behind a group's line, and not about the line.
func (p *Phone) heardOfLegs(l *line, r signaling.Result) {
	if r.NextCallID != "" {
		p.setNextCallID(r.NextCallID)
	}
	if l.party != nil {
		p.gather(l, r)
	}
	if r.Call != nil {
		p.truth(r.Call, false)
	}
}
