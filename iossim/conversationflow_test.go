package iossim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

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
