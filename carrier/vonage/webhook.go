package vonage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// hookClaims are of the token that Vonage sends with a webhook.
type hookClaims struct {
	carrier.Times
	App  string `json:"application_id"`
	Key  string `json:"api_key"`
	Hash string `json:"payload_hash"`
}

// Webhook implements carrier.Carrier. The hooks of voice are "answer" and "fallback" (the application's answer and fallback
// URLs), "event" (its event URL) and "phone" (the event URL of a telephone that is called); the hook of video is "session".
func (c *Carrier) Webhook(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	take := c.hook(r.Hook)
	if take == nil {
		return carrier.Reply{}, fmt.Errorf("%w: %.60q", carrier.ErrUnknownHook, r.Hook)
	}
	if r.Method != http.MethodGet || c.cfg.Product == Video {
		if err := r.Expect(http.MethodPost, "application/json"); err != nil {
			return carrier.Reply{}, err
		}
	}
	if err := c.verify(r); err != nil {
		return carrier.Reply{}, err
	}
	f, err := readFields(r)
	if err != nil {
		return carrier.Reply{}, err
	}
	return take(ctx, r, f, desk)
}

type taker func(context.Context, *carrier.Request, fields, carrier.Desk) (carrier.Reply, error)

func (c *Carrier) hook(name string) taker {
	if c.cfg.Product == Video {
		if name == "session" {
			return c.sessionEvent
		}
		return nil
	}
	switch name {
	case "answer", "fallback":
		return c.answer
	case "event":
		return c.legEvent
	case "phone":
		return c.phoneEvent
	}
	return nil
}

// verify checks the token that a webhook bears: signed by HS256, and by nothing else, with one of the secrets; issued not
// long ago; of our account and application; and for this body, if it says so.
func (c *Carrier) verify(r *carrier.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return fmt.Errorf("%w: there is no Bearer token; turn signed webhooks on for the application", carrier.ErrSignature)
	}
	err := fmt.Errorf("%w: no signature secret is set", carrier.ErrSignature)
	var claims hookClaims
	for _, s := range c.cfg.SignatureSecrets {
		claims = hookClaims{}
		if err = carrier.VerifyHS256(strings.TrimSpace(token), []byte(s.Reveal()), &claims); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	if claims.IssuedAt == 0 {
		return fmt.Errorf("%w: the token does not say when it was issued", carrier.ErrStale)
	}
	if err := claims.Check(r.Now, c.cfg.MaxAge); err != nil {
		return err
	}
	switch {
	case claims.App != "" && c.cfg.ApplicationID != "" && !strings.EqualFold(claims.App, c.cfg.ApplicationID):
		return fmt.Errorf("%w: the token is of another application", carrier.ErrSignature)
	case claims.Key != "" && c.cfg.APIKey != "" && claims.Key != c.cfg.APIKey:
		return fmt.Errorf("%w: the token is of another account", carrier.ErrSignature)
	case claims.Hash != "" && !hashes(r, claims.Hash):
		return fmt.Errorf("%w: the token was made for another body", carrier.ErrSignature)
	case claims.Hash == "" && r.Method == http.MethodPost && c.cfg.RequirePayloadHash:
		return fmt.Errorf("%w: the token does not say the hash of the body", carrier.ErrSignature)
	}
	return nil
}

// hashes reports whether want is the hash of what the request carries: of the body, as it came or without the spaces
// between its values; of a GET's query as a JSON object in its order, as Vonage's support article has it.
func hashes(r *carrier.Request, want string) bool {
	is := func(b []byte) bool { return strings.EqualFold(want, hashOf(b)) }
	if r.Method == http.MethodGet {
		return is(queryJSON(r.URL.RawQuery)) || is(nil)
	}
	if is(r.Body) {
		return true
	}
	var v json.RawMessage
	if json.Unmarshal(r.Body, &v) != nil {
		return false
	}
	b, err := carrier.Compact(v)
	return err == nil && is(b)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// queryJSON is a query as a JSON object of strings, in its order.
func queryJSON(query string) []byte {
	b := []byte{'{'}
	for pair := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if err1 != nil || err2 != nil || key == "" {
			continue
		}
		jk, _ := carrier.Compact(key)
		jv, _ := carrier.Compact(value)
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, jk...), ':'), jv...)
	}
	return append(b, '}')
}

// fields are what a webhook says: a JSON object, or a query.
type fields map[string]json.RawMessage

func readFields(r *carrier.Request) (fields, error) {
	if r.Method == http.MethodGet {
		f := fields{}
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, fmt.Errorf("%w: its query", carrier.ErrMalformed)
		}
		for k, v := range q {
			f[k], _ = carrier.Compact(v[0])
		}
		return f, nil
	}
	var f fields
	if err := json.Unmarshal(r.Body, &f); err != nil || f == nil {
		return nil, fmt.Errorf("%w: its body is no JSON object", carrier.ErrMalformed)
	}
	return f, nil
}

// text is a field that is a string; anything else is empty.
func (f fields) text(key string) string {
	var s string
	if json.Unmarshal(f[key], &s) != nil {
		return ""
	}
	return s
}

// custom is what the device passed to serverCall: an object, or (in a query) its JSON.
func (f fields) custom() fields {
	raw := []byte(f["custom_data"])
	if s := f.text("custom_data"); s != "" {
		raw = []byte(s)
	}
	var c fields
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	return c
}

// at is when it happened; zero if it does not say so in a way that we know.
func (f fields) at() time.Time {
	t, err := time.Parse(time.RFC3339Nano, f.text("timestamp"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// number is a telephone's number in E.164; empty for who withholds it. Vonage writes numbers without "+".
func number(s string) string {
	if s != "" && s[0] != '+' {
		s = "+" + s
	}
	if !isE164(s) {
		return ""
	}
	return s
}

// Ranks of a leg's statuses, which are their order: nothing comes after the last.
const (
	rankStarted  = 1
	rankRinging  = 2
	rankAnswered = 3
	rankOver     = 4
)

// rank is the place of a status in a leg's life; 0 for what is no step of it ("machine", "disconnected", "input", …).
func rank(status string) uint64 {
	switch {
	case status == "started":
		return rankStarted
	case status == "ringing":
		return rankRinging
	case status == "answered":
		return rankAnswered
	case slices.Contains([]string{"completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered"}, status):
		return rankOver
	}
	return 0
}
