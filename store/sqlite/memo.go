package sqlite

import (
	"strings"

	"github.com/ringtrip/ringtrip/store"
)

const (
	maxMemoCalls   = 16 << 10 // of some 500 bytes each
	maxMemoDevices = 64 << 10 // of some 100 bytes each
)

// A memo is what the writer remembers of what it wrote, so that it need not read it again: it is the only one that
// writes. After a transaction that came to nothing all of it is forgotten.
type memo struct {
	calls map[string]*callMemo
	seqs  map[[2]string]int64 // of app and device: the newest seq given
}

// callMemo is a call's row as far as indices follow from it.
type callMemo struct {
	rev    uint64
	row    store.Call // without State
	ledger int64      // the newest seq of its ledger; -1: unknown
}

func newMemo() memo { return memo{calls: map[string]*callMemo{}, seqs: map[[2]string]int64{}} }

// clear forgets everything.
func (m *memo) clear() {
	clear(m.calls)
	clear(m.seqs)
}

// keep remembers a call's row.
func (m *memo) keep(id string, c *callMemo) {
	if len(m.calls) >= maxMemoCalls {
		clear(m.calls)
	}
	c.row.State = nil
	m.calls[id] = c
}

// forget forgets a call's row.
func (m *memo) forget(id string) { delete(m.calls, id) }

// setSeq remembers a device's newest seq.
func (m *memo) setSeq(app, device string, seq int64) {
	if len(m.seqs) >= maxMemoDevices {
		clear(m.seqs)
	}
	m.seqs[[2]string{app, device}] = seq
}

// maxRows is how many rows one statement inserts at most: what a commit has of one kind, nearly always.
const maxRows = 16

// manyRows are the statements that insert 1 to maxRows rows of one kind.
type manyRows [maxRows]string

// rowsFor returns the statements that begin with head and have n values in a row.
func rowsFor(head string, n int) (all manyRows) {
	one := "(?" + strings.Repeat(", ?", n-1) + ")"
	for i := range all {
		all[i] = head + " VALUES " + one + strings.Repeat(", "+one, i)
	}
	return all
}

// insert inserts rows whose values stand in args one after the other, n each.
func (m *manyRows) insert(tx *tx, n int, args []any) error {
	for len(args) > 0 {
		rows := min(len(args)/n, maxRows)
		if err := tx.exec(m[rows-1], args[:rows*n]...); err != nil {
			return err
		}
		args = args[rows*n:]
	}
	return nil
}
