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

func TestPauseTakesTheAudioAndResumeGivesItBack(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	must(t, ph.Hold(true))
	w.Run(time.Second)
	want(t, w, "paused", app.told(), "deactivate paused")
	app.manager.Perform([]lck.Action{&lck.PauseConversationAction{Base: lck.Base{ConversationUUID: u1}}}, nil)
	w.Run(time.Second)
	want(t, w, "resumed", app.told(), "joined activate")
}

func TestCapabilitiesDecideAboutButtons(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	enabled := func(id string) bool {
		return slices.ContainsFunc(ph.Screen().Call.Buttons, func(b Button) bool { return b.ID == id && b.Enabled })
	}
	if !enabled("hold") || !enabled("keypad") {
		t.Fatalf("what the conversation can do is not on the screen: %+v", ph.Screen().Call.Buttons)
	}
	none := lck.Capabilities(0)
	c := app.manager.Conversations()[0]
	me := lck.Handle{Type: callkit.Generic, Value: "adam"}
	app.manager.ReportConversationEvent(lck.ConversationUpdated{Update: lck.Update{Capabilities: &none, LocalMember: &me}}, c)
	w.Run(time.Second)
	if enabled("hold") || enabled("keypad") {
		t.Fatalf("what the conversation can't do is on the screen: %+v", ph.Screen().Call.Buttons)
	}
	if s := ph.Screen(); s.Call.Caller != "Bob" || s.Call.Video {
		t.Fatalf("an update changed what it did not name: %+v", s.Call)
	}
	want(t, w, "a new local member", app.told(), "joined")
	if l := app.manager.Conversations()[0].LocalMember; l == nil || *l != me {
		t.Fatalf("local member %v", l)
	}
	video := lck.Video
	app.manager.ReportConversationEvent(lck.ConversationUpdated{Update: lck.Update{Capabilities: &video}}, c)
	w.Run(time.Second)
	if !ph.Screen().Call.Video {
		t.Fatal("an upgrade to video does not show")
	}
}

func TestContactComesBeforeDisplayName(t *testing.T) {
	for _, c := range []struct {
		contacts map[string]string
		members  []lck.Handle
		want     string
	}{
		{nil, []lck.Handle{bob}, "Bob"},
		{map[string]string{"bob": "Robert"}, []lck.Handle{bob}, "Robert"},
		{nil, []lck.Handle{{Value: "bob"}}, "bob"},
		{nil, []lck.Handle{{}}, "Unknown"},
		{nil, []lck.Handle{}, "Unknown"},
		{map[string]string{"bob": "Robert"}, []lck.Handle{bob, eve}, "Robert & 1 other"},
		{nil, []lck.Handle{bob, eve, {Value: "x"}}, "Bob & 2 others"},
	} {
		app := &talkApp{}
		w, ph := talkPhone(t, PhoneConfig{Contacts: c.contacts}, app)
		open(t, w, ph)
		app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(everything, c.members...), nil)
		w.Run(time.Second)
		if got := ph.Screen().Call.Caller; got != c.want {
			t.Errorf("%v with contacts %v: %q, want %q", c.members, c.contacts, got, c.want)
		}
	}
}

func TestJoinThatFails(t *testing.T) {
	app := &talkApp{onAction: func(a lck.Action) { a.Fail() }}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(everything, bob), nil)
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	if s := ph.Screen(); s.Kind != ScreenCallFailed || app.last().State() != lck.ActionFailed {
		t.Fatalf("%s, the action is %v\n%s", s.Kind, app.last().State(), w.Log())
	}
	want(t, w, "the delegate", app.told(), "begin idle left")
}

