package phone

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// The bugs that real apps have on iOS, by the numbers of our list of them; each test fails if the engine has one. B14 to
// B18, B34 and B40 with several calls are in waiting_test.go and cellular_test.go, B38 in merge_test.go. Not here: B20 (the
// engine never invalidates its provider), B30 (in TestVerdict), B42 (the app store's), B41 (no bug of code).

// pair is alice, whose app is in the foreground, and bob, whose app is dead and phone is locked.
func pair(t *testing.T, knobs func(*iossim.Knobs), cfg func(*Config)) (tn *town, alice, bob *home) {
	t.Helper()
	tn = newTown(t, knobs)
	alice, bob = tn.move("alice", nil), tn.move("bob", cfg)
	tn.must(alice.phone.Unlock())
	tn.must(alice.phone.OpenApp(bundle))
	bob.phone.Kill(bundle, "memory")
	tn.w.Run(time.Second)
	return tn, alice, bob
}

func (h *home) start1(to string) callkit.UUID {
	h.town.t.Helper()
	id, err := h.engine.Start(StartRequest{Callee: to})
	h.town.must(err)
	h.town.w.Run(3 * time.Second)
	return id
}

func (tn *town) has(line string) bool {
	return slices.ContainsFunc(tn.w.Entries(), func(e iossim.Entry) bool {
		return strings.Contains(e.Phone+" "+string(e.Channel)+" "+e.Text, line)
	})
}

func (tn *town) wantNo(lines ...string) {
	tn.t.Helper()
	for _, l := range lines {
		if tn.has(l) {
			tn.t.Errorf("the log has %q", l)
		}
	}
}

func (tn *town) wantHas(lines ...string) {
	tn.t.Helper()
	for _, l := range lines {
		if !tn.has(l) {
			tn.t.Errorf("the log lacks %q", l)
		}
	}
}

func (tn *town) wantHeard(want string) {
	tn.t.Helper()
	if !slices.Contains(tn.calls[0].heard, want) {
		tn.t.Errorf("the server heard %q, not %q", tn.calls[0].heard, want)
	}
}

func TestB01B02B08PushInAKilledAppIsReported(t *testing.T) {
	for _, os := range []string{"13", "16", "17.4", "18", "26.0", "26.4"} {
		t.Run(os, func(t *testing.T) {
			tn, _, bob := pair(t, nil, nil)
			k, err := iossim.Profile(os)
			tn.must(err)
			tn.must(bob.phone.SetKnob("iosVersion", k.OS.String()))
			for _, b := range []string{`{}`, `{"ringtrip":{"call":"NOT A UUID","expires_at":5}}`, `{"ringtrip":null}`, `{"ringtrip":{}}`, `{"aps":{}}`, `[]`} {
				bob.phone.DeliverPush(bundle, []byte(b))
				tn.w.Run(10 * time.Second)
				if bob.phone.Screen().Call != nil {
					t.Error("a placeholder stays on the screen")
				}
			}
			bob.phone.Kill(bundle, "memory")
			tn.start("11000000-0000-7000-8000-0000000000ff", "zoe", "bob")
			tn.w.Run(20 * time.Second)
			bob.wantScreen(iossim.ScreenIncomingFull)
			bob.noViolations()
		})
	}
}

func TestB03B33CancelReachesAKilledAppByTheStream(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	id := alice.start1("bob")
	bob.wantScreen(iossim.ScreenIncomingFull)
	tn.must(alice.engine.End(id))
	tn.w.Run(2 * time.Second)
	if bob.phone.Screen().Call != nil {
		t.Error("bob's phone rings on")
	}
	if got := bob.phone.Screen().Missed; got != 1 {
		t.Errorf("%d missed calls, want 1", got)
	}
	bob.deliver(tn.calls[0]) // the push again, 2 s later: it need not ring, and must not
	tn.w.Run(5 * time.Second)
	if c := bob.phone.Screen().Call; c != nil {
		t.Errorf("a ghost rings: %+v", c)
	}
	bob.noViolations()
}

func TestB04ReportWithoutNetwork(t *testing.T) {
	tn, _, bob := pair(t, nil, nil)
	tn.latency = time.Hour
	tn.start("11000000-0000-7000-8000-0000000000ff", "zoe", "bob")
	tn.w.Run(2 * time.Second)
	bob.wantScreen(iossim.ScreenIncomingFull)
	tn.w.Run(50 * time.Second)
	if bob.phone.Screen().Call != nil {
		t.Error("it rings beyond its deadline")
	}
	bob.noViolations()
}

