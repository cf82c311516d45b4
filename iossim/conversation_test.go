package iossim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

var (
	u2  = callkit.UUID{15: 2}
	bob = lck.Handle{Type: callkit.Generic, Value: "bob", DisplayName: "Bob"}
	eve = lck.Handle{Type: callkit.Generic, Value: "eve", DisplayName: "Eve"}
)

const everything = lck.Pausing | lck.Merging | lck.Unmerging | lck.PlayingTones

// talkApp is an app that does everything right with LiveCommunicationKit; tests override what they are about.
type talkApp struct {
	sys      lck.System
	process  callkit.System
	manager  lck.ConversationManager
	config   lck.Configuration
	heard    []string         // what the delegate was told
	actions  []lck.Action     // what it was asked to perform
	onAction func(lck.Action) // nil: fulfil
	onPush   func(callkit.UUID)
	err      error // of the manager
	life     []string
}

func (a *talkApp) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	a.process = sys
	sys.Application().SetDelegate(a)
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	a.sys = sys.(lck.System)
	a.manager, a.err = a.sys.NewConversationManager(a.config)
	if a.err != nil {
		return
	}
	a.manager.SetDelegate(a)
	r := sys.NewPushRegistry(nil)
	r.SetDelegate(a)
	r.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

func (a *talkApp) DidBecomeActive()    {}
func (a *talkApp) DidEnterBackground() {}
func (a *talkApp) ContinueUserActivity(u callkit.UserActivity) {
	a.life = append(a.life, u.ActivityType+" "+u.Intent.Contacts[0].Handle.Value)
}
func (a *talkApp) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
}
func (a *talkApp) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	var id callkit.UUID
	if err := json.Unmarshal(p.Dictionary, &id); err != nil {
		panic(err)
	}
	if a.onPush != nil {
		a.onPush(id)
	} else if err := a.manager.(lck.Waiter).ReportNewIncomingConversationAndWait(id, lck.NewUpdate(everything, bob)); err != nil {
		a.heard = append(a.heard, err.Error())
	}
	completion()
}

func (a *talkApp) ConversationManagerDidBegin(lck.ConversationManager) {
	a.heard = append(a.heard, "begin")
}
func (a *talkApp) ConversationManagerDidReset(lck.ConversationManager) {
	a.heard = append(a.heard, "reset")
}
func (a *talkApp) TimedOutPerforming(_ lck.ConversationManager, x lck.Action) {
	a.heard = append(a.heard, fmt.Sprintf("timedOut %T %v", x, x.State()))
}
func (a *talkApp) DidActivate(lck.ConversationManager, callkit.AudioSession) {
	a.heard = append(a.heard, "activate")
}
func (a *talkApp) DidDeactivate(lck.ConversationManager, callkit.AudioSession) {
	a.heard = append(a.heard, "deactivate")
}
func (a *talkApp) ConversationChanged(_ lck.ConversationManager, c lck.Conversation) {
	a.heard = append(a.heard, c.State.String())
}
func (a *talkApp) Perform(_ lck.ConversationManager, x lck.Action) {
	a.actions = append(a.actions, x)
	if a.onAction != nil {
		a.onAction(x)
		return
	}
	a.good(x)
}

// good is what WWDC26 session 226 does.
func (a *talkApp) good(x lck.Action) {
	i := slices.IndexFunc(a.manager.Conversations(), func(c lck.Conversation) bool { return c.UUID == x.Conversation() })
	if i < 0 {
		x.Fail()
		return
	}
	c := a.manager.Conversations()[i]
	switch x.(type) {
	case *lck.JoinConversationAction:
		a.manager.ReportConversationEvent(lck.ConversationStartedConnecting{}, c)
		a.process.AfterFunc(time.Second, func() {
			a.manager.ReportConversationEvent(lck.ConversationConnected{}, c)
			x.FulfillAt(a.process.Now())
		})
	case *lck.StartConversationAction:
		x.FulfillAt(a.process.Now())
		a.manager.ReportConversationEvent(lck.ConversationStartedConnecting{}, c)
	default:
		x.Fulfill()
	}
}

// told is what the delegate heard since the last time.
func (a *talkApp) told() string {
	s := strings.Join(a.heard, " ")
	a.heard = nil
	return s
}

func (a *talkApp) last() lck.Action { return a.actions[len(a.actions)-1] }

