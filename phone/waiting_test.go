package phone

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// run lets d pass, and looks all the while for what must never be: two calls of a phone with sound, or a phone that
// contradicts itself.
func (tn *town) run(d time.Duration) {
	tn.t.Helper()
	const step = 10 * time.Millisecond
	for ; d > 0; d -= step {
		tn.w.Run(step)
		for _, h := range tn.homes {
			if n := len(h.speaking()); n > 1 {
				tn.t.Fatalf("%s's phone has sound in %d calls at once", h.user, n)
			}
		}
	}
	if err := tn.w.Check(); err != nil {
		tn.t.Fatal(err)
	}
}

// speaking returns whose media sessions have the microphone and the speaker.
func (h *home) speaking() []string {
	var all []string
	if h.media == nil {
		return nil
	}
	for _, s := range h.media.Sessions() {
		if s.AudioRunning() && !s.Closed() {
			all = append(all, s.CallID())
		}
	}
	return all
}

// hearsIn returns what h hears in one call.
func (h *home) hearsIn(id callkit.UUID) string {
	if s := h.media.Session(id.String()); s != nil && !s.Closed() {
		return s.Hears()
	}
	return ""
}

func (h *home) call(id callkit.UUID) Call {
	for _, c := range h.engine.Calls() {
		if c.ID == id {
			return c
		}
	}
	return Call{}
}

// wantCall says how a call stands at h, in few words: state, held, and who is heard.
func (h *home) wantCall(id callkit.UUID, state call.State, held bool, hears string) {
	h.town.t.Helper()
	c := h.call(id)
	if c.State != state || c.Held != held || h.hearsIn(id) != hears {
		h.town.t.Errorf("%s's call is %v %v, held %v, hears %q; want %v, held %v, hears %q", h.user, c.State, c.Reason, c.Held, h.hearsIn(id), state, held, hears)
	}
}

// trio is bob in a call of alice's, whom carol calls.
func trio(t *testing.T, knobs func(*iossim.Knobs), cfg func(*Config)) (tn *town, alice, bob, carol *home, one, two callkit.UUID) {
	t.Helper()
	tn, alice, bob = pair(t, knobs, cfg)
	carol = tn.move("carol", nil)
	tn.must(carol.phone.Unlock())
	tn.must(carol.phone.OpenApp(bundle))
	tn.w.Run(time.Second)
	one = alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	two = carol.start1("bob")
	bob.wantScreen(iossim.ScreenCallWaiting)
	if c := bob.call(two); !c.Waiting || !c.CanHold || !c.CanEnd || c.CanEndHeld {
		t.Errorf("the app's screen would show %+v", c)
	}
	return tn, alice, bob, carol, one, two
}

// orders are the ways in which the system may send what belongs together.
var orders = []struct {
	name  string
	knobs func(*iossim.Knobs)
}{
	{"two transactions", nil},
	{"one transaction", func(k *iossim.Knobs) { k.CallWaitingTransactions = "one" }},
	{"all at once", func(k *iossim.Knobs) { k.TransactionOrder = "backToBack" }},
	{"the session stays active", func(k *iossim.Knobs) { k.AudioBounceOnEndAccept = false }},
	{"activated after perform", func(k *iossim.Knobs) { k.ActivateTrigger = "afterPerform" }},
}

