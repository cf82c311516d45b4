package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Info says what a database file holds.
type Info struct {
	Schema     int64
	Size       int64     // in bytes
	Opened     time.Time // when a server opened it last
	Live       int       // calls
	Tombstones int
	Jobs       int
	Devices    int
	History    int
	Ledger     int // entries
}

// String returns it in words.
func (i Info) String() string {
	return fmt.Sprintf("%d live calls, %d that ended just before, %d jobs, %d devices, %d history records, %d ledger entries (%d KiB, schema %d)",
		i.Live, i.Tombstones, i.Jobs, i.Devices, i.History, i.Ledger, i.Size>>10, i.Schema)
}

// Inspect checks each page and index of a database file that no program has open, and counts what it holds. It
// changes nothing. Its errors are [*OpenError].
func Inspect(ctx context.Context, path string) (Info, error) {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return Info{}, &OpenError{Path: path, Problem: "it has a write-ahead log beside it, so it is not the whole database",
			Hint: "Make a backup with: ringtrip backup --data " + filepath.Dir(path)}
	}
	if err := checkFile(path); err != nil {
		return Info{}, err
	}
	// immutable: SQLite makes no files beside it.
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: "mode=ro&immutable=1"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return Info{}, fileError(path, err)
	}
	defer db.Close()
	info, err := inspect(ctx, db, path)
	if err != nil {
		return Info{}, fileError(path, err)
	}
	return info, nil
}

