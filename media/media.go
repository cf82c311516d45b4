// Package media is the contract between a call and whatever carries its sound: WebRTC, LiveKit, Twilio,
// Agora, Daily, Vonage. It has no behaviour of its own and knows no codec, no network and no call states.
//
// Every media SDK that lives beside CallKit fits the same three phases, and [Session] is those phases:
//
//	launch        Prepare     manual audio: the SDK must not touch the audio session
//	ringing       Warm        the transport connects, silently; no sound is captured or played
//	didActivate   StartAudio  the system lends the audio session: the audio unit starts
//	didDeactivate StopAudio   the system takes it back: the audio unit stops, the transport stays
//	ended         Close
//
// Starting audio outside didActivate…didDeactivate is the commonest way to lose a call's sound on iOS
// (AVFAudio: "Responding to audio session activation"), so implementations refuse it where they can tell.
package media

import (
	"errors"
	"time"
)

var (
	// ErrClosed is returned by a Session that was closed.
	ErrClosed = errors.New("media: session is closed")
	// ErrNotPrepared is returned by StartAudio before Prepare.
	ErrNotPrepared = errors.New("media: session is not prepared; call Prepare first")
	// ErrBadMessage wraps what was wrong with a message of the far end. The session goes on as before.
	ErrBadMessage = errors.New("media: bad message")
	// ErrNotConnected is returned by PlayDTMF while nothing can be sent: before Connected, while
	// Disconnected, and on hold.
	ErrNotConnected = errors.New("media: nothing can be sent now; the session is not connected or on hold")
	// ErrBye is in a Failed event whose reason is that the far end said Bye. It is how a session ends
	// properly and no fault: who hung up, the call's own signaling says.
	ErrBye = errors.New("media: the far end said bye")
)

// A Factory makes one Session a call (WebRTC: one a leg; a carrier with rooms: one a room, see [Config].Room). It is safe
// for concurrent use.
type Factory interface {
	// New returns a cold session. It must not block and must not open sockets.
	New(Config) (Session, error)
}

// Role says which end makes the offer.
type Role uint8

// The callee's device offers, for only it knows that it is there; the caller answers each leg that offers.
const (
	Answerer Role = 1 // waits for an offer of the far end
	Offerer  Role = 2 // sends an offer when warmed
)

// Config is what a session is made from.
type Config struct {
	// CallID is the call's UUID, for logs.
	CallID string
	// Session names this session between its two ends: the offerer chooses it, and every message carries it.
	// An answerer may leave it empty and takes it from the offer.
	Session string
	// Role says who offers.
	Role Role
	// Group is the id of the group call that the call is a part of; empty: none. A carrier with rooms takes it for the
	// room's name; between devices alone it means nothing.
	Group string
	// Room is the carrier's room that Credentials are for, by a name that means something to the carrier and the server only;
	// empty: there is none. A device is in a room once, so whoever owns the sessions makes one a room, not one a call.
	Room string
	// Credentials are what the carrier needs, as JSON (WebRTC: {"iceServers":[…]}); may be empty.
	Credentials []byte
	// Send delivers a message to the far end. It must not block; it is called from the session's goroutine, in order.
	Send func(Message)
	// Notify tells what happened. It is called from one goroutine, in order, never after Close has returned,
	// and never from within a call of a Session method. It must not block and may call Session methods other than Close.
	Notify func(Event)
}

// Message is what two ends of a session say to each other through the server, which does not look inside.
type Message struct {
	Session string      // names the session, see [Config.Session]
	Kind    MessageKind // what Data is
	// Data is SDP, or one ICE candidate as JSON (RTCIceCandidateInit). An empty candidate is the end of
	// candidates. An empty Offer is how an answerer asks the offerer for a new one after its network
	// changed, as a re-INVITE without SDP does in SIP (RFC 3261 §14.1): only one end ever offers, so
	// two offers can't cross.
	Data string
}

// MessageKind is the kind of a Message; its numbers are on the wire.
type MessageKind int32

// The kinds of messages, with the numbers they have on the wire.
const (
	Offer     MessageKind = 1
	Answer    MessageKind = 2
	Candidate MessageKind = 3
	Bye       MessageKind = 4 // this session is over, another leg won
)

// MaxMessage is the longest Data a session accepts, in bytes.
const MaxMessage = 64 << 10

// EventKind says what happened to a session.
type EventKind uint8

// What a session tells.
const (
	Connected    EventKind = 1 // the transport is up: sound could flow
	Disconnected EventKind = 2 // the transport is lost, the session tries to get it back by itself
	Failed       EventKind = 3 // the transport will not come (back); Err says why. Terminal.
	FirstMedia   EventKind = 4 // the first sound of the far end was decoded since StartAudio
	DTMF         EventKind = 5 // the far end pressed a key: Digit
)

// Event is one thing that happened to a session.
type Event struct {
	Kind  EventKind
	Digit byte  // DTMF: 0-9 * # A-D
	Err   error // Failed
}

// A Session carries the sound of one call between this device and one other. All methods are safe for
// concurrent use and return without waiting for the network; all may be called in any order and more than
// once, and a call that changes nothing does nothing.
type Session interface {
	// Prepare configures the SDK for manual audio. It does not activate anything and opens no socket.
	Prepare() error
	// Warm starts to connect the transport: an Offerer sends its offer at once and its candidates as they
	// come (trickle ICE, RFC 8838: nothing ever waits for gathering). No sound is captured or played.
	Warm() error
	// Receive takes a message of the far end. Messages may come twice, late or out of order (a candidate
	// before its description waits for it). A bad one is refused with ErrBadMessage and changes nothing.
	Receive(Message) error
	// StartAudio starts capture and playback; call it only in didActivate, after the answer.
	StartAudio() error
	// StopAudio stops capture and playback; the transport stays.
	StopAudio()
	// SetMuted stops or resumes what is sent, not what is heard.
	SetMuted(bool)
	// SetHeld stops or resumes both directions.
	SetHeld(bool)
	// PlayDTMF sends digits (0-9 * # A-D, and ',' for a pause of two seconds) as RFC 4733 telephone events.
	PlayDTMF(digits string) error
	// Restart gathers anew after the network changed (ICE restart).
	Restart() error
	// Stats tells what was sent and received so far.
	Stats() Stats
	// Close ends the session, says Bye to the far end, frees everything and returns when no goroutine of it is left.
	Close() error
}

// Stats are counters of one session since it was made.
type Stats struct {
	PacketsSent, PacketsReceived, PacketsLost uint64
	BytesSent, BytesReceived                  uint64
	Jitter                                    time.Duration // of what is received, RFC 3550 §6.4.1
	RoundTrip                                 time.Duration // 0 while unknown
	LocalCandidate, RemoteCandidate           string        // the pair in use, empty until connected
	AudioLevel                                float64       // what is heard: 0 silence … 1 full scale, RMS of the last 100 ms
}