func TestHoldAndAccept(t *testing.T) {
	for _, o := range orders {
		t.Run(o.name, func(t *testing.T) {
			tn, alice, bob, carol, one, two := trio(t, o.knobs, nil)
			tn.must(bob.phone.HoldAndAccept())
			tn.run(2 * time.Second)
			bob.wantCall(one, call.Connected, true, "")
			bob.wantCall(two, call.Connected, false, "carol")
			alice.wantCall(one, call.Connected, false, "")
			if !alice.call(one).RemoteHeld || carol.call(two).RemoteHeld {
				t.Error("the far ends don't know who is on hold")
			}
			if !bob.engine.Snapshot().CanSwap || !bob.call(two).Front {
				t.Errorf("the app's screen would show %+v", bob.engine.Snapshot())
			}

			tn.must(bob.phone.Swap())
			tn.run(2 * time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			bob.wantCall(two, call.Connected, true, "")

			tn.must(bob.engine.Swap())
			tn.run(2 * time.Second)
			bob.wantCall(one, call.Connected, true, "")
			bob.wantCall(two, call.Connected, false, "carol")

			// The far end of the call in front hangs up: who was held for it comes back, though the system says nothing.
			tn.must(carol.engine.End(two))
			tn.run(3 * time.Second)
			bob.wantCall(two, call.Ended, false, "")
			bob.wantCall(one, call.Connected, false, "alice")
			if o.name != "all at once" { // there the answer comes before the word that the session was taken for the hold
				bob.noViolations()
			}
		})
	}
}

func TestB13B15EndAndAcceptEndsTheRightCall(t *testing.T) {
	for _, o := range orders {
		for name, press := range map[string]func(*town, *home, callkit.UUID){
			"the system's button": func(tn *town, bob *home, _ callkit.UUID) { tn.must(bob.phone.EndAndAccept()) },
			"the app's button":    func(tn *town, bob *home, two callkit.UUID) { tn.must(bob.engine.EndAndAnswer(two)) },
		} {
			t.Run(o.name+"/"+name, func(t *testing.T) {
				tn, alice, bob, carol, one, two := trio(t, o.knobs, nil)
				press(tn, bob, two)
				tn.run(2 * time.Second)
				bob.wantCall(one, call.Ended, false, "")
				bob.wantCall(two, call.Connected, false, "carol")
				carol.wantCall(two, call.Connected, false, "bob")
				alice.wantCall(one, call.Ended, false, "")
				if tn.calls[0].reason != v1.EndReason_END_REASON_HUNGUP || tn.calls[1].state != v1.CallState_CALL_STATE_ANSWERED {
					t.Errorf("the server has %v %v and %v", tn.calls[0].state, tn.calls[0].reason, tn.calls[1].state)
				}
				bob.noViolations()
			})
		}
	}
}

func TestB15DeclineOfAWaitingCallEndsThatCall(t *testing.T) {
	tn, _, bob, _, one, two := trio(t, nil, nil)
	tn.must(bob.phone.Decline())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	if c := bob.call(two); c.State != call.Ended || c.Reason != call.Declined {
		t.Errorf("the waiting call is %v %v", c.State, c.Reason)
	}
}

func TestHoldAndAnswerByTheApp(t *testing.T) {
	for name, answer := range map[string]func(*Phone, callkit.UUID) error{"HoldAndAnswer": (*Phone).HoldAndAnswer, "Answer": (*Phone).Answer} {
		t.Run(name, func(t *testing.T) {
			tn, _, bob, _, one, two := trio(t, nil, nil)
			tn.must(answer(bob.engine, two))
			tn.run(2 * time.Second)
			bob.wantCall(one, call.Connected, true, "")
			bob.wantCall(two, call.Connected, false, "carol")
			tn.must(bob.engine.Resume(one))
			tn.run(2 * time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			bob.wantCall(two, call.Connected, true, "")
			bob.noViolations()
		})
	}
}

func TestWaitingCallIsCancelledWhileTheOldOneIsBeingHeld(t *testing.T) {
	tn, _, bob, carol, one, two := trio(t, nil, nil)
	tn.must(bob.phone.HoldAndAccept())
	tn.must(carol.engine.End(two))
	tn.run(4 * time.Second)
	bob.wantCall(two, call.Ended, false, "")
	bob.wantCall(one, call.Connected, false, "alice")
	bob.noViolations()
}

func TestNoCallWaiting(t *testing.T) {
	for name, cfg := range map[string]func(*Config){
		"by configuration": func(c *Config) { c.NoCallWaiting = true },
		"one call group": func(c *Config) {
			pc := callkit.DefaultConfiguration()
			pc.MaximumCallGroups = 1
			c.Provider = &pc
		},
	} {
		t.Run(name, func(t *testing.T) {
			tn, alice, bob := pair(t, nil, cfg)
			carol := tn.move("carol", nil)
			tn.must(carol.phone.Unlock())
			tn.must(carol.phone.OpenApp(bundle))
			one := alice.start1("bob")
			tn.must(bob.phone.Answer())
			tn.run(time.Second)
			two := carol.start1("bob")
			tn.run(time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			if c := carol.call(two); c.State != call.Ended || c.Reason != call.Busy {
				t.Errorf("carol's call is %v %v", c.State, c.Reason)
			}
			bob.noViolations()
		})
	}
}

func TestSecondCallFromHere(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	carol := tn.move("carol", nil)
	one := alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	two, err := bob.engine.Start(StartRequest{Callee: "carol"})
	tn.must(err)
	if _, err := bob.engine.Start(StartRequest{Callee: "dave"}); !errors.Is(err, ErrNotConnected) && !errors.Is(err, ErrOnCall) {
		t.Errorf("a third call: %v", err)
	}
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, true, "")
	if c := bob.call(two); c.State != call.Alerting {
		t.Errorf("the second call is %v", c.State)
	}
	if _, err := bob.engine.Start(StartRequest{Callee: "dave"}); !errors.Is(err, ErrOnCall) {
		t.Errorf("a call while another dials: %v", err)
	}
	tn.must(carol.phone.Answer())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, true, "")
	bob.wantCall(two, call.Connected, false, "carol")
	if _, err := bob.engine.Start(StartRequest{Callee: "dave"}); !errors.Is(err, ErrTooManyCalls) {
		t.Errorf("a third call beside two: %v", err)
	}
	tn.must(bob.engine.End(two))
	tn.run(3 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	bob.noViolations()
}

func TestB16OutgoingCallCanBeHeldForAnother(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	carol := tn.move("carol", nil)
	tn.must(carol.phone.Unlock())
	tn.must(carol.phone.OpenApp(bundle))
	one := alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	two := carol.start1("alice")
	alice.wantScreen(iossim.ScreenCallWaiting)
	if !slices.ContainsFunc(alice.phone.Screen().Call.Buttons, func(b iossim.Button) bool { return b.ID == "hold-and-accept" }) {
		t.Errorf("no Hold & Accept: %+v", alice.phone.Screen().Call.Buttons)
	}
	tn.must(alice.phone.HoldAndAccept())
	tn.run(2 * time.Second)
	alice.wantCall(one, call.Connected, true, "")
	alice.wantCall(two, call.Connected, false, "carol")
}

// TestSecondRingDuringARing: the system shows the first; accepting it ends the second (forums 775874).
func TestSecondRingDuringARing(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	carol := tn.move("carol", nil)
	tn.must(carol.phone.Unlock())
	tn.must(carol.phone.OpenApp(bundle))
	one, two := alice.start1("bob"), carol.start1("bob")
	bob.wantScreen(iossim.ScreenIncomingFull)
	tn.must(bob.phone.Answer())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	bob.wantCall(two, call.Ended, false, "")
	bob.noViolations()
}

// TestThirdCallThatTheSystemRefuses: some systems refuse what is beyond maximumCallGroups, with error 0: it is busy here.
func TestThirdCallThatTheSystemRefuses(t *testing.T) {
	tn, _, bob, _, one, two := trio(t, func(k *iossim.Knobs) { k.OverLimitIncoming = "reject" }, nil)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(time.Second)
	dave := tn.move("dave", nil)
	tn.must(dave.phone.Unlock())
	tn.must(dave.phone.OpenApp(bundle))
	three := dave.start1("bob")
	if c := dave.call(three); c.State != call.Ended || c.Reason != call.Busy {
		t.Errorf("dave's call is %v %v", c.State, c.Reason)
	}
	bob.wantCall(one, call.Connected, true, "")
	bob.wantCall(two, call.Connected, false, "carol")
	bob.noViolations()
}

// TestFourthCall: three calls are all that a device carries.
func TestFourthCall(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.talk(1)
		for _, n := range []byte{2, 3} {
			p := r.payload(n)
			p.Handle = "dave"
			r.push(p, true)
			r.wantState(n, call.Ringing, call.NotEnded)
		}
		r.s.take()
		p := r.payload(4)
		p.Handle = "erin"
		r.push(p, false)
		r.wantState(4, call.Ended, call.Busy)
		r.want("send decline busy here with tok")
	})
}

