// Package auth mints and checks the tokens that say who may say what to the server. A token is a JWT (RFC 7519).
//
// There are three kinds, told apart by the claim "scope":
//
//   - user: the app's backend signs it for one of its users, who may then use devices and calls of their own;
//   - ops: the app's backend signs it for itself, to look at ledgers and end calls;
//   - action: the server signs it with a key of its own and sends it in a VoIP push. It allows a phone that is
//     not logged in to ack, answer and decline one call on one device, for as long as the ring lasts.
//
// The algorithm belongs to the key, never to the token (RFC 8725 §3.1), and "none" is no algorithm. The package
// refuses to keep anything: it has no sessions, no revocation list and no refresh; make tokens short-lived.
package auth

import (
	"fmt"
	"time"
)

// Scope is what a token allows. Its word is the claim "scope".
type Scope string

// The scopes.
const (
	User   Scope = "user"   // a person's own devices and calls; a token without a scope is one of these
	Ops    Scope = "ops"    // ledgers, lists and ends of all calls of the app
	Action Scope = "action" // one call on one device
)

// Claims are what a token says.
type Claims struct {
	App       string    // "iss": the app's id
	User      string    // "sub": the user's id, 1-128 bytes; may be empty with scope ops
	Name      string    // "name": the user's name, for people
	Scope     Scope     // "scope"; empty: user
	Audience  string    // "aud"; empty: none
	Expires   time.Time // "exp", required
	NotBefore time.Time // "nbf"; zero: at once
	Call      string    // "call": the call's id, with scope action only
	Device    string    // "dev": the device's id, with scope action only
}

// Error says why a token is refused, with a stable code.
type Error struct {
	// Code is "token_missing", "token_malformed", "token_expired", "token_early", "token_unknown_app",
	// "token_bad_signature", "token_bad_claims" or "token_bad_audience".
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
