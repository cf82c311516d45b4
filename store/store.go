// Package store is the contract between the server and what it keeps: calls, timers, jobs, events, ledger,
// devices, history. It has no behaviour: store/sqlite is the default, store/storetest the suite that every
// store passes.
//
// One rule matters more than the choice of database: one transition of a call is one atomic commit with all
// its effects. What a crash leaves behind is then always a state that the call could be in, with every push,
// webhook, timer and event that belongs to it, and none that does not.
package store

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrConflict says that the call was changed (or made) by someone else meanwhile: read it again, decide again.
	ErrConflict = errors.New("store: the call was changed meanwhile")
	// ErrNotFound says that there is no such call, device or job.
	ErrNotFound = errors.New("store: not found")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store: closed")
	// ErrTooBig says that a call's State or a user's Wishes are longer than [MaxState].
	ErrTooBig = errors.New("store: the call's state is too big")
	// ErrPageMark says that a page mark is none that the store gave out.
	ErrPageMark = errors.New("store: not a page mark")
	// ErrNotEmpty says that a store holds something already, so that nothing can be loaded into it.
	ErrNotEmpty = errors.New("store: there is something in it already")
)

// MaxState is the longest [Call.State], and the longest [User.Wishes], in bytes.
const MaxState = 64 << 10

// Store is everything the server keeps. It is safe for concurrent use; every method may block for as long as
// its context allows, and what it acknowledged survives kill -9 and a pulled plug. A change that returns an error
// of its context happened as a whole or not at all. Times are kept to the millisecond at least. A count n of 0 or
// less asks for nothing. What is ordered by time is ordered by id, in the same direction, where times are equal.
type Store interface {
	Calls
	Jobs
	Events
	Ledger
	Devices
	History
	Retention
	Settings
	Users
	// Close waits for commits under way and frees everything. Afterwards every method returns [ErrClosed]; Close may
	// be called again.
	Close() error
}

// Call is a call's row. What State means is the server's business.
type Call struct {
	ID    string // UUID version 7, lower case
	App   string
	Rev   uint64 // 1 when it is made, plus 1 with every commit
	State []byte // at most [MaxState] bytes
	Live  bool   // false: ended, kept as a tombstone until KeepUntil
	// Devices are the devices that may see the call: [Calls.CallsOfDevice] finds it by them.
	Devices []string
	// Users are the users that take part (for "is this user on a call" and glare): [Calls.CallsOfUser] finds it by them.
	Users []string
	// Key makes a start idempotent: at most one call an app and key. Empty: none.
	Key string
	// Timer is when [Calls.DueTimers] hands the call out; zero: never.
	Timer time.Time
	// KeepUntil is when a tombstone may be forgotten.
	KeepUntil time.Time
	CreatedAt time.Time
}

// Transition is the only way a call changes: all of it happens, or nothing.
type Transition struct {
	Call Call // the new row, which replaces the old one whole; Rev is set by Commit
	// ExpectRev is the Rev that the decision was made on; 0: the call must not exist yet.
	ExpectRev uint64
	// Jobs are inserted already leased to the node that commits, see [Jobs]. One whose ID exists is replaced, unless
	// [Job.Append] says otherwise.
	Jobs []Job
	// DropJobs are ids of jobs that became pointless (a push for a call that ended); unknown ones are fine. They are
	// dropped before Jobs are inserted.
	DropJobs []string
	Events   []Event
	Ledger   []LedgerEntry
	History  *Record
}

// Committed is what a commit made.
type Committed struct {
	Rev  uint64
	Seqs []uint64 // of Transition.Events, in their order
}

// Calls keeps live calls and the tombstones of those that ended not long ago.
type Calls interface {
	// Commit carries out t. It returns ErrConflict if the call's Rev is not t.ExpectRev, or if t.ExpectRev is 0
	// and the call or its Key exists already.
	Commit(ctx context.Context, t Transition) (Committed, error)
	// Call returns the call, or ErrNotFound.
	Call(ctx context.Context, id string) (Call, error)
	// CallByKey returns the call that was made with key, or ErrNotFound.
	CallByKey(ctx context.Context, app, key string) (Call, error)
	// CallsOfDevice returns the live calls and tombstones that the device may see, oldest first, and the device's
	// newest event seq, both of one moment.
	CallsOfDevice(ctx context.Context, app, device string) ([]Call, uint64, error)
	// CallsOfUser returns the live calls that the user takes part in, oldest first.
	CallsOfUser(ctx context.Context, app, user string) ([]Call, error)
	// LiveCalls returns up to n live calls, newest first.
	LiveCalls(ctx context.Context, app string, n int) ([]Call, error)
	// DueTimers returns up to n calls whose Timer is at or before now, and moves their Timer to now+lease, so that
	// no other node gets them meanwhile and none is lost if this node dies. The calls are returned with that Timer;
	// their Rev does not change by it.
	DueTimers(ctx context.Context, now time.Time, n int, lease time.Duration) ([]Call, error)
	// NextTimer returns the earliest Timer, zero if there is none.
	NextTimer(ctx context.Context) (time.Time, error)
	// Purge forgets tombstones whose KeepUntil is before now, with their events, and returns how many. Jobs that are
	// not done, ledger and history stay.
	Purge(ctx context.Context, now time.Time) (int, error)
}

