// Package simulator is a simulated iPhone behind a border as JSON: what the C face of package capi hands through when it
// is built with the tag iossim, in pure Go. The app on the phone lives on the other side: each of its processes is a
// number, and speaks and hears the messages of callkit/wire.
//
// Nothing happens while nobody calls [Simulator.Do]: the app's code runs inside of it, on the thread that called, so
// that what is played twice with one seed leaves one log.
package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/callkit/wire"
	"github.com/ringtrip/ringtrip/capi/exchange"
)

// Config is what a simulator is made from. Everything may be left out.
type Config struct {
	OS     string            `json:"os,omitempty"` // a profile, as "18"; empty: the newest
	Knobs  map[string]string `json:"knobs,omitempty"`
	Seed   uint64            `json:"seed,omitempty"`
	Traits []string          `json:"traits,omitempty"` // what the app has or lacks: see callkittest.Traits
	// Exchange names the exchange that stands in for the server, see package exchange; empty makes none.
	Exchange string `json:"exchange,omitempty"`
}

// Out is what a simulator says to a process of the app, answered by a [wire.Message].
type Out struct {
	Process   int           `json:"process"`
	Extension string        `json:"extension,omitempty"` // the process is one of an extension: notificationService, callDirectory or intents
	System    *wire.Message `json:"system,omitempty"`    // an event; "launched" is the first
	Died      bool          `json:"died,omitempty"`      // the process is gone
	Suspended *bool         `json:"suspended,omitempty"` // it stands still, or goes on
}

// In is what is done to a simulator. One of its fields is set.
type In struct {
	// Do is a line of a scenario, as "U answer", "N voipPush u1 name=Bob" or "SYS cellularRing +1555".
	Do string `json:"do,omitempty"`
	// Push delivers a VoIP push with a payload as it came, base64.
	Push []byte `json:"push,omitempty"`
	// Empty delivers a VoIP push with an empty payload.
	Empty bool `json:"empty,omitempty"`
	// Wait lets so many milliseconds pass; 0 with Settle only does what is due.
	Wait   int64 `json:"wait,omitempty"`
	Settle bool  `json:"settle,omitempty"`
	// Look says what can be seen: screen, calls, app, strikes, recents, audio.
	Look string `json:"look,omitempty"`
	Log  bool   `json:"log,omitempty"` // the log so far
	// Exchange is what happens at the server and at the far end, as "call u1 name=Bob"; "said" tells what the device said, "known" what it registered.
	Exchange string `json:"exchange,omitempty"`
}

// Answer is what is said to an In.
type Answer struct {
	Text  string     `json:"text,omitempty"`
	At    *time.Time `json:"at,omitempty"`
	Error string     `json:"error,omitempty"`
}

// Callback carries an [Out] to the app and returns a [wire.Message], both JSON; nil is the empty answer.
type Callback func(out []byte) (answer []byte)

// Simulator is one phone with one app on it. Do is for one goroutine at a time; System may be called from within the
// callback, on the same goroutine.
type Simulator struct {
	callback Callback
	stage    callkittest.Stage
	exchange *exchange.Exchange // nil without Config.Exchange
	name     string             // of the exchange

	mu        sync.Mutex
	processes map[int]*process
	next      int
}

