package call

import "fmt"

// Reason says why a call ended. It is the same word in Go, on the wire, in logs, webhooks and history; its
// numbers are stored and sent, so they never change.
type Reason uint8

// Why a call ended.
const (
	NotEnded          Reason = 0  // the call lives
	HungUp            Reason = 1  // one side ended an answered call
	Cancelled         Reason = 2  // the caller gave up before the answer
	Declined          Reason = 3  // the callee said no
	Busy              Reason = 4  // this device, or all of them, is on another call
	Unanswered        Reason = 5  // it rang until its deadline
	AnsweredElsewhere Reason = 6  // another device of the callee answered
	DeclinedElsewhere Reason = 7  // another device of the callee declined
	BusyElsewhere     Reason = 8  // another device of the callee is on a call and said so for all
	Blocked           Reason = 9  // the callee blocks the caller: declined everywhere
	DoNotDisturb      Reason = 10 // a Focus silences this device: busy on this device only
	Unreachable       Reason = 11 // no push got through, no stream was open
	MediaFailed       Reason = 12 // the transport never connected, or was lost and did not come back
	Replaced          Reason = 13 // glare: the other side's call of the same moment goes on instead
	Expired           Reason = 14 // the push came after the ring's deadline
	Crashed           Reason = 15 // the app died in the call
	ServerEnded       Reason = 16 // the backend ended it
)

var reasonNames = [...]string{
	"", "hungup", "cancelled", "declined", "busy", "unanswered", "answered_elsewhere", "declined_elsewhere",
	"busy_elsewhere", "blocked", "do_not_disturb", "unreachable", "media_failed", "replaced", "expired", "crashed",
	"server_ended",
}

// Reasons returns every reason a call can end with, in the order of their numbers.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasonNames)-1)
	for r := HungUp; int(r) < len(reasonNames); r++ {
		all = append(all, r)
	}
	return all
}

// String returns the word for r as the wire, logs and history have it, "" for NotEnded.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// ParseReason returns the reason that s names. It returns an error for a word that names none.
func ParseReason(s string) (Reason, error) {
	for r, name := range reasonNames {
		if name == s {
			return Reason(r), nil
		}
	}
	return NotEnded, fmt.Errorf("call: %q is no end reason; the reasons are hungup, cancelled, … (docs/glossary.md)", s)
}

// MarshalText writes the word for r.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a word as [ParseReason] does.
func (r *Reason) UnmarshalText(b []byte) (err error) { *r, err = ParseReason(string(b)); return err }