func inspect(ctx context.Context, db *sql.DB, path string) (info Info, err error) {
	if err := checkOurs(ctx, db, path); err != nil {
		return info, err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return info, err
	}
	if verdict != "ok" {
		return info, damaged(path, errors.New(verdict))
	}
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&info.Schema); err != nil {
		return info, err
	}
	if newest, err := newestSchema(); err != nil || info.Schema > newest {
		return info, errors.Join(err, newer(path, info.Schema, newest))
	}
	file, err := os.Stat(path)
	if err != nil {
		return info, err
	}
	info.Size = file.Size()
	ledger := `SELECT count(*) FROM ledger`
	if info.Schema >= packedSchema {
		ledger = `SELECT coalesce(sum(1 + CASE more WHEN '' THEN 0 ELSE json_array_length(more) END), 0) FROM ledger`
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce((SELECT max(at) FROM opened), 0),
		(SELECT count(*) FROM call WHERE live = 1), (SELECT count(*) FROM call WHERE live = 0), (SELECT count(*) FROM job),
		(SELECT count(*) FROM device), (SELECT count(*) FROM history), (`+ledger+`)`).
		Scan((*instant)(&info.Opened), &info.Live, &info.Tombstones, &info.Jobs, &info.Devices, &info.History, &info.Ledger)
	return info, err
}

// Backup writes what the store in dir holds at one moment to a file, which must not exist, and checks it. A server may
// have the store open and go on; its write-ahead log grows meanwhile. The file is a whole database by itself, with the
// secrets that are kept in it, readable for its owner alone. It appears when it is complete and on the disk.
func Backup(ctx context.Context, dir, file string) (_ Info, err error) {
	from := filepath.Join(dir, FileName)
	if _, err := os.Stat(from); err != nil {
		return Info{}, &OpenError{Path: from, Problem: "there is no database to back up", Hint: "Name the folder that the server has as --data", Err: err}
	}
	// The file is not looked into but by SQLite: if a server in this process has it open, closing it again would free
	// that one's locks.
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return Info{}, &OpenError{Path: file, Problem: "there is something already", Hint: "Name a file that does not exist", Err: err}
	}
	partial := file + ".partial"
	to, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return Info{}, &OpenError{Path: file, Problem: "the backup can't be written there", Hint: "Name a file in a folder that can be written", Err: err}
	}
	defer func() {
		to.Close()
		if err != nil {
			os.Remove(partial)
		}
	}()
	if err := copyDatabase(ctx, from, partial); err != nil {
		err = fileError(from, err)
		if opened := (*OpenError)(nil); errors.As(err, &opened) && opened.Problem == diskFull {
			opened.Path = file // that is the disk that matters
		}
		return Info{}, err
	}
	info, err := Inspect(ctx, partial)
	if err != nil {
		return Info{}, fmt.Errorf("checking the backup: %w", err)
	}
	return info, errors.Join(to.Sync(), os.Rename(partial, file), syncDir(filepath.Dir(file)))
}

// copyDatabase copies one moment of a database that may be in use into an empty file.
func copyDatabase(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", dsn(from))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := checkOurs(ctx, db, from); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return err
}

// Restored is what [Restore] did.
type Restored struct {
	Info
	Aside string // where the database is that was there before; empty: there was none
}

// Restore makes a backup the database of dir. The server must be stopped. If there is a database in dir it is refused,
// unless force is set: then the old one is set aside, not deleted. The backup is copied and checked before anything
// changes, and takes the old one's place in one step.
func Restore(ctx context.Context, file, dir string, force bool) (_ Restored, err error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(file); err != nil {
		return Restored{}, &OpenError{Path: file, Problem: "the backup can't be read", Hint: "Name a file that ringtrip backup wrote", Err: err}
	}
	if _, err := os.Stat(file + "-wal"); err == nil {
		_, err := Inspect(ctx, file)
		return Restored{}, err
	}
	if err := makeDir(dir); err != nil {
		return Restored{}, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return Restored{}, err
	}
	defer lock.Close()
	_, err = os.Lstat(path)
	exists := !errors.Is(err, fs.ErrNotExist)
	if exists && !force {
		return Restored{}, &OpenError{Path: path, Problem: "there is a database already", Hint: "Name another folder, or set it aside with --force"}
	}
	fresh := path + ".restoring"
	defer func() {
		if err != nil {
			os.Remove(fresh)
		}
	}()
	if err := copyFile(file, fresh); err != nil {
		return Restored{}, &OpenError{Path: fresh, Problem: "the backup can't be copied there", Hint: "Make room, or look at the permissions", Err: err}
	}
	var done Restored
	if done.Info, err = Inspect(ctx, fresh); err != nil {
		return Restored{}, fmt.Errorf("checking %s: %w", file, err)
	}
	if err := errors.Join(ownedAs(dir, fresh), ownedAs(dir, path+".lock")); err != nil {
		return Restored{}, err
	}
	if exists {
		if done.Aside, err = setAside(ctx, path); err != nil {
			return Restored{}, fmt.Errorf("setting the old database aside: %w", err)
		}
	}
	return done, errors.Join(os.Rename(fresh, path), syncDir(dir))
}

// setAside gives the database a second name, with all that is in its write-ahead log, and takes the log away, which
// must never meet another database. The database itself stays where it is until another takes its place.
func setAside(ctx context.Context, path string) (string, error) {
	aside := path + ".before-" + time.Now().UTC().Format("20060102T150405.000Z")
	// Whoever closes a database last writes its log back. If it is damaged that fails, and the log is kept beside it.
	if db, err := sql.Open("sqlite", dsn(path)); err == nil {
		_, _ = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		db.Close()
	}
	if err := os.Link(path, aside); err != nil {
		if err := copyFile(path, aside); err != nil { // a file system without links
			return "", err
		}
	}
	for _, part := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + part); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if part == "-wal" {
			if err := copyFile(path+part, aside+part); err != nil {
				return "", err
			}
		}
		if err := os.Remove(path + part); err != nil {
			return "", err
		}
	}
	return aside, syncDir(filepath.Dir(path))
}

// copyFile copies a file and waits until it is on the disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// syncDir makes sure that the names in a folder are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !strings.Contains(err.Error(), "invalid argument") { // some file systems can't
		return err
	}
	return nil
}
