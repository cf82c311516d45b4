package boundary

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Done says what a request came to that the server had to be asked for. It comes once for each such request that was answered
// without an error, unless the engine is closed first.
type Done struct {
	Ticket      int64       `json:"ticket"`
	Code        string      `json:"code,omitempty"`  // of the error: the server's own word, as unknown_group, or failed if it was not reached
	Error       string      `json:"error,omitempty"` // for people
	Members     []Member    `json:"members,omitempty"`
	Live        []Live      `json:"live,omitempty"`
	Credentials *Credential `json:"credentials,omitempty"`
}

// Member is one user of a group call.
type Member struct {
	User   string `json:"user"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	State  string `json:"state"`            // ringing, answered: is in the call, or ended: is not, and why says Reason
	Reason string `json:"reason,omitempty"` // in the words of package call
	Call   string `json:"call,omitempty"`   // the member's call in the group
	Device string `json:"device,omitempty"` // that is in the call
}

// Group is a change in a group call that this phone is in.
type Group struct {
	Group  string `json:"group"` // its id
	Member Member `json:"member"`
}

// Live is an answered call of the user, on whatever device.
type Live struct {
	Call       string         `json:"call"`
	Device     string         `json:"device"`
	DeviceName string         `json:"deviceName,omitempty"`
	Name       string         `json:"name,omitempty"` // of the other side
	Handle     callkit.Handle `json:"handle,omitzero"`
	Video      bool           `json:"video,omitempty"`
	GroupCall  string         `json:"groupCall,omitempty"`
	AnsweredAt *time.Time     `json:"answeredAt,omitempty"`
}

// Credential is what a device joins a carrier's media with.
type Credential struct {
	Carrier string     `json:"carrier,omitempty"` // empty: the devices between themselves
	Data    []byte     `json:"data,omitempty"`    // what the carrier's media adapter reads
	Until   *time.Time `json:"until,omitempty"`   // when they expire, the server's clock; absent: never
}

// ask asks the server what only it knows; the answer is an [Out] of its own.
func (e *Engine) ask(r Request, call callkit.UUID) error {
	done := func(err error, d Done) {
		d.Ticket = r.Ticket
		if err != nil {
			d.Code, d.Error = "failed", err.Error()
			if why := (*phone.Refusal)(nil); errors.As(err, &why) && why.Problem != "" {
				d.Code = why.Problem
			}
		}
		e.say(Out{Done: &d})
	}
	switch r.Verb {
	case Invite:
		return e.phone.Invite(r.Group, r.Callee, func(err error) { done(err, Done{}) })
	case Members:
		return e.phone.Members(r.Group, func(all []*v1.Member, err error) {
			var d Done
			for _, m := range all {
				d.Members = append(d.Members, member(m))
			}
			done(err, d)
		})
	case LiveCalls:
		return e.phone.LiveCalls(func(all []*v1.LiveCall, err error) {
			var d Done
			for _, c := range all {
				d.Live = append(d.Live, live(c))
			}
			done(err, d)
		})
	default:
		return e.phone.Credentials(call, func(c phone.Credentials, err error) {
			d := Done{}
			if err == nil {
				d.Credentials = &Credential{Carrier: c.Carrier, Data: c.Data}
				if !c.Until.IsZero() {
					d.Credentials.Until = &c.Until
				}
			}
			done(err, d)
		})
	}
}

func member(m *v1.Member) Member {
	out := Member{
		User: m.GetUser().GetUserId(), Name: m.GetUser().GetName(), Handle: m.GetUser().GetHandle(),
		State: strings.ToLower(strings.TrimPrefix(m.GetState().String(), "CALL_STATE_")), Call: m.GetCallId(), Device: m.GetDeviceId(),
	}
	if m.GetReason() != v1.EndReason_END_REASON_UNSPECIFIED {
		out.Reason = strings.ToLower(strings.TrimPrefix(m.Reason.String(), "END_REASON_"))
	}
	return out
}

func group(g *v1.GroupChanged) *Group {
	return &Group{Group: g.GetGroup(), Member: member(g.GetMember())}
}

func live(l *v1.LiveCall) Live {
	c := l.GetCall()
	other := c.GetCaller()
	if c.GetRole() == v1.Role_ROLE_CALLER {
		other = c.GetCallee()
	}
	out := Live{
		Call: c.GetId(), Device: l.GetDeviceId(), DeviceName: l.GetDeviceName(), Name: other.GetName(), Video: c.GetVideo(), GroupCall: c.GetGroup(),
	}
	if h := other.GetHandle(); h != "" {
		out.Handle = callkit.Handle{Type: signaling.HandleTypeOf(h), Value: h}
	}
	if at := c.GetAnsweredAt(); at != nil {
		t := at.AsTime()
		out.AnsweredAt = &t
	}
	return out
}

// keys asks the app for the device's sealing key.
type keys struct{ e *Engine }

// SealKey is part of [phone.Keys].
func (k keys) SealKey() ([]byte, error) {
	a := k.e.say(Out{SealKey: true})
	switch {
	case len(a.Key) > 0:
		return a.Key, nil
	case a.Error != "":
		return nil, fmt.Errorf("boundary: the app can't read it: %s", a.Error)
	}
	return nil, errors.New("boundary: the app gave no sealing key")
}
