// Package archive writes the whole contents of a store as a stream of bytes and reads it back: a logical backup that
// any store takes, and the way from one store to another. It knows what package store says and no database.
//
// An archive is lines of JSON. The first names the format and its version; then one line a row; the last counts them
// and has a checksum of all before it, so that what was cut off or changed is not taken for whole. It refuses rows and
// fields that it does not know, rather than leave out what a newer version kept. It is not encrypted, and holds push
// tokens and the deployment's secrets.
package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// Version is the format's version. Fields that are added to rows don't change it: who does not know them refuses them.
const Version = 1

// maxLine bounds a line, so that no input makes a reader take all memory: far more than any row needs.
const maxLine = 16 << 20

var (
	// ErrFormat says that the input is no archive.
	ErrFormat = errors.New("not an archive of ringtrip")
	// ErrNewer says that a newer version wrote the archive.
	ErrNewer = errors.New("written by a newer version of ringtrip: use that one")
	// ErrDamaged says that an archive is not what was written: it was cut off, or changed.
	ErrDamaged = errors.New("the archive is damaged or incomplete")
)

type header struct {
	Format  string    `json:"ringtrip"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
}

type trailer struct {
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

// A line is a row or, at the end, the trailer.
type line struct {
	store.Row
	End *trailer `json:"end,omitempty"`
}

// Write writes all that d holds to w and returns the number of rows. It does not close w.
func Write(ctx context.Context, w io.Writer, d store.Dumper) (int, error) {
	sum := sha256.New()
	out := bufio.NewWriterSize(w, 1<<16)
	to := json.NewEncoder(io.MultiWriter(out, sum)) // ends each line
	to.SetEscapeHTML(false)
	if err := to.Encode(header{Format: "archive", Version: Version, At: time.Now().UTC()}); err != nil {
		return 0, fmt.Errorf("archive: writing: %w", err)
	}
	rows := 0
	err := d.Dump(ctx, func(r store.Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows++
		if err := to.Encode(r); err != nil {
			return fmt.Errorf("archive: writing row %d: %w", rows, err)
		}
		return nil
	})
	if err != nil {
		return rows, err
	}
	end := line{End: &trailer{Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil))}}
	if err := errors.Join(json.NewEncoder(out).Encode(end), out.Flush()); err != nil {
		return rows, fmt.Errorf("archive: writing the end: %w", err)
	}
	return rows, nil
}

// Reader reads an archive. Its Next is what [store.Loader] wants.
type Reader struct {
	in   *bufio.Reader
	sum  hash.Hash
	rows int
	n    int   // lines read
	err  error // what every later Next returns
	at   time.Time
}

// NewReader reads the first line of an archive.
func NewReader(r io.Reader) (*Reader, error) {
	a := &Reader{in: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
	text, err := a.line()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("archive: reading: %w", err)
	}
	var h header
	if err != nil || json.Unmarshal(text, &h) != nil || h.Format != "archive" || h.Version < 1 {
		return nil, fmt.Errorf("archive: %w", ErrFormat)
	}
	if h.Version > Version {
		return nil, fmt.Errorf("archive: %w (format %d, this one knows up to %d)", ErrNewer, h.Version, Version)
	}
	a.sum.Write(text)
	a.at = h.At
	return a, nil
}

// At returns when the archive was written.
func (a *Reader) At() time.Time { return a.at }

// Next returns the next row. After the last it returns io.EOF, and only if the archive is whole: until then no row may
// be taken for good.
func (a *Reader) Next() (store.Row, error) {
	if a.err != nil {
		return store.Row{}, a.err
	}
	row, err := a.next()
	if err != nil {
		a.err = err
		if !errors.Is(err, io.EOF) {
			a.err = fmt.Errorf("archive: line %d: %w", a.n, err)
		}
		return store.Row{}, a.err
	}
	return row, nil
}

func (a *Reader) next() (store.Row, error) {
	text, err := a.line()
	if errors.Is(err, io.EOF) {
		return store.Row{}, fmt.Errorf("%w: it has no end", ErrDamaged)
	}
	if err != nil {
		return store.Row{}, err
	}
	var l line
	from := json.NewDecoder(bytes.NewReader(text))
	from.DisallowUnknownFields()
	if err := from.Decode(&l); err != nil {
		if json.Valid(text) {
			return store.Row{}, fmt.Errorf("%w (%v)", ErrNewer, err)
		}
		return store.Row{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if l.End == nil {
		a.sum.Write(text)
		a.rows++
		return l.Row, nil
	}
	if sum := hex.EncodeToString(a.sum.Sum(nil)); l.End.Rows != a.rows || l.End.SHA256 != sum {
		return store.Row{}, fmt.Errorf("%w: its checksum over %d rows is not that of the %d that were written", ErrDamaged, a.rows, l.End.Rows)
	}
	if _, err := a.in.ReadByte(); !errors.Is(err, io.EOF) {
		return store.Row{}, fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	return store.Row{}, io.EOF
}

// line returns the next line with its end. io.EOF: there is none, or it has no end.
func (a *Reader) line() ([]byte, error) {
	a.n++
	var text []byte
	for {
		part, err := a.in.ReadSlice('\n')
		text = append(text, part...)
		if err == nil {
			return text, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(text) > maxLine {
			return nil, fmt.Errorf("%w: a line is longer than any row", ErrDamaged)
		}
	}
}