// talkPhone is a phone with a talkApp in front.
func talkPhone(t *testing.T, pc PhoneConfig, app *talkApp) (*World, *Phone) {
	t.Helper()
	if app.config.MaximumConversationGroups == 0 {
		app.config = lck.DefaultConfiguration()
		app.config.SupportedHandleTypes = []callkit.HandleType{callkit.Generic}
	}
	w := NewWorld(Config{})
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(pc)
	must(t, err)
	must(t, ph.Install(AppConfig{BundleID: bundle, Name: "Example", New: func() callkit.App { return app }}))
	return w, ph
}

// open starts the app by the user's hand and goes home again, so that it has a token.
func open(t *testing.T, w *World, ph *Phone) {
	t.Helper()
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	must(t, ph.Home())
	w.Run(time.Second)
}

func want(t *testing.T, w *World, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %q, want %q\n%s", what, got, want, w.Log())
	}
}

func TestConversationManagerNeedsIOS17_4(t *testing.T) {
	for _, c := range []struct {
		os                          string
		manager, history, telephone bool
	}{{"13", false, false, false}, {"16", false, false, false}, {"17.3", false, false, false}, {"17.4", true, false, false}, {"18", true, false, false}, {"26.0", true, true, true}, {"26.4", true, true, true}} {
		app := &talkApp{}
		w, ph := talkPhone(t, PhoneConfig{OS: c.os}, app)
		must(t, ph.OpenApp(bundle))
		w.Run(time.Second)
		_, err := app.sys.ConversationHistory()
		_, err2 := app.sys.Telephony()
		for _, x := range []struct {
			what string
			err  error
			has  bool
		}{{"manager", app.err, c.manager}, {"history", err, c.history}, {"telephony", err2, c.telephone}} {
			if (x.err == nil) != x.has || x.err != nil && !errors.Is(x.err, lck.ErrUnavailable) {
				t.Errorf("iOS %s: %s: %v, want available=%v", c.os, x.what, x.err, x.has)
			}
		}
		if app.err != nil && !strings.Contains(app.err.Error(), "17.4") {
			t.Errorf("the error does not say what is needed: %v", app.err)
		}
	}
}

func TestIncomingConversation(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	want(t, w, "at launch", app.told(), "begin")
	must(t, ph.Lock())
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if s := ph.Screen(); s.Kind != ScreenIncomingFull || s.Call.Caller != "Bob" {
		t.Fatalf("the screen: %v %v\n%s", s.Kind, s.Call, w.Log())
	}
	want(t, w, "while it rings", app.told(), "idle")
	must(t, ph.Answer())
	w.Run(500 * time.Millisecond)
	want(t, w, "after answering", app.told(), "joining")
	if n := len(app.manager.PendingActions()); n != 1 || app.manager.PendingActions()[0] != app.last() {
		t.Fatalf("%d pending actions, want the one that was handed out", n)
	}
	if p := lck.PendingConversationActions[*lck.JoinConversationAction](app.manager, app.manager.Conversations()[0]); len(p) != 1 {
		t.Fatalf("%d pending join actions of the conversation", len(p))
	}
	w.Run(2 * time.Second)
	want(t, w, "after connecting", app.told(), "joined activate")
	if s := app.last().State(); s != lck.ActionComplete || len(app.manager.PendingActions()) != 0 {
		t.Fatalf("the join action is %v, %d pending", s, len(app.manager.PendingActions()))
	}
	must(t, ph.End())
	w.Run(time.Second)
	want(t, w, "after ending", app.told(), "leaving deactivate left")
	if r := ph.Recents(); len(r) != 1 || r[0].Missed || r[0].Duration < time.Second || r[0].Duration > 4*time.Second {
		t.Fatalf("Recents: %+v", r)
	}
	if n := len(app.manager.Conversations()); n != 0 || ph.Strikes(bundle) != 0 {
		t.Fatalf("%d conversations, %d strikes", n, ph.Strikes(bundle))
	}
}

