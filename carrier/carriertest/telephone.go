package carriertest

import "sync"

// TelephoneState is what a telephone does.
type TelephoneState string

// The states of a telephone.
const (
	PhoneDialing TelephoneState = "dialing" // it calls, and hears nothing yet
	PhoneHears   TelephoneState = "hears"   // it calls, and hears the far end ring
	PhoneRings   TelephoneState = "rings"   // it is called
	PhoneTalks   TelephoneState = "talks"
	PhoneOver    TelephoneState = "over"
)

// Telephone is somebody's telephone in the PSTN, beyond the carrier. Its owner is the test or the demo; the emulator moves it.
// It is safe for concurrent use.
type Telephone struct {
	Number string // its own, E.164
	Far    string // the other one's

	mu      sync.Mutex
	state   TelephoneState
	why     string
	changed chan struct{} // closed and made anew at each change
	act     func(what string)
}

// NewTelephone returns a telephone in a state. act is called for what its owner does: "answer", "decline", "busy",
// "hangup"; never while the telephone is locked. It is for emulators.
func NewTelephone(number, far string, state TelephoneState, act func(what string)) *Telephone {
	return &Telephone{Number: number, Far: far, state: state, changed: make(chan struct{}), act: act}
}

// State returns what it does, why it is over ("" if it is not), and a channel that is closed when that changes.
func (t *Telephone) State() (TelephoneState, string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state, t.why, t.changed
}

// Set is for emulators: the telephone does something else now. One that is over stays so.
func (t *Telephone) Set(s TelephoneState, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == PhoneOver || t.state == s {
		return
	}
	t.state, t.why = s, why
	close(t.changed)
	t.changed = make(chan struct{})
}

// Answer picks it up.
func (t *Telephone) Answer() { t.act("answer") }

// Decline rejects the call.
func (t *Telephone) Decline() { t.act("decline") }

// Busy is a telephone that is in another call.
func (t *Telephone) Busy() { t.act("busy") }

// HangUp ends its call, or gives up calling.
func (t *Telephone) HangUp() { t.act("hangup") }
