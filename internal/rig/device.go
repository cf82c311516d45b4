package rig

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// DeviceConfig is how a simulated iPhone with the app on it is made.
type DeviceConfig struct {
	ID, Name string            // as "bob-1", "Bob's iPhone"
	User     string            // the user's ID
	UserName string            // for those who are called
	OS       string            // version of iOS; empty: the world's
	Knobs    map[string]string // settings of the simulated system, by name
	URL      string            // the server's base URL
	Token    string            // the user's token
	Media    media.Factory
	// Network is how the device reaches the server; nil: this machine's network.
	Network *Network
	// IssueToken makes a VoIP push token, whose pushes go to deliver. Nil: the device has none.
	IssueToken func(deliver func(payload []byte)) (token string)
	// SetPushOnline tells the push service whether the device that has the token is online; may be nil.
	SetPushOnline func(token string, on bool)
	Policy        phone.AnswerPolicy
	NoCallWaiting bool // during another call the device is busy
	Contacts      map[string]string
	Logger        *slog.Logger
	OnMark        func(phone.Mark)
	OnChange      func() // the engine has something new to show
}

// Device is one simulated iPhone with an app on it in which the engine runs. What an installation keeps on the
// phone (journal, cursor) outlives its processes.
type Device struct {
	ID    string
	Name  string
	Phone *iossim.Phone
	Net   *Network

	cfg DeviceConfig

	mu       sync.Mutex
	journal  *phone.MemoryJournal // of this installation
	engine   *phone.Phone
	cursor   uint64
	tokens   []string
	offline  bool
	airplane bool
}

// NewDevice puts a phone into the world and installs the app. It does not start it.
func NewDevice(w *iossim.World, cfg DeviceConfig) (*Device, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Network == nil {
		cfg.Network = NewNetwork(nil)
	}
	d := &Device{ID: cfg.ID, Name: cfg.Name, Net: cfg.Network, cfg: cfg, journal: &phone.MemoryJournal{}}
	var err error
	d.Phone, err = w.NewPhone(iossim.PhoneConfig{Name: cfg.ID, OS: cfg.OS, TokenSource: d.issueToken, Contacts: cfg.Contacts})
	if err != nil {
		return nil, err
	}
	for name, value := range cfg.Knobs {
		if err := d.Phone.SetKnob(name, value); err != nil {
			return nil, err
		}
	}
	return d, d.Phone.Install(iossim.AppConfig{BundleID: Bundle, Name: "ringtrip", Colour: "#0f766e", New: d.launch})
}

func (d *Device) issueToken(string) []byte {
	if d.cfg.IssueToken == nil {
		return nil
	}
	token := d.cfg.IssueToken(func(payload []byte) { d.Phone.DeliverPush(Bundle, payload) })
	d.mu.Lock()
	d.tokens = append(d.tokens, token)
	d.mu.Unlock()
	raw, err := hex.DecodeString(token)
	if err != nil {
		panic(fmt.Sprintf("rig: the push token %q is not hex", token))
	}
	return raw
}

// Engine is the engine of the app's process, nil if none was ever started. It may be that of a dead process.
func (d *Device) Engine() *phone.Phone {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.engine
}

// User is the ID of the user whose phone it is.
func (d *Device) User() string { return d.cfg.User }

// UserName is that user's name.
func (d *Device) UserName() string { return d.cfg.UserName }

// SetOnline cuts the device off, pushes included, or brings it back, unless it is in airplane mode.
func (d *Device) SetOnline(on bool) {
	d.Phone.SetOnline(on)
	d.mu.Lock()
	d.offline = !on
	d.mu.Unlock()
	d.reach()
}

// SetAirplane turns airplane mode on or off.
func (d *Device) SetAirplane(on bool) {
	d.Phone.SetAirplane(on)
	d.mu.Lock()
	d.airplane = on
	d.mu.Unlock()
	d.reach()
}