func TestPushHandlerThatDoesNotWaitForTheReportIsKilled(t *testing.T) {
	report := func(app *talkApp, id callkit.UUID) {
		app.manager.ReportNewIncomingConversation(id, lck.NewUpdate(everything, bob), nil)
	}
	for _, c := range []struct {
		name   string
		sync   string
		onPush func(app *talkApp, id callkit.UUID)
		lives  bool
	}{
		{"returns at once", "false", report, false},
		{"returns at once, were it synchronous", "true", report, true},
		{"sleeps half a second", "false", func(app *talkApp, id callkit.UUID) {
			report(app, id)
			app.process.(*Process).Block(500 * time.Millisecond)
		}, true},
		{"sleeps before the report", "false", func(app *talkApp, id callkit.UUID) {
			app.process.(*Process).Block(500 * time.Millisecond)
			report(app, id)
		}, false},
		{"waits", "false", nil, true},
		{"reports by CallKit", "false", func(app *talkApp, id callkit.UUID) {
			name := "Bob"
			app.process.NewProvider(callkit.DefaultConfiguration()).ReportNewIncomingCall(id, callkit.Update{LocalizedCallerName: &name}, nil)
		}, true},
	} {
		app := &talkApp{}
		if c.onPush != nil {
			app.onPush = func(id callkit.UUID) { c.onPush(app, id) }
		}
		w, ph := talkPhone(t, PhoneConfig{Locked: true}, app)
		must(t, ph.SetKnob("lckReportIsSynchronous", c.sync))
		ph.DeliverPush(bundle, pushOf(u1))
		w.Run(10 * time.Second)
		killed := strings.Contains(w.Log(), "push not reported, check 1")
		if killed == c.lives || ph.Screen().Ringing() != c.lives {
			t.Errorf("%s: killed=%v rings=%v, want lives=%v\n%s", c.name, killed, ph.Screen().Ringing(), c.lives, w.Log())
		}
	}
}

func TestReportOfADeadProcessIsLost(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(0, bob), func(error) { t.Error("a completion after death") })
	ph.Kill(bundle, "memory")
	w.Run(time.Second)
	if len(ph.Calls()) != 0 {
		t.Fatalf("the report of a dead process arrived\n%s", w.Log())
	}
	if err := app.manager.(lck.Waiter).ReportNewIncomingConversationAndWait(u1, lck.Update{}); err == nil {
		t.Error("a dead process reported")
	}
	app.manager.Perform([]lck.Action{&lck.EndConversationAction{}}, nil)
	app.manager.ReportConversationEvent(lck.ConversationConnected{}, lck.Conversation{UUID: u1})
	app.manager.Invalidate()
	w.Run(time.Second)
}

func TestIncomingErrorsAreCallKits(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	var got []error
	report := func(id callkit.UUID, h lck.Handle) {
		app.manager.ReportNewIncomingConversation(id, lck.NewUpdate(everything, h), func(err error) { got = append(got, err) })
		w.Run(time.Second)
	}
	report(u1, bob)
	report(u1, bob)
	ph.SetFocus("Work", "bob")
	ph.BlockCaller("mallory", true)
	report(u2, eve)
	report(u2, lck.Handle{Value: "mallory"})
	wanted := []error{nil, callkit.ErrCallUUIDAlreadyExists, callkit.ErrFilteredByDoNotDisturb, callkit.ErrFilteredByBlockList}
	for i, err := range got {
		if !errors.Is(err, wanted[i]) {
			t.Errorf("report %d: %v, want %v", i, err, wanted[i])
		}
	}
	if len(got) != len(wanted) {
		t.Errorf("%d completions", len(got))
	}
}

func TestOutgoingConversation(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	app.told()
	var failed error
	app.manager.Perform([]lck.Action{&lck.StartConversationAction{
		Base: lck.Base{ConversationUUID: u1}, Handles: []lck.Handle{bob, eve}, IsVideo: true,
	}}, func(err error) { failed = err })
	w.Run(time.Second)
	start := app.last().(*lck.StartConversationAction)
	if failed != nil || len(start.Handles) != 2 || start.Handles[1] != eve || !start.IsVideo {
		t.Fatalf("%v: the delegate was asked for %+v", failed, start)
	}
	// Audio is lent as soon as the start is fulfilled, before the far end answers.
	want(t, w, "after the start", app.told(), "idle joining activate")
	if s := ph.Screen(); s.Call.Caller != "Bob & 1 other" || s.Call.Status != "connecting…" || !s.Call.Video {
		t.Fatalf("the screen: %+v", s.Call)
	}
	c := app.manager.Conversations()[0]
	app.manager.ReportConversationEvent(lck.ConversationConnected{}, c)
	w.Run(3 * time.Second)
	want(t, w, "after the answer", app.told(), "joined")
	app.manager.ReportConversationEvent(lck.ConversationEnded{Reason: lck.RemoteEnded}, c)
	w.Run(time.Second)
	want(t, w, "after the end", app.told(), "deactivate left")
	if r := ph.Recents(); len(r) != 1 || !r[0].Outgoing || r[0].Duration != 3*time.Second {
		t.Fatalf("Recents: %+v", r)
	}
	must(t, ph.OpenRecents())
	w.Settle()
	must(t, ph.TapRecent(0))
	w.Run(time.Second)
	want(t, w, "call back", strings.Join(app.life, ","), "INStartCallIntent bob")
}