// Job is work that follows from a transition: a push, a webhook.
type Job struct {
	ID          string // deterministic, as "<call>.p0": doing it twice must be harmless
	CallID      string
	Kind        string // what [Jobs.Claim] asks for: "push", "webhook:<app>/<endpoint>"
	Payload     []byte
	LeasedUntil time.Time // the committing node does it until then; later anyone may claim it
	Tries       int
	// Append changes how the job is stored if there is one of this ID: its Payload is added to the end of that one's, and
	// nothing else of that one changes. So jobs of one ID are a queue, in the order of the commits. It is not kept: jobs
	// that a store hands out have it false.
	Append bool
}

// Step is one [Jobs.Advance] of several.
type Step struct {
	ID   string
	Done []byte
	At   time.Time
}

// Stepped is what came of a [Step].
type Stepped struct {
	// Job is the job as it is now. Of one that is forgotten, for nothing of it is left, only ID is set.
	Job Job
	Err error // ErrConflict, ErrNotFound or nil
}

// Jobs hands out jobs whose lease ran out: normally a job is done by the node that committed it, in memory,
// without this table being read.
type Jobs interface {
	// Claim returns up to n jobs of kind whose lease ended at or before now, and leases them until now+lease.
	Claim(ctx context.Context, kind string, now time.Time, n int, lease time.Duration) ([]Job, error)
	// Done forgets jobs. Unknown ones are fine.
	Done(ctx context.Context, ids ...string) error
	// Retry makes a job claimable at a moment and counts a try. It returns ErrNotFound for an unknown one.
	Retry(ctx context.Context, id string, at time.Time) error
	// PutJobs stores jobs outside a transition, just as [Transition.Jobs] are stored; all of them or none.
	PutJobs(ctx context.Context, jobs []Job) error
	// Advance takes done off the front of a job's Payload, sets its Tries to 0 and its LeasedUntil to the moment, and
	// returns it as it is then. A job of which nothing is left is forgotten, and returned with an empty Payload. It returns
	// ErrConflict, and changes nothing, if the Payload does not begin with done (someone else did that part), and
	// ErrNotFound for an unknown job.
	Advance(ctx context.Context, id string, done []byte, at time.Time) (Job, error)
	// AdvanceAll carries out several steps, each as Advance does, in one commit, and returns what came of each in their
	// order: a step that finds its job changed or gone does not hinder the others. Each job has one step at most. If it
	// returns an error of its own, no step was taken, or nobody knows.
	AdvanceAll(ctx context.Context, steps []Step) ([]Stepped, error)
	// Job returns one job, leased or not, or ErrNotFound.
	Job(ctx context.Context, id string) (Job, error)
	// JobsOfKind returns up to n jobs of the kind, leased or not, with an ID above after, by ID.
	JobsOfKind(ctx context.Context, kind, after string, n int) ([]Job, error)
}

// Event is something that a device has to be told, in order.
type Event struct {
	App     string
	Device  string
	Seq     uint64 // per device, growing by one; set by Commit and Put
	CallID  string
	Payload []byte
	At      time.Time
}

// Events keeps what devices have to be told until they have it, or the call is forgotten.
type Events interface {
	// EventsAfter returns up to n events of the device with a Seq above after, oldest first.
	EventsAfter(ctx context.Context, app, device string, after uint64, n int) ([]Event, error)
	// PutEvents stores events outside a transition (media messages); atomic.
	PutEvents(ctx context.Context, events []Event) ([]uint64, error)
	// TrimEvents forgets the device's events up to and including seq: it has them.
	TrimEvents(ctx context.Context, app, device string, seq uint64) error
}

// LedgerEntry is one thing that happened to a call or one of its legs.
type LedgerEntry struct {
	CallID   string
	Seq      uint64 // per call, growing; set by the store
	Stage    int32  // ringtrip.v1 Stage
	Device   string // empty: the call as a whole
	At       time.Time
	DeviceAt time.Time // zero: the device said nothing
	Reason   uint8     // package call's Reason
	Detail   string
}

// Ledger keeps what happened to each leg and when.
type Ledger interface {
	AppendLedger(ctx context.Context, entries []LedgerEntry) error
	// LedgerOf returns the entries of a call, oldest first.
	LedgerOf(ctx context.Context, callID string) ([]LedgerEntry, error)
}

