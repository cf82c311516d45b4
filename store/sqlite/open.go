package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
)

// OpenError says why a store could not be opened, and what to do.
type OpenError struct {
	Path    string
	Problem string
	Hint    string
	Err     error // may be nil
}

// Error implements error.
func (e *OpenError) Error() string {
	msg := fmt.Sprintf("sqlite: %s: %s", e.Path, e.Problem)
	if e.Err != nil {
		msg += fmt.Sprintf(" (%v)", e.Err)
	}
	return msg + ". " + e.Hint
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

var (
	// ErrInUse says that another process has the store open.
	ErrInUse = errors.New("sqlite: in use by another process")
	// ErrNotOurs says that the file is not a database of ringtrip.
	ErrNotOurs = errors.New("sqlite: not a database of ringtrip")
	// ErrNewer says that a newer ringtrip made the database.
	ErrNewer = errors.New("sqlite: made by a newer version")

	errLocked = errors.New("locked")
)

// applicationID marks the file as ours (SQLite: PRAGMA application_id): "RiNG".
const applicationID = 0x52694e47

// busyTimeout is how many milliseconds to wait for a lock of the database. Only another program that looks into
// the file can have one.
const busyTimeout = 5000

//go:embed schema/*.sql
var schema embed.FS

// dsn names the file with what every connection needs. The path is escaped, for it may contain '?' or '%'.
func dsn(path string, pragmas ...string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout)}, pragmas...)}
	u.RawQuery = q.Encode()
	return u.String()
}

func makeDir(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		return &OpenError{Path: dir, Problem: "it is a file, but the store wants a folder", Hint: "Name another folder, or move the file away", Err: err}
	}
	if err != nil {
		return &OpenError{Path: dir, Problem: "the folder does not exist and can't be made",
			Hint: "Make it, and give it to the user that ringtrip runs as, or name another folder", Err: err}
	}
	if name := networkFileSystem(dir); name != "" {
		return &OpenError{Path: dir, Problem: "it is on a network file system (" + name + "), whose locks and fsync can't be trusted",
			Hint: "Put the data on a local disk"}
	}
	return nil
}

func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &OpenError{Path: filepath.Dir(path), Problem: "the folder can't be written",
			Hint: fmt.Sprintf("Make it writable for user id %d, or name another folder", os.Getuid()), Err: err}
	}
	if err := lock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, &OpenError{Path: path, Problem: "the file can't be locked", Hint: "Put the data on a local disk", Err: err}
		}
		holder := "another ringtrip"
		if b, err := io.ReadAll(io.LimitReader(f, 20)); err == nil && len(bytes.TrimSpace(b)) > 0 {
			holder += fmt.Sprintf(" (process %s)", bytes.TrimSpace(b))
		}
		return nil, &OpenError{Path: filepath.Dir(path), Problem: holder + " uses this folder",
			Hint: "Stop that one first, or name another folder: one store belongs to one process", Err: ErrInUse}
	}
	// The process id is for people who read the error above; the lock itself is the kernel's.
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}

// checkFile looks at the file's head, so that a file that is something else is never written to.
func checkFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &OpenError{Path: path, Problem: "the database can't be opened for writing",
			Hint: fmt.Sprintf("Make it a file that user id %d may read and write", os.Getuid()), Err: err}
	}
	defer f.Close()
	head := make([]byte, 16)
	if n, err := io.ReadFull(f, head); n == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	if string(head) != "SQLite format 3\x00" {
		return &OpenError{Path: path, Problem: "the file is not an SQLite database",
			Hint: "Move it away or put a backup back; a new one is made if there is none", Err: ErrNotOurs}
	}
	return nil
}