// TestActionNobodySettlesTimesOutAfter30Seconds is also what becomes of an app that forgot a kind of action.
func TestActionNobodySettlesTimesOutAfter30Seconds(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	app.onAction = func(lck.Action) {}
	must(t, ph.Mute(true))
	w.Run(time.Second)
	x := app.last()
	if d := x.TimeoutDate().Sub(app.process.Now()); d < 28*time.Second || d > 30*time.Second {
		t.Errorf("the time-out is %v away", d)
	}
	w.Run(27 * time.Second)
	want(t, w, "before the time-out", app.told(), "")
	w.Run(3 * time.Second)
	want(t, w, "after the time-out", app.told(), "timedOut *lck.MuteConversationAction failed deactivate left")
	if x.Fulfill(); x.State() != lck.ActionFailed {
		t.Errorf("a fulfil after the time-out made the action %v", x.State())
	}
}

func TestEveryReasonOfAnEnd(t *testing.T) {
	for reason, c := range map[lck.EndedReason]struct {
		log    string
		missed bool
	}{
		lck.Failed: {"failed", false}, lck.RemoteEnded: {"remoteEnded", true}, lck.Unanswered: {"unanswered", true},
		lck.JoinedElsewhere: {"joinedElsewhere", false}, lck.DeclinedElsewhere: {"declinedElsewhere", false},
	} {
		app := &talkApp{}
		w, ph := talkPhone(t, PhoneConfig{}, app)
		open(t, w, ph)
		app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(everything, bob), nil)
		w.Run(time.Second)
		app.manager.ReportConversationEvent(lck.ConversationEnded{Reason: reason}, app.manager.Conversations()[0])
		w.Run(time.Second)
		if r := ph.Recents(); len(r) != 1 || r[0].Missed != c.missed || !strings.Contains(w.Log(), "conversationEnded reason="+c.log) {
			t.Errorf("%s: %+v\n%s", c.log, r, w.Log())
		}
	}
}

func TestEventsOutOfPlace(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	app.manager.ReportNewIncomingConversation(u1, lck.NewUpdate(everything, bob), nil)
	w.Run(time.Second)
	app.told()
	c := app.manager.Conversations()[0]
	app.manager.ReportConversationEvent(lck.ConversationConnected{}, c) // nobody has joined
	app.manager.ReportConversationEvent(lck.ConversationStartedConnecting{}, c)
	app.manager.ReportConversationEvent(nil, c)
	app.manager.ReportConversationEvent(lck.ConversationConnected{}, lck.Conversation{UUID: u2})
	w.Run(time.Second)
	want(t, w, "the delegate", app.told(), "")
	if !ph.Screen().Ringing() {
		t.Fatalf("it does not ring any more\n%s", w.Log())
	}
}

func TestServiceCrashResetsTheManager(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	ph.RestartCallService()
	w.Run(time.Second)
	got := app.told()
	if !strings.Contains(got, "reset") || !strings.Contains(got, "begin") || len(app.manager.Conversations()) != 0 {
		t.Fatalf("the delegate heard %q\n%s", got, w.Log())
	}
	if s := ph.Screen(); s.Call != nil {
		t.Fatalf("a call is on the screen: %+v", s.Call)
	}
}

func TestInvalidManager(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	app.manager.Invalidate()
	w.Run(time.Second)
	if len(ph.Calls()) != 0 || app.manager.Conversations() != nil {
		t.Fatalf("calls survive their manager\n%s", w.Log())
	}
	var err error
	app.manager.ReportNewIncomingConversation(u2, lck.NewUpdate(0, bob), func(e error) { err = e })
	w.Run(time.Second)
	if err == nil {
		t.Error("an invalid manager reported")
	}
}

func TestConversationOutlivesItsProcess(t *testing.T) {
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{}, app)
	ph.Kill(bundle, "memory")
	w.Run(time.Second)
	app.told()
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	want(t, w, "a leftover is no news", app.told(), "begin")
	if c := app.manager.Conversations(); len(c) != 1 || c[0].State != lck.Joined {
		t.Fatalf("conversations at launch: %+v", c)
	}
	app.manager.ReportConversationEvent(lck.ConversationEnded{Reason: lck.Failed}, app.manager.Conversations()[0])
	w.Run(time.Second)
	want(t, w, "its end is", app.told(), "left")
}

