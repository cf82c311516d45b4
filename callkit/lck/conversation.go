package lck

import (
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Handle is Handle: a person. The system looks the value up in the contacts; DisplayName is what it shows when it
// finds nobody (WWDC26 session 226), unlike CallKit's localizedCallerName, which overrides the contact.
type Handle struct {
	Type        callkit.HandleType `json:"type"` // Handle.Kind
	Value       string             `json:"value"`
	DisplayName string             `json:"displayName,omitempty"`
}

// Capabilities is Conversation.Capabilities: what a conversation can do. The system offers only that.
type Capabilities uint

// The capabilities. Their bits are ours, Apple does not publish them.
const (
	Video        Capabilities = 1 << 0 // it is a video conversation
	Pausing      Capabilities = 1 << 1 // hold
	Merging      Capabilities = 1 << 2
	Unmerging    Capabilities = 1 << 3
	PlayingTones Capabilities = 1 << 4 // the keypad
)

// String lists the capabilities in Apple's words, as "[video,pausing]".
func (c Capabilities) String() string {
	var words []string
	for i, w := range [...]string{"video", "pausing", "merging", "unmerging", "playingTones"} {
		if c&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return "[" + strings.Join(words, ",") + "]"
}

// Update is Conversation.Update. What is nil changes nothing.
type Update struct {
	LocalMember         *Handle
	Members             *[]Handle // everyone who was invited; a set, whose first is shown
	ActiveRemoteMembers *[]Handle // those whose media flows
	Capabilities        *Capabilities
}

// NewUpdate returns an update that names members and capabilities, which is what most reports say.
func NewUpdate(c Capabilities, members ...Handle) Update {
	return Update{Members: &members, Capabilities: &c}
}

// Conversation is Conversation as it was when it was asked for.
type Conversation struct {
	UUID        callkit.UUID
	State       State
	LocalMember *Handle // known to the app that provides the conversation; nil if it never said
}

// State is Conversation.State.
//
//	idle -> joining -> joined <-> paused
//	  any -> leaving -> left
type State int

// The states of a conversation. Their numbers are ours.
const (
	Idle    State = 0 // it rings, or the app has been asked to start it
	Joining State = 1 // the app said that it connects
	Joined  State = 2 // live
	Paused  State = 3 // on hold
	Leaving State = 4 // an end action is under way
	Left    State = 5 // over
)

// String is the state in Apple's word.
func (s State) String() string {
	return word(int(s), "idle", "joining", "joined", "paused", "leaving", "left")
}

// EndedReason is Conversation.EndedReason: the reasons that CallKit has, where answered is called joined.
type EndedReason = callkit.EndedReason

// Why a conversation ended.
const (
	Failed            = callkit.Failed
	RemoteEnded       = callkit.RemoteEnded
	Unanswered        = callkit.Unanswered
	JoinedElsewhere   = callkit.AnsweredElsewhere
	DeclinedElsewhere = callkit.DeclinedElsewhere
)

// Event is Conversation.Event: one of the four below.
type Event interface{ event() }

// ConversationStartedConnecting says that the conversation, incoming or outgoing, connects: its state becomes joining.
// A zero time is now.
type ConversationStartedConnecting struct{ At time.Time }

// ConversationConnected says that it is live: its state becomes joined. A zero time is now.
type ConversationConnected struct{ At time.Time }

// ConversationUpdated changes who is in it and what it can do.
type ConversationUpdated struct{ Update Update }

// ConversationEnded says that it is over for another cause than an action. A zero time is now.
type ConversationEnded struct {
	At     time.Time
	Reason EndedReason
}

func (ConversationStartedConnecting) event() {}
func (ConversationConnected) event()         {}
func (ConversationUpdated) event()           {}
func (ConversationEnded) event()             {}

func word(i int, words ...string) string {
	if i < 0 || i >= len(words) {
		return strconv.Itoa(i)
	}
	return words[i]
}
