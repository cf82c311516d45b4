package rig

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
	"github.com/ringtrip/ringtrip/media/webrtc"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
	"github.com/ringtrip/ringtrip/server/auth"
)

// Owner is a user and the phones that the user has.
type Owner struct {
	User, Name string
	Phones     []PhoneSpec
}

// PhoneSpec is one phone of a lab.
type PhoneSpec struct {
	ID, Name string
	OS       string            // version of iOS; empty: today's
	Play     string            // a WAV file that the phone says; empty: its signature
	Record   string            // a WAV file for what it hears; empty: none
	Knobs    map[string]string // settings of the simulated system, by name
	OneCall  bool              // the app has no call waiting: during another call it is busy
}

// LabConfig is how a lab is made.
type LabConfig struct {
	Node   NodeConfig
	Owners []Owner
	Logger *slog.Logger // nil: silent
}

// Lab is a node and simulated iPhones on the wall clock, with real audio over WebRTC between them.
type Lab struct {
	*Node
	World   *iossim.World
	Devices map[string]*Device
	Voices  map[string]*Voice

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever something happened
	pushes  []apnstest.Request
	marks   []DeviceMark
	entries []iossim.Entry
	heard   map[string]map[int]time.Time // device, signature
	digits  map[string]string            // device: DTMF that it heard
	hooks   []Hook
}

// DeviceMark is a mark for the ledger, as the device made it.
type DeviceMark struct {
	Device string
	phone.Mark
}

// NewLab starts a lab. Close ends it.
func NewLab(ctx context.Context, cfg LabConfig) (_ *Lab, err error) {
	l := &Lab{
		Devices: map[string]*Device{}, Voices: map[string]*Voice{}, changed: make(chan struct{}),
		heard: map[string]map[int]time.Time{}, digits: map[string]string{},
	}
	told := cfg.Node.OnPush
	cfg.Node.OnPush = func(r apnstest.Request) {
		l.Update(func() { l.pushes = append(l.pushes, r) })
		if told != nil {
			told(r)
		}
	}
	hooked := cfg.Node.OnHook
	cfg.Node.OnHook = func(h Hook) {
		l.Update(func() { l.hooks = append(l.hooks, h) })
		if hooked != nil {
			hooked(h)
		}
	}
	if cfg.Node.Logger == nil {
		cfg.Node.Logger = cfg.Logger
	}
	if l.Node, err = NewNode(ctx, cfg.Node); err != nil {
		return nil, err
	}
	l.World = iossim.NewWorld(iossim.Config{Wall: true, Seed: uint64(time.Now().UnixNano())})
	l.World.OnLog(func(e iossim.Entry) { l.Update(func() { l.entries = append(l.entries, e) }) })
	for _, owner := range cfg.Owners {
		token, err := l.Token(owner.User, owner.Name, auth.User)
		if err != nil {
			l.Close()
			return nil, err
		}
		for _, spec := range owner.Phones {
			if err := l.add(cfg, owner, spec, token); err != nil {
				l.Close()
				return nil, fmt.Errorf("making %s: %w", spec.Name, err)
			}
		}
	}
	return l, nil
}