// mixedApp reports by CallKit, which is synchronous, and does the rest with LiveCommunicationKit.
type mixedApp struct {
	talkApp
	provider callkit.Provider
}

func (a *mixedApp) ProviderDidReset(callkit.Provider) {}
func (a *mixedApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.provider = sys.NewProvider(callkit.DefaultConfiguration())
	a.talkApp.DidFinishLaunching(sys, o)
}

func TestReportByCallKitAndTheRestByLiveCommunicationKit(t *testing.T) {
	app := &mixedApp{}
	app.config = lck.DefaultConfiguration()
	app.onPush = func(id callkit.UUID) {
		name := "Bob"
		app.provider.ReportNewIncomingCall(id, callkit.Update{LocalizedCallerName: &name, RemoteHandle: &callkit.Handle{Type: callkit.Generic, Value: "bob"}}, nil)
	}
	w := NewWorld(Config{})
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(PhoneConfig{Locked: true})
	must(t, err)
	must(t, ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App { return app }}))
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(10 * time.Second)
	must(t, ph.Answer())
	w.Run(3 * time.Second)
	must(t, ph.Mute(true))
	w.Run(time.Second)
	must(t, ph.End())
	w.Run(time.Second)
	want(t, w, "the delegate", app.told(), "begin idle joining joined activate leaving deactivate left")
	var kinds []string
	for _, a := range app.actions {
		kinds = append(kinds, fmt.Sprintf("%T", a))
	}
	want(t, w, "actions", strings.Join(kinds, " "), "*lck.JoinConversationAction *lck.MuteConversationAction *lck.EndConversationAction")
	if ph.Strikes(bundle) != 0 || len(ph.PendingActions()) != 0 {
		t.Errorf("strikes %d, pending %v", ph.Strikes(bundle), ph.PendingActions())
	}
}

func TestHistoryIsForTheDefaultDialer(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	open(t, w, ph)
	history, err := app.sys.ConversationHistory()
	must(t, err)
	updates := 0
	history.SetObserver(func() { updates++ })
	var list []lck.RecentConversation
	ask := func(match func(lck.RecentConversation) bool) error {
		var got error
		list = nil
		history.RecentConversations(match, func(l []lck.RecentConversation, err error) { list, got = l, err })
		w.Run(time.Second)
		return got
	}
	if err := ask(nil); !errors.Is(err, lck.ErrNotDefaultDialer) {
		t.Fatalf("an ordinary app sees Recents: %v %v", list, err)
	}
	if err := ph.SetDefaultDialer("com.example.nobody"); err == nil {
		t.Fatal("an app that is not installed became the default dialer")
	}
	must(t, ph.SetDefaultDialer(bundle))
	for _, id := range []callkit.UUID{u1, u2} {
		app.manager.ReportNewIncomingConversation(id, lck.NewUpdate(everything, bob, eve), nil)
		w.Run(time.Second)
		if id == u1 {
			must(t, ph.Decline())
		} else {
			app.manager.ReportConversationEvent(lck.ConversationEnded{Reason: lck.RemoteEnded}, app.manager.Conversations()[0])
		}
		w.Run(time.Second)
	}
	must(t, ask(nil))
	if len(list) != 2 || list[0].ID != u2 || list[0].Status != lck.StatusMissed || list[1].Status != lck.StatusDeclined ||
		list[0].Direction != lck.Incoming || len(list[0].Handles) != 2 || list[0].IsRead {
		t.Fatalf("history %+v\n%s", list, w.Log())
	}
	if updates != 2 || ph.Screen().Missed != 1 {
		t.Fatalf("%d updates heard, %d missed", updates, ph.Screen().Missed)
	}
	must(t, ask(func(r lck.RecentConversation) bool { return r.Status == lck.StatusMissed }))
	if len(list) != 1 {
		t.Fatalf("%d match", len(list))
	}
	history.MarkConversationsAsRead(list, func(err error) { must(t, err) })
	w.Run(time.Second)
	must(t, ask(nil))
	if !list[0].IsRead || list[1].IsRead || ph.Screen().Missed != 0 || updates != 3 {
		t.Fatalf("after reading: %+v, %d missed, %d updates", list, ph.Screen().Missed, updates)
	}
	must(t, ph.OpenRecents())
	w.Run(time.Second)
	must(t, ask(nil))
	if !list[1].IsRead || updates != 4 {
		t.Fatalf("the user has seen Recents: %+v, %d updates", list, updates)
	}
	must(t, ph.SetDefaultDialer(""))
	if err := ask(nil); err == nil {
		t.Fatal("no longer the default dialer, and still sees Recents")
	}
}

