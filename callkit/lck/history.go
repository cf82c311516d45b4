package lck

import (
	"errors"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// ErrNotDefaultDialer says that only the app that the user has made the default dialer may see Recents
// (LiveCommunicationKit: Preparing your app to be the default dialer app).
var ErrNotDefaultDialer = errors.New("lck: the app is not the default dialer, so it may not see the conversation history")

// ConversationHistoryManager is ConversationHistoryManager (iOS 26): Recents, for the app that the user has made the
// default dialer.
type ConversationHistoryManager interface {
	// RecentConversations is recentConversations(matching:) async throws: those that match accepts, newest first; a nil
	// match accepts all. The error is [ErrNotDefaultDialer] for any other app.
	RecentConversations(match func(RecentConversation) bool, completion func([]RecentConversation, error))
	// MarkConversationsAsRead is markConversationsAsRead(_:) async throws; markConversationAsRead is the same with one.
	MarkConversationsAsRead(which []RecentConversation, completion func(error))
	// SetObserver has f called on the main queue after ConversationHistoryDidUpdate; nil for nobody.
	SetObserver(f func())
}

// Direction is RecentConversation.Direction.
type Direction int

// The directions. Their numbers are ours.
const (
	Outgoing Direction = 0
	Incoming Direction = 1
)

// Status is RecentConversation.Status. Apple's documentation names the enumeration and not its cases.
type Status int

// What became of a conversation. The cases and their numbers are ours.
const (
	StatusConnected Status = 0
	StatusMissed    Status = 1
	StatusDeclined  Status = 2
	StatusCancelled Status = 3 // outgoing, never connected
	StatusElsewhere Status = 4 // another device took or declined it
	StatusFailed    Status = 5
)

// RecentConversation is ConversationHistoryManager.RecentConversation.
type RecentConversation struct {
	ID        callkit.UUID
	Date      time.Time // when it started
	Duration  time.Duration
	Direction Direction
	Status    Status
	Handles   []Handle
	IsRead    bool
}

// TelephonyConversationManager is TelephonyConversationManager (iOS 26): cellular calls from an app.
type TelephonyConversationManager interface {
	// CellularServices are the lines that the app may dial on; none unless it is the default dialer. An app may dial
	// without knowing any.
	CellularServices() []CellularService
	// StartCellularConversation is startCellularConversation(_:) async throws: the system asks the user and dials.
	StartCellularConversation(StartCellularConversationAction, func(error))
}

// CellularService is CellularService: a SIM's line.
type CellularService struct {
	ID    string
	Label string
}

// StartCellularConversationAction is StartCellularConversationAction. A zero Service lets the system choose.
type StartCellularConversationAction struct {
	Handle  Handle
	Service CellularService
}
