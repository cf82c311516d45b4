// Package phone is the engine inside an app whose calls ring like phone calls: it owns the calls of one device
// and drives the call system (package callkit), the media sessions (package media) and the line to the server
// (package signaling). What happens to a call is decided by package call alone; this package carries it out.
//
// # The main queue
//
// Everything that happens to a call happens on the system's main queue: PushKit and CallKit call back there, timers
// run there, and what comes from the network and from media is posted there. A process that is suspended therefore
// stands still as a whole, and on a virtual clock the engine is deterministic. One lock guards all state, for the
// app's own goroutines; it is never held while code runs that might call back (the system's clock and timers don't).
//
// # Push
//
// PushKit kills an app whose push delegate returns without a report (Apple: Responding to VoIP Notifications from
// PushKit). So the goroutine that brings a push carries the report out itself before it returns, whatever else is
// going on: no queue, no network, no disk and no other goroutine comes before it. A push that can't be read, or an
// engine that fails on it, ends in a placeholder call that is reported and ended at once.
//
// # What it refuses to do
//
// It never activates the audio session, never takes a push for a cancel, never waits for didActivate before it
// fulfils, and never believes that a call is over because the network is.
//
// # Several calls
//
// What the calls of one device are to each other, package phone/switchboard decides. A second call rings in (call
// waiting), unless [Config] or the provider's maximumCallGroups of 1 forbid it: then it is told busy on this device. At
// most three calls live at once. Only the call in front has the sound. A call that was put on hold for another one,
// also of another app or of the mobile network, is resumed by request when that one is over, since the system does so
// only after a hang-up on this phone (developer.apple.com/forums 715488, 749202); a call that the user held is not. A
// process that the system suspended meanwhile does so when it runs again. Calls are grouped only where the media
// factory can mix them on the device ([media.Mixer]); none of the package's own can, so the system is told that
// grouping is not supported, and a group action fails.
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone/switchboard"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// AnswerPolicy says when the answer action is fulfilled.
type AnswerPolicy uint8

// The two legal policies. Waiting for didActivate before fulfilling is not one: it deadlocks.
const (
	// FulfillWhenConnected fulfils when the media transport is up, so that the call timer on the screen is
	// honest, and after [Config.FulfillAfter] at the latest.
	FulfillWhenConnected AnswerPolicy = iota
	// FulfillFirst fulfils at once.
	FulfillFirst
)

// Config is what a Phone is made from. System, Media, Connect and DeviceID must be set.
type Config struct {
	// System is the process's view of the iPhone. One Phone lives in it.
	System callkit.System
	// Media makes the sessions that carry the sound.
	Media media.Factory
	// Connect makes the line to the server; it is called once, from New, and must not block.
	Connect func(signaling.Handler) signaling.Connection
	// Register sends a registration and calls done, from any goroutine, exactly once unless ctx is done
	// first. It must not block. Nil means that somebody else registers the device.
	Register func(ctx context.Context, req *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error))
	// Journal keeps the live calls for the next process; nil keeps them in memory, which is of use to tests only.
	Journal Journal

	DeviceID    string // once per installation, 1-64 of [A-Za-z0-9._-]
	DeviceName  string // for people: "Bob's iPhone"
	Platform    string // "ios" if empty
	BundleID    string
	Environment v1.Environment // where the push token is valid
	AppVersion  string
	OSVersion   string // as "16.4"; iOS 16 has a bug of its own with video calls that are answered on the lock screen

	// Keys keeps the key that callers' names are encrypted for; nil: they come as plain text in the push. SealedName is
	// what a call is shown as that can't be opened, "Incoming call" if empty; the app localises it.
	Keys       Keys
	SealedName string

	// CallerName and CallerHandle are shown to those who are called; empty: what the server knows.
	CallerName, CallerHandle string
	// Provider is the provider's configuration; zero: Apple's defaults with all three types of handles, and with video
	// if OnVideo is there.
	Provider *callkit.ProviderConfiguration
	// OnVideo is told, on the main queue, that the user pressed the video button of the system's call screen; the app
	// then turns the call into a video call. Without it the engine advertises no video, for a button that does nothing
	// is worse than none (react-native-callkeep#296).
	OnVideo func(callkit.UUID)

	// NoCallWaiting tells a call that comes in during another busy on this device. It is so, too, if the provider's
	// MaximumCallGroups is 1.
	NoCallWaiting bool
	// StayOnHold leaves it to the user to resume a call that was put on hold for another one which is over: the app's
	// screen offers it ([Call].CanResume).
	StayOnHold bool

	AnswerPolicy AnswerPolicy
	// FulfillAfter is how long an answer waits for the transport before it is fulfilled anyway; 5 s if 0.
	FulfillAfter time.Duration
	// RingTimeout is the longest ring; the server's deadline may be nearer. 45 s if 0. It must stay below
	// the 60 s after which the system ends a ring by itself.
	RingTimeout time.Duration
	// MediaTimeout is how long the transport may take to connect, 20 s if 0, and MediaLost how long it may
	// take to come back, 30 s if 0. Then the call ends as media_failed.
	MediaTimeout, MediaLost time.Duration

	// Logger gets what people look for when a phone did not ring; nil discards it.
	Logger *slog.Logger
	// OnChange is told, on the main queue, what the app's screens should show, whenever it changed.
	OnChange func(Snapshot)
	// OnGroup is told, on the main queue, that somebody rings for, joined or left a group call that this phone is in. It
	// may miss one: GetGroup of the server has the truth.
	OnGroup func(*v1.GroupChanged)
	// OnMark is told of every mark for the ledger, also of those that never reach the server. It must not block.
	OnMark func(Mark)
}

