package sqlite

import (
	"context"
	"fmt"
	"os"
)

const (
	// walLimit is how long the write-ahead log may grow, in bytes. SQLite starts it over when it has been copied into
	// the database and nobody reads it; with readers that never pause it would grow without end.
	walLimit = 128 << 20
	// walEvery is after how many transactions its length is looked at.
	walEvery = 256
)

// tendWAL looks at the write-ahead log now and then, and starts it over if it has grown too long. Readers that
// don't let go within a moment win: there is another time.
func (w *writer) tendWAL() error {
	if w.sinceWAL++; w.sinceWAL < walEvery {
		return nil
	}
	w.sinceWAL = 0
	if info, err := os.Stat(w.wal); err != nil || info.Size() < w.walLimit {
		return nil
	}
	for _, pragma := range []string{"busy_timeout = 50", "wal_checkpoint(TRUNCATE)", fmt.Sprintf("busy_timeout = %d", busyTimeout)} {
		// Not prepared: SQLite carries out some pragmas while it prepares them.
		if _, err := w.tx.conn.ExecContext(context.Background(), "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("sqlite: PRAGMA %s: %w", pragma, err)
		}
	}
	return nil
}