func (l *Lab) add(cfg LabConfig, owner Owner, spec PhoneSpec, token string) error {
	voice, err := NewVoice(spec.ID, spec.Play, spec.Record)
	if err != nil {
		return err
	}
	l.Voices[spec.ID] = voice
	voice.OnHeard(func(signature int) {
		l.Update(func() {
			if l.heard[spec.ID] == nil {
				l.heard[spec.ID] = map[int]time.Time{}
			}
			l.heard[spec.ID][signature] = time.Now()
		})
	})
	sessions, err := l.media(cfg, voice)
	if err != nil {
		return err
	}
	d, err := NewDevice(l.World, DeviceConfig{
		ID: spec.ID, Name: spec.Name, User: owner.User, UserName: owner.Name, OS: spec.OS, Knobs: spec.Knobs, URL: l.URL, Token: token,
		NoCallWaiting: spec.OneCall,
		Media:         listening{sessions, func(digit byte) { l.Update(func() { l.digits[spec.ID] += string(digit) }) }},
		IssueToken: func(deliver func([]byte)) string {
			return l.APNs.IssueToken(Bundle, push.Sandbox, func(d apnstest.Delivery) { deliver(d.Payload) })
		},
		SetPushOnline: l.APNs.SetOnline,
		Logger:        cfg.Logger,
		OnChange:      func() { l.Update(func() {}) },
		OnMark:        func(m phone.Mark) { l.Update(func() { l.marks = append(l.marks, DeviceMark{spec.ID, m}) }) },
	})
	if err != nil {
		return err
	}
	l.Devices[spec.ID] = d
	d.Phone.OnScreen(func(iossim.Screen) { l.Update(func() {}) })
	return nil
}

// media makes what a phone's sessions are made by: the carrier's, or WebRTC.
func (l *Lab) media(cfg LabConfig, voice *Voice) (media.Factory, error) {
	direct, err := webrtc.NewFactory(webrtc.Config{
		Audio:    func(c media.Config) (audio.Source, audio.Sink, error) { return voice.Open(c) },
		Loopback: true, Logger: cfg.Logger,
	})
	if err != nil || l.Account == nil {
		return direct, err
	}
	return l.Account.media(direct), nil
}

// listening passes the digits that sessions hear on to the lab, besides the engine.
type listening struct {
	media.Factory
	digit func(byte)
}

// New makes a session that also tells the lab.
func (f listening) New(c media.Config) (media.Session, error) {
	notify := c.Notify
	c.Notify = func(e media.Event) {
		if e.Kind == media.DTMF {
			f.digit(e.Digit)
		}
		notify(e)
	}
	return f.Factory.New(c)
}

// Update runs change under the lab's lock and wakes whoever waits.
func (l *Lab) Update(change func()) {
	l.mu.Lock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
}

// Await waits until ok holds, looking whenever something happened and once in a while, and returns an error if
// it does not within the time.
func (l *Lab) Await(ctx context.Context, within time.Duration, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond) // for what nobody tells of, as rows in the store
	defer tick.Stop()
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			if ok() {
				return nil
			}
			return ctx.Err()
		}
	}
}

// Pushes returns what the local APNs was asked so far.
func (l *Lab) Pushes() []apnstest.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]apnstest.Request(nil), l.pushes...)
}

// Hooks returns the carrier's webhooks that were answered so far.
func (l *Lab) Hooks() []Hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Hook(nil), l.hooks...)
}

// Entries returns the system log of the phones so far.
func (l *Lab) Entries() []iossim.Entry {
	entries, _ := l.log(0)
	return entries
}

// log returns the entries of the system log from a position on, and the position after them.
func (l *Lab) log(from int) ([]iossim.Entry, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]iossim.Entry(nil), l.entries[from:]...), len(l.entries)
}

// Marks returns the marks that the devices made so far.
func (l *Lab) Marks() []DeviceMark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]DeviceMark(nil), l.marks...)
}

// Heard returns when a device last began to hear another's signature, zero if it never did.
func (l *Lab) Heard(device, from string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[device][audio.SignatureOf(from)]
}

// Digits returns the DTMF that a device has heard.
func (l *Lab) Digits(device string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.digits[device]
}

// Forget forgets what the devices heard.
func (l *Lab) Forget() {
	for _, v := range l.Voices {
		v.Reset()
	}
	l.Update(func() {
		clear(l.heard)
		clear(l.digits)
	})
}

// Close ends the phones, then the node.
func (l *Lab) Close() {
	if l.World != nil {
		l.World.Close()
	}
	l.Node.Close()
	for _, v := range l.Voices {
		if err := v.Close(); err != nil {
			slog.Default().Error("closing a recording", "err", err)
		}
	}
}

var _ io.Closer = (*Voice)(nil)
