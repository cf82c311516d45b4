package carriertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TwilioSeat is a device's call by Twilio's SDK.
type TwilioSeat struct {
	call      *twilioCall
	connected chan struct{}
	up        bool // guarded by the emulator's lock, as what follows
	out       bool
	gone      chan error
	digits    string
}

var _ Seat = (*TwilioSeat)(nil)

func newTwilioSeat(c *twilioCall) *TwilioSeat {
	return &TwilioSeat{call: c, connected: make(chan struct{}), gone: make(chan error, 1)}
}

// CallSID is Twilio's id of the device's leg.
func (s *TwilioSeat) CallSID() string { return s.call.sid }

// Connected implements Seat.
func (s *TwilioSeat) Connected() <-chan struct{} { return s.connected }

// Gone implements Seat.
func (s *TwilioSeat) Gone() <-chan error { return s.gone }

func (s *TwilioSeat) connect() {
	if !s.up {
		s.up = true
		close(s.connected)
	}
}

func (s *TwilioSeat) end(err error) {
	if !s.out {
		s.out = true
		s.gone <- err
	}
}

// Digits implements Seat: 0 to 9, * and #, and w for half a second (Twilio: Call.sendDigits).
func (s *TwilioSeat) Digits(digits string) error {
	s.call.t.mu.Lock()
	defer s.call.t.mu.Unlock()
	if !s.up || s.out {
		return errors.New("twilio: tones need a call that is connected")
	}
	if digits == "" || strings.Trim(digits, "0123456789*#w") != "" {
		return s.call.t.refuse("the digits %q", digits)
	}
	s.digits += digits
	return nil
}

// Played are the digits that the device has sent.
func (s *TwilioSeat) Played() string {
	s.call.t.mu.Lock()
	defer s.call.t.mu.Unlock()
	return s.digits
}

// Leave implements Seat: Call.disconnect.
func (s *TwilioSeat) Leave() { s.leave(false) }

// Lose breaks the device's connection. Twilio's servers notice after a while, which here is at once.
func (s *TwilioSeat) Lose() { s.leave(true) }

func (s *TwilioSeat) leave(lost bool) {
	c := s.call
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.over() {
		return
	}
	c.lost = lost
	if c.answered.IsZero() {
		c.end("no-answer", "the device disconnected")
		return
	}
	c.end("completed", "the device disconnected")
}

// Join implements Emulator: TwilioVoiceSDK.connect for {"token","params"}, handleNotification and accept for
// {"token","notification"}.
func (t *Twilio) Join(_ context.Context, credentials []byte) (Seat, error) {
	var in struct {
		Token        string            `json:"token"`
		Params       map[string]string `json:"params"`
		Notification map[string]string `json:"notification"`
	}
	d := json.NewDecoder(bytes.NewReader(credentials))
	d.DisallowUnknownFields()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down || t.closed {
		return nil, errors.New("twilio: 31005: the signaling connection failed")
	}
	if err := d.Decode(&in); err != nil {
		return nil, t.refuse("credentials: %w", err)
	}
	grant, err := t.checkToken(in.Token)
	if err != nil {
		return nil, t.refuse("access token: %w", err)
	}
	if in.Notification != nil {
		return t.accept(grant, in.Notification)
	}
	if grant.Voice.Outgoing == nil || grant.Voice.Outgoing.Application != t.ApplicationSID {
		return nil, t.refuse("access token: it does not grant calls to the TwiML application (21218)")
	}
	if t.hooks == "" {
		return nil, t.refuse("the TwiML application has no voice URL")
	}
	c := t.newCall("client:"+grant.Identity, in.Params["To"], "inbound", nil)
	c.app, c.params = true, url.Values{}
	for k, v := range grant.Voice.Outgoing.Params {
		c.params.Set(k, v)
	}
	for k, v := range in.Params {
		c.params.Set(k, v)
	}
	c.seat = newTwilioSeat(c)
	t.ask(c, t.hooks+"/voice")
	return c.seat, nil
}

