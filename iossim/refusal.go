package iossim

import (
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
)

// Refusal is a reason of the system's own to refuse calls that Apple names and does not explain: it has an error code,
// and nothing is known of when it comes. A test can have it all the same, for an app must bear it.
type Refusal string

// The refusals.
const (
	NoRefusal          Refusal = ""
	RestrictedSharing  Refusal = "restrictedSharing" // CXErrorCodeIncomingCallError 5: the screen is shared and calls are kept out
	ProtectedCalls     Refusal = "protected"         // 6 for incoming calls, CXErrorCodeRequestTransactionError 8 for requests
	SensitivePersons   Refusal = "sensitivePersons"  // 7: "filtered by sensitive participants"
	unexplainedRefusal         = "Apple names this error and does not say when it comes"
)

// SetRefusal has the system refuse incoming calls, and with [ProtectedCalls] requests too, until it is set to
// [NoRefusal]. It fails for a word that is none of the constants.
func (ph *Phone) SetRefusal(r Refusal) error {
	switch r {
	case NoRefusal, RestrictedSharing, ProtectedCalls, SensitivePersons:
		ph.act("refusal "+orNone(string(r)), func() { ph.refusal = r })
		return nil
	}
	return fmt.Errorf("iossim: there is no refusal %.40q (want restrictedSharing, protected, sensitivePersons, or nothing)", string(r))
}

// refusedIncoming is the error of an incoming call that the system refuses for a reason of its own, or 0.
func (r Refusal) refusedIncoming() int {
	switch r {
	case NoRefusal:
	case RestrictedSharing:
		return callkit.IncomingFilteredRestrictedShare
	case ProtectedCalls:
		return callkit.IncomingCallIsProtected
	case SensitivePersons:
		return callkit.IncomingFilteredBySensitive
	}
	return 0
}