func TestB05PushCompletionOnEveryPath(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	bob.phone.SetFocus("Do Not Disturb")
	alice.start1("bob")
	tn.wantHas("bob A pushCompletion", "bob C report completion "+tn.calls[0].id+" incomingcall/3")
	tn.wantHeard("bob decline do_not_disturb here")
	if bob.phone.Screen().Call != nil {
		t.Error("it rings in spite of the Focus")
	}
	bob.noViolations()
}

func TestB06B07B19OneProviderAndRegistryAtEveryLaunch(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	for range 3 {
		id := alice.start1("bob")
		bob.wantScreen(iossim.ScreenIncomingFull)
		tn.must(alice.engine.End(id))
		tn.w.Run(time.Second)
		bob.phone.Kill(bundle, "memory")
		tn.w.Run(time.Second)
	}
	providers, launches := 0, 0
	for _, e := range tn.w.Entries() {
		if e.Phone == "bob" && strings.HasPrefix(e.Text, "provider.init") {
			providers++
		}
		if e.Phone == "bob" && strings.HasPrefix(e.Text, "didFinishLaunching") {
			launches++
		}
	}
	if providers != launches || launches != 4 {
		t.Errorf("%d providers in %d processes", providers, launches)
	}
	bob.noViolations()
}

func TestB09LatePushIsNoPhantomRing(t *testing.T) {
	for _, os := range []string{"18", "26.4"} {
		t.Run(os, func(t *testing.T) {
			tn, _, bob := pair(t, nil, nil)
			tn.must(bob.phone.SetKnob("iosVersion", os))
			bob.push = false
			tc := tn.start("11000000-0000-7000-8000-0000000000ff", "zoe", "bob")
			tn.w.Run(50 * time.Second)
			tn.end(tc, v1.EndReason_END_REASON_UNANSWERED)
			bob.deliver(tc, iossim.SentAt(tc.created))
			tn.w.Run(time.Second)
			if bob.phone.Screen().Call != nil {
				t.Error("a phantom rings")
			}
			bob.noViolations()
			if got := bob.phone.Screen().Missed; os == "18" && got != 1 {
				t.Errorf("%d missed calls, want 1", got)
			}
		})
	}
}

func TestB10B11B12AudioComesWithDidActivate(t *testing.T) {
	for name, policy := range map[string]AnswerPolicy{"fulfil when connected": FulfillWhenConnected, "fulfil first": FulfillFirst} {
		t.Run(name, func(t *testing.T) {
			tn, alice, bob := pair(t, nil, func(c *Config) { c.AnswerPolicy = policy })
			alice.start1("bob")
			tn.must(bob.phone.Answer())
			tn.w.Run(time.Second)
			if alice.hears() != "bob" || bob.hears() != "alice" {
				t.Errorf("alice hears %q, bob hears %q", alice.hears(), bob.hears())
			}
			tn.wantNo("setActive")
			bob.noViolations()
		})
	}
}

func TestB13AudioInTheSecondCallToo(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	for n := range 3 {
		alice.start1("bob")
		tn.must(bob.phone.Answer())
		tn.w.Run(time.Second)
		if alice.hears() != "bob" || bob.hears() != "alice" {
			t.Fatalf("call %d: alice hears %q, bob hears %q", n+1, alice.hears(), bob.hears())
		}
		tn.must(bob.phone.End())
		tn.w.Run(2 * time.Second)
	}
	bob.noViolations()
}

func TestB16B21B22OutgoingCall(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	id := alice.start1("bob").String()
	tn.wantHas("alice A fulfill Start "+id, "alice A reportOutgoing "+id+" startedConnecting", "supportsHolding=1")
	if c := alice.phone.Screen().Call; c == nil || c.Status == "" {
		t.Error("the call has a timer before anybody answered")
	}
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	if c := alice.phone.Screen().Call; c == nil || c.ConnectedAt.IsZero() {
		t.Error("connected was never reported")
	}
}

