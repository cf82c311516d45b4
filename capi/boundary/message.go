// Package boundary is the engine behind a border as JSON: what the C face of package capi hands through, in pure Go.
// One [Engine] is one process's engine. What it wants done comes out as [Out], answered at once by [Answer]; what
// happened goes in as [In].
//
// It decides nothing: events go to package phone, commands to who calls Apple's API. It never lets a panic cross the
// border: a Go panic in an app would be a crash of the app, and a crash in a push handler is a phone that does not ring.
package boundary

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/wire"
	"github.com/ringtrip/ringtrip/media/remote"
)

// Config is what an engine is made from. ServerURL and DeviceID must be set.
type Config struct {
	ServerURL  string `json:"serverURL"`            // as "https://calls.example.com"
	DeviceID   string `json:"deviceID"`             // once per installation, 1-64 of [A-Za-z0-9._-]
	DeviceName string `json:"deviceName,omitempty"` // for people: "Bob's iPhone"
	BundleID   string `json:"bundleID,omitempty"`
	Production bool   `json:"production,omitempty"` // the push token is valid in APNs' production environment
	AppVersion string `json:"appVersion,omitempty"`
	OSVersion  string `json:"osVersion,omitempty"`
	// Folder is where the journal of live calls is kept; it must exist and be readable from the first unlock on.
	// Empty keeps it in memory: a crash then leaves calls for the server to end.
	Folder string `json:"folder,omitempty"`

	CallerName   string              `json:"callerName,omitempty"`
	CallerHandle string              `json:"callerHandle,omitempty"`
	Provider     *wire.Configuration `json:"provider,omitempty"`
	FulfillFirst bool                `json:"fulfillFirst,omitempty"` // the other answer policy
	RingSeconds  float64             `json:"ringSeconds,omitempty"`  // the longest ring, below 60; 0: 45
	Mixes        bool                `json:"mixes,omitempty"`        // the media adapter can mix the calls of a group
	StayOnHold   bool                `json:"stayOnHold,omitempty"`   // the user resumes what was held for a call that is over
	TakesVideo   bool                `json:"takesVideo,omitempty"`   // the app turns a call into a video call when Out.Video says so
	Seals        bool                `json:"seals,omitempty"`        // the app keeps a sealing key, which Out.SealKey asks for
	SealedName   string              `json:"sealedName,omitempty"`   // shown of a caller that can't be opened; empty: "Incoming call"
	Launch       *wire.Launch        `json:"launch,omitempty"`       // why the process was started
	// Exchange names the simulator whose exchange stands in for the server. It is for tests: only a library that is built
	// with the tag iossim takes it.
	Exchange string `json:"exchange,omitempty"`
}

// Out is what an engine says. One of its fields is set.
type Out struct {
	System   *wire.Message   `json:"system,omitempty"` // a command for the call system
	Media    *remote.Message `json:"media,omitempty"`  // a command for the media adapter
	Snapshot *Snapshot       `json:"snapshot,omitempty"`
	Token    bool            `json:"token,omitempty"` // the user's JWT is wanted: answered at once, or later by In.Token
	Log      *Log            `json:"log,omitempty"`
	Failed   *Failed         `json:"failed,omitempty"` // a start that the system refused after it was answered
	Video    string          `json:"video,omitempty"`  // the call whose video button the user pressed; only with Config.TakesVideo
	// SealKey asks for the device's private sealing key, which is answered at once, by Answer.Key or an error: a push may be
	// waiting. Only with Config.Seals.
	SealKey bool   `json:"sealKey,omitempty"`
	Group   *Group `json:"group,omitempty"` // somebody rings for, joined or left a group call that this phone is in
	Done    *Done  `json:"done,omitempty"`  // what a request with a ticket came to
}

// Failed says that the system does not let a call start that was asked for.
type Failed struct {
	Call  string `json:"call"`
	Error string `json:"error"` // for people
}

// Answer is what is said to an Out, or to an In.
type Answer struct {
	System *wire.Message   `json:"system,omitempty"`
	Media  *remote.Message `json:"media,omitempty"`
	Token  string          `json:"token,omitempty"`
	Key    []byte          `json:"key,omitempty"`   // to Out.SealKey: 32 bytes; the error says why it can't be read now
	Call   string          `json:"call,omitempty"`  // of a start
	Code   string          `json:"code,omitempty"`  // of the error: closed, no_call, on_call, not_connected, no_callee, too_many_calls, nothing_to_swap, cannot_mix, bad_callees, group, failed, bad_message, panic
	Error  string          `json:"error,omitempty"` // for people
}

// In is what an engine is told. One of its fields is set.
type In struct {
	System  *wire.Message   `json:"system,omitempty"`  // an event of the call system
	Media   *remote.Message `json:"media,omitempty"`   // an event of the media adapter
	Request *Request        `json:"request,omitempty"` // what the user wants, on the app's own screen
	Token   *string         `json:"token,omitempty"`   // the user's JWT; empty: logged out
	Network *bool           `json:"network,omitempty"` // the network came, went or changed
}

// Verb is what a user wants.
type Verb string

