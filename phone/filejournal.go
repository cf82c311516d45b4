package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrJournal wraps what is wrong with a journal's file. It is treated as empty.
var ErrJournal = errors.New("phone: the journal can't be read; it is taken as empty, and calls that an earlier process left behind are found by the system and the server only")

// maxJournal is the longest journal that is read, in bytes.
const maxJournal = 256 << 10

// A FileJournal keeps its content in one small file, which is replaced as a whole: written beside, synced, renamed.
// On an iPhone the file must be readable from the first unlock on (NSFileProtectionCompleteUntilFirstUserAuthentication).
type FileJournal struct {
	// Path is the file's path; its directory must exist.
	Path string
}

// Load reads the file; one that is not there is empty. A broken one is empty too, with an error that wraps [ErrJournal].
func (j *FileJournal) Load() (Saved, error) {
	f, err := os.Open(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Saved{}, nil
	}
	if err != nil {
		return Saved{}, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err != nil {
		return Saved{}, fmt.Errorf("%w: %s: %w", ErrJournal, j.Path, err)
	}
	s, err := parseJournal(b)
	if err != nil {
		return Saved{}, fmt.Errorf("%w: %s: %w", ErrJournal, j.Path, err)
	}
	return s, nil
}

// journalVersion is the version of the file's format.
const journalVersion = 1

type journalFile struct {
	Version int `json:"version"`
	Saved
}

func parseJournal(b []byte) (Saved, error) {
	if len(b) > maxJournal {
		return Saved{}, fmt.Errorf("it is longer than %d bytes", maxJournal)
	}
	var f journalFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Saved{}, err
	}
	if f.Version != journalVersion {
		return Saved{}, fmt.Errorf("it has version %d, this app reads %d", f.Version, journalVersion)
	}
	if len(f.Calls) > maxRecords {
		f.Calls = f.Calls[len(f.Calls)-maxRecords:]
	}
	return f.Saved, nil
}

// Save replaces the file. When it returns, the new content survives a crash of the process and of the phone.
func (j *FileJournal) Save(s Saved) (err error) {
	b, err := json.Marshal(journalFile{journalVersion, s})
	if err != nil {
		return fmt.Errorf("writing the journal %s: %w", j.Path, err)
	}
	dir := filepath.Dir(j.Path)
	f, err := os.CreateTemp(dir, filepath.Base(j.Path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("writing the journal %s: %w", j.Path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the journal %s: %w", j.Path, err)
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), j.Path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