// accept takes an invitation as the SDK does.
func (t *Twilio) accept(grant twilioGrants, n map[string]string) (Seat, error) {
	if grant.Voice.Incoming == nil || !grant.Voice.Incoming.Allow {
		return nil, t.refuse("access token: it does not grant incoming calls")
	}
	for _, key := range []string{"twi_account_sid", "twi_bridge_token", "twi_call_sid", "twi_from", "twi_to", "twi_message_id"} {
		if n[key] == "" {
			return nil, t.refuse("notification: no %s", key)
		}
	}
	c := t.calls[n["twi_call_sid"]]
	switch {
	case n["twi_message_type"] != "twilio.voice.call" || n["twi_account_sid"] != t.AccountSID:
		return nil, t.refuse("notification: it is none of the account's calls")
	case c == nil || n["twi_bridge_token"] != t.bridgeToken(c):
		return nil, t.refuse("notification: the bridge token is not that of the call")
	case n["twi_to"] != "client:"+grant.Identity || n["twi_to"] != c.to:
		return nil, t.refuse("notification: it is for %s, and the token for %s", n["twi_to"], grant.Identity)
	case c.over():
		return nil, errors.New("twilio: 31008: call cancelled")
	case c.seat != nil:
		return nil, t.refuse("notification: it was accepted before")
	}
	c.seat = newTwilioSeat(c)
	c.pickUp()
	return c.seat, nil
}

// bridgeToken is what lets a device take a leg. It is the emulator's own matter: Twilio's is encrypted.
func (t *Twilio) bridgeToken(c *twilioCall) string {
	seal := digest(sha256.New, t.bridge, []byte(c.sid+" "+c.to))
	return "eyJ." + base64.RawURLEncoding.EncodeToString([]byte(c.sid)) + "." + base64.RawURLEncoding.EncodeToString(seal)
}

// twilioGrants are those of an access token.
type twilioGrants struct {
	Identity string `json:"identity"`
	Voice    struct {
		Incoming *struct {
			Allow bool `json:"allow"`
		} `json:"incoming"`
		Outgoing *struct {
			Application string            `json:"application_sid"`
			Params      map[string]string `json:"params"`
		} `json:"outgoing"`
	} `json:"voice"`
}

// checkToken checks an access token as Twilio's documentation of access tokens and its errors 20101 to 20107 say.
func (t *Twilio) checkToken(token string) (twilioGrants, error) {
	var head struct{ Alg, Typ, Cty, Twr string }
	var claims struct {
		JTI    string       `json:"jti"`
		Issuer string       `json:"iss"`
		Sub    string       `json:"sub"`
		NBF    float64      `json:"nbf"`
		IAT    float64      `json:"iat"`
		Exp    float64      `json:"exp"`
		Grants twilioGrants `json:"grants"`
	}
	text, signature, err := readJWT(token, &head, &claims)
	if err != nil {
		return twilioGrants{}, fmt.Errorf("20101: invalid: %w", err)
	}
	now := float64(t.conf.Now().Unix())
	switch {
	case head.Alg != "HS256" || head.Typ != "JWT" || head.Cty != "twilio-fpa;v=1":
		return twilioGrants{}, errors.New("20102: invalid header")
	case claims.Issuer != t.APIKey:
		return twilioGrants{}, errors.New("20103: invalid issuer")
	case claims.Sub != t.AccountSID:
		return twilioGrants{}, errors.New("20107: invalid subject")
	case !isHS256(t.APISecret, text, signature):
		return twilioGrants{}, errors.New("20107: invalid signature")
	case claims.Exp <= now || claims.Exp > now+(24*time.Hour+time.Minute).Seconds():
		return twilioGrants{}, errors.New("20104: expired, or too long a life")
	case claims.NBF > now+60 || claims.IAT > now+60:
		return twilioGrants{}, errors.New("20105: not valid yet")
	case !strings.HasPrefix(claims.JTI, t.APIKey+"-"):
		return twilioGrants{}, errors.New("20101: invalid id")
	case !twilioIdentity.MatchString(claims.Grants.Identity):
		return twilioGrants{}, errors.New("20106: the identity is none of a mobile SDK's")
	}
	return claims.Grants, nil
}