func TestRequestErrorsAreCallKits(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	for _, c := range []struct {
		name    string
		actions []lck.Action
		code    int
	}{
		{"nothing", nil, callkit.RequestEmptyTransaction},
		{"nil", []lck.Action{nil}, callkit.RequestInvalidAction},
		{"no such conversation", []lck.Action{&lck.EndConversationAction{Base: lck.Base{ConversationUUID: u2}}}, callkit.RequestUnknownCallUUID},
		{"no uuid", []lck.Action{&lck.EndConversationAction{}}, callkit.RequestInvalidAction},
	} {
		var got error
		app.manager.Perform(c.actions, func(err error) { got = err })
		w.Run(time.Second)
		if !errors.Is(got, &callkit.Error{Domain: callkit.RequestTransactionErrorDomain, Code: c.code}) {
			t.Errorf("%s: %v, want code %d", c.name, got, c.code)
		}
	}
}

// connected is a phone in an incoming conversation that is live.
func connected(t *testing.T, pc PhoneConfig, app *talkApp) (*World, *Phone) {
	t.Helper()
	w, ph := talkPhone(t, pc, app)
	open(t, w, ph)
	app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(everything, bob), nil)
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(3 * time.Second)
	app.told()
	if s := ph.Screen(); s.Kind != ScreenInCall {
		t.Fatalf("the screen is %s\n%s", s.Kind, w.Log())
	}
	return w, ph
}

// TestEveryActionBothWays asks for every kind of action on a live conversation, by the user and by the app.
func TestEveryActionBothWays(t *testing.T) {
	base := lck.Base{ConversationUUID: u1}
	for _, c := range []struct {
		name  string
		user  func(*Phone) error
		app   lck.Action
		check func(*Phone, lck.Action) string // empty if all is well
	}{
		{"mute", func(ph *Phone) error { return ph.Mute(true) }, &lck.MuteConversationAction{Base: base, IsMuted: true},
			func(ph *Phone, a lck.Action) string {
				return iff(a.(*lck.MuteConversationAction).IsMuted && ph.Screen().Call.Muted, "not muted")
			}},
		{"pause", func(ph *Phone) error { return ph.Hold(true) }, &lck.PauseConversationAction{Base: base, IsPaused: true},
			func(ph *Phone, a lck.Action) string {
				return iff(a.(*lck.PauseConversationAction).IsPaused && ph.Screen().Call.Held, "not paused")
			}},
		{"tone", func(ph *Phone) error { return ph.Keys("5") }, &lck.PlayToneAction{Base: base, Digits: "5", Tone: lck.SingleTone},
			func(ph *Phone, a lck.Action) string {
				x := a.(*lck.PlayToneAction)
				return iff(x.Digits == "5" && x.Tone == lck.SingleTone && strings.Contains(ph.w.Log(), "tone 5"), "no tone")
			}},
		{"end", (*Phone).End, &lck.EndConversationAction{Base: base},
			func(ph *Phone, a lck.Action) string {
				_, ok := a.(*lck.EndConversationAction)
				return iff(ok && len(ph.Calls()) == 0, "not ended")
			}},
	} {
		for _, by := range []string{"user", "app"} {
			app := &talkApp{}
			w, ph := connected(t, PhoneConfig{}, app)
			if by == "user" {
				must(t, c.user(ph))
			} else {
				app.manager.Perform([]lck.Action{c.app}, func(err error) { must(t, err) })
			}
			w.Run(time.Second)
			if n := len(app.actions); n != 2 {
				t.Errorf("%s by the %s: %d actions performed\n%s", c.name, by, n, w.Log())
				continue
			}
			if a := app.last(); a.Conversation() != u1 || a.State() != lck.ActionComplete || a.UUID().IsZero() {
				t.Errorf("%s by the %s: %v %v", c.name, by, a.Conversation(), a.State())
			} else if why := c.check(ph, a); why != "" {
				t.Errorf("%s by the %s: %s\n%s", c.name, by, why, w.Log())
			}
		}
	}
}

func iff(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}
