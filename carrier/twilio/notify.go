package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

// messageCall is the one type of message that Twilio posts (Twilio: Client Call Notification Webhook).
const messageCall = "twilio.voice.call"

// notify takes Twilio's invitation for the callee, which its SDK's handleNotification wants on the device that accepts. It
// bears no time; the call that it is for says whether it is still good.
func (c *Carrier) notify(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	if err := r.Expect(http.MethodPost, "application/json"); err != nil {
		return carrier.Reply{}, err
	}
	if len(r.Body) > maxInvite {
		return carrier.Reply{}, fmt.Errorf("%w: %d bytes", carrier.ErrTooLarge, len(r.Body))
	}
	if err := c.verify(r, nil); err != nil {
		return carrier.Reply{}, err
	}
	message, err := invitation(r.Body)
	if err != nil {
		return carrier.Reply{}, err
	}
	if account := message["twi_account_sid"]; account != c.conf.AccountSID {
		return carrier.Reply{}, fmt.Errorf("%w: it is of account %.40q", carrier.ErrSignature, account)
	}
	if message["twi_message_type"] != messageCall {
		return carrier.Reply{}, nil // Twilio documents no other; whatever it is, it is no invitation
	}
	sid, token := message["twi_call_sid"], message["twi_bridge_token"]
	if !isSID("CA", sid) || token == "" {
		return carrier.Reply{}, fmt.Errorf("%w: no twi_call_sid or no twi_bridge_token", carrier.ErrMalformed)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return carrier.Reply{}, fmt.Errorf("%w: the query", carrier.ErrMalformed)
	}
	call, err := find(ctx, desk, query.Get("call"))
	if err != nil {
		return carrier.Reply{}, err
	}
	identity, ok := strings.CutPrefix(message["twi_to"], "client:")
	user, err := User(identity)
	if !ok || err != nil || call.Callee.Phone != "" || user != call.Callee.User {
		return carrier.Reply{}, fmt.Errorf("%w: %.60q is not the callee", carrier.ErrNotInCall, message["twi_to"])
	}
	if call.State == carrier.Ended {
		return carrier.Reply{}, fmt.Errorf("%w: it is over", carrier.ErrUnknownCall)
	}
	invite, err := carrier.Compact(message) // keys in order: the same again is the same bytes
	if err != nil {
		return carrier.Reply{}, err
	}
	return carrier.Reply{}, desk.Tell(ctx, carrier.Event{Kind: carrier.Invited, Call: call.ID, User: user, Invite: invite, Refs: ref(sideCallee, sid),
		Detail: "Twilio: invitation for CallSid " + sid})
}

// invitation reads the message as the texts that the SDK wants. Numbers and truth values are kept as they are written; what
// is no scalar is left out.
func invitation(body []byte) (map[string]string, error) {
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, fmt.Errorf("%w: the body is no JSON object", carrier.ErrMalformed)
	}
	out := make(map[string]string, len(raw))
	for key, value := range raw {
		var text string
		switch value = bytes.TrimSpace(value); {
		case json.Unmarshal(value, &text) == nil && value[0] == '"':
			out[key] = text
		case value[0] != '{' && value[0] != '[' && !bytes.Equal(value, []byte("null")):
			out[key] = string(value)
		}
	}
	return out, nil
}
