// Package signaling is what phone and server say to each other: the wire contract ringtrip.v1 (generated from
// proto/), the payload of a VoIP push, and a connection that survives bad networks. It decides nothing about
// calls: that is package call's (on the phone) and package fork's (on the server) to do.
package signaling

import (
	"time"

	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Connection is a device's line to the server. All methods return at once and may be called from any
// goroutine; what they bring comes to the [Handler] and to done functions, one at a time, from the connection's
// goroutines. [Client] is the real one; tests of the engine have their own.
type Connection interface {
	// Open starts the event stream, or keeps it open. It reconnects by itself until Close.
	Open()
	// SetForeground tells the server whether rings need a push (see EventsRequest.foreground).
	SetForeground(bool)
	// Send delivers a request: *v1.StartRequest, AckRequest, AnswerRequest, DeclineRequest, CancelRequest,
	// EndRequest, HoldRequest, MoveRequest, OfferMoveRequest, WithdrawMoveRequest, JoinGroupRequest, LeaveGroupRequest,
	// SendMediaRequest, or what only asks: GetGroupRequest, GetCredentialsRequest, ListLiveRequest. Requests about one call are delivered one after the other in
	// the order of Send, and so are its media messages, beside them: an answer never waits for candidates. A lost one is
	// tried again until opts.Until. done (may be nil) gets the server's answer
	// exactly once, unless the connection is closed first.
	Send(req proto.Message, opts SendOptions, done func(Result))
	// Close ends the stream and everything under way, and returns when nothing of it is left.
	Close()
}

// SendOptions are how a request is sent.
type SendOptions struct {
	// Token replaces the user's token: the action token of a push.
	Token string
	// Until is when trying again stops; zero is 30 s from now.
	Until time.Time
	// BestEffort requests (ledger marks) are tried once and may be dropped.
	BestEffort bool
}

// Result is the server's answer to a request.
type Result struct {
	// Call is the truth about the call, also with many errors; nil if the server did not say.
	Call *v1.Call
	// Answer is the server's whole answer, as *v1.StartResponse; nil with an error.
	Answer proto.Message
	// NextCallID is a fresh id for the next start (StartRequest only).
	NextCallID string
	// Err is nil, a *connect.Error of the server (its answer is final), or the last error of the network.
	Err error
	// Problem is the code of the server's CallProblem, as "unknown_call"; empty if there was none.
	Problem string
}

// GroupHandler is what a [Handler] may be, too, to hear of group calls.
type GroupHandler interface {
	// Group tells that somebody rings for, joined or left a group call that this device is in.
	Group(*v1.GroupChanged)
}

// Handler hears what comes by the event stream.
type Handler interface {
	// Hello comes first on every new stream, and is the truth of that moment.
	Hello(*v1.Hello)
	// Call is a call's new state.
	Call(*v1.Call)
	// Media is a message of the far end's media session.
	Media(*v1.MediaMessage)
	// Online tells that the stream is up or down.
	Online(bool)
}
