package phone

import (
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// inCall is bob in a call of alice's.
func inCall(t *testing.T, knobs func(*iossim.Knobs), cfg func(*Config)) (tn *town, alice, bob *home, one callkit.UUID) {
	t.Helper()
	tn, alice, bob = pair(t, knobs, cfg)
	one = alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	return tn, alice, bob, one
}

// holds has a cellular call come in and bob press Hold & Accept.
func (tn *town) holds(bob *home, one callkit.UUID) {
	tn.t.Helper()
	bob.phone.CellularRing("+15550100", "Gran")
	tn.run(time.Second)
	bob.wantScreen(iossim.ScreenCallWaiting)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, true, "")
	if !bob.engine.Snapshot().OtherApps || bob.call(one).CanResume {
		tn.t.Errorf("the app's screen would show %+v", bob.engine.Snapshot())
	}
}

func TestB14CellularCallEndedByTheFarEnd(t *testing.T) {
	for _, o := range orders {
		t.Run("resumed by request/"+o.name, func(t *testing.T) {
			tn, alice, bob, one := inCall(t, o.knobs, nil)
			tn.holds(bob, one)
			bob.phone.CellularEnd()
			tn.run(3 * time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			alice.wantCall(one, call.Connected, false, "bob")
			tn.wantNo("setActive")
			bob.noViolations()
		})
	}
	t.Run("offered", func(t *testing.T) {
		tn, _, bob, one := inCall(t, nil, func(c *Config) { c.StayOnHold = true })
		tn.holds(bob, one)
		bob.phone.CellularEnd()
		tn.run(5 * time.Second)
		bob.wantCall(one, call.Connected, true, "")
		if !bob.call(one).CanResume {
			t.Error("resume is not offered")
		}
		tn.must(bob.engine.Resume(one))
		tn.run(2 * time.Second)
		bob.wantCall(one, call.Connected, false, "alice")
		bob.noViolations()
	})
}

// TestB14InASuspendedApp: a long cellular call suspends the app; it resumes its call when it runs again.
func TestB14InASuspendedApp(t *testing.T) {
	tn, _, bob, one := inCall(t, nil, nil)
	tn.holds(bob, one)
	tn.w.Run(5 * time.Minute)
	bob.phone.CellularEnd()
	tn.w.Run(5 * time.Second)
	tn.must(bob.phone.Unlock())
	tn.must(bob.phone.OpenApp(bundle))
	tn.run(3 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	bob.noViolations()
}

func TestCellularCallEndedHere(t *testing.T) {
	for _, resume := range []string{"localOnly", "always", "never"} {
		t.Run(resume, func(t *testing.T) {
			tn, _, bob, one := inCall(t, func(k *iossim.Knobs) { k.ResumeAfterEnd = resume }, nil)
			tn.holds(bob, one)
			tn.must(bob.phone.End())
			tn.run(3 * time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			bob.noViolations()
		})
	}
}

func TestCellularCallThatNobodyAnswers(t *testing.T) {
	for name, over := range map[string]func(*home) error{
		"declined": func(h *home) error { return h.phone.Decline() },
		"missed":   func(h *home) error { h.phone.CellularEnd(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			tn, alice, bob, one := inCall(t, nil, nil)
			bob.phone.CellularRing("+15550100", "")
			tn.run(time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			tn.must(over(bob))
			tn.run(3 * time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
			alice.wantCall(one, call.Connected, false, "bob")
			tn.wantNo("performSetHeld")
		})
	}
}

func TestCellularCallThatEndsOurs(t *testing.T) {
	tn, alice, bob, one := inCall(t, nil, nil)
	bob.phone.CellularRing("+15550100", "")
	tn.run(time.Second)
	tn.must(bob.phone.EndAndAccept())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Ended, false, "")
	alice.wantCall(one, call.Ended, false, "")
	bob.noViolations()
}

func TestSwapWithACellularCall(t *testing.T) {
	tn, _, bob, one := inCall(t, nil, nil)
	tn.holds(bob, one)
	tn.must(bob.phone.Swap())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	tn.must(bob.phone.Swap())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, true, "")
	bob.phone.CellularEnd()
	tn.run(3 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	bob.noViolations()
}

func TestUserDialsACellularCall(t *testing.T) {
	tn, _, bob, one := inCall(t, nil, nil)
	tn.must(bob.phone.Unlock())
	tn.must(bob.phone.Home())
	tn.must(bob.phone.CellularDial("+15550100"))
	bob.phone.CellularAnswered()
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, true, "")
	bob.phone.CellularEnd()
	tn.run(3 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	bob.noViolations()
}

// TestHeldByTheUserStaysHeld: a call that the user put on hold is not resumed when some other call ends.
func TestHeldByTheUserStaysHeld(t *testing.T) {
	for name, hold := range map[string]func(*home, callkit.UUID) error{
		"on the system's screen": func(h *home, _ callkit.UUID) error { return h.phone.Hold(true) },
		"on the app's":           func(h *home, id callkit.UUID) error { return h.engine.SetHeld(id, true) },
	} {
		t.Run(name, func(t *testing.T) {
			tn, _, bob, one := inCall(t, nil, nil)
			tn.must(hold(bob, one))
			tn.run(time.Second)
			bob.phone.CellularRing("+15550100", "")
			tn.run(time.Second)
			tn.must(bob.phone.HoldAndAccept())
			tn.run(time.Second)
			bob.phone.CellularEnd()
			tn.run(5 * time.Second)
			bob.wantCall(one, call.Connected, true, "")
			if bob.call(one).CanResume {
				t.Error("offered as if it was held for the cellular call")
			}
			tn.must(bob.phone.Hold(false))
			tn.run(time.Second)
			bob.wantCall(one, call.Connected, false, "alice")
		})
	}
}

// TestCallDuringACellularCall: our ring comes in while the user talks over the mobile network.
func TestCallDuringACellularCall(t *testing.T) {
	tn, alice, bob := pair(t, nil, nil)
	bob.phone.CellularRing("+15550100", "")
	tn.run(time.Second)
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	one := alice.start1("bob")
	bob.wantScreen(iossim.ScreenCallWaiting)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Connected, false, "alice")
	tn.must(alice.engine.End(one))
	tn.run(2 * time.Second)
	bob.wantCall(one, call.Ended, false, "")
	bob.noViolations()
}

// TestB40CallServiceDiesWithSeveralCalls: all are dropped, here and at the far ends.
func TestB40CallServiceDiesWithSeveralCalls(t *testing.T) {
	tn, alice, bob, carol, one, two := trio(t, nil, nil)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(time.Second)
	bob.phone.RestartCallService()
	tn.run(3 * time.Second)
	bob.wantCall(one, call.Ended, false, "")
	bob.wantCall(two, call.Ended, false, "")
	alice.wantCall(one, call.Ended, false, "")
	carol.wantCall(two, call.Ended, false, "")
	three := alice.start1("bob")
	tn.must(bob.phone.Answer())
	tn.run(time.Second)
	bob.wantCall(three, call.Connected, false, "alice")
	bob.noViolations()
}

// TestB17B18CrashWithTwoCalls: what the last process had is ended, at the system and at the far ends.
func TestB17B18CrashWithTwoCalls(t *testing.T) {
	tn, alice, bob, carol, one, two := trio(t, nil, nil)
	tn.must(bob.phone.HoldAndAccept())
	tn.run(time.Second)
	bob.phone.Kill(bundle, "crash")
	tn.run(time.Second)
	tn.must(bob.phone.Unlock())
	tn.must(bob.phone.OpenApp(bundle))
	tn.run(15 * time.Second)
	if c := bob.phone.Screen().Call; c != nil {
		t.Errorf("a leftover stays on the screen: %+v", c)
	}
	alice.wantCall(one, call.Ended, false, "")
	carol.wantCall(two, call.Ended, false, "")
	if _, err := bob.engine.Start(StartRequest{Callee: "alice"}); err != nil {
		t.Errorf("a leftover blocks new calls: %v", err)
	}
}

// TestB34SecondReportTouchesNoAudio: the session's category is set when a call is answered, not when it rings.
func TestB34SecondReportTouchesNoAudio(t *testing.T) {
	tn, _, bob, _, one, _ := trio(t, nil, nil)
	n := 0
	for _, e := range tn.w.Entries() {
		if e.Phone == "bob" && slices.Contains([]string{"setCategory", "setMode"}, firstWord(e.Text)) {
			n++
		}
	}
	if n > 1 {
		t.Errorf("the audio session was touched %d times for one answer", n)
	}
	bob.wantCall(one, call.Connected, false, "alice")
}

func firstWord(s string) string {
	for i := range s {
		if s[i] == ' ' || s[i] == '(' {
			return s[:i]
		}
	}
	return s
}