// Defaults of [Config], and bounds that are not for anybody to turn.
const (
	defaultFulfillAfter = 5 * time.Second
	defaultRingTimeout  = 45 * time.Second
	defaultMediaTimeout = 20 * time.Second
	defaultMediaLost    = 30 * time.Second

	// tombstone is how long an ended call is remembered after the longest ring, for pushes that come late.
	tombstone = 60 * time.Second
	// maxLines bounds how many calls, nearly all of them ended, are remembered.
	maxLines = 64
)

// Errors of the app's own requests.
var (
	// ErrNotConnected is returned by Start before the server has given the device a call ID.
	ErrNotConnected = errors.New("phone: not connected yet: the server has not given this device a call ID; register the device and try again once Snapshot.CanStart is true")
	// ErrOnCall is returned by Start, and by what resumes a call, while another call starts, rings or dials.
	ErrOnCall = errors.New("phone: another call rings or dials; answer or end it first")
	// ErrTooManyCalls is returned by Start and HoldAndAnswer if one more call would be more than the provider's
	// MaximumCallGroups; EndAndAnswer and EndHeldAndAnswer make room.
	ErrTooManyCalls = errors.New("phone: too many calls; end one first")
	// ErrNothingToSwap is returned by Swap unless one call talks and one is on hold.
	ErrNothingToSwap = errors.New("phone: there is nothing to swap: one call must talk and one be on hold")
	// ErrCannotMix is returned by Merge if the media factory can't mix calls on this device.
	ErrCannotMix = errors.New("phone: these calls can't be merged: the media factory is no media.Mixer")
	// ErrNoCall is returned when a call ID names no live call of this device.
	ErrNoCall = errors.New("phone: no such live call")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("phone: the engine was closed")
	// ErrNoCallee is returned by Start without a callee.
	ErrNoCallee = errors.New("phone: nobody to call: StartRequest.Callee is empty")
)

// A Phone is the engine of one process. All methods may be called from any goroutine and return at once.
type Phone struct {
	cfg        Config
	sys        callkit.System
	app        callkit.Application
	main       callkit.Queue
	provider   callkit.Provider
	controller callkit.CallController
	observer   callkit.CallObserver
	registry   callkit.PushRegistry
	conn       signaling.Connection
	log        *slog.Logger
	ctx        context.Context
	cancel     context.CancelFunc

	mu       sync.Mutex // guards everything below; not held while outside runs
	lines    []*line    // in the order they were heard of
	outbox   []item     // effects, in the order they are to be carried out
	draining bool       // somebody carries out the outbox
	hold     int        // the outbox must wait: a report goes first
	reports  int        // reports made so far
	closed   bool
	online   bool

	clock      clock
	nextCallID callkit.UUID
	starting   map[callkit.UUID]starting // requested, not yet performed
	callBack   *StartRequest             // from Recents, waits for a call ID
	callBackBy callkit.Timer
	requests   int // under way to the server
	task       backgroundTask
	reg        registration
	board      switchboard.Board // all calls of the device, those of others included
	seats      [switchboard.Lines]*line
	patience   callkit.Timer // until a held call is resumed by request
	others     int           // calls of other apps and of the mobile network
	otherOver  time.Time     // when one of them was last heard to be over, the device's clock
	reconciled bool
	orphans    []callkit.UUID // calls of the system that the journal does not know
	saved      Saved          // what the journal has
	sessions   int            // media sessions made, for their names
	rooms      rooms          // of carriers; guards itself
	born       string         // names this process in the names of sessions
	shown      Snapshot       // what OnChange was told last
	notifying  bool           // an OnChange is on its way
	placed     int            // placeholder calls made
}