func TestB17LeftoverDoesNotBlockNewCalls(t *testing.T) {
	tn, alice, bob := pair(t, func(k *iossim.Knobs) { k.OverLimitIncoming = "reject" }, nil)
	alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	alice.phone.Kill(bundle, "crash")
	tn.w.Run(time.Second)
	if alice.phone.Screen().Call == nil {
		t.Fatal("the simulator takes the call away with its app; this test needs it to stay")
	}
	tn.must(alice.phone.OpenApp(bundle))
	tn.w.Run(20 * time.Second)
	if c := alice.phone.Screen().Call; c != nil {
		t.Errorf("left over: %+v", c)
	}
	tn.wantHeard("alice end crashed")
	if bob.phone.Screen().Call != nil {
		t.Error("bob still talks to a dead app")
	}
	alice.start1("bob")
	bob.wantScreen(iossim.ScreenIncomingFull)
}

func TestB18EndOfACallTheSystemDoesNotKnow(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.ring(1)
		r.s.refuseTx = callkit.ErrUnknownCallUUID
		if err := r.p.End(id(1)); err != nil {
			t.Fatal(err)
		}
		r.s.run()
		r.wantState(1, call.Ended, call.Declined)
		r.want("request end c1", "send decline declined with tok")
	})
}

func TestB23EveryActionIsSettled(t *testing.T) {
	// FuzzPush looks for one that is not; here are actions on calls that nobody knows.
	both(t, func(t *testing.T, r *rig) {
		base := callkit.Base{CallUUID: id(50)}
		for _, a := range []callkit.Action{
			&callkit.StartCallAction{Base: base}, &callkit.AnswerCallAction{Base: base}, &callkit.EndCallAction{Base: base},
			&callkit.SetHeldCallAction{Base: base}, &callkit.SetMutedCallAction{Base: base}, &callkit.SetGroupCallAction{Base: base},
			&callkit.PlayDTMFCallAction{Base: base, Digits: "1"},
		} {
			r.perform(a)
		}
		r.want("fail start c50", "fail answer c50", "fulfill end c50", "fail hold c50", "fail mute c50", "fail group c50", "fail dtmf c50")
	})
}

func TestB24TimedOutActionIsFoundByItsCall(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.ring(1)
		a := &callkit.AnswerCallAction{Base: callkit.Base{CallUUID: id(1)}}
		x := r.perform(a)
		if x.done {
			t.Fatal("the answer was not kept")
		}
		x.done = true
		r.s.take()
		r.s.provider.d.(callkit.TimedOutDelegate).TimedOutPerformingAction(nil, a)
		r.s.run()
		r.wantState(1, call.Ended, call.MediaFailed)
		r.want("send end media_failed", "ended c1 1")
		for _, a := range []callkit.Action{&callkit.StartCallAction{}, &callkit.EndCallAction{}, &callkit.SetHeldCallAction{},
			&callkit.SetMutedCallAction{}, &callkit.SetGroupCallAction{}, &callkit.PlayDTMFCallAction{}} {
			r.s.provider.d.(callkit.TimedOutDelegate).TimedOutPerformingAction(nil, a)
		}
		r.want()
	})
}

func TestB25SystemRingTimeoutIsNoDecline(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.s.advance(20 * time.Second)
	r.s.sleep(40 * time.Second) // the process stands still; the system's own 60 s pass
	r.end(1)
	r.wantState(1, call.Ended, call.Unanswered)
	for _, line := range r.s.take() {
		if strings.HasPrefix(line, "send decline") {
			t.Error("a ring that nobody heard was declined for all devices")
		}
	}
	if r.s.count("fail") != 0 {
		t.Error("the system's action was failed")
	}
}

func TestB25OnTheSimulator(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	tn.w.Run(70 * time.Second)
	if bob.phone.Screen().Call != nil {
		t.Error("it rings for ever")
	}
	for _, line := range tn.calls[0].heard {
		if strings.Contains(line, "decline") {
			t.Errorf("the server heard %q", line)
		}
	}
}

func TestB26NoPingPongOfMute(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	id := bob.engine.Calls()[0].ID
	tn.must(bob.engine.SetMuted(id, true))
	tn.must(bob.engine.SetMuted(id, true))
	tn.w.Run(time.Second)
	if !bob.phone.Screen().Call.Muted || alice.hears() != "" {
		t.Error("the app's mute is not the system's")
	}
	tn.must(bob.phone.Mute(false))
	tn.w.Run(time.Second)
	if bob.engine.Calls()[0].Muted || alice.hears() != "bob" {
		t.Error("the system's mute is not the app's")
	}
	n := 0
	for _, e := range tn.w.Entries() {
		if e.Phone == "bob" && strings.Contains(e.Text, "performSetMuted") {
			n++
		}
	}
	if n != 2 {
		t.Errorf("mute was performed %d times, want 2", n)
	}
}

