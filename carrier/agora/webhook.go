package agora

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Agora's first signature; the second one is preferred
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

const (
	headerV1 = "Agora-Signature"
	headerV2 = "Agora-Signature-V2"
	// maxAge is how old a notification may be: Agora writes a new time into each repetition.
	maxAge = 10 * time.Minute
	// realTime is the product whose notifications are about channels; others count their events as they like.
	realTime = 1
	// testChannel is the channel of the notifications that Agora's console sends to test the URL.
	testChannel = "test_webhook"
)

// notice is the part of a notification that matters here.
type notice struct {
	ProductID int   `json:"productId"`
	EventType int   `json:"eventType"`
	NotifyMS  int64 `json:"notifyMs"`
	Payload   struct {
		Channel   string `json:"channelName"`
		TS        int64  `json:"ts"` // seconds
		UID       uint32 `json:"uid"`
		ClientSeq uint64 `json:"clientSeq"`
		Reason    int    `json:"reason"`
	} `json:"payload"`
}

// Webhook implements carrier.Carrier. Agora has one webhook, which comes to the carrier's own URL.
func (c *Carrier) Webhook(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	taken := carrier.Reply{ContentType: "application/json", Body: []byte("{}")}
	if err := r.ExpectOnly(http.MethodPost, "application/json"); err != nil {
		return carrier.Reply{}, err
	}
	if err := c.verify(r); err != nil {
		return carrier.Reply{}, err
	}
	var n notice
	if err := json.Unmarshal(r.Body, &n); err != nil {
		return carrier.Reply{}, fmt.Errorf("%w: the body is no notification", carrier.ErrMalformed)
	}
	e, ok := event(n)
	if !ok {
		return taken, nil
	}
	age := r.Now.Sub(time.UnixMilli(n.NotifyMS))
	if age > maxAge || age < -carrier.Leeway {
		return carrier.Reply{}, fmt.Errorf("%w: the notification is %s old", carrier.ErrStale, age.Round(time.Second))
	}
	if !carrier.IsID(e.Call) {
		return carrier.Reply{}, fmt.Errorf("%w: channel %.60q", carrier.ErrUnknownCall, n.Payload.Channel)
	}
	if e.Kind != carrier.RoomEnded {
		known, err := desk.Call(ctx, e.Call)
		if err != nil {
			return carrier.Reply{}, err
		}
		if e, ok = whose(e, known, n.Payload.UID); !ok {
			return taken, nil
		}
	}
	if err := desk.Tell(ctx, e); err != nil {
		return carrier.Reply{}, err
	}
	return taken, nil
}

// event is what a notification says of a channel; false: nothing.
func event(n notice) (carrier.Event, bool) {
	if n.ProductID != realTime || n.Payload.Channel == testChannel {
		return carrier.Event{}, false
	}
	e := carrier.Event{Call: n.Payload.Channel, Seq: n.Payload.ClientSeq, Source: fmt.Sprintf("uid %d", n.Payload.UID)}
	if n.Payload.TS > 0 {
		e.At = time.Unix(n.Payload.TS, 0)
	}
	switch n.EventType {
	case 102: // channel destroyed
		e.Kind, e.Source, e.Seq = carrier.RoomEnded, "room", uint64(max(n.Payload.TS, 0))
		e.Detail = "Agora channel destroyed"
	case 103, 105, 107: // a broadcaster, an audience, a user of a communication channel joined
		e.Kind, e.Detail = carrier.Joined, fmt.Sprintf("Agora %d joined", n.Payload.UID)
	case 104, 106, 108: // left
		e.Kind, e.Reason = carrier.Left, call.MediaFailed
		if n.Payload.Reason == 1 {
			e.Reason = call.HungUp
		}
		e.Detail = fmt.Sprintf("Agora %d left: %s", n.Payload.UID, why(n.Payload.Reason))
	default: // 101 channel created, 111 and 112 another role, and what is still to come
		return carrier.Event{}, false
	}
	return e, true
}

// whose finds the side and the device that a uid is of; false: nobody's of the call, as a recorder's.
func whose(e carrier.Event, c carrier.Call, uid uint32) (carrier.Event, bool) {
	side, devices := c.Callee, c.Devices
	caller := uid < calleeBit
	if caller {
		side, devices = c.Caller, nil
	}
	if uid == 0 || uid >= 2*calleeBit {
		return e, false
	}
	e.User = side.User
	for _, device := range append([]string{side.Device}, devices...) {
		if device != "" && UID(c.Room(), side.User, device, caller) == uid {
			e.Device = device
			return e, true
		}
	}
	switch {
	case caller || len(devices) > 0:
		return e, false
	case side.Device != "": // another one of the callee's, which lost the race for the answer
		e.Device = e.Source
	}
	return e, true
}

// why is Agora's word for a reason.
func why(reason int) string {
	switch reason {
	case 1:
		return "it left"
	case 2:
		return "connection timed out"
	case 3:
		return "no permission, or put out"
	case 4:
		return "Agora's servers adjusted"
	case 5:
		return "the same uid joined elsewhere"
	case 9:
		return "its address changed"
	case 10:
		return "network problems"
	case 999:
		return "it joins and leaves all the time"
	}
	return fmt.Sprintf("reason %d", reason)
}

// verify checks a signature. With the second one there, the first is not looked at: who could make the weaker one would
// only have to leave the stronger one wrong.
func (c *Carrier) verify(r *carrier.Request) error {
	sign, got := sign2, r.Header.Values(headerV2)
	if len(got) == 0 {
		sign, got = sign1, r.Header.Values(headerV1)
	}
	switch {
	case len(c.secrets) == 0:
		return fmt.Errorf("%w: no secret of Agora's notifications is set", carrier.ErrSignature)
	case len(got) != 1:
		return fmt.Errorf("%w: %d signatures instead of one", carrier.ErrSignature, len(got))
	}
	for _, s := range c.secrets {
		if hmac.Equal([]byte(strings.ToLower(got[0])), []byte(sign(r.Body, s))) {
			return nil
		}
	}
	return carrier.ErrSignature
}

func sign1(body []byte, secret carrier.Secret) string {
	m := hmac.New(sha1.New, []byte(secret.Reveal()))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func sign2(body []byte, secret carrier.Secret) string {
	m := hmac.New(sha256.New, []byte(secret.Reveal()))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}
