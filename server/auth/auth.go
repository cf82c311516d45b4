// Package auth mints and checks what says who may say what to the server: tokens, which are JWTs (RFC 7519), and API
// keys.
//
// There are six kinds, told apart by the claim "scope" of a token, or by the scope that a key was given:
//
//   - user: the app's backend signs it for one of its users, who may then use devices and calls of their own;
//   - device: the same, for one device of the user only (claim "dev"), so that a stolen one opens no other device;
//   - backend: the app's backend itself: it starts calls for its users, reads calls, ledgers and webhooks;
//   - ops: people who look after calls: they read them and end them, and never act as a user;
//   - admin: all that backend and ops may;
//   - action: the server signs it with a key of its own and sends it in a VoIP push. It allows a phone that is
//     not logged in to ack, answer and decline one call on one device, for as long as the ring lasts.
//
// What each scope opens, method by method, is the server's table (docs/security.md).
//
// The algorithm belongs to the key, never to the token (RFC 8725 §3.1), and "none" is no algorithm. The package
// refuses to keep anything: it has no sessions, no revocation list and no refresh; make tokens short-lived, and take
// a key away to revoke all that it signed.
package auth

import (
	"fmt"
	"time"
)

// Scope is what a token allows. Its word is the claim "scope".
type Scope string

// The scopes.
const (
	User    Scope = "user"    // a person's own devices and calls; a token without a scope is one of these
	Device  Scope = "device"  // the same on one device
	Backend Scope = "backend" // calls in the name of the app's users; reads everything of the app
	Ops     Scope = "ops"     // ledgers, lists and ends of all calls of the app
	Admin   Scope = "admin"   // everything of the app
	Action  Scope = "action"  // one call on one device; only the server mints it
)

// Scopes returns all scopes, in the order of the package comment.
func Scopes() []Scope { return []Scope{User, Device, Backend, Ops, Admin, Action} }

// IsPerson reports whether a token of scope s speaks for one user, whom it must name.
func (s Scope) IsPerson() bool { return s == "" || s == User || s == Device || s == Action }

// ActsForUsers reports whether a token of scope s may speak in the name of any user of its app.
func (s Scope) ActsForUsers() bool { return s == Backend || s == Admin }

// Claims are what a token says.
type Claims struct {
	App       string    // "iss": the app's id
	User      string    // "sub": the user's id, 1-128 bytes; may be empty with scopes backend, ops and admin
	Name      string    // "name": the user's name, for people
	Scope     Scope     // "scope"; empty: user
	Audience  string    // "aud"; empty: none
	Expires   time.Time // "exp", required
	NotBefore time.Time // "nbf"; zero: at once
	Call      string    // "call": the call's id, with scope action only
	Device    string    // "dev": the device's id, with scopes device and action only
	Key       string    // the id of the key that signed it, or of the API key; not in the token
}

// Error says why a token is refused, with a stable code.
type Error struct {
	// Code is "token_missing", "token_malformed", "token_expired", "token_early", "token_unknown_app",
	// "token_bad_signature", "token_bad_claims", "token_bad_audience", "key_malformed", "key_unknown" or "key_expired".
	Code string
	Text string // what is wrong
	Hint string // what to do
	Err  error  // the cause, may be nil
}

// Error says what is wrong and what to do.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + "; " + e.Hint
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func refuse(code string, cause error, hint, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: cause}
}
