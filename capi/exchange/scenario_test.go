package exchange_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/capi/exchange"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write what the scenarios log now")

// scenarios is where the scripts are, which the Swift package plays as well.
const scenarios = "../../swift/Tests/RingtripKitTests/Scenarios"

// A scenario is a script and the log that it leaves.
type scenario struct {
	head  []string // the lines of the script, and what stands before it
	name  string
	lines []string
	log   string
}

func parse(text string) (all []scenario) {
	inLog := false
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		name, is := strings.CutPrefix(l, "scenario ")
		switch {
		case is:
			all = append(all, scenario{name: name, head: []string{l}})
			inLog = false
		case len(all) == 0:
			all = append(all, scenario{head: []string{l}})
		case l == "log":
			inLog = true
		case inLog:
			if l != "" {
				all[len(all)-1].log += strings.TrimPrefix(l, "  ") + "\n"
			}
		default:
			s := &all[len(all)-1]
			if l != "" || s.name == "" {
				s.head = append(s.head, l)
			}
			if s.name != "" && strings.HasPrefix(l, "  ") {
				s.lines = append(s.lines, l[2:])
			}
		}
	}
	return all
}

func (s scenario) text() string {
	t := strings.TrimRight(strings.Join(s.head, "\n"), "\n") + "\n"
	if s.name == "" {
		return t + "\n"
	}
	t += "log\n"
	for _, l := range strings.Split(strings.TrimRight(s.log, "\n"), "\n") {
		t += "  " + l + "\n"
	}
	return t + "\n"
}

