package iossim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// vocabulary is what a scripted app says and asks, in either framework's words.
type vocabulary interface {
	callkit.App
	incoming(id callkit.UUID, who string, video bool)
	start(id callkit.UUID, who string, video bool)
	connected(id callkit.UUID)
	ended(id callkit.UUID, r callkit.EndedReason)
	mute(id callkit.UUID, on bool)
	hold(id callkit.UUID, on bool)
	group(id, with callkit.UUID)
	end(id callkit.UUID)
	answer(id callkit.UUID)
}

// plainApp speaks CallKit and fulfils all that it is asked, except what refuse names.
type plainApp struct {
	provider   callkit.Provider
	controller callkit.CallController
	refuse     func(callkit.UUID) bool
}

func (a *plainApp) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	c := callkit.DefaultConfiguration()
	c.SupportsVideo, c.SupportsAudioTranslation, c.SupportedHandleTypes = true, true, []callkit.HandleType{callkit.Generic}
	a.provider = sys.NewProvider(c)
	a.provider.SetDelegate(a, nil)
	a.controller = sys.NewCallController(nil)
}

func (a *plainApp) settle(x callkit.Action) {
	if a.refuse(x.Call()) {
		x.Fail()
	} else {
		x.Fulfill()
	}
}
func (a *plainApp) ProviderDidReset(callkit.Provider) {}
func (a *plainApp) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	a.settle(x)
}
func (a *plainApp) PerformStartCallAction(_ callkit.Provider, x *callkit.StartCallAction) {
	a.settle(x)
	a.provider.ReportOutgoingCallStartedConnecting(x.CallUUID, time.Time{})
}
func (a *plainApp) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) { a.settle(x) }
func (a *plainApp) PerformSetHeldCallAction(_ callkit.Provider, x *callkit.SetHeldCallAction) {
	a.settle(x)
}
func (a *plainApp) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	a.settle(x)
}
func (a *plainApp) PerformSetGroupCallAction(_ callkit.Provider, x *callkit.SetGroupCallAction) {
	a.settle(x)
}
func (a *plainApp) PerformPlayDTMFCallAction(_ callkit.Provider, x *callkit.PlayDTMFCallAction) {
	a.settle(x)
}
func (a *plainApp) PerformSetTranslatingCallAction(_ callkit.Provider, x *callkit.SetTranslatingCallAction) {
	a.settle(x)
}
func (a *plainApp) incoming(id callkit.UUID, who string, video bool) {
	yes := true
	a.provider.ReportNewIncomingCall(id, callkit.Update{
		RemoteHandle: &callkit.Handle{Type: callkit.Generic, Value: who}, LocalizedCallerName: &who, HasVideo: &video,
		SupportsHolding: &yes, SupportsGrouping: &yes, SupportsUngrouping: &yes, SupportsDTMF: &yes,
	}, nil)
}
func (a *plainApp) request(x callkit.Action) {
	a.controller.RequestTransaction([]callkit.Action{x}, nil)
}
func (a *plainApp) start(id callkit.UUID, who string, video bool) {
	a.request(&callkit.StartCallAction{Base: callkit.Base{CallUUID: id}, Handle: callkit.Handle{Type: callkit.Generic, Value: who}, IsVideo: video})
}
func (a *plainApp) connected(id callkit.UUID) {
	a.provider.ReportOutgoingCallConnected(id, time.Time{})
}
func (a *plainApp) ended(id callkit.UUID, r callkit.EndedReason) {
	a.provider.ReportCallEnded(id, time.Time{}, r)
}
func (a *plainApp) mute(id callkit.UUID, on bool) {
	a.request(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id}, Muted: on})
}
func (a *plainApp) hold(id callkit.UUID, on bool) {
	a.request(&callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: id}, OnHold: on})
}
func (a *plainApp) group(id, with callkit.UUID) {
	a.request(&callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: id}, GroupWith: with})
}
func (a *plainApp) end(id callkit.UUID) {
	a.request(&callkit.EndCallAction{Base: callkit.Base{CallUUID: id}})
}
func (a *plainApp) answer(id callkit.UUID) {
	a.request(&callkit.AnswerCallAction{Base: callkit.Base{CallUUID: id}})
}

// conversationApp does the same with LiveCommunicationKit.
type conversationApp struct {
	manager lck.ConversationManager
	refuse  func(callkit.UUID) bool
}

func (a *conversationApp) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	c := lck.DefaultConfiguration()
	c.SupportsVideo, c.SupportsAudioTranslation, c.SupportedHandleTypes = true, true, []callkit.HandleType{callkit.Generic}
	m, err := sys.(lck.System).NewConversationManager(c)
	if err != nil {
		panic(err)
	}
	a.manager = m
	m.SetDelegate(a)
}

