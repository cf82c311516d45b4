package daily

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	headerTime      = "X-Webhook-Timestamp"
	headerSignature = "X-Webhook-Signature"
	// maxAge is how old a webhook may be. Daily repeats one for some 15 minutes, and does not say whether with a new time.
	maxAge = 30 * time.Minute
)

// notice is the part of a webhook that matters here. Times are seconds since 1970.
type notice struct {
	Type    string  `json:"type"`
	EventTS float64 `json:"event_ts"`
	Payload struct {
		Room     string  `json:"room"`
		UserID   string  `json:"user_id"`
		Session  string  `json:"session_id"`
		JoinedAt float64 `json:"joined_at"`
		StartTS  float64 `json:"start_ts"`
	} `json:"payload"`
}

// Webhook implements carrier.Carrier. Daily has one webhook, which comes to the carrier's own URL. When it is made, Daily
// sends {"test":"test"} and wants 200 before there is a secret to sign with. Daily tells of all rooms of the domain, and
// gives up a webhook that fails three times in a row: what is Daily's and of no call here is [carrier.Tolerate]d.
func (c *Carrier) Webhook(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	if err := r.ExpectOnly(http.MethodPost, "application/json"); err != nil {
		return carrier.Reply{}, err
	}
	if isTest(r.Body) {
		return carrier.Reply{}, nil
	}
	if err := c.verify(r); err != nil {
		return carrier.Reply{}, err
	}
	var n notice
	if err := json.Unmarshal(r.Body, &n); err != nil {
		return carrier.Reply{}, fmt.Errorf("%w: the body is no event", carrier.ErrMalformed)
	}
	e := carrier.Event{At: seconds(n.EventTS)}
	switch n.Type {
	case "meeting.ended":
		e.Kind, e.Call, e.Source, e.Seq, e.Detail = carrier.RoomEnded, n.Payload.Room, "room", millis(n.Payload.StartTS), "Daily meeting ended"
		if !carrier.IsID(e.Call) {
			return carrier.Reply{}, nil // another room of the domain
		}
	case "participant.joined", "participant.left":
		known, ok, err := c.whose(ctx, &e, n, desk)
		if err != nil || !ok {
			return carrier.Reply{}, carrier.Tolerate(err)
		}
		e.Call = known.ID
	default: // meeting.started, recordings, and what is still to come
		return carrier.Reply{}, nil
	}
	if !c.watch && e.Kind != carrier.Joined {
		e.Kind, e.Seq = carrier.Noted, 0
	}
	return carrier.Reply{}, carrier.Tolerate(desk.Tell(ctx, e))
}

// whose completes an event of somebody; false: of nobody in a call of ringtrip's.
func (c *Carrier) whose(ctx context.Context, e *carrier.Event, n notice, desk carrier.Desk) (carrier.Call, bool, error) {
	id, caller, ok := parseUserID(n.Payload.UserID)
	if !ok {
		return carrier.Call{}, false, nil
	}
	known, err := desk.Call(ctx, id)
	if err != nil {
		return carrier.Call{}, false, err
	}
	if known.Room() != n.Payload.Room {
		return carrier.Call{}, false, fmt.Errorf("%w: a participant of call %s in room %.60q", carrier.ErrNotInCall, id, n.Payload.Room)
	}
	side, devices := known.Callee, known.Devices
	if caller {
		side, devices = known.Caller, nil
	}
	e.User, e.Source, e.Detail = side.User, n.Payload.UserID, "Daily "+n.Type+" "+n.Payload.Session[:min(len(n.Payload.Session), 36)]
	for _, device := range append([]string{side.Device}, devices...) {
		if own, err := UserID(known.ID, side.User, device, caller); err == nil && device != "" && own == n.Payload.UserID {
			e.Device = device
			break
		}
	}
	switch {
	case e.Device != "":
	case caller || len(devices) > 0: // of no device that has, or had, the call
		return carrier.Call{}, false, nil
	case side.Device != "": // another one of the callee's, which lost the race for the answer
		e.Device = n.Payload.UserID
	}
	// A user_id may come again: its visits are in the order of their beginnings, and each begins before it ends.
	e.Kind, e.Seq = carrier.Joined, 2*millis(n.Payload.JoinedAt)
	if n.Type == "participant.left" {
		e.Kind = carrier.Left // Daily does not say why
		if e.Seq != 0 {
			e.Seq++
		}
	}
	return known, true, nil
}

// isTest recognises the request that Daily makes before it makes a webhook. Nothing follows from it.
func isTest(body []byte) bool {
	var test struct {
		Test string `json:"test"`
	}
	return len(body) < 64 && json.Unmarshal(body, &test) == nil && test.Test == "test"
}

// verify checks the signature, base64 of HMAC-SHA256 over the time, a full stop and the body, and the time.
func (c *Carrier) verify(r *carrier.Request) error {
	at, got := r.Header.Values(headerTime), r.Header.Values(headerSignature)
	switch {
	case len(c.secrets) == 0:
		return fmt.Errorf("%w: no secret of Daily's webhooks is set", carrier.ErrSignature)
	case len(at) != 1 || len(got) != 1:
		return fmt.Errorf("%w: there is no header %s, or no %s", carrier.ErrSignature, headerTime, headerSignature)
	}
	ok := false
	for _, s := range c.secrets {
		ok = ok || hmac.Equal([]byte(got[0]), []byte(sign(at[0], r.Body, s)))
	}
	if !ok {
		return carrier.ErrSignature
	}
	n, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%w: %s is no time", carrier.ErrMalformed, headerTime)
	}
	if n < 1e11 { // seconds; otherwise milliseconds: Daily's documentation does not say
		n *= 1000
	}
	if age := r.Now.Sub(time.UnixMilli(n)); age > maxAge || age < -carrier.Leeway {
		return fmt.Errorf("%w: the webhook is %s old", carrier.ErrStale, age.Round(time.Second))
	}
	return nil
}

func sign(at string, body []byte, key secret) string {
	m := hmac.New(sha256.New, key)
	m.Write(bytes.Join([][]byte{[]byte(at), body}, []byte(".")))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// millis is a time in milliseconds, 0 if it is none.
func millis(s float64) uint64 {
	if s <= 0 || s > 1e11 || math.IsNaN(s) {
		return 0
	}
	return uint64(math.Round(s * 1000))
}

func seconds(s float64) time.Time {
	if ms := millis(s); ms != 0 {
		return time.UnixMilli(int64(ms))
	}
	return time.Time{}
}