// TestChinaStore holds that LiveCommunicationKit works where CallKit must not.
func TestChinaStore(t *testing.T) {
	knobs := DefaultKnobs()
	must(t, knobs.Set("region", "CN"))
	app := &talkApp{}
	w, ph := connected(t, PhoneConfig{Knobs: knobs}, app)
	must(t, ph.End())
	w.Run(time.Second)
	if strings.Contains(w.Log(), "violation") || len(ph.Recents()) != 1 {
		t.Fatalf("LiveCommunicationKit does not work in China\n%s", w.Log())
	}
	app.process.NewProvider(callkit.DefaultConfiguration())
	w.Run(time.Second)
	if !strings.Contains(w.Log(), "violation: CallKit is active in the China store") {
		t.Fatalf("CallKit beside it is not told off\n%s", w.Log())
	}
}

func TestTranslationBothWays(t *testing.T) {
	for _, by := range []string{"user", "app"} {
		app := &talkApp{config: lck.DefaultConfiguration()}
		app.config.SupportsAudioTranslation = true
		w, ph := connected(t, PhoneConfig{OS: "26.0"}, app)
		app.onAction = func(a lck.Action) { a.(*lck.SetTranslatingAction).FulfillUsing(callkit.CustomTranslation) }
		if by == "user" {
			must(t, ph.Translate(true, "en", "de"))
		} else {
			app.manager.Perform([]lck.Action{&lck.SetTranslatingAction{
				Base: lck.Base{ConversationUUID: u1}, IsTranslating: true, LocalLanguage: "en", RemoteLanguage: "de",
			}}, func(err error) { must(t, err) })
		}
		w.Run(time.Second)
		x, ok := app.last().(*lck.SetTranslatingAction)
		if !ok || !x.IsTranslating || x.LocalLanguage != "en" || x.RemoteLanguage != "de" || x.State() != lck.ActionComplete {
			t.Errorf("by the %s: %+v\n%s", by, app.last(), w.Log())
		}
		if s := ph.Screen(); s.Call.Translating != "en→de" || !strings.Contains(w.Log(), "engine=custom") {
			t.Errorf("by the %s: %+v\n%s", by, s.Call, w.Log())
		}
	}
	app := &talkApp{config: lck.DefaultConfiguration()}
	app.config.SupportsAudioTranslation = true
	_, ph := connected(t, PhoneConfig{OS: "18"}, app)
	if err := ph.Translate(true, "en", "de"); err == nil {
		t.Error("iOS 18 translates")
	}
}

// kinds are the actions that the app was asked to perform since the last time.
func (a *talkApp) kinds() string {
	var words []string
	for _, x := range a.actions {
		kind, args := conversationWords(x)
		id := x.Conversation()
		words = append(words, fmt.Sprintf("%s(u%d%s)", kind, id[15], strings.ReplaceAll(args, "00000000-0000-0000-0000-00000000000", "u")))
	}
	a.actions = nil
	return strings.Join(words, " ")
}