// Device is one installation of an app that a user has.
type Device struct {
	App          string
	ID           string
	User         string
	Name         string
	Platform     string
	BundleID     string
	VoIPToken    string // hex; empty: none
	AlertToken   string // hex, of ordinary notifications; empty: none
	Environment  uint8  // package push's Environment
	AppVersion   string
	OSVersion    string
	RegisteredAt time.Time // when the VoIP token was given, for 410's timestamp
	// AlertRegisteredAt is when the alert token was given, for 410's timestamp.
	AlertRegisteredAt time.Time
	SeenAt            time.Time
	SealKey           string // public key that callers' names are sealed for, in base64; empty: none
}

// Devices keeps the registrar's table.
type Devices interface {
	// PutDevice stores a device; one token belongs to one device, so another one that had it (as the same kind of token)
	// loses it. RegisteredAt of the row only changes if the VoIP token does, AlertRegisteredAt if the alert token does.
	PutDevice(ctx context.Context, d Device) error
	// Device returns one device, or ErrNotFound.
	Device(ctx context.Context, app, id string) (Device, error)
	// DevicesOfUser returns the user's devices, the one seen last first.
	DevicesOfUser(ctx context.Context, app, user string) ([]Device, error)
	// DropToken empties a token, VoIP or alert, that was registered at or before the moment, and reports whether it did.
	DropToken(ctx context.Context, token string, registeredBefore time.Time) (bool, error)
	// SetEnvironment corrects where the tokens of the device that has this one, VoIP or alert, are valid.
	SetEnvironment(ctx context.Context, token string, environment uint8) error
	// DeleteDevice forgets a device and its events; its Seq goes on if it comes back. An unknown one is fine.
	DeleteDevice(ctx context.Context, app, id string) error
}

// Record is a call in history.
type Record struct {
	CallID       string
	App          string
	Caller       string // user id
	CallerName   string
	CallerHandle string
	Callee       string
	Video        bool
	Reason       uint8
	CreatedAt    time.Time
	AnsweredAt   time.Time // zero: never
	EndedAt      time.Time
	AnsweredBy   string // device id
	Group        string // the group call that it was in; empty: a call of two
}

// History keeps ended calls. It is an interface of its own, for it outgrows everything else.
type History interface {
	// HistoryOfUser returns up to n records that the user took part in, newest first, older than before (a page
	// mark of an earlier answer; empty: from the newest; [ErrPageMark] if it is none), and the next page's mark
	// (empty: no more).
	HistoryOfUser(ctx context.Context, app, user, before string, n int) ([]Record, string, error)
	// HistoryOfCall returns one record, or ErrNotFound.
	HistoryOfCall(ctx context.Context, callID string) (Record, error)
	// LatestHistory returns up to n records of the app, newest first.
	LatestHistory(ctx context.Context, app string, n int) ([]Record, error)
}

// Retention forgets what is old, bit by bit: each method forgets up to n of what is older, as one commit, and returns
// how many it forgot. A result below n says that nothing is left. Which of the old ones go first is the store's choice.
type Retention interface {
	// TrimHistory forgets records whose CreatedAt is before the moment.
	TrimHistory(ctx context.Context, before time.Time, n int) (int, error)
	// TrimLedger forgets the whole ledger of up to n calls whose first entry (the one with the lowest Seq) has an At
	// before the moment, and returns the number of calls. A call that [Calls.Call] still finds keeps its ledger.
	TrimLedger(ctx context.Context, before time.Time, n int) (int, error)
	// TrimJobs forgets jobs whose LeasedUntil is before the moment: nobody has claimed them for so long, so nobody
	// ever will.
	TrimJobs(ctx context.Context, before time.Time, n int) (int, error)
}

// Settings are a few small values that all nodes of a deployment share, as the secret of action tokens.
type Settings interface {
	// Settle returns the value of a name. If there is none, value becomes it first; a nil or empty value becomes
	// nothing, and none is returned if there is none. Of several nodes that settle at once one wins, and all are told
	// the winner's. Name and value are at most 4 KiB together.
	Settle(ctx context.Context, name string, value []byte) ([]byte, error)
}

// User is what the server keeps of a user besides devices and calls: whom the user blocks, when not to ring. What Wishes
// means is the server's business.
type User struct {
	App    string
	ID     string
	Rev    uint64 // 1 when it is made, plus 1 with every change
	Wishes []byte // at most [MaxState] bytes
}

// Users keeps what users wish. Most users have no row.
type Users interface {
	// User returns a user's row, or ErrNotFound.
	User(ctx context.Context, app, id string) (User, error)
	// PutUser stores a row whole; u.Rev is the Rev that the decision was made on, 0 if the row must not exist yet, and is
	// returned as it is then. It returns ErrConflict if the row's Rev is another one, and ErrTooBig.
	PutUser(ctx context.Context, u User) (uint64, error)
}