// reach makes the device's network and the push service as the phone is.
func (d *Device) reach() {
	d.mu.Lock()
	on, tokens := !d.offline && !d.airplane, d.tokens
	d.mu.Unlock()
	d.Net.SetOnline(on)
	if d.cfg.SetPushOnline != nil {
		for _, t := range tokens {
			d.cfg.SetPushOnline(t, on)
		}
	}
}

// Reinstall deletes the app, with all that it kept, and installs it again. It runs and registers when it is opened.
func (d *Device) Reinstall() error {
	if err := d.Phone.Reinstall(Bundle); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal, d.cursor = &phone.MemoryJournal{}, 0
	return nil
}

// launch makes the app's code for a new process.
func (d *Device) launch() callkit.App {
	p := &process{d: d, client: d.Net.Client()}
	d.Net.SetSuspended(false)
	p.App = phone.NewApp(p.start)
	return p
}

// process is the app's code in one process: the engine, and the HTTP client that dies with it.
type process struct {
	callkit.App
	d      *Device
	client *http.Client
}

// watcher is iossim.ProcessWatcher, which the engine's app is too.
var _ iossim.ProcessWatcher = (*process)(nil)

// ProcessDied ends what the process had running.
func (p *process) ProcessDied() {
	if w, ok := p.App.(iossim.ProcessWatcher); ok {
		w.ProcessDied()
	}
	p.client.CloseIdleConnections()
}

// ProcessSuspended takes the process's sockets away.
func (p *process) ProcessSuspended(on bool) {
	p.d.Net.SetSuspended(on)
	if w, ok := p.App.(iossim.ProcessWatcher); ok {
		w.ProcessSuspended(on)
	}
}

func (p *process) start(sys callkit.System, _ callkit.LaunchOptions) (*phone.Phone, error) {
	d := p.d
	token := func(context.Context) (string, error) { return d.cfg.Token, nil }
	rpc := ringtripv1connect.NewPhoneServiceClient(p.client, d.cfg.URL, connect.WithInterceptors(Bearer(d.cfg.Token)))
	d.mu.Lock()
	journal := d.journal
	d.mu.Unlock()
	engine, err := phone.New(phone.Config{
		System: sys, Media: d.cfg.Media, Journal: journal, Logger: d.cfg.Logger.With("device", d.ID),
		Connect: func(h signaling.Handler) signaling.Connection {
			return signaling.New(signaling.ClientConfig{
				BaseURL: d.cfg.URL, HTTPClient: p.client, DeviceID: d.ID, Token: token, Handler: h,
				Cursor: d.loadCursor(), SaveCursor: d.saveCursor, Logger: d.cfg.Logger.With("device", d.ID),
			})
		},
		Register: func(ctx context.Context, req *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			go func() {
				ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				r, err := rpc.RegisterDevice(ctx, connect.NewRequest(req))
				if err != nil {
					done(nil, err)
					return
				}
				done(r.Msg, nil)
			}()
		},
		DeviceID: d.ID, DeviceName: d.Name, BundleID: Bundle, Environment: v1.Environment_ENVIRONMENT_SANDBOX,
		AppVersion: "1.0", OSVersion: d.cfg.OS, CallerName: d.cfg.UserName, AnswerPolicy: d.cfg.Policy, NoCallWaiting: d.cfg.NoCallWaiting, OnMark: d.cfg.OnMark,
		OnChange: func(phone.Snapshot) {
			if d.cfg.OnChange != nil {
				d.cfg.OnChange()
			}
		},
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.engine = engine
	d.mu.Unlock()
	return engine, nil
}

func (d *Device) loadCursor() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cursor
}

func (d *Device) saveCursor(c uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cursor = c
}

// Registered waits until the server knows the device and its push token.
func (d *Device) Registered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if e := d.Engine(); e != nil && e.Snapshot().Registered {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the device could not register with %s in time", d.cfg.URL)
		}
	}
}
