package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/archive"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// migrateCmd copies all that one store holds to another.
type migrateCmd struct {
	From string `required:"" help:"Where it is: sqlite:DIR, postgres://… or archive:FILE." placeholder:"STORE"`
	To   string `required:"" help:"Where it goes, in the same words; there must be nothing in it. A file must not exist." placeholder:"STORE"`
}

// movable is a store that can be moved.
type movable interface {
	store.Dumper
	store.Loader
	io.Closer
}

// Run copies, compares both sides and says what was copied. Servers must be stopped: what they commit meanwhile is left
// behind. SQLite refuses if one runs; for PostgreSQL nobody can tell.
func (c *migrateCmd) Run(ctx context.Context, o out) error {
	if c.From == c.To {
		return errors.New("--from and --to are the same")
	}
	began := time.Now()
	from, err := openSource(ctx, c.From)
	if err != nil {
		return err
	}
	defer from.Close()
	if file, ok := strings.CutPrefix(c.To, "archive:"); ok {
		sum, err := writeArchive(ctx, from, file)
		if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		fmt.Fprintf(o, "wrote %s in %s: %s\n", c.To, since(began), sum)
		return nil
	}
	to, err := openMovable(ctx, c.To)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := load(ctx, from, to); err != nil {
		if errors.Is(err, store.ErrNotEmpty) {
			err = fmt.Errorf("%w: name a new one", err)
		}
		return fmt.Errorf("copying from %s to %s: nothing was changed: %w", redact(c.From), redact(c.To), err)
	}
	sum, err := compare(ctx, from, to)
	if err != nil {
		return fmt.Errorf("after copying from %s to %s: %w", redact(c.From), redact(c.To), err)
	}
	fmt.Fprintf(o, "copied from %s to %s in %s, and compared: %s\n", redact(c.From), redact(c.To), since(began), sum)
	return nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }

// load copies without keeping more than a row in memory: one side's Dump calls, the other's Load asks.
func load(ctx context.Context, from store.Dumper, to store.Loader) error {
	ctx, cancel := context.WithCancel(ctx)
	rows := make(chan store.Row)
	dumped := make(chan error, 1)
	go func() {
		err := from.Dump(ctx, func(r store.Row) error {
			select {
			case rows <- r:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		dumped <- err
		close(rows)
	}()
	var failed error
	err := to.Load(ctx, func() (store.Row, error) {
		if r, ok := <-rows; ok {
			return r, nil
		}
		if failed == nil {
			if failed = <-dumped; failed == nil {
				failed = io.EOF
			}
		}
		return store.Row{}, failed
	})
	cancel()
	for range rows { // until the other side has ended
	}
	return err
}

// compare reads both sides once more.
func compare(ctx context.Context, from, to store.Dumper) (archive.Sum, error) {
	was, err := archive.SumOf(ctx, from)
	if err != nil {
		return was, err
	}
	is, err := archive.SumOf(ctx, to)
	if err != nil {
		return is, err
	}
	if differs := was.Differs(is); differs != nil {
		return is, fmt.Errorf("both sides differ; a server may have changed one meanwhile: %s", strings.Join(differs, "; "))
	}
	return is, nil
}

// source is what can be read from.
type source interface {
	store.Dumper
	io.Closer
}

func openSource(ctx context.Context, name string) (source, error) {
	if file, ok := strings.CutPrefix(name, "archive:"); ok {
		return archiveFile(file), nil
	}
	if dir, ok := strings.CutPrefix(name, "sqlite:"); ok { // to make an empty one and move that would be no help
		if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err != nil {
			return nil, fmt.Errorf("there is no database in %s: name the folder that the server has as --data (%w)", dir, err)
		}
	}
	return openMovable(ctx, name)
}

func openMovable(ctx context.Context, name string) (movable, error) {
	kind, rest, ok := strings.Cut(name, ":")
	switch {
	case ok && kind == "sqlite":
		return sqlite.Open(ctx, sqlite.Config{Dir: rest})
	case ok && (kind == "postgres" || kind == "postgresql"):
		return openPostgres(ctx, name)
	}
	return nil, fmt.Errorf("%q is no store: it must be sqlite:DIR, postgres://… or archive:FILE", redact(name))
}

// redact takes the password out of a store's name.
func redact(name string) string {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		return name
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, _, _ := strings.Cut(rest[:at], ":")
		rest = user + "@" + rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}

// archiveFile is a store that was written to a file.
type archiveFile string

// Dump implements [store.Dumper]. The last row is not given before the file is known to be whole, but those before it
// are: who loads them must take them back if Dump fails, as [store.Loader] does.
func (f archiveFile) Dump(ctx context.Context, yield func(store.Row) error) error {
	file, err := os.Open(string(f))
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := archive.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	for ctx.Err() == nil {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = yield(row)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Close implements [io.Closer].
func (archiveFile) Close() error { return nil }

// writeArchive writes a file that appears when it is whole and on the disk.
func writeArchive(ctx context.Context, from store.Dumper, name string) (sum archive.Sum, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return sum, errors.Join(errors.New("there is something already: name a file that does not exist"), err)
	}
	partial := name + ".partial"
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return sum, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	_, err = archive.Write(ctx, file, from)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return sum, err
	}
	if sum, err = compare(ctx, from, archiveFile(partial)); err != nil {
		return sum, err
	}
	return sum, os.Rename(partial, name)
}
