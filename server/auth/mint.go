package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// wire is the claims as they stand in a token.
type wire struct {
	jwt.RegisteredClaims
	Name   string `json:"name,omitempty"`
	Scope  Scope  `json:"scope,omitempty"`
	Call   string `json:"call,omitempty"`
	Device string `json:"dev,omitempty"`
}

// Mint returns a token that says c, signed with key. It returns an error if key cannot sign or if no server would
// take the token.
func Mint(key Key, c Claims) (string, error) {
	if !key.CanSign() {
		return "", errCannotSign
	}
	if c.Scope == "" {
		c.Scope = User
	}
	if c.Expires.IsZero() {
		return "", errors.New("auth: a token must expire: give Expires")
	}
	w := wire{Name: c.Name, Scope: c.Scope, Call: c.Call, Device: c.Device}
	w.Issuer, w.Subject, w.ExpiresAt = c.App, c.User, jwt.NewNumericDate(c.Expires)
	if c.Audience != "" {
		w.Audience = jwt.ClaimStrings{c.Audience}
	}
	if !c.NotBefore.IsZero() {
		w.NotBefore = jwt.NewNumericDate(c.NotBefore)
	}
	if err := w.check(); err != nil {
		return "", err
	}
	t := jwt.NewWithClaims(key.method, w)
	if key.id != "" {
		t.Header["kid"] = key.id
	}
	text, err := t.SignedString(key.sign)
	if err != nil {
		return "", fmt.Errorf("auth: signing a token with key %q: %w", key.id, err)
	}
	return text, nil
}

// MintAction returns the token that a push carries: app's user may ack, answer and decline c.Call on c.Device
// until c.Expires. c.App names the app, whose action key signs; c.Scope is ignored.
func (v *Verifier) MintAction(c Claims) (string, error) {
	a, ok := v.table.Load().apps[c.App]
	if !ok {
		return "", fmt.Errorf("auth: minting an action token: there is no app %q", c.App)
	}
	c.Scope = Action
	return Mint(a.action, c)
}

// deriveAction makes an app's action secret from its own: it needs no configuration, survives a restart, is the
// same on every node, and a backend that knows the app's secret cannot mistake one for the other.
func deriveAction(app string, secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("ringtrip action token v1\x00" + app))
	return m.Sum(nil)
}
