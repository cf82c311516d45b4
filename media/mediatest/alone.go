package mediatest

import (
	"errors"
	"testing"

	"github.com/ringtrip/ringtrip/media"
)

// Alone is the conformance suite of a media.Factory whose sessions join a carrier and need no messages of the far end. start
// returns a factory, credentials that let a device in where it needs nobody else to be connected, and a function that ends
// what the device is in, so that the session is over. Sound is not looked for.
func Alone(t *testing.T, start func(t *testing.T) (f media.Factory, credentials []byte, end func())) {
	for name, test := range map[string]func(*alone){
		"Phases": (*alone).phases, "NotPrepared": (*alone).notPrepared, "Idempotence": (*alone).idempotence, "Closed": (*alone).closed,
		"CloseInEveryPhase": (*alone).closeInEveryPhase, "Tones": (*alone).tones, "Ended": (*alone).ended, "Bye": (*alone).bye,
		"BadCredentials": (*alone).badCredentials, "Config": (*alone).config,
	} {
		t.Run(name, func(t *testing.T) {
			f, credentials, end := start(t)
			a := &alone{t: t, f: f, cfg: media.Config{CallID: "c", Session: "s", Role: media.Offerer, Credentials: credentials}, over: end}
			test(a)
		})
	}
}

type alone struct {
	t    *testing.T
	f    media.Factory
	cfg  media.Config
	over func()
}

// session makes one, which is closed at the test's end.
func (a *alone) session() *end {
	a.t.Helper()
	e := &end{name: "the session", t: a.t, factory: a.f, events: make(chan media.Event, 256), counts: map[media.MessageKind]int{}}
	cfg := a.cfg
	cfg.Notify = e.notify
	cfg.Send = func(m media.Message) {
		a.t.Errorf("it has nothing to say to the far end, but sent a message of kind %d", m.Kind)
	}
	s, err := a.f.New(cfg)
	if err != nil {
		a.t.Fatalf("making a session: %v", err)
	}
	e.Session = s
	a.t.Cleanup(func() { e.must("Close", e.Close) })
	return e
}

func (a *alone) connected() *end {
	a.t.Helper()
	e := a.session()
	e.must("Prepare", e.Prepare)
	e.must("Warm", e.Warm)
	e.wait(media.Connected)
	return e
}

func (a *alone) phases() {
	e := a.connected()
	for range 2 {
		e.must("StartAudio", e.StartAudio)
		e.SetMuted(true)
		e.SetMuted(false)
		e.SetHeld(true)
		e.SetHeld(false)
		e.must("Restart", e.Restart)
		e.StopAudio()
	}
}

func (a *alone) notPrepared() {
	e := a.session()
	if err := e.StartAudio(); !errors.Is(err, media.ErrNotPrepared) {
		a.t.Errorf("StartAudio of a cold session: %v", err)
	}
}

func (a *alone) idempotence() {
	e := a.session()
	for range 2 {
		e.StopAudio()
		e.SetHeld(false)
		e.SetMuted(false)
		e.must("Restart", e.Restart)
		e.must("Prepare", e.Prepare)
		e.Stats()
	}
	for range 2 {
		e.must("Warm", e.Warm)
		e.must("StartAudio", e.StartAudio)
	}
	e.wait(media.Connected)
	e.must("Warm", e.Warm)
	e.must("Close", e.Close)
	for len(e.events) > 0 {
		if ev := <-e.events; ev.Kind != media.FirstMedia {
			a.t.Errorf("it is connected, and then %s", kinds[ev.Kind])
		}
	}
}

func (a *alone) closed() {
	a.connected().closeTwice()
}

func (a *alone) closeInEveryPhase() {
	for n := range 5 {
		e := a.session()
		for i, step := range []func(){
			func() {},
			func() { e.must("Prepare", e.Prepare) },
			func() { e.must("Warm", e.Warm) },
			func() { e.wait(media.Connected) },
			func() { e.must("StartAudio", e.StartAudio) },
		} {
			if i <= n {
				step()
			}
		}
		e.must("Close", e.Close)
	}
}

func (a *alone) tones() {
	e := a.session()
	if err := e.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		a.t.Errorf("PlayDTMF of a cold session: %v", err)
	}
	for _, row := range []string{"", "x", "12 3", "1é"} {
		if err := e.PlayDTMF(row); err == nil || errors.Is(err, media.ErrNotConnected) {
			a.t.Errorf("PlayDTMF(%q): %v", row, err)
		}
	}
	e.must("Warm", e.Warm)
	e.wait(media.Connected)
	e.SetHeld(true)
	if err := e.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		a.t.Errorf("PlayDTMF on hold: %v", err)
	}
}

// failure waits for the end of a session, which is told once.
func (a *alone) failure(e *end) error {
	a.t.Helper()
	for {
		if ev := e.next(); ev.Kind == media.Failed {
			return ev.Err
		}
	}
}

func (a *alone) ended() {
	e := a.connected()
	e.must("StartAudio", e.StartAudio)
	e.wait(media.FirstMedia)
	a.over()
	if err := a.failure(e); err == nil {
		a.t.Error("it is over, and nobody knows why")
	}
	e.must("Warm", e.Warm)
	e.must("Restart", e.Restart)
	if err := e.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		a.t.Errorf("PlayDTMF after the end: %v", err)
	}
}

func (a *alone) bye() {
	e := a.connected()
	e.must("Receive", func() error { return e.Receive(media.Message{Session: "s", Kind: media.Bye}) })
	if err := a.failure(e); !errors.Is(err, media.ErrBye) {
		a.t.Errorf("after a Bye the session failed with %v", err)
	}
}

// badCredentials are refused somewhere: by New, by Warm, or when audio starts.
func (a *alone) badCredentials() {
	good := a.cfg.Credentials
	for _, bad := range [][]byte{nil, []byte("{}"), []byte("x"), good[:len(good)/2]} {
		cfg := a.cfg
		e := &end{name: "the session", t: a.t, factory: a.f, events: make(chan media.Event, 256), counts: map[media.MessageKind]int{}}
		cfg.Credentials, cfg.Notify, cfg.Send = bad, e.notify, func(media.Message) {}
		s, err := a.f.New(cfg)
		if err != nil {
			continue
		}
		e.Session = s
		if errors.Join(e.Prepare(), e.Warm(), e.StartAudio()) == nil {
			if err := a.failure(e); errors.Is(err, media.ErrBye) {
				a.t.Errorf("credentials %.40q: %v", bad, err)
			}
		}
		e.must("Close", e.Close)
	}
}

func (a *alone) config() {
	cfg := a.cfg
	cfg.Send = func(media.Message) {}
	if s, err := a.f.New(cfg); err == nil {
		a.t.Error("New took a Config with no Notify")
		_ = s.Close()
	}
}