// New makes a phone with the app installed on it. It fails on a configuration that makes no sense.
func New(config []byte, callback Callback) (*Simulator, error) {
	var c Config
	dec := json.NewDecoder(strings.NewReader(string(config)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("simulator: the configuration is not what Config says: %w", err)
	}
	if callback == nil {
		return nil, errors.New("simulator: no callback: the app could not be launched")
	}
	s := &Simulator{callback: callback, processes: make(map[int]*process)}
	stage, err := callkittest.Simulator(callkittest.StageConfig{
		OS: c.OS, Knobs: c.Knobs, Seed: c.Seed, Traits: c.Traits,
		Code: callkittest.ExtensionCode{
			NotificationService: func() callkit.NotificationService { return s.extension("notificationService") },
			CallDirectory:       func() callkit.CallDirectoryProvider { return s.extension("callDirectory") },
			Intents:             func() callkit.StartCallHandler { return s.extension("intents") },
		},
		App: func() callkit.App {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.next++
			p := &process{s: s, number: s.next}
			s.processes[p.number] = p
			return p
		},
	})
	if err != nil {
		return nil, err
	}
	s.stage = stage
	if clock, ok := stage.(interface{ Now() time.Time }); ok && c.Exchange != "" {
		s.name = c.Exchange
		s.exchange = exchange.New(exchange.Config{Now: clock.Now, Push: func(payload []byte) {
			if p, ok := stage.(Pusher); ok {
				p.Push(payload)
			}
		}})
		exchange.Share(s.name, s.exchange)
	}
	return s, nil
}

// Pusher is a stage that delivers a payload as it is.
type Pusher interface{ Push(payload []byte) }

// Do does something to the phone and returns an [Answer] in JSON. It never panics.
func (s *Simulator) Do(in []byte) []byte {
	b, err := json.Marshal(s.do(in))
	if err != nil {
		return []byte(`{"error":"simulator: the answer could not be written"}`)
	}
	return b
}

func (s *Simulator) do(b []byte) (a Answer) {
	defer func() {
		if r := recover(); r != nil {
			a = Answer{Error: fmt.Sprintf("simulator: panic: %v\n%s", r, debug.Stack())}
		}
	}()
	var in In
	if err := json.Unmarshal(b, &in); err != nil {
		return Answer{Error: fmt.Sprintf("simulator: this is no In: %v", err)}
	}
	var err error
	switch {
	case in.Do != "":
		words := strings.Fields(in.Do)
		if len(words) < 2 {
			return Answer{Error: fmt.Sprintf("simulator: %.60q has no channel and words (want as: U answer)", in.Do)}
		}
		err = s.stage.Do(words[0], words[1:])
	case in.Push != nil || in.Empty:
		p, ok := s.stage.(Pusher)
		if !ok {
			return Answer{Error: "simulator: this stage can't deliver a payload as it is"}
		}
		p.Push(in.Push)
	case in.Exchange != "" && s.exchange == nil:
		return Answer{Error: "simulator: there is no exchange (want Config.Exchange)"}
	case in.Exchange == "said":
		a.Text = s.exchange.Said()
	case in.Exchange == "known":
		a.Text = s.exchange.Known()
	case in.Exchange != "":
		err = s.exchange.Do(strings.Fields(in.Exchange)...)
	case in.Look != "":
		a.Text, err = s.stage.Look(in.Look)
	case in.Log:
		a.Text = s.stage.Log()
	case in.Wait > 0 || in.Settle:
		s.stage.Wait(time.Duration(in.Wait) * time.Millisecond)
	default:
		return Answer{Error: "simulator: nothing is said (want do, push, empty, wait, settle, look, exchange or log)"}
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// System takes a command of a process, a [wire.Message] in JSON, and returns the answer. A process that is gone is
// answered with an error.
func (s *Simulator) System(number int, command []byte) []byte {
	answer := func(m wire.Message) []byte {
		b, err := json.Marshal(m)
		if err != nil {
			return []byte("{}")
		}
		return b
	}
	refuse := func(format string, args ...any) []byte {
		return answer(wire.Message{Error: &wire.Error{Domain: callkit.ErrorDomain, Text: fmt.Sprintf("simulator: "+format, args...)}})
	}
	s.mu.Lock()
	p := s.processes[number]
	s.mu.Unlock()
	if p == nil || p.host == nil && p.extension == nil {
		return refuse("there is no process %d", number)
	}
	var m wire.Message
	if err := json.Unmarshal(command, &m); err != nil {
		return refuse("process %d: this is no message: %v", number, err)
	}
	if p.extension != nil {
		return answer(p.extension.Do(m))
	}
	return answer(p.host.Do(m))
}

// Close ends the phone. The callback is not called any more when it returns.
func (s *Simulator) Close() {
	s.stage.Close()
	if s.exchange != nil {
		exchange.Forget(s.name)
	}
}

// extension makes a process for an extension of the app.
func (s *Simulator) extension(kind string) *wire.ExtensionHost {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	p := &process{s: s, number: s.next, kind: kind}
	s.processes[p.number] = p
	p.extension = wire.NewExtensionHost(func(m wire.Message) wire.Message { return p.say(Out{System: &m}) })
	return p.extension
}

// process is one life of the app, or of one of its extensions, on the other side.
type process struct {
	s      *Simulator
	number int
	host   *wire.Host

	kind      string // of an extension
	extension *wire.ExtensionHost
}

// DidFinishLaunching is part of [callkit.App].
func (p *process) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	p.host = wire.NewHost(sys, func(m wire.Message) wire.Message { return p.say(Out{System: &m}) })
	p.host.Launch(o)
}

// ProcessDied is part of iossim.ProcessWatcher.
func (p *process) ProcessDied() {
	p.s.mu.Lock()
	delete(p.s.processes, p.number)
	p.s.mu.Unlock()
	p.say(Out{Died: true})
}

// ProcessSuspended is part of iossim.ProcessWatcher.
func (p *process) ProcessSuspended(on bool) { p.say(Out{Suspended: &on}) }

func (p *process) say(o Out) (answer wire.Message) {
	o.Process, o.Extension = p.number, p.kind
	b, err := json.Marshal(o)
	if err != nil {
		return wire.Message{}
	}
	if a := p.s.callback(b); len(a) > 0 {
		if err := json.Unmarshal(a, &answer); err != nil {
			return wire.Message{Error: &wire.Error{Domain: callkit.ErrorDomain, Text: fmt.Sprintf("simulator: the app's answer is no message: %v", err)}}
		}
	}
	return answer
}
