package callkittest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// LogFormat is the first word of a call log's header, and its version.
const LogFormat = "ringtrip call log 1"

// CallLog is what happened to the apps of one phone, and what they and the world did: enough to play it again.
// [Replay] does so on the simulated iPhone. A real iPhone's log has the same form, written by a recorder app.
//
// As a file it is lines of JSON: the header, then one [LogEntry] a line in the order of their times. Lines that
// are empty are skipped, unknown fields too; entries of unknown channels are kept and never compared.
type CallLog struct {
	Header  LogHeader
	Entries []LogEntry
}

// LogHeader says of which phone a log is.
type LogHeader struct {
	Format   string            `json:"format"` // [LogFormat]
	Source   string            `json:"source"` // what wrote it, as "callkittest" or "iPhone15,2 recorder 1"
	OS       string            `json:"os"`     // version of iOS
	Knobs    map[string]string `json:"knobs,omitempty"`
	Seed     uint64            `json:"seed,omitempty"`
	Scenario string            `json:"scenario,omitempty"` // where it comes from, for people
	Traits   []string          `json:"traits,omitempty"`   // of the app under test, see [Traits]
	Apps     []string          `json:"apps,omitempty"`     // the other apps
	// Configuration is that of the providers; nil is Apple's defaults.
	Configuration *LogConfiguration `json:"configuration,omitempty"`
	// Length is how long the log goes on, in nanoseconds; 0 is two seconds after the last entry.
	Length time.Duration `json:"length,omitempty"`
	// Tolerance is how far times may differ from a replay's, in nanoseconds. 0: not at all, for logs of a simulator.
	Tolerance time.Duration `json:"tolerance,omitempty"`
	// Compare names the channels that a replay is held to; empty is P, C, O, R, L, X and SYS.
	Compare []string `json:"compare,omitempty"`
}

// LogConfiguration is the part of CXProviderConfiguration that decides about behaviour.
type LogConfiguration struct {
	MaximumCallGroups        int                  `json:"maximumCallGroups"`
	MaximumCallsPerCallGroup int                  `json:"maximumCallsPerCallGroup"`
	IncludesCallsInRecents   bool                 `json:"includesCallsInRecents"`
	SupportsVideo            bool                 `json:"supportsVideo"`
	SupportsAudioTranslation bool                 `json:"supportsAudioTranslation,omitempty"`
	SupportedHandleTypes     []callkit.HandleType `json:"supportedHandleTypes"` // by Apple's numbers
}

func logConfiguration(c callkit.ProviderConfiguration) *LogConfiguration {
	return &LogConfiguration{c.MaximumCallGroups, c.MaximumCallsPerCallGroup, c.IncludesCallsInRecents, c.SupportsVideo, c.SupportsAudioTranslation, c.SupportedHandleTypes}
}

func (l *LogConfiguration) configuration() callkit.ProviderConfiguration {
	c := callkit.DefaultConfiguration()
	if l != nil {
		c.MaximumCallGroups, c.MaximumCallsPerCallGroup = l.MaximumCallGroups, l.MaximumCallsPerCallGroup
		c.IncludesCallsInRecents, c.SupportsVideo = l.IncludesCallsInRecents, l.SupportsVideo
		c.SupportsAudioTranslation, c.SupportedHandleTypes = l.SupportsAudioTranslation, l.SupportedHandleTypes
	}
	return c
}

// LogEntry is one thing that happened. Its text is as scenarios have it, with calls as u1, u2 and so on.
type LogEntry struct {
	N  int           `json:"n"`  // its place in the log, from 1
	At time.Duration `json:"at"` // nanoseconds since the log began
	// App is the name of another app, empty for the one under test.
	App     string `json:"app,omitempty"`
	Channel string `json:"channel"` // A, P, C, O, R, L, E, SYS, U or N
	// In is the N of the callback (or of the app's own wait) inside of which an app did this; 0: outside of any.
	In int `json:"in,omitempty"`
	// Do marks what the user, the network or the world did: lines of U, N and SYS that a replay does again.
	Do   bool   `json:"do,omitempty"`
	Text string `json:"text"`
}

// String is the entry as a line of a scenario with its time.
func (e LogEntry) String() string {
	return fmt.Sprintf("+%.3f %s %s", e.At.Seconds(), channelName(e.Channel, e.App), e.Text)
}

// Write writes the log as a file has it.
func (l CallLog) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l.Header); err != nil {
		return fmt.Errorf("writing a call log: %w", err)
	}
	for _, e := range l.Entries {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("writing a call log: %w", err)
		}
	}
	return nil
}

const (
	maxLogLine    = 64 << 10
	maxLogEntries = 1_000_000
	maxLogLength  = 1000 * time.Hour
)

// ReadCallLog reads a log; name is for messages. It returns a [*ParseError] for the first thing that is wrong:
// a line that is no JSON, times that run backwards, an entry inside of one that is not before it.
func ReadCallLog(r io.Reader, name string) (CallLog, error) {
	var l CallLog
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, maxLogLine), maxLogLine)
	line := 0
	bad := func(hint, format string, args ...any) (CallLog, error) {
		return CallLog{}, &ParseError{File: name, Line: max(line, 1), Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	known := map[int]bool{}
	for in.Scan() {
		line++
		if len(in.Bytes()) == 0 {
			continue
		}
		if l.Header.Format == "" {
			if err := json.Unmarshal(in.Bytes(), &l.Header); err != nil || l.Header.Format != LogFormat {
				return bad(`want {"format":"`+LogFormat+`","os":"26.4",...}`, "the first line is no header of a call log")
			}
			if l.Header.Length < 0 || l.Header.Length > maxLogLength || l.Header.Tolerance < 0 {
				return bad("want nanoseconds, at most 1000 hours", "the header's length or tolerance is out of range")
			}
			for _, a := range l.Header.Apps {
				if !appForm.MatchString(a) {
					return bad("want a short word in small letters", "%.40q is no name of another app", a)
				}
			}
			continue
		}
		var e LogEntry
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return bad(`want {"n":1,"at":0,"channel":"P","text":"performEnd u1"}`, "the line is no entry: %v", err)
		}
		last := time.Duration(0)
		if n := len(l.Entries); n > 0 {
			last = l.Entries[n-1].At
		}
		switch {
		case e.Channel == "" || e.Text == "":
			return bad("", "the entry has no channel or no text")
		case e.At < last || e.At > maxLogLength:
			return bad("want nanoseconds since the log began, none before the entry above", "the time %v is before %v or too far", e.At, last)
		case e.In != 0 && !known[e.In]:
			return bad("want the n of an entry above", "the entry is inside of entry %d, which is not there", e.In)
		case known[e.N]:
			return bad("each entry has its own", "there are two entries %d", e.N)
		case e.App != "" && !slices.Contains(l.Header.Apps, e.App):
			return bad("list it under apps in the header", "%.40q is no app of this log", e.App)
		case len(l.Entries) >= maxLogEntries:
			return bad("split it", "the log has more than %d entries", maxLogEntries)
		}
		if e.N > 0 {
			known[e.N] = true
		}
		l.Entries = append(l.Entries, e)
	}
	switch err := in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		line++
		return bad(fmt.Sprintf("a line has at most %d bytes", maxLogLine), "the line is too long")
	case err != nil:
		return CallLog{}, fmt.Errorf("reading a call log: %w", err)
	case l.Header.Format == "":
		return bad(`want a first line {"format":"`+LogFormat+`","os":"26.4"}`, "the file is empty")
	}
	return l, nil
}
