package exchange

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// endings are what the far end, or the server, can end a call with.
var endings = map[string]v1.EndReason{
	"cancel":            v1.EndReason_END_REASON_CANCELLED,
	"hangup":            v1.EndReason_END_REASON_HUNGUP,
	"decline":           v1.EndReason_END_REASON_DECLINED,
	"busy":              v1.EndReason_END_REASON_BUSY,
	"unanswered":        v1.EndReason_END_REASON_UNANSWERED,
	"answeredElsewhere": v1.EndReason_END_REASON_ANSWERED_ELSEWHERE,
	"declinedElsewhere": v1.EndReason_END_REASON_DECLINED_ELSEWHERE,
	"busyElsewhere":     v1.EndReason_END_REASON_BUSY_ELSEWHERE,
	"blocked":           v1.EndReason_END_REASON_BLOCKED,
	"unreachable":       v1.EndReason_END_REASON_UNREACHABLE,
	"replaced":          v1.EndReason_END_REASON_REPLACED,
	"expired":           v1.EndReason_END_REASON_EXPIRED,
	"serverEnded":       v1.EndReason_END_REASON_SERVER_ENDED,
}

// Do does what a line of a script says:
//
//	call u1 [name=Bob] [handle=bob] [video] [noPush] [age=50s] [group=u9] [sealed]   somebody calls; the device is pushed
//	elsewhere u1 [name=Bob] [device=iPad]                        somebody talks on another device of ours
//	push u1                                                      the push comes once more
//	ring u51, answer u51                                         the far end of a call that the device started
//	hold u1, resume u1                                           the far end holds
//	cancel u1, hangup u1, decline u1, busy u1, unanswered u1, answeredElsewhere u1, declinedElsewhere u1,
//	blocked u1, unreachable u1, replaced u1, expired u1, serverEnded u1   it is over, and why
//	forget u1                                                    the server knows it no more
//	offline, online                                              the lines are down, or up again
func (x *Exchange) Do(words ...string) error {
	if len(words) == 0 {
		return fmt.Errorf("exchange: nothing is said (want as: call u1 name=Bob)")
	}
	switch words[0] {
	case "offline", "online":
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, l := range x.lines {
			l.later(func() { l.handler.Online(words[0] == "online") })
		}
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("exchange: %.40q names no call (want as: %.40s u1)", words[0], words[0])
	}
	n, err := strconv.Atoi(strings.TrimPrefix(words[1], "u"))
	if err != nil || n < 1 || n > 99 {
		return fmt.Errorf("exchange: %.40q is no call (want u1 to u99)", words[1])
	}
	switch words[0] {
	case "call":
		return x.ring(n, words[2:])
	case "elsewhere":
		return x.elsewhere(n, words[2:])
	}
	return x.far(words[0], Name(n))
}

// far does what happens to a call that there is.
func (x *Exchange) far(what, id string) error {
	x.mu.Lock()
	c := x.find(id)
	if c == nil {
		x.mu.Unlock()
		return fmt.Errorf("exchange: %.40s: there is no such call", what)
	}
	why, ends := endings[what]
	var push []byte
	switch {
	case ends:
		x.end(c, why)
		if c.view.Group != "" {
			x.changed(c)
		}
	case what == "ring":
		c.view.Ringing = true
		x.tell(c)
	case what == "answer":
		x.answered(c, c.far+"-1")
		if c.view.Group != "" {
			x.changed(c)
		}
	case what == "hold", what == "resume":
		c.view.RemoteHeld = what == "hold"
		x.tell(c)
	case what == "forget":
		for i, known := range x.calls {
			if known == c {
				x.calls = append(x.calls[:i], x.calls[i+1:]...)
				break
			}
		}
	case what == "push":
		push = c.payload("", x.cfg.Now(), nil)
	default:
		x.mu.Unlock()
		return fmt.Errorf("exchange: nothing is named %.40q", what)
	}
	x.mu.Unlock()
	if push != nil {
		x.cfg.Push(push)
	}
	return nil
}