func TestB27SpeakerStays(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	tn.must(bob.phone.Speaker(true))
	tn.must(bob.phone.Mute(true))
	tn.w.Run(5 * time.Second)
	if !bob.phone.Screen().Call.Speaker {
		t.Error("the speaker button flipped back")
	}
}

func TestB28RecentsCallBack(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	id := alice.start1("bob")
	tn.must(alice.engine.End(id))
	tn.w.Run(2 * time.Second)
	bob.phone.Kill(bundle, "memory")
	tn.w.Run(time.Second)
	tn.must(alice.phone.Home())
	tn.must(bob.phone.Unlock())
	tn.must(bob.phone.OpenRecents())
	tn.must(bob.phone.TapRecent(0))
	tn.w.Run(3 * time.Second)
	if len(tn.calls) != 2 || tn.calls[1].from != "bob" || tn.calls[1].to != "alice" {
		t.Fatalf("%d calls were made; want one back to alice", len(tn.calls))
	}
	alice.wantScreen(iossim.ScreenIncomingBanner)
}

func TestB29VideoButton(t *testing.T) {
	var asked []callkit.UUID
	tn, alice, bob := pair(t, nil, func(c *Config) { c.OnVideo = func(id callkit.UUID) { asked = append(asked, id) } })
	id := alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	tn.must(bob.phone.Video())
	tn.must(bob.phone.Unlock()) // the app needs its window
	tn.w.Run(5 * time.Second)
	if len(tn.calls) != 1 || bob.hears() != "alice" {
		t.Errorf("%d calls, bob hears %q", len(tn.calls), bob.hears())
	}
	if len(asked) != 1 || asked[0] != id {
		t.Errorf("the app was asked for video of %v, want once of %v", asked, id)
	}
	if err := alice.phone.Video(); err == nil {
		t.Error("an app that does not turn calls into video calls has a video button")
	}
}

func TestB31BadUUIDIsNoKill(t *testing.T) {
	r := newRig(t, false, nil)
	r.pushBytes([]byte(`{"ringtrip":{"call":"01000000-0000-7000-8000-00000000000G","expires_at":1,"sent_at":1}}`), true)
	r.tell(&v1.Call{Id: "01000000-0000-7000-8000-00000000000G", Rev: 1, State: v1.CallState_CALL_STATE_RINGING, Role: v1.Role_ROLE_CALLEE})
	if r.s.count("report ") != 1 || r.s.count("ended ") != 1 {
		t.Errorf("it happened: %q", r.s.log)
	}
}

func TestB32NoUUIDIsUsedTwice(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.conn.Hello(&v1.Hello{Calls: []*v1.Call{r.over(1, call.Cancelled)}, NextCallId: id(1).String()})
	r.s.run()
	if _, err := r.p.Start(StartRequest{Callee: "carol"}); err == nil {
		t.Error("a call was started with the ID of another one")
	}
}

func TestB34AudioIsNotTouchedBeforeTheAnswer(t *testing.T) {
	r := newRig(t, false, nil)
	r.talk(1)
	p := r.payload(2)
	p.Handle = "dave"
	r.push(p, true)
	if r.s.count("category") != 0 || r.s.count("SET ACTIVE") != 0 {
		t.Errorf("a second report touched the audio session: %q", r.s.log)
	}
	if !r.media.Session(id(1).String()).AudioRunning() {
		t.Error("the first call lost its audio")
	}
}

func TestB35DeclineInAKilledAppReachesTheServer(t *testing.T) {
	tn, alice, bob := pair(t, func(k *iossim.Knobs) { k.SuspendAfter = time.Millisecond }, nil)
	tn.latency = 3 * time.Second
	_, err := alice.engine.Start(StartRequest{Callee: "bob"})
	tn.must(err)
	tn.w.Run(4 * time.Second)
	bob.wantScreen(iossim.ScreenIncomingFull)
	tn.must(bob.phone.Decline())
	tn.w.Run(20 * time.Second)
	tn.wantHeard("bob decline declined")
	if c := alice.engine.Calls(); c[0].Reason != call.Declined {
		t.Errorf("alice's call is %+v", c[0])
	}
	tn.wantHas("bob SYS suspend") // it is, once all is said
}

