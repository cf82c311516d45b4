package exchange

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// room is the carrier of a group's media. Calls of two have none.
const room = "room"

// inRoom makes a call one of a group.
func (c *call) inRoom(group string) {
	c.view.Group, c.view.Carrier, c.view.MediaRoom, c.view.MediaCredentials = group, room, group, []byte(`{"room":"`+group+`"}`)
}

// startGroup answers a start with several callees, or one that calls somebody more into a group. A callee named nobody has no
// device. The lock must be held.
func (x *Exchange) startGroup(m *v1.StartRequest) signaling.Result {
	group, callees := m.Group, m.Callees
	if group == "" {
		group = m.CallId
		x.said = append(x.said, fmt.Sprintf("startGroup %s %s", nameOf(group), strings.Join(callees, " ")))
	} else {
		callees = append(callees, m.Callee)
		x.said = append(x.said, fmt.Sprintf("invite %s %s", nameOf(group), strings.Join(callees, " ")))
	}
	res := &v1.StartResponse{}
	for i, callee := range callees {
		if callee == "nobody" {
			res.Calls = append(res.Calls, &v1.Started{Callee: callee, Problem: "unknown_callee", Text: "exchange: user \"nobody\" has no device"})
			continue
		}
		id := group
		if i > 0 || m.Group != "" {
			id = Name(x.next)
			x.next++
		}
		c := x.add(id, callee, true, m.Video)
		c.inRoom(group)
		x.tell(c)
		view := proto.Clone(c.view).(*v1.Call)
		res.Calls = append(res.Calls, &v1.Started{Callee: callee, Call: view})
		if res.Call == nil {
			res.Call = view
		}
	}
	x.next++
	res.NextCallId = Name(x.next - 1)
	if res.Call == nil {
		return signaling.Result{Err: errors.New("exchange: nobody to call has a device"), Problem: "unknown_callee", NextCallID: res.NextCallId}
	}
	return signaling.Result{Answer: res, Call: res.Call, NextCallID: res.NextCallId}
}

// join answers a request to go into a group that a call was of. The lock must be held.
func (x *Exchange) join(m *v1.JoinGroupRequest) signaling.Result {
	x.said = append(x.said, fmt.Sprintf("join %s by %s", nameOf(m.Group), nameOf(m.CallId)))
	var first *call
	for _, c := range x.calls {
		if c.view.Group == m.Group && first == nil {
			first = c
		}
	}
	if first == nil {
		return signaling.Result{Err: errors.New("exchange: there is no such group"), Problem: "unknown_group"}
	}
	c := x.add(m.CallId, first.far, false, m.Video)
	c.inRoom(m.Group)
	c.view.Caller = proto.Clone(first.view.Caller).(*v1.Party)
	x.answered(c, m.DeviceId)
	x.next++
	return signaling.Result{Call: proto.Clone(c.view).(*v1.Call), NextCallID: Name(x.next - 1)}
}

// leave ends all calls of a group. The lock must be held.
func (x *Exchange) leave(m *v1.LeaveGroupRequest) signaling.Result {
	x.said = append(x.said, "leave "+nameOf(m.Group))
	for _, c := range x.calls {
		switch {
		case c.view.Group != m.Group:
		case c.view.State == v1.CallState_CALL_STATE_RINGING && c.outgoing:
			x.end(c, v1.EndReason_END_REASON_CANCELLED)
		case c.view.State == v1.CallState_CALL_STATE_ANSWERED:
			x.end(c, v1.EndReason_END_REASON_HUNGUP)
		}
	}
	return signaling.Result{Answer: &v1.LeaveGroupResponse{}}
}

// ask answers what changes nothing; nil is no such request. The lock must be held.
func (x *Exchange) ask(msg proto.Message) *signaling.Result {
	switch m := msg.(type) {
	case *v1.GetGroupRequest:
		res := &v1.GetGroupResponse{Group: m.Group}
		for _, c := range x.calls {
			if c.view.Group == m.Group {
				res.Members = append(res.Members, c.member())
			}
		}
		if len(res.Members) == 0 {
			return &signaling.Result{Err: errors.New("exchange: there is no such group"), Problem: "unknown_group"}
		}
		return &signaling.Result{Answer: res}
	case *v1.ListLiveRequest:
		res := &v1.ListLiveResponse{}
		for _, c := range x.calls {
			if c.view.State == v1.CallState_CALL_STATE_ANSWERED || c.elsewhere != "" {
				view := proto.Clone(c.view).(*v1.Call)
				view.State = v1.CallState_CALL_STATE_ANSWERED
				res.Calls = append(res.Calls, &v1.LiveCall{Call: view, DeviceId: c.view.AnsweredBy, DeviceName: c.elsewhere})
			}
		}
		return &signaling.Result{Answer: res}
	case *v1.GetCredentialsRequest:
		c := x.find(m.CallId)
		if c == nil {
			return &signaling.Result{Err: errors.New("exchange: there is no such call"), Problem: "unknown_call"}
		}
		return &signaling.Result{Answer: &v1.GetCredentialsResponse{
			Carrier: c.view.Carrier, MediaCredentials: c.view.MediaCredentials, MediaUntil: timestamppb.New(x.cfg.Now().Add(ringFor)),
		}}
	}
	return nil
}

// member is the far end of a call as a member of its group.
func (c *call) member() *v1.Member {
	who := c.view.Caller
	if c.outgoing {
		who = c.view.Callee
	}
	return &v1.Member{User: who, State: c.view.State, Reason: c.view.Reason, CallId: c.view.Id, DeviceId: c.view.AnsweredBy}
}

// changed tells all lines about a member of a group. The lock must be held.
func (x *Exchange) changed(c *call) {
	g := &v1.GroupChanged{Group: c.view.Group, Member: proto.Clone(c.member()).(*v1.Member)}
	for _, l := range x.lines {
		if h, ok := l.handler.(signaling.GroupHandler); ok {
			l.later(func() { h.Group(g) })
		}
	}
}

// move has the device go on with a call that another one has. The lock must be held.
func (x *Exchange) move(c *call, device string) {
	x.said = append(x.said, "move "+c.name)
	c.elsewhere = ""
	x.answered(c, device)
}

// offer has another device of the user ring for a call, or no device. The lock must be held.
func (x *Exchange) offer(c *call, device string) {
	if device == "" {
		x.said = append(x.said, "withdraw "+c.name)
		c.view.Offered.State = v1.LegState_LEG_STATE_ENDED
	} else {
		x.said = append(x.said, "offer "+c.name+" "+device)
		c.view.Offered = &v1.Leg{DeviceId: device, DeviceName: device, State: v1.LegState_LEG_STATE_RINGING}
	}
	x.tell(c)
}

// nameOf is the name of a call by its ID, as u51.
func nameOf(id string) string {
	n := 0
	if _, err := fmt.Sscanf(strings.TrimPrefix(id, "00000000-0000-4000-8000-"), "%d", &n); err != nil {
		return id
	}
	return fmt.Sprintf("u%d", n)
}