// TestThreeCalls: with one on hold and one that talks, the third is offered End & Accept and End Held & Accept (forums 794277).
func TestThreeCalls(t *testing.T) {
	for _, held := range []bool{false, true} {
		for name, app := range map[string]bool{"the system's button": false, "the app's button": true} {
			if held {
				name += ", the one on hold"
			}
			t.Run(name, func(t *testing.T) {
				tn, _, bob, _, one, two := trio(t, nil, nil)
				tn.must(bob.phone.HoldAndAccept())
				tn.run(time.Second)
				dave := tn.move("dave", nil)
				tn.must(dave.phone.Unlock())
				tn.must(dave.phone.OpenApp(bundle))
				three := dave.start1("bob")
				if c := bob.call(three); !c.Waiting || c.CanHold || !c.CanEnd || !c.CanEndHeld {
					t.Errorf("the app's screen would show %+v", c)
				}
				if err := bob.engine.HoldAndAnswer(three); !errors.Is(err, ErrTooManyCalls) {
					t.Errorf("three calls at once: %v", err)
				}
				over, stays := two, one
				if held {
					over, stays = one, two
				}
				switch {
				case app && held:
					tn.must(bob.engine.EndHeldAndAnswer(three))
				case app:
					tn.must(bob.engine.EndAndAnswer(three))
				case held:
					tn.must(bob.phone.EndHeldAndAccept())
				default:
					tn.must(bob.phone.EndAndAccept())
				}
				tn.run(2 * time.Second)
				bob.wantCall(over, call.Ended, false, "")
				bob.wantCall(stays, call.Connected, true, "")
				bob.wantCall(three, call.Connected, false, "dave")
				bob.noViolations()
			})
		}
	}
}

// TestHeldAndResumedAtOnce: the resume reaches the app before the news that the hold cost it the session. It may start
// its audio for nothing then, but must start it again when the session comes back.
func TestHeldAndResumedAtOnce(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	hold, resume := bob.phone.Hold(true), bob.phone.Hold(false) // without letting anything happen between
	tn.must(hold)
	tn.must(resume)
	tn.w.Run(2 * time.Second)
	if bob.hears() != "alice" || alice.hears() != "bob" {
		t.Errorf("bob hears %q, alice hears %q\n%s", bob.hears(), alice.hears(), tn.w.Log())
	}
	tn.wantNo("violation")
}