func TestB36EndOfAnUnknownCallIsFulfilled(t *testing.T) {
	r := newRig(t, false, nil)
	r.end(77)
	r.want("fulfill end c77")
}

func TestB37CallerHasAHandle(t *testing.T) {
	r := newRig(t, false, nil)
	p := r.payload(1)
	p.Handle, p.CallerName = "", ""
	r.push(p, true)
	if got := r.s.take()[0]; got != "report c1  unknown" {
		t.Errorf("%q", got)
	}
	c := r.truth(2, v1.CallState_CALL_STATE_RINGING)
	c.Caller = nil
	r.tell(r.over(1, call.Cancelled))
	r.tell(c)
	if r.s.count("report c2  unknown") != 1 {
		t.Errorf("%q", r.s.log)
	}
}

func TestB39OneRingForPushAndStream(t *testing.T) {
	tn := newTown(t, nil)
	alice, bob := tn.move("alice", nil), tn.move("bob", nil)
	tn.must(alice.phone.Unlock())
	tn.must(alice.phone.OpenApp(bundle))
	alice.start1("bob") // bob's app lives, has its stream open, and gets the push besides
	bob.deliver(tn.calls[0])
	tn.w.Run(time.Second)
	n := 0
	for _, e := range tn.w.Entries() {
		if e.Phone == "bob" && e.Channel == iossim.ChanSystem && strings.HasPrefix(e.Text, "ring ") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("it rang %d times", n)
	}
}

func TestB40CallServiceDies(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.talk(1)
		r.s.provider.d.ProviderDidReset(&r.s.provider)
		r.s.run()
		r.wantState(1, call.Ended, call.Crashed)
		r.want("send end crashed")
		r.activate(false)
		r.talk(2) // life goes on
	})
}

// TestCrashWhileItRings: the ring outlives the app; the user's tap launches it and the answer works.
func TestCrashWhileItRings(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	bob.phone.Kill(bundle, "crash")
	tn.w.Run(2 * time.Second)
	if bob.phone.Screen().Call == nil {
		t.Fatal("the ring went with its app")
	}
	tn.must(bob.phone.Answer())
	tn.w.Run(3 * time.Second)
	bob.wantScreen(iossim.ScreenInCall)
	if tn.calls[0].state != v1.CallState_CALL_STATE_ANSWERED || bob.engine.Calls()[0].State != call.Connected {
		t.Errorf("the call is %v, bob's engine has %+v", tn.calls[0].state, bob.engine.Calls())
	}
}

// TestSimulatedBlockedCaller: the block list speaks for all of the user's devices.
func TestSimulatedBlockedCaller(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	bob.phone.BlockCaller("alice", true)
	alice.start1("bob")
	tn.wantHeard("bob decline blocked")
	bob.noViolations()
}

// TestSimulatedDuplicatePush: a push that comes five times is one call.
func TestSimulatedDuplicatePush(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	for range 4 {
		bob.deliver(tn.calls[0])
		tn.w.Run(time.Second)
	}
	bob.wantScreen(iossim.ScreenIncomingFull)
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	if bob.hears() != "alice" {
		t.Errorf("bob hears %q", bob.hears())
	}
	bob.noViolations()
}

// TestSimulatedWrongClock: a phone whose clock is wrong by hours rings, and stops in time.
func TestSimulatedWrongClock(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		tn, alice, bob := pair(t, nil, nil)
		bob.phone.SetClock(skew)
		alice.start1("bob")
		bob.wantScreen(iossim.ScreenIncomingFull)
		tn.w.Run(48 * time.Second)
		if bob.phone.Screen().Call != nil {
			t.Errorf("clock off by %v: it rings too long", skew)
		}
		bob.noViolations()
	}
}

// TestSimulatedSameSeedSameLog: the engine adds nothing random to a deterministic world.
func TestSimulatedSameSeedSameLog(t *testing.T) {
	run := func() string {
		tn, alice, bob := pair(t, nil, nil)
		alice.start1("bob")
		tn.must(bob.phone.Answer())
		tn.w.Run(time.Second)
		tn.must(bob.phone.End())
		tn.w.Run(time.Minute)
		return tn.w.Log()
	}
	if a, b := run(), run(); a != b {
		t.Error("two runs differ")
	}
}
