package livekit

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// contentType is what LiveKit's webhooks say they are.
const contentType = "application/webhook+json"

// Webhook implements carrier.Carrier. LiveKit has one webhook, which comes to the carrier's own URL.
func (c *Carrier) Webhook(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	if err := r.ExpectOnly(http.MethodPost, contentType); err != nil {
		return carrier.Reply{}, err
	}
	if err := c.verify(r); err != nil {
		return carrier.Reply{}, err
	}
	e, ok, err := event(r.Body)
	if err != nil || !ok {
		return carrier.Reply{}, err
	}
	return carrier.Reply{}, desk.Tell(ctx, e)
}

// verify checks the token in the header Authorization: made with one of the keys, good now, and for this very body. A
// participant's token is signed with the same key, but has no hash.
func (c *Carrier) verify(r *carrier.Request) error {
	token := r.Header.Get("Authorization")
	if token == "" {
		return fmt.Errorf("%w: there is no header Authorization", carrier.ErrSignature)
	}
	err := carrier.ErrSignature
	for _, k := range c.keys {
		var t struct {
			carrier.Times
			Iss    string `json:"iss"`
			SHA256 string `json:"sha256"`
		}
		if err = carrier.VerifyHS256(token, []byte(k.Secret.Reveal()), &t); err != nil {
			continue
		}
		sum := sha256.Sum256(r.Body)
		switch {
		case t.Iss != k.ID:
			err = fmt.Errorf("%w: the token is another key's", carrier.ErrSignature)
			continue
		case subtle.ConstantTimeCompare([]byte(t.SHA256), []byte(base64.StdEncoding.EncodeToString(sum[:]))) != 1:
			return fmt.Errorf("%w: the token was made for another body", carrier.ErrSignature)
		case t.Expires == 0:
			return fmt.Errorf("%w: the token would be good for ever", carrier.ErrStale)
		}
		return t.Check(r.Now, 0)
	}
	return err
}

// number is a 64-bit integer as protobuf's JSON has it, a string, or a number as hand-made JSON does.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	v, err := strconv.ParseInt(string(b), 10, 64)
	if string(b) == "null" {
		v, err = 0, nil
	}
	if err != nil || v < 0 || v > 1<<53 { // what a double holds, and far beyond any time
		return errors.New("no count or time")
	}
	*n = number(v)
	return nil
}

// message is the part of LiveKit's WebhookEvent that matters here.
type message struct {
	Event     string `json:"event"`
	ID        string `json:"id"`
	CreatedAt number `json:"createdAt"` // seconds
	Room      struct {
		Name         string `json:"name"`
		SID          string `json:"sid"`
		CreationTime number `json:"creationTime"` // seconds
	} `json:"room"`
	Participant struct {
		SID        string            `json:"sid"`
		Identity   string            `json:"identity"`
		JoinedAt   number            `json:"joinedAt"`   // seconds
		JoinedAtMS number            `json:"joinedAtMs"` // of newer servers
		Attributes map[string]string `json:"attributes"`
		Reason     string            `json:"disconnectReason"`
	} `json:"participant"`
}

// event is what a webhook says of a call; false: nothing.
func event(body []byte) (carrier.Event, bool, error) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return carrier.Event{}, false, fmt.Errorf("%w: the body is no WebhookEvent", carrier.ErrMalformed)
	}
	e := carrier.Event{Call: m.Room.Name, At: seconds(m.CreatedAt)}
	switch m.Event {
	case "room_finished":
		e.Kind = carrier.RoomEnded
		e.Source, e.Seq, e.Detail = "room", uint64(m.Room.CreationTime)*1000, "LiveKit room "+clip(m.Room.SID)+" finished"
	case "participant_joined":
		e.Kind = carrier.Joined
	case "participant_left", "participant_connection_aborted":
		e.Kind, e.Reason = carrier.Left, reason(m.Participant.Reason)
	default: // tracks, egress, ingress, and what is still to come
		return carrier.Event{}, false, nil
	}
	if e.Kind != carrier.RoomEnded {
		user, device, err := ParseIdentity(m.Participant.Identity)
		if err != nil {
			return carrier.Event{}, false, nil //nolint:nilerr // an agent or a recorder is no side of the call, and nobody's fault
		}
		e.User, e.Device = user, device
		e.Source, e.Seq = m.Participant.Identity, order(m)
		e.Detail = "LiveKit " + m.Event + " " + clip(m.Participant.SID) + " " + clip(m.Participant.Reason)
		if id := m.Participant.Attributes[callAttribute]; id != "" {
			e.Call = id
		}
	}
	if !carrier.IsID(e.Call) {
		return carrier.Event{}, false, fmt.Errorf("%w: room %.60q", carrier.ErrUnknownCall, m.Room.Name)
	}
	return e, true, nil
}

// order counts the comings and goings of one identity: by when it joined, for it may come again, and its leaving follows its
// joining. So a late "left" of an earlier visit is known to be late.
func order(m message) uint64 {
	at := uint64(m.Participant.JoinedAtMS)
	if at == 0 {
		at = uint64(m.Participant.JoinedAt) * 1000
	}
	if at == 0 {
		return 0
	}
	if m.Event != "participant_joined" {
		return 2*at + 1
	}
	return 2 * at
}

// reason tells who went by itself from who was lost.
func reason(word string) call.Reason {
	if word == "CLIENT_INITIATED" {
		return call.HungUp
	}
	return call.MediaFailed
}

func seconds(n number) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0)
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 60)], "") }