func (a *conversationApp) ConversationManagerDidBegin(lck.ConversationManager)        {}
func (a *conversationApp) ConversationManagerDidReset(lck.ConversationManager)        {}
func (a *conversationApp) TimedOutPerforming(_ lck.ConversationManager, _ lck.Action) {}
func (a *conversationApp) Perform(_ lck.ConversationManager, x lck.Action) {
	if a.refuse(x.Conversation()) {
		x.Fail()
	} else {
		x.Fulfill()
	}
	if _, ok := x.(*lck.StartConversationAction); ok {
		a.event(x.Conversation(), lck.ConversationStartedConnecting{})
	}
}
func (a *conversationApp) event(id callkit.UUID, e lck.Event) {
	a.manager.ReportConversationEvent(e, lck.Conversation{UUID: id})
}
func (a *conversationApp) incoming(id callkit.UUID, who string, video bool) {
	can := lck.Pausing | lck.Merging | lck.Unmerging | lck.PlayingTones
	if video {
		can |= lck.Video
	}
	a.manager.ReportNewIncomingConversation(id, lck.NewUpdate(can, lck.Handle{Type: callkit.Generic, Value: who}), nil)
}
func (a *conversationApp) perform(x lck.Action) { a.manager.Perform([]lck.Action{x}, nil) }
func (a *conversationApp) start(id callkit.UUID, who string, video bool) {
	a.perform(&lck.StartConversationAction{Base: lck.Base{ConversationUUID: id}, Handles: []lck.Handle{{Type: callkit.Generic, Value: who}}, IsVideo: video})
}
func (a *conversationApp) connected(id callkit.UUID) { a.event(id, lck.ConversationConnected{}) }
func (a *conversationApp) ended(id callkit.UUID, r callkit.EndedReason) {
	a.event(id, lck.ConversationEnded{Reason: r})
}
func (a *conversationApp) mute(id callkit.UUID, on bool) {
	a.perform(&lck.MuteConversationAction{Base: lck.Base{ConversationUUID: id}, IsMuted: on})
}
func (a *conversationApp) hold(id callkit.UUID, on bool) {
	a.perform(&lck.PauseConversationAction{Base: lck.Base{ConversationUUID: id}, IsPaused: on})
}
func (a *conversationApp) group(id, with callkit.UUID) {
	if with.IsZero() {
		a.perform(&lck.UnmergeConversationAction{Base: lck.Base{ConversationUUID: id}})
		return
	}
	a.perform(&lck.MergeConversationAction{Base: lck.Base{ConversationUUID: id}, ConversationUUIDToMergeWith: with})
}
func (a *conversationApp) end(id callkit.UUID) {
	a.perform(&lck.EndConversationAction{Base: lck.Base{ConversationUUID: id}})
}
func (a *conversationApp) answer(id callkit.UUID) {
	a.perform(&lck.JoinConversationAction{Base: lck.Base{ConversationUUID: id}})
}

// lives is one of two phones that live the same life.
type lives struct {
	w   *World
	ph  *Phone
	app vocabulary
}

// TestBothVocabulariesTellOfOneWorld has two phones live the same random lives, one with an app that speaks CallKit
// and one with an app that speaks LiveCommunicationKit: at every moment the user must see the same.
func TestBothVocabulariesTellOfOneWorld(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 17))
		bad := map[callkit.UUID]bool{} // calls whose actions the apps fail
		refuse := func(id callkit.UUID) bool { return bad[id] }
		var both [2]lives
		for i, app := range []vocabulary{&plainApp{refuse: refuse}, &conversationApp{refuse: refuse}} {
			w := NewWorld(Config{Seed: seed})
			ph, err := w.NewPhone(PhoneConfig{})
			must(t, err)
			must(t, ph.SetKnob("lckReportIsSynchronous", "true"))
			must(t, ph.Install(AppConfig{BundleID: bundle, Name: "Example", New: func() callkit.App { return app }}))
			must(t, ph.OpenApp(bundle))
			w.Run(time.Second)
			both[i] = lives{w, ph, app}
		}
		var ids []callkit.UUID
		var story []string
		for range 40 {
			what, do := randomMove(rng, &ids, bad)
			var errs [2]error
			var screens [2]string
			for i, l := range both {
				errs[i] = do(l)
				l.w.Run(time.Second)
				if err := l.w.Check(); err != nil {
					t.Fatalf("seed %d: %s: %v\n%s", seed, strings.Join(append(story, what), "; "), err, l.w.Log())
				}
				s := l.ph.Screen()
				seen[string(s.Kind)]++
				b, err := json.MarshalIndent(s, "", " ")
				must(t, err)
				screens[i] = string(b)
			}
			story = append(story, what)
			if (errs[0] == nil) != (errs[1] == nil) || screens[0] != screens[1] {
				t.Fatalf("seed %d: after %s: CallKit %v, LiveCommunicationKit %v\n%s\n--- and ---\n%s\n%s\n--- and ---\n%s", seed,
					strings.Join(story, "; "), errs[0], errs[1], screens[0], screens[1], both[0].w.Log(), both[1].w.Log())
			}
		}
		for _, l := range both {
			l.w.Close()
		}
	}
	for _, k := range []ScreenKind{ScreenIncomingFull, ScreenIncomingBanner, ScreenConnecting, ScreenInCall, ScreenCallWaiting, ScreenCallFailed, ScreenHome, ScreenLock} {
		if seen[string(k)] == 0 {
			t.Errorf("no life came by the screen %s: %v", k, seen)
		}
	}
}

