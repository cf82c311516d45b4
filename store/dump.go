package store

import "context"

// Dumper is a store whose whole contents can be read out: for a logical backup, or to move to another store. It is
// optional; package store/archive writes what it says to a file.
type Dumper interface {
	// Dump calls yield with each row of the store, all of one moment, and stops at its first error, which it returns.
	// Commits go on meanwhile. Rows come kind by kind in the order of the fields of [Row]; within a kind the order is
	// the store's choice, but the rows of one call's ledger come by Seq. A row is yield's to keep.
	Dump(ctx context.Context, yield func(Row) error) error
}

// Loader is a store that takes what a [Dumper] said. It is optional.
type Loader interface {
	// Load stores each row that next returns until next returns io.EOF. It happens as a whole or not at all: on any
	// error, also one of next, the store is as it was. It returns [ErrNotEmpty], before it calls next, if the store has
	// a row of any kind but [Setting]. A setting that is loaded replaces the one that is there.
	//
	// Everything is stored as it is said: Call.Rev, Event.Seq, Job.LeasedUntil and Job.Tries, Device.RegisteredAt; only
	// LedgerEntry.Seq may be given anew, in the same order. A call is found by its devices, users and key as if it had
	// been committed here. Afterwards each device's next event gets the Seq after its [Cursor].
	Load(ctx context.Context, next func() (Row, error)) error
}

// Row is one row of a store: exactly one of its fields is set. A new kind of what a store keeps becomes a new field
// at the end.
type Row struct {
	Setting *Setting     `json:"setting,omitempty"`
	Device  *Device      `json:"device,omitempty"`
	Cursor  *Cursor      `json:"cursor,omitempty"`
	Call    *Call        `json:"call,omitempty"`
	Job     *Job         `json:"job,omitempty"`
	Event   *Event       `json:"event,omitempty"`
	Ledger  *LedgerEntry `json:"ledger,omitempty"`
	Record  *Record      `json:"record,omitempty"`
	User    *User        `json:"user,omitempty"`
}

// Setting is a row of [Settings].
type Setting struct {
	Name  string
	Value []byte
}

// Cursor is the newest Seq that was ever given to an event of a device. It outlives the device's row and its events.
type Cursor struct {
	App    string
	Device string
	Seq    uint64
}