// migrate brings the schema up to date. goose keeps its version in the table goose_db_version.
func migrate(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, "synchronous(full)", "fullfsync(1)"))
	if err != nil {
		return fileError(path, err)
	}
	defer db.Close()
	id, tables, err := identity(ctx, db)
	if err != nil {
		return fileError(path, err)
	}
	if id != applicationID && tables > 0 {
		return notOurs(path)
	}
	if id != applicationID {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID)); err != nil {
			return fileError(path, err)
		}
	}
	if _, err := db.ExecContext(ctx, `PRAGMA journal_mode = wal`); err != nil {
		return fileError(path, err)
	}
	if err := quickCheck(ctx, db, path); err != nil {
		return fileError(path, err)
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("sqlite: reading the migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fileError(path, err)
	}
	if have > want {
		return newer(path, have, want)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fileError(path, fmt.Errorf("migrating from schema %d to %d: %w", have, want, err))
	}
	return nil
}

// checkLimit is up to which size a file is looked through when it is opened, in bytes: some 15 ms each MiB on a slow
// machine, while no call can be made. Larger ones are checked by every backup.
const checkLimit = 4 << 20

// quickCheck looks through all pages of a small database.
func quickCheck(ctx context.Context, db *sql.DB, path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() > checkLimit {
		return err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return damaged(path, errors.New(verdict))
	}
	return nil
}

// identity returns who made a database, and how many tables and indices it has.
func identity(ctx context.Context, db *sql.DB) (id, tables int, err error) {
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return 0, 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables)
	return id, tables, err
}

// checkOurs returns an error if a database is not one of ringtrip.
func checkOurs(ctx context.Context, db *sql.DB, path string) error {
	id, _, err := identity(ctx, db)
	if err == nil && id != applicationID {
		return notOurs(path)
	}
	return err
}

func notOurs(path string) error {
	return &OpenError{Path: path, Problem: "it is a database of another program", Hint: "Name another one", Err: ErrNotOurs}
}

func newer(path string, have, want int64) error {
	if have <= want {
		return nil
	}
	return &OpenError{Path: path, Problem: fmt.Sprintf("it was made by a newer ringtrip (schema %d, this one knows up to %d)", have, want),
		Hint: "Run that version, or put the backup from before the update back", Err: ErrNewer}
}

func damaged(path string, err error) error {
	return &OpenError{Path: path, Problem: "the database is damaged", Hint: "Put a backup back, or try: sqlite3 ringtrip.db .recover", Err: err}
}

// newestSchema returns the schema that this version makes.
func newestSchema() (newest int64, err error) {
	names, err := fs.Glob(schema, "schema/*.sql")
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, err
}

const diskFull = "the disk is full"

// fileError says what to do about the errors of SQLite that people meet.
func fileError(path string, err error) error {
	if opened := (*OpenError)(nil); errors.As(err, &opened) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("sqlite: opening %s: %w", path, err)
	}
	e := &OpenError{Path: path, Problem: "the database can't be opened", Hint: "The cause is in brackets", Err: err}
	var sqliteErr *driver.Error
	if !errors.As(err, &sqliteErr) {
		return e
	}
	code := sqliteErr.Code() // https://www.sqlite.org/rescode.html
	if code == 4874 {        // IOERR_SHMSIZE: the index of the write-ahead log can't grow
		code = 13
	}
	switch code & 0xff {
	case 5, 6: // BUSY, LOCKED
		e.Problem, e.Hint = "another program holds the database", "Close it (sqlite3, a backup, a viewer) and try again"
	case 3, 8, 14: // PERM, READONLY, CANTOPEN
		e.Problem, e.Hint = "the database can't be written", fmt.Sprintf("Make the folder and the files in it writable for user id %d", os.Getuid())
	case 10: // IOERR
		e.Problem, e.Hint = "the disk reports an error", "Look at the system's log; copy the folder away before anything else"
	case 11: // CORRUPT
		return damaged(path, err)
	case 13: // FULL
		e.Problem, e.Hint = diskFull, "Make room and try again"
	case 26: // NOTADB
		e.Problem, e.Hint, e.Err = "the file is not an SQLite database", "Move it away or put a backup back; a new one is made if there is none", errors.Join(ErrNotOurs, err)
	}
	return e
}