// ring makes a call to the device.
func (x *Exchange) ring(n int, words []string) error {
	name, handle, video, silent, age, group, sealed := "", "", false, false, time.Duration(0), "", false
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "name":
			name = v
		case "handle":
			handle = v
		case "video":
			video = true
		case "noPush":
			silent = true
		case "sealed":
			sealed = true
		case "group":
			n, err := strconv.Atoi(strings.TrimPrefix(v, "u"))
			if err != nil {
				return fmt.Errorf("exchange: %.40q is no group (want as u9)", v)
			}
			group = Name(n)
		case "age":
			var err error
			if age, err = time.ParseDuration(v); err != nil {
				return fmt.Errorf("exchange: %.40q is no duration", v)
			}
		default:
			return fmt.Errorf("exchange: a call has no %.40q", k)
		}
	}
	if name == "" {
		name = "Alice"
	}
	if handle == "" {
		handle = strings.ToLower(name)
	}
	x.mu.Lock()
	if x.find(Name(n)) != nil {
		x.mu.Unlock()
		return fmt.Errorf("exchange: there is a call u%d already", n)
	}
	c := x.add(Name(n), handle, false, video)
	c.view.Caller.Name = name
	if group != "" {
		c.inRoom(group)
	}
	var key *v1.RegisterDeviceRequest
	if sealed {
		if key = x.known; len(key.GetSealKey()) == 0 {
			x.mu.Unlock()
			return errors.New("exchange: the device has registered no sealing key")
		}
		c.view.Caller.Name, c.view.Caller.Handle = "", ""
		if err := c.seal(key, name); err != nil {
			x.mu.Unlock()
			return err
		}
	}
	x.tell(c)
	payload := c.payload(name, x.cfg.Now().Add(-age), key)
	x.mu.Unlock()
	if !silent {
		x.cfg.Push(payload)
	}
	return nil
}

// payload is the push about a call.
func (c *call) payload(name string, sent time.Time, sealed *v1.RegisterDeviceRequest) []byte {
	id, err := callkit.ParseUUID(c.view.Id)
	if err != nil {
		return nil
	}
	if name == "" {
		name = c.view.Caller.GetName()
	}
	p := signaling.Payload{
		CallID: id, CallerName: name, Handle: c.far, HandleType: callkit.Generic, Video: c.view.Video, Token: "tok",
		SentAt: sent.UnixMilli(), ExpiresAt: sent.Add(ringFor).UnixMilli(),
	}
	if sealed != nil {
		p.CallerName, p.Handle, p.HandleType, p.Sealed = "", "", 0, base64.StdEncoding.EncodeToString(c.view.Sealed)
	}
	b, err := p.MarshalPush()
	if err != nil {
		return nil
	}
	return b
}

// seal encrypts who calls for the device.
func (c *call) seal(device *v1.RegisterDeviceRequest, name string) error {
	id, err := callkit.ParseUUID(c.view.Id)
	if err != nil {
		return err
	}
	c.view.Sealed, err = signaling.Seal(device.SealKey, id, device.DeviceId, signaling.Caller{Name: name, Handle: c.far, HandleType: callkit.Generic})
	return err
}

// elsewhere makes a call that another device of ours has.
func (x *Exchange) elsewhere(n int, words []string) error {
	name, device := "Bob", "iPad"
	for _, w := range words {
		switch k, v, _ := strings.Cut(w, "="); k {
		case "name":
			name = v
		case "device":
			device = v
		default:
			return fmt.Errorf("exchange: a call elsewhere has no %.40q", k)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.find(Name(n)) != nil {
		return fmt.Errorf("exchange: there is a call u%d already", n)
	}
	c := x.add(Name(n), strings.ToLower(name), false, false)
	c.view.Caller.Name = name
	c.elsewhere = device
	c.view.State, c.view.Reason, c.view.AnsweredBy, c.view.AnsweredByName = v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_ANSWERED_ELSEWHERE, strings.ToLower(device), device
	c.view.AnsweredAt, c.view.EndedAt = timestamppb.New(x.cfg.Now()), timestamppb.New(x.cfg.Now())
	return nil
}
