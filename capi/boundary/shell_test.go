package boundary

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/wire"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/media/remote"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bundle = "com.example.app"

// deafLine is a line to a server that never answers.
type deafLine struct {
	mu      sync.Mutex
	sent    []proto.Message
	handler signaling.Handler       // of the newest process
	answer  func() signaling.Result // to questions; nil: it is deaf
}

func (l *deafLine) Open()              {}
func (l *deafLine) SetForeground(bool) {}
func (l *deafLine) Close()             {}
func (l *deafLine) Send(m proto.Message, _ signaling.SendOptions, done func(signaling.Result)) {
	l.mu.Lock()
	l.sent = append(l.sent, m)
	l.mu.Unlock()
	switch m.(type) {
	case *v1.GetGroupRequest, *v1.ListLiveRequest, *v1.GetCredentialsRequest:
		if l.answer != nil {
			done(l.answer())
		}
	}
}

// shell is what the Swift package is, in Go: an interpreter between the system's callbacks and the engine.
type shell struct {
	t       testing.TB
	line    *deafLine
	journal *phone.MemoryJournal
	host    *wire.Host
	media   *remote.Host
	engine  *Engine
	shown   []Snapshot
	videos  []string // calls whose video button was pressed
	done    []Done
	groups  []Group
	logged  []string
	key     Answer // to Out.SealKey
	set     func(*Config)
}

func (s *shell) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	s.host = wire.NewHost(sys, func(m wire.Message) wire.Message {
		if a := s.tell(In{System: &m}).System; a != nil {
			return *a
		}
		return wire.Message{}
	})
	fake := mediatest.NewFake(mediatest.FakeConfig{
		AfterFunc: func(d time.Duration, f func()) { sys.AfterFunc(d, f) }, Net: mediatest.NewNet(), Content: "us",
	})
	s.media = remote.NewHost(fake, func(m remote.Message) remote.Message {
		if a := s.tell(In{Media: &m}).Media; a != nil {
			return *a
		}
		return remote.Message{}
	})
	c := Config{DeviceID: "dev", DeviceName: "Bob's iPhone"}
	if s.set != nil {
		s.set(&c)
	}
	config, err := json.Marshal(c)
	if err != nil {
		s.t.Error(err)
		return
	}
	engine, err := New(config, s.heard, Dependencies{
		Journal: s.journal,
		Connect: func(h signaling.Handler) signaling.Connection { s.line.handler = h; return s.line },
	})
	if err != nil {
		s.t.Error(err)
		return
	}
	s.engine = engine
	_ = o
}

func (s *shell) ProcessDied()          { s.engine.Close() }
func (s *shell) ProcessSuspended(bool) {}

func (s *shell) tell(in In) (a Answer) {
	b, err := json.Marshal(in)
	if err != nil {
		s.t.Error(err)
	}
	if s.engine == nil {
		return Answer{} // it is still being made
	}
	if err := json.Unmarshal(s.engine.Tell(b), &a); err != nil {
		s.t.Error(err)
	}
	if a.Code == "panic" {
		s.t.Error(a.Error)
	}
	return a
}

// heard is the callback.
func (s *shell) heard(out []byte) []byte {
	var o Out
	if err := json.Unmarshal(out, &o); err != nil {
		s.t.Errorf("%s: %v", out, err)
	}
	var a Answer
	switch {
	case o.System != nil:
		m := s.host.Do(*o.System)
		a.System = &m
	case o.Media != nil:
		m := s.media.Do(*o.Media)
		a.Media = &m
	case o.Snapshot != nil:
		s.shown = append(s.shown, *o.Snapshot)
		return nil
	case o.Token:
		a.Token = "jwt"
	case o.Video != "":
		s.videos = append(s.videos, o.Video)
		return nil
	case o.Done != nil:
		s.done = append(s.done, *o.Done)
		return nil
	case o.Group != nil:
		s.groups = append(s.groups, *o.Group)
		return nil
	case o.SealKey:
		a = s.key
	case o.Log != nil:
		s.logged = append(s.logged, o.Log.Text)
		s.t.Log(o.Log.Level, o.Log.Text)
		return nil
	}
	b, err := json.Marshal(a)
	if err != nil {
		s.t.Error(err)
	}
	return b
}

// boxed is a phone with the shell on it.
type boxed struct {
	w     *iossim.World
	phone *iossim.Phone
	shell *shell // of the newest process
	line  *deafLine
	key   Answer
}

func unbox(t testing.TB) *boxed { return unboxWith(t, nil) }

// unboxWith is a phone whose engine's configuration is changed first.
func unboxWith(t testing.TB, set func(*Config)) *boxed {
	b := &boxed{w: iossim.NewWorld(iossim.Config{Seed: 1}), line: &deafLine{}}
	t.Cleanup(b.w.Close)
	var err error
	if b.phone, err = b.w.NewPhone(iossim.PhoneConfig{Name: "bob", Locked: true}); err != nil {
		t.Fatal(err)
	}
	journal := &phone.MemoryJournal{}
	if err := b.phone.Install(iossim.AppConfig{BundleID: bundle, New: func() callkit.App {
		b.shell = &shell{t: t, line: b.line, journal: journal, set: set, key: b.key}
		return b.shell
	}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.phone.Kill(bundle, "the test is over"); b.w.Settle() })
	return b
}

func (b *boxed) push(t testing.TB, id byte) callkit.UUID {
	call := callkit.UUID{0: 1, 6: 0x70, 8: 0x80, 15: id}
	payload, err := signaling.Payload{
		CallID: call, CallerName: "Alice", Handle: "alice", HandleType: callkit.Generic,
		SentAt: b.w.Now().UnixMilli(), ExpiresAt: b.w.Now().Add(45 * time.Second).UnixMilli(), Token: "tok",
	}.MarshalPush()
	if err != nil {
		t.Fatal(err)
	}
	b.phone.DeliverPush(bundle, payload)
	b.w.Run(time.Second)
	return call
}