// TestSecondConversation goes through call waiting, swap, merge, unmerge and the end of a member.
func TestSecondConversation(t *testing.T) {
	app := &talkApp{onAction: lck.Action.Fulfill}
	w, ph := connected(t, PhoneConfig{}, app)
	app.kinds()
	app.manager.ReportNewIncomingConversation(u2, lck.NewUpdate(everything, eve), nil)
	w.Run(time.Second)
	if s := ph.Screen(); s.Kind != ScreenCallWaiting || s.Call.Caller != "Eve" {
		t.Fatalf("%s %+v\n%s", s.Kind, s.Call, w.Log())
	}
	step := func(what string, err error, performed, told string) {
		t.Helper()
		must(t, err)
		w.Run(time.Second)
		must(t, w.Check())
		want(t, w, what+": performed", app.kinds(), performed)
		want(t, w, what+": told", app.told(), told)
	}
	app.told()
	step("hold and accept", ph.HoldAndAccept(), "Pause(u1 1) Join(u2)", "deactivate paused joined activate")
	step("swap", ph.Swap(), "Pause(u2 1) Pause(u1 0)", "deactivate paused joined activate")
	step("merge", ph.Merge(), "Pause(u2 0) Merge(u1 with=u2)", "joined")
	if s := ph.Screen(); len(s.Call.Members) != 2 {
		t.Fatalf("no group on the screen: %+v\n%s", s.Call, w.Log())
	}
	step("split", ph.Split(u2), "Unmerge(u2) Pause(u1 1)", "deactivate paused activate")
	app.manager.Perform([]lck.Action{
		&lck.PauseConversationAction{Base: lck.Base{ConversationUUID: u1}},
		&lck.MergeConversationAction{Base: lck.Base{ConversationUUID: u1}, ConversationUUIDToMergeWith: u2},
	}, func(err error) { must(t, err) })
	w.Run(time.Second)
	if s := ph.Screen(); len(s.Call.Members) != 2 {
		t.Fatalf("the app's merge made no group: %+v\n%s", s.Call, w.Log())
	}
	app.kinds()
	app.told()
	app.manager.Perform([]lck.Action{&lck.UnmergeConversationAction{Base: lck.Base{ConversationUUID: u2}}}, func(err error) { must(t, err) })
	w.Run(time.Second)
	if s := ph.Screen(); len(s.Call.Members) != 0 || len(ph.Calls()) != 2 || !strings.HasPrefix(app.kinds(), "Unmerge(u2)") {
		t.Fatalf("the app's unmerge: %+v\n%s", s.Call, w.Log())
	}
}

func TestCellularConversation(t *testing.T) {
	app := &talkApp{}
	w, ph := talkPhone(t, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	telephony, err := app.sys.Telephony()
	must(t, err)
	if l := telephony.CellularServices(); len(l) != 0 {
		t.Errorf("an ordinary app knows the lines: %v", l)
	}
	must(t, ph.SetDefaultDialer(bundle))
	w.Settle()
	if l := telephony.CellularServices(); len(l) != 1 {
		t.Errorf("the default dialer does not know the lines: %v", l)
	}
	number := lck.Handle{Type: callkit.PhoneNumber, Value: "+14085550123"}
	for _, c := range []struct {
		name   string
		action lck.StartCellularConversationAction
		fine   bool
	}{
		{"no number", lck.StartCellularConversationAction{Handle: bob}, false},
		{"no such line", lck.StartCellularConversationAction{Handle: number, Service: lck.CellularService{ID: "x"}}, false},
		{"a number", lck.StartCellularConversationAction{Handle: number}, true},
		{"while dialing", lck.StartCellularConversationAction{Handle: number}, false},
	} {
		got := errors.New("no completion")
		telephony.StartCellularConversation(c.action, func(err error) { got = err })
		w.Run(time.Second)
		if (got == nil) != c.fine {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if s := ph.Screen(); s.Call == nil || !s.Call.Cellular || s.Call.Handle != number.Value {
		t.Fatalf("the phone does not dial: %+v\n%s", s.Call, w.Log())
	}
	if l := app.manager.Conversations(); len(l) != 0 {
		t.Errorf("a cellular call is the app's conversation: %v", l)
	}
}