// randomMove is something that happens to a phone; the same move can be made on several.
func randomMove(rng *rand.Rand, ids *[]callkit.UUID, bad map[callkit.UUID]bool) (string, func(lives) error) {
	fresh := func() callkit.UUID {
		id := callkit.UUID{14: 1, 15: byte(len(*ids) + 1)}
		*ids = append(*ids, id)
		bad[id] = rng.IntN(8) == 0
		return id
	}
	known := func() callkit.UUID {
		if len(*ids) == 0 {
			return callkit.UUID{1}
		}
		return (*ids)[max(0, len(*ids)-1-rng.IntN(3))]
	}
	who, on := []string{"bob", "eve", "dan"}[rng.IntN(3)], rng.IntN(2) == 0
	app := func(what string, f func(vocabulary)) (string, func(lives) error) {
		return what, func(l lives) error { f(l.app); return nil }
	}
	user := func(what string, f func(*Phone) error) (string, func(lives) error) {
		return what, func(l lives) error { return f(l.ph) }
	}
	switch rng.IntN(26) {
	case 0, 1, 2, 3:
		id := fresh()
		return app("incoming "+who, func(a vocabulary) { a.incoming(id, who, on && bad[id]) })
	case 4, 5:
		id := fresh()
		return app("start "+who, func(a vocabulary) { a.start(id, who, false) })
	case 6, 7:
		id := known()
		return app("connected", func(a vocabulary) { a.connected(id) })
	case 8:
		id, r := known(), callkit.EndedReason(1+rng.IntN(5))
		return app(fmt.Sprintf("ended %d", r), func(a vocabulary) { a.ended(id, r) })
	case 9:
		id := known()
		return app("app mute", func(a vocabulary) { a.mute(id, on) })
	case 10:
		id := known()
		return app("app hold", func(a vocabulary) { a.hold(id, on) })
	case 11:
		id, with := known(), known()
		if on {
			with = callkit.UUID{}
		}
		return app("app group", func(a vocabulary) { a.group(id, with) })
	case 12:
		id := known()
		return app("app end", func(a vocabulary) { a.end(id) })
	case 13:
		id := known()
		return app("app answer", func(a vocabulary) { a.answer(id) })
	case 14, 15, 16:
		return user("answer", (*Phone).Answer)
	case 17:
		return user("decline", (*Phone).Decline)
	case 18:
		return user("end", (*Phone).End)
	case 19:
		return user("mute", func(ph *Phone) error { return ph.Mute(on) })
	case 20:
		return user("hold", func(ph *Phone) error { return ph.Hold(on) })
	case 21:
		return user("keys", func(ph *Phone) error { return ph.Keys("12") })
	case 22:
		return user("swap", (*Phone).Swap)
	case 23:
		if on {
			return user("merge", (*Phone).Merge)
		}
		return user("translate", func(ph *Phone) error { return ph.Translate(true, "en", "de") })
	case 24:
		if on {
			return user("end and accept", (*Phone).EndAndAccept)
		}
		return user("cellular rings", func(ph *Phone) error { ph.CellularRing("+14085550123", ""); return nil })
	}
	switch rng.IntN(4) {
	case 0:
		return user("home", (*Phone).Home)
	case 1:
		return user("lock", (*Phone).Lock)
	case 2:
		return user("unlock", (*Phone).Unlock)
	}
	return user("service crash", func(ph *Phone) error { ph.RestartCallService(); return nil })
}
