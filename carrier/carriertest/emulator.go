// Package carriertest is carriers on this machine, for tests and the demo: each speaks its carrier's REST API and webhooks
// as documented, checks what the carrier checks (keys, tokens, signatures), makes the webhooks that it makes, and repeats
// them as it repeats them. Beside them stand one conformance suite that every package carrier.Carrier passes ([Run], [Rooms]),
// and the ringing server in small: [Desk], and [Exchange] for whole calls.
//
// An emulator knows its carrier's documentation and nothing of ringtrip's own code for that carrier: both are written from
// the same pages, and what one gets wrong the other one refuses. It refuses to be more: it carries no sound, and what the
// documentation leaves open it leaves open (each file says what).
package carriertest

import (
	"context"
	"errors"
	"time"
)

// ErrNoPSTN is returned by [Emulator.Dial] of a carrier without telephones.
var ErrNoPSTN = errors.New("carriertest: this carrier has no telephones")

// Emulator is one carrier with one account.
type Emulator interface {
	// Name is the carrier's word: "twilio".
	Name() string
	// URL is the base of its REST API, "http://127.0.0.1:1234".
	URL() string
	// Hooks says where its webhooks go: the URL below which the server has the carrier's hooks,
	// "http://127.0.0.1:1234/carriers/APP/NAME". Before that none are sent.
	Hooks(base string)
	// Join does what the vendor's SDK does on a device with the credentials that ringtrip's server made: it checks the token as
	// the carrier would and joins the room, or makes or takes the carrier's call. It returns at once what can be told at once.
	Join(ctx context.Context, credentials []byte) (Seat, error)
	// Dial lets a telephone call a number of the account.
	Dial(ctx context.Context, from, to string) (*Telephone, error)
	// Answerer says what a telephone does that is called by the account: it is called with each such telephone, which rings.
	// Nil: nobody is ever there, and it rings until the carrier gives up.
	Answerer(func(*Telephone))
	// Outage makes the carrier go down: its API answers 503, whoever is connected is lost, no webhook is sent. False brings
	// it back, empty.
	Outage(down bool)
	// Faults says how unreliable its webhooks are from now on.
	Faults(Faults)
	// Open lists what is open at the carrier: rooms, calls, telephones. After the end of all calls it is empty, or somebody
	// pays for a call that nobody has.
	Open() []string
	// Idle blocks until all webhooks that were due have been delivered or given up, or ctx ends. The end of a room that
	// closes by itself, for nobody is in it, is due.
	Idle(ctx context.Context) error
	// Refused lists what the emulator refused, each with why: tokens, signatures, malformed requests.
	Refused() []string
	// Close ends everything, and waits for it.
	Close()
}

// Seat is a device's place in a call at the carrier.
type Seat interface {
	// Connected is closed when the media flows, as far as the carrier knows.
	Connected() <-chan struct{}
	// Gone delivers why the seat is over: nil for a hang-up by the far end or the carrier's room's end, an error if it was
	// lost. It delivers once.
	Gone() <-chan error
	// Digits sends DTMF.
	Digits(string) error
	// Leave ends it from the device.
	Leave()
}

// Faults are what goes wrong with webhooks between the carrier and the server. The zero Faults are none.
type Faults struct {
	Repeat  int              // each is sent that many times more
	Shuffle int              // that many are held back and sent in another order
	Drop    func(n int) bool // says of the n-th webhook, from 0, that it is lost; nil: none is
	Late    time.Duration    // each is sent so much later
}