// TestScenarios plays the scripts with the engine directly on the simulated iPhone. RingtripKitTests plays them with
// RingtripKit in between, and wants the same logs.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scenarios, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios in %s: %v", scenarios, err)
	}
	played := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := parse(string(b))
		written := ""
		for i, s := range all {
			if s.name != "" {
				played++
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+s.name, func(t *testing.T) {
					got := play(t, s)
					if got != s.log && !*update {
						t.Errorf("the log is\n%s\nwant\n%s", got, s.log)
					}
					all[i].log = got
				})
			}
			written += all[i].text()
		}
		if *update {
			if err := os.WriteFile(file, []byte(strings.TrimRight(written, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if played < 50 {
		t.Errorf("only %d scenarios were played", played)
	}
}

// rig is a phone with the engine on it, and the exchange.
type rig struct {
	t       testing.TB
	x       *exchange.Exchange
	stage   callkittest.Stage
	journal phone.MemoryJournal
	config  func(*phone.Config)
	engine  *phone.Phone // of the newest process
}

func play(t *testing.T, s scenario) string {
	r := &rig{t: t}
	c := callkittest.StageConfig{Seed: 1, Knobs: map[string]string{}, App: func() callkit.App { return phone.NewApp(r.start) }}
	lines := s.lines
	for ; len(lines) > 0; lines = lines[1:] {
		words := strings.Fields(lines[0])
		if words[0] == "os" {
			c.OS = words[1]
		} else if words[0] == "config" {
			r.config = configure(t, words[1])
		} else {
			break
		}
	}
	stage, err := callkittest.Simulator(c)
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	r.stage = stage
	r.x = exchange.New(exchange.Config{
		Now:  stage.(interface{ Now() time.Time }).Now,
		Push: stage.(interface{ Push([]byte) }).Push,
	})
	for _, l := range lines {
		if err := r.do(l); err != nil {
			t.Errorf("%s: %v\n%s", l, err, stage.Log())
			break
		}
		stage.Wait(0)
	}
	return Normalised(stage.Log()) + r.heard()
}

// heard is what the server was told, below the log.
func (r *rig) heard() string {
	said := r.x.Said()
	if said == "" {
		return "server hears nothing\n"
	}
	return "server hears " + strings.ReplaceAll(said, "\n", "; ") + "\n"
}

var placeholder = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// Normalised is the one place where logs of the two runs may differ: a placeholder call's UUID follows from the push's
// bytes, and PushKit hands a dictionary to the app, not the bytes.
func Normalised(log string) string { return placeholder.ReplaceAllString(log, "placeholder") }

func configure(t *testing.T, what string) func(*phone.Config) {
	switch what {
	case "fulfillFirst":
		return func(c *phone.Config) { c.AnswerPolicy = phone.FulfillFirst }
	case "maximumCallGroups=1":
		return func(c *phone.Config) {
			p := callkit.DefaultConfiguration()
			p.SupportsVideo, p.MaximumCallGroups = true, 1
			p.SupportedHandleTypes = []callkit.HandleType{callkit.Generic, callkit.PhoneNumber, callkit.EmailAddress}
			c.Provider = &p
		}
	}
	t.Fatalf("no configuration is named %s", what)
	return nil
}

func (r *rig) start(sys callkit.System, _ callkit.LaunchOptions) (*phone.Phone, error) {
	c := phone.Config{
		System: sys, Media: silent{sys}, Journal: &r.journal, DeviceID: "bob-1", RingTimeout: 45 * time.Second,
		Connect: func(h signaling.Handler) signaling.Connection { return r.x.Connect(sys, h) },
		Register: func(_ context.Context, req *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			done(r.x.Register(req), nil)
		},
		OnChange: func(phone.Snapshot) {},
	}
	if r.config != nil {
		r.config(&c)
	}
	p, err := phone.New(c)
	r.engine = p
	return p, err
}

var callName = regexp.MustCompile(`^u([1-9][0-9]?)$`)

func (r *rig) do(line string) error {
	channel, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch channel {
	case "wait":
		d, err := time.ParseDuration(words[0])
		r.stage.Wait(d)
		return err
	case "X":
		return r.x.Do(words...)
	case "P":
		r.stage.(interface{ Push([]byte) }).Push([]byte(rest))
		return nil
	case "A":
		return r.press(words)
	}
	for i, w := range words {
		words[i] = named(w)
	}
	return r.stage.Do(channel, words)
}

// named is the UUID of u1 and the like; other words as they are.
func named(word string) string {
	if m := callName.FindStringSubmatch(word); m != nil {
		n, _ := strconv.Atoi(m[1])
		return exchange.Name(n)
	}
	return word
}

// press presses a button of the app's own.
func (r *rig) press(words []string) error {
	p := r.engine
	on := words[len(words)-1] == "on"
	switch words[0] {
	case "start":
		_, err := p.Start(phone.StartRequest{Callee: words[1], Video: words[len(words)-1] == "video"})
		return err
	case "startGroup":
		_, err := p.StartGroup(phone.GroupRequest{Callees: strings.Split(words[1], ","), Name: "The team"})
		return err
	case "join", "leave", "invite", "move":
		id, err := callkit.ParseUUID(named(words[1]))
		if err != nil {
			return err
		}
		switch words[0] {
		case "join":
			_, err = p.Join(phone.JoinRequest{Group: id.String(), Name: "The team"})
		case "leave":
			err = p.LeaveGroup(id.String())
		case "invite":
			err = p.Invite(id.String(), words[2], nil)
		case "move":
			err = p.Move(phone.MoveRequest{CallID: id})
		}
		return err
	case "swap":
		return p.Swap()
	case "speaker":
		return p.SetSpeaker(on)
	}
	m := callName.FindStringSubmatch(words[1])
	if m == nil {
		return fmt.Errorf("%s is no call", words[1])
	}
	n, _ := strconv.Atoi(m[1])
	id, err := callkit.ParseUUID(exchange.Name(n))
	if err != nil {
		return err
	}
	switch words[0] {
	case "offer":
		return p.OfferMove(id, words[2])
	case "withdraw":
		return p.WithdrawMove(id)
	case "answer":
		return p.Answer(id)
	case "holdAnswer":
		return p.HoldAndAnswer(id)
	case "endAnswer":
		return p.EndAndAnswer(id)
	case "end":
		return p.End(id)
	case "hold":
		return p.SetHeld(id, on)
	case "mute":
		return p.SetMuted(id, on)
	case "tones":
		return p.PlayDTMF(id, words[2])
	}
	return fmt.Errorf("no button is named %s", words[0])
}

// silent is what SilentMedia is in Swift: a transport that connects a moment after it was warmed, and no sound.
type silent struct{ sys callkit.System }

func (f silent) New(c media.Config) (media.Session, error) { return &silence{sys: f.sys, cfg: c}, nil }

type silence struct {
	sys                              callkit.System
	cfg                              media.Config
	warmed, connected, audio, closed bool
}

func (s *silence) later(d time.Duration, f func()) {
	s.sys.AfterFunc(d, func() {
		if !s.closed {
			f()
		}
	})
}

func (s *silence) connect() {
	if !s.connected {
		s.connected = true
		s.cfg.Notify(media.Event{Kind: media.Connected})
	}
}

func (s *silence) Prepare() error { return nil }
func (s *silence) Warm() error {
	if s.warmed {
		return nil
	}
	s.warmed = true
	if s.cfg.Role == media.Offerer {
		s.later(0, func() { s.cfg.Send(media.Message{Session: s.cfg.Session, Kind: media.Offer, Data: "silence"}) })
	}
	s.later(20*time.Millisecond, s.connect)
	return nil
}
func (s *silence) Receive(media.Message) error { return nil }
func (s *silence) StartAudio() error {
	if s.audio {
		return nil
	}
	s.audio = true
	s.later(40*time.Millisecond, func() {
		if s.audio && s.connected {
			s.cfg.Notify(media.Event{Kind: media.FirstMedia})
		}
	})
	return nil
}
func (s *silence) StopAudio()            { s.audio = false }
func (s *silence) SetMuted(bool)         {}
func (s *silence) SetHeld(bool)          {}
func (s *silence) PlayDTMF(string) error { return nil }
func (s *silence) Restart() error        { s.later(20*time.Millisecond, s.connect); return nil }
func (s *silence) Stats() media.Stats    { return media.Stats{} }
func (s *silence) Close() error          { s.closed = true; return nil }