// The verbs of a [Request].
const (
	StartCall   Verb = "start"    // Callee, Name, Handle, Video, Group; the answer has Call
	AnswerCall  Verb = "answer"   // Call
	EndCall     Verb = "end"      // Call
	HoldCall    Verb = "hold"     // Call, On
	MuteCall    Verb = "mute"     // Call, On
	PlayTones   Verb = "tones"    // Call, Digits
	SetSpeaker  Verb = "speaker"  // On
	ContinueUse Verb = "continue" // Activity
	Register    Verb = "register" // the user has logged in

	HoldAnswer    Verb = "holdAnswer"    // Call
	EndAnswer     Verb = "endAnswer"     // Call
	EndHeldAnswer Verb = "endHeldAnswer" // Call
	ResumeCall    Verb = "resume"        // Call
	SwapCalls     Verb = "swap"
	MergeCalls    Verb = "merge" // Call, With
	SplitCall     Verb = "split" // Call

	StartGroup Verb = "startGroup" // Callees, Name, Handle, Video; the answer has Call
	JoinGroup  Verb = "joinGroup"  // Group, Name, Handle, Video; the answer has Call
	LeaveGroup Verb = "leaveGroup" // Group
	Invite     Verb = "invite"     // Group, Callee, Ticket: somebody more for a group call that this phone is in
	Members    Verb = "members"    // Group, Ticket: Done has Members

	MoveCall     Verb = "move"         // Call, Name, Handle, Video: one that another device of the user has goes on here
	OfferMove    Verb = "offerMove"    // Call, Device: it rings there, to go on there
	WithdrawMove Verb = "withdrawMove" // Call
	LiveCalls    Verb = "liveCalls"    // Ticket: Done has Live, those of all devices of the user

	AlertToken  Verb = "alertToken"  // Token: of ordinary notifications, as Apple gave it
	Credentials Verb = "credentials" // Call, Ticket: Done has Credentials, fresh ones of its media
)

// Request is what a user wants of a call.
type Request struct {
	Verb     Verb           `json:"verb"`
	Call     string         `json:"call,omitempty"`
	With     string         `json:"with,omitempty"` // the other call
	Callee   string         `json:"callee,omitempty"`
	Name     string         `json:"name,omitempty"`
	Handle   callkit.Handle `json:"handle,omitzero"`
	Video    bool           `json:"video,omitempty"`
	On       bool           `json:"on,omitempty"`
	Digits   string         `json:"digits,omitempty"`
	Activity *wire.Activity `json:"activity,omitempty"`
	Callees  []string       `json:"callees,omitempty"`
	Group    string         `json:"group,omitempty"`  // the id of a group call
	Device   string         `json:"device,omitempty"` // another device of the user
	Token    []byte         `json:"token,omitempty"`
	Ticket   int64          `json:"ticket,omitempty"` // names the request in Out.Done; the app's to choose
}

// Snapshot is what the app's own screens show.
type Snapshot struct {
	Online     bool   `json:"online"`
	Registered bool   `json:"registered"`
	CanStart   bool   `json:"canStart"`
	OtherApps  bool   `json:"otherApps,omitempty"` // another app or the mobile network has a call on this phone
	CanSwap    bool   `json:"canSwap,omitempty"`   // one call talks, one is on hold
	Calls      []Call `json:"calls"`
}

// Call is a call at one moment.
type Call struct {
	ID           string         `json:"id"`
	State        string         `json:"state"` // idle, reporting, ringing, dialing, alerting, connecting, connected, ended
	Outgoing     bool           `json:"outgoing"`
	Video        bool           `json:"video"`
	Name         string         `json:"name"`
	Handle       callkit.Handle `json:"handle"`
	Muted        bool           `json:"muted"`
	Held         bool           `json:"held"`
	RemoteHeld   bool           `json:"remoteHeld"`
	AudioRunning bool           `json:"audioRunning"`
	Transport    string         `json:"transport"` // cold, warming, up, lost, gone
	Reason       string         `json:"reason"`    // why it ended, in the words of package call; empty while it lives
	AnsweredAt   *time.Time     `json:"answeredAt,omitempty"`
	AnsweredBy   string         `json:"answeredBy,omitempty"`
	CanResume    bool           `json:"canResume"`
	Front        bool           `json:"front,omitempty"`      // of several calls, the one that was answered or resumed last
	Waiting      bool           `json:"waiting,omitempty"`    // it rings during another call
	CanHold      bool           `json:"canHold,omitempty"`    // it waits, and the one that talks can be put on hold for it
	CanEnd       bool           `json:"canEnd,omitempty"`     // it waits, and the one in front can be ended for it
	CanEndHeld   bool           `json:"canEndHeld,omitempty"` // it waits, and the one on hold can be ended for it
	Group        int            `json:"group,omitempty"`      // calls of one number are grouped; 0: in no group
	GroupCall    string         `json:"groupCall,omitempty"`  // the id of the group call that this is a part of; empty: a call of two
	Moving       bool           `json:"moving,omitempty"`     // it rings here to be taken over from another device of the user
	OfferedTo    string         `json:"offeredTo,omitempty"`  // the name of the user's device that rings for it; empty: none
}

// Log is a line of the engine's log.
type Log struct {
	Level string `json:"level"` // DEBUG, INFO, WARN, ERROR
	Text  string `json:"text"`
}
