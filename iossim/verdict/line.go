package verdict

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// News is what a server tells its app about a call.
type News int

// What a server tells.
const (
	Invited           News = 1 // somebody calls; Message.Call says who
	Cancelled         News = 2 // the caller gave up before the answer
	AnsweredElsewhere News = 3 // another device of the user answered
	DeclinedElsewhere News = 4 // another device of the user declined
	Answered          News = 5 // the far end answered the app's outgoing call
	HungUp            News = 6 // the far end hung up after the answer
	Connected         News = 7 // about no call: the connection is up; calls that ended meanwhile follow
)

// over reports whether the call is over with these news.
func (n News) over() bool { return n != Invited && n != Answered && n != Connected }

// Message is one thing that the server tells the app.
type Message struct {
	ID   callkit.UUID // the call, by the server's name for it
	News News
	Call Call // with Invited: what there is to know of it
}

// Word is what an app tells its server about a call.
type Word int

// What an app tells.
const (
	SayAnswered   Word = 1 // the user answers here
	SayDeclined   Word = 2 // the user does not want the call: no device rings on
	SayUnanswered Word = 3 // nobody answered on this device
	SayHungUp     Word = 4 // cancelled before the answer, or hung up after it
	SayFailed     Word = 5 // the call can't go on here
)

// String is the word as a finding has it.
func (w Word) String() string {
	switch w {
	case SayAnswered:
		return "answered"
	case SayDeclined:
		return "declined"
	case SayUnanswered:
		return "unanswered"
	case SayHungUp:
		return "hung up"
	case SayFailed:
		return "failed"
	}
	return "?"
}

// Line is what a process of the app has besides the phone: a connection to its server, and its media. The kit
// plays both ends. An app's adapter calls it where the app would call its own signaling and media code; what it
// never uses is not tried. All of it stands still while the process is suspended and is gone when it dies, as
// sockets do. Methods may be called from DidFinishLaunching on; they never block.
type Line struct {
	sv      *server
	sys     callkit.System
	pending []func() // what was asked for before the launch
	hear    func(Message)
	up      bool
	media   map[callkit.UUID]*track
}

// Open connects to the server. Once connected, hear gets, on the main queue, [Connected], what happened to calls that
// are over, and then everything as it happens. It lasts until the process ends; a second Open does nothing.
func (l *Line) Open(hear func(Message)) {
	l.do(func() {
		if l.hear != nil {
			return
		}
		l.hear = hear
		l.sv.used.line = true
		l.sys.AfterFunc(l.sv.latency, func() {
			l.up = true
			hear(Message{News: Connected})
			for _, m := range l.sv.truth {
				if m.News.over() {
					hear(m)
				}
			}
		})
	})
}

// Say tells the server something about a call, as one request does that needs no open connection. It takes the
// network's time to get there, and is lost if the process dies first. arrived (may be nil) is called on the main
// queue when the server's answer is back.
func (l *Line) Say(id callkit.UUID, w Word, arrived func()) {
	l.send(said{id: id, word: w}, arrived)
}

// Start tells the server of an outgoing call, as Say does.
func (l *Line) Start(id callkit.UUID, handle string, arrived func()) {
	l.send(said{id: id, start: true, handle: handle}, arrived)
}

func (l *Line) send(s said, arrived func()) {
	l.do(func() {
		l.sv.used.say = true
		l.sys.AfterFunc(l.sv.latency, func() {
			l.sv.said = append(l.sv.said, s)
			if arrived != nil {
				l.sys.AfterFunc(l.sv.latency, arrived)
			}
		})
	})
}

// do runs f now, or at the launch if that has not come yet.
func (l *Line) do(f func()) {
	if l.sys == nil {
		l.pending = append(l.pending, f)
		return
	}
	f()
}

// launch ties the line to its process.
func (l *Line) launch(sys callkit.System) {
	l.sys = sys
	for _, f := range l.pending {
		f()
	}
	l.pending = nil
}

// said is something that reached the server.
type said struct {
	id     callkit.UUID
	word   Word
	start  bool
	handle string
}

// server is the app's server and the far end, played by the kit.
type server struct {
	st        *stage
	latency   time.Duration // of the network, one way
	transport time.Duration // how long media takes to connect; negative: for ever
	truth     []Message     // what happened to the calls
	said      []said
	line      *Line // of the newest process
	used      use
}

// use is what an app's adapter makes use of.
type use struct{ line, say, media bool }

// tell is something that happens at the far end or on another device.
func (sv *server) tell(m Message) {
	sv.truth = append(sv.truth, m)
	l := sv.line
	if l == nil || !l.up {
		return
	}
	l.sys.AfterFunc(sv.latency, func() { l.hear(m) })
}

// heard reports whether one of the words about a call has reached the server.
func (sv *server) heard(id callkit.UUID, words ...Word) bool {
	return slices.ContainsFunc(sv.said, func(s said) bool { return s.id == id && !s.start && slices.Contains(words, s.word) })
}

// words are all that reached the server about a call.
func (sv *server) words(id callkit.UUID) []Word {
	var ws []Word
	for _, s := range sv.said {
		if s.id == id && !s.start {
			ws = append(ws, s.word)
		}
	}
	return ws
}