// New makes the engine: the provider, the push registry, the observers and the connection exist when it returns.
// Call it in DidFinishLaunching, on every launch, before anything that may fail or wait (Apple: the system can't
// deliver a push to a process without a registry).
func New(cfg Config) (*Phone, error) {
	if err := check(&cfg); err != nil {
		return nil, err
	}
	p := &Phone{cfg: cfg, sys: cfg.System, log: cfg.Logger, starting: make(map[callkit.UUID]starting)}
	p.board = switchboard.New(policyOf(&cfg))
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.app, p.main = p.sys.Application(), p.sys.MainQueue()
	p.born = fmt.Sprintf("%x", p.sys.Now().UnixMilli())
	p.conn = cfg.Connect(handler{p})
	d := delegate{p}
	p.provider = p.sys.NewProvider(*cfg.Provider)
	p.provider.SetDelegate(d, nil)
	p.controller = p.sys.NewCallController(p.main)
	p.observer = p.sys.NewCallObserver()
	p.observer.SetDelegate(d, nil)
	p.app.SetDelegate(d)
	p.registry = p.sys.NewPushRegistry(nil)
	p.registry.SetDelegate(d)
	p.registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	p.conn.SetForeground(p.app.State() == callkit.Active)
	p.conn.Open()
	p.post(p.reconcile)
	return p, nil
}

func check(cfg *Config) error {
	switch {
	case cfg.System == nil:
		return errors.New("phone: Config.System is missing")
	case cfg.Media == nil:
		return errors.New("phone: Config.Media is missing")
	case cfg.Connect == nil:
		return errors.New("phone: Config.Connect is missing")
	case cfg.DeviceID == "":
		return errors.New("phone: Config.DeviceID is empty; choose one once per installation and keep it")
	case cfg.RingTimeout < 0 || cfg.RingTimeout >= 60*time.Second:
		return fmt.Errorf("phone: Config.RingTimeout is %v; it must be below the system's own 60 s", cfg.RingTimeout)
	}
	for d, value := range map[*time.Duration]time.Duration{
		&cfg.FulfillAfter: defaultFulfillAfter, &cfg.RingTimeout: defaultRingTimeout,
		&cfg.MediaTimeout: defaultMediaTimeout, &cfg.MediaLost: defaultMediaLost,
	} {
		if *d <= 0 {
			*d = value
		}
	}
	if cfg.Journal == nil {
		cfg.Journal = new(MemoryJournal)
	}
	if cfg.Platform == "" {
		cfg.Platform = "ios"
	}
	if cfg.SealedName == "" {
		cfg.SealedName = "Incoming call"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Provider == nil {
		pc := callkit.DefaultConfiguration()
		pc.SupportsVideo = cfg.OnVideo != nil
		pc.SupportedHandleTypes = []callkit.HandleType{callkit.Generic, callkit.PhoneNumber, callkit.EmailAddress}
		cfg.Provider = &pc
	}
	return nil
}

// Close ends the engine as the death of its process would: connection, media sessions and timers are gone when it
// returns, nobody is told goodbye, and the journal keeps what lived. It may be called more than once.
func (p *Phone) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	var sessions []media.Session
	p.stopPatience()
	for _, l := range p.lines {
		l.stopTimers()
		for _, s := range l.sessions {
			s.closed = true
			s.stopRenewal()
			if s.Session != nil { // else who makes it sees that it is closed
				sessions = append(sessions, s.Session)
			}
		}
		l.sessions = nil
	}
	p.mu.Unlock()
	p.cancel()
	p.conn.Close()
	for _, s := range sessions {
		if err := s.Close(); err != nil {
			p.log.Warn("closing media", "err", err)
		}
	}
}
