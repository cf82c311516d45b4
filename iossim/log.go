package iossim

import (
	"fmt"
	"strings"
	"time"
)

// Channel says who speaks in a log entry, in the letters that the scenarios use.
type Channel string

// The channels. Order is promised inside of each, not across them.
const (
	ChanApp        Channel = "A"   // the app calls an API
	ChanProvider   Channel = "P"   // CXProviderDelegate is called
	ChanController Channel = "C"   // completions of CXCallController and of reports
	ChanObserver   Channel = "O"   // CXCallObserverDelegate is called
	ChanRegistry   Channel = "R"   // PKPushRegistryDelegate is called
	ChanLife       Channel = "L"   // UIApplicationDelegate and notifications of the audio session
	ChanExtension  Channel = "E"   // an app extension is called
	ChanUser       Channel = "U"   // the user does something
	ChanNet        Channel = "N"   // APNs and the network
	ChanSystem     Channel = "SYS" // what the system does: ring, ui, audio, recents, log, kill
)

// Entry is one thing that happened.
type Entry struct {
	At      time.Duration `json:"at"` // since the world began
	Phone   string        `json:"phone"`
	App     string        `json:"app,omitempty"` // bundle id, where it is about one app
	Channel Channel       `json:"channel"`
	Text    string        `json:"text"`
}

// String is the entry as one line: seconds since the world began with three decimals, phone, channel and
// text, separated by one space, and the app in brackets at the end if it is about one. Lines of equal worlds
// are equal byte for byte; newer versions add kinds of lines and never change this order.
func (e Entry) String() string {
	s := fmt.Sprintf("+%.3f %s %s %s", e.At.Seconds(), e.Phone, e.Channel, e.Text)
	if e.App != "" {
		s += " [" + e.App + "]"
	}
	return s
}

// Log returns everything that happened (see [Config].KeepLog), one [Entry] a line.
func (w *World) Log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tail(len(w.log))
}

// Entries returns a copy of the log.
func (w *World) Entries() []Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Entry(nil), w.log...)
}

// OnLog has f called with every entry from now on, from the loop, in order.
func (w *World) OnLog(f func(Entry)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.onLog) == 0 {
		w.unsent = len(w.log)
	}
	w.onLog = append(w.onLog, f)
}

func (w *World) tail(n int) string {
	var b strings.Builder
	for _, e := range w.log[max(0, len(w.log)-n):] {
		b.WriteString(e.String())
		b.WriteByte('\n')
	}
	return b.String()
}

func (ph *Phone) log(c Channel, app *app, format string, args ...any) {
	e := Entry{At: ph.w.now.Sub(ph.w.start), Phone: ph.name, Channel: c, Text: fmt.Sprintf(format, args...)}
	if app != nil {
		e.App = app.cfg.BundleID
	}
	w := ph.w
	w.logged++
	w.lastText = e.Text
	w.log = append(w.log, e)
	if w.keepLog > 0 && len(w.log) >= 2*w.keepLog {
		drop := min(len(w.log)-w.keepLog, w.unsent) // not what the listeners have not had
		w.log = append([]Entry(nil), w.log[drop:]...)
		w.unsent -= drop
	}
}
