package call

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// play steps c through events and prints what follows.
func play(c Call, events ...Event) Call {
	for _, e := range events {
		var effects []Effect
		c, effects = Step(c, e)
		fmt.Printf("%-31v %-10v %v\n", e, c.State, effects)
	}
	return c
}

func ExampleStep() {
	play(Call{},
		Event{Kind: Push, On: true},
		Event{Kind: Reported},
		Event{Kind: Perform, Action: AnswerAction},
		Event{Kind: RemoteAnswered},
		Event{Kind: MediaUp},
		Event{Kind: AudioOn},
		Event{Kind: RemoteEnded, Reason: HungUp},
	)
	// Output:
	// push on                         reporting  [report_incoming start_timer ring_timeout]
	// reported                        ringing    [send_ringing warm_media]
	// perform answer                  connecting [send_answer stop_timer ring_timeout start_timer fulfill_timer start_timer media_timeout]
	// remote_answered                 connecting []
	// media_up                        connected  [fulfill_pending stop_timer fulfill_timer stop_timer media_timeout]
	// audio_on                        connected  [start_audio]
	// remote_ended hungup             ended      [report_ended hungup stop_audio close_media]
}

// Two devices answer at once: this one loses. Nothing is heard, the true reason is shown.
func ExampleStep_doubleAnswer() {
	play(Call{State: Ringing, Shown: true, Transport: Warming},
		Event{Kind: Perform, Action: AnswerAction},
		Event{Kind: RemoteEnded, Reason: AnsweredElsewhere},
	)
	// Output:
	// perform answer                  connecting [send_answer stop_timer ring_timeout start_timer fulfill_timer start_timer media_timeout]
	// remote_ended answered_elsewhere ended      [report_ended answered_elsewhere fail_pending close_media stop_timer fulfill_timer stop_timer media_timeout]
}

// The push of a cancelled call comes late: it must be reported, and is ended at once.
func ExampleStep_latePush() {
	play(Call{},
		Event{Kind: RemoteEnded, Reason: Cancelled},
		Event{Kind: Push, On: true},
		Event{Kind: Push},
	)
	// Output:
	// remote_ended cancelled          ended      []
	// push on                         ended      [report_incoming report_ended cancelled]
	// push                            ended      []
}

// Long random lives keep all properties, too; what the search visits they visit again by another way, and a failure
// shrinks to a short script.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(starts).Draw(t, "start")
		for _, e := range rapid.SliceOfN(rapid.SampledFrom(events), 1, 60).Draw(t, "events") {
			n, err := w.next(standard, e)
			if err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			w = n
		}
	})
}

// FuzzStep puts anything at all into Step: it must not panic, must settle an action at most once, and must stay ended.
func FuzzStep(f *testing.F) {
	f.Add([]byte{1, 0, 0, 1}, []byte{1, 0, 0, 1, 9, 0, 0, 0, 11, 2, 0, 0})
	f.Fuzz(func(t *testing.T, start, script []byte) {
		at := func(b []byte, i int) byte {
			if i < len(b) {
				return b[i]
			}
			return 0
		}
		c := Call{
			State: State(at(start, 0)), Pending: Action(at(start, 1)), Transport: Transport(at(start, 2)), Reason: Reason(at(start, 3)),
			Outgoing: at(start, 4)&1 != 0, FulfillFirst: at(start, 4)&2 != 0, Shown: at(start, 4)&4 != 0, Won: at(start, 4)&8 != 0,
			Audio: at(start, 4)&16 != 0, Held: at(start, 4)&32 != 0, RemoteHeld: at(start, 4)&64 != 0, Muted: at(start, 4)&128 != 0,
		}
		for i := 0; i+3 < len(script); i += 4 {
			e := Event{Kind: EventKind(script[i]), Action: Action(script[i+1]), Reason: Reason(script[i+2]), On: script[i+3]&1 != 0}
			next, effects := Step(c, e)
			if n := count(effects, Fulfill) + count(effects, Fail); n > 1 || n > 0 && e.Kind != Perform {
				t.Fatalf("%v in %+v settles %d times: %v", e, c, n, effects)
			}
			if n := count(effects, FulfillPending) + count(effects, FailPending); n > 1 {
				t.Fatalf("%v in %+v settles the kept answer %d times: %v", e, c, n, effects)
			}
			if c.State == Ended && next.State != Ended {
				t.Fatalf("%v wakes the dead %+v", e, c)
			}
			_, _ = fmt.Sprint(next.State, next.Transport, next.Pending, next.Reason, e, effects), c.AudioRuns()
			c = next
		}
	})
}

func TestReasonWords(t *testing.T) {
	if n := len(Reasons()); n != 16 {
		t.Fatalf("%d reasons, want 16", n)
	}
	for _, r := range append(Reasons(), NotEnded) {
		b, err := json.Marshal(map[string]Reason{"r": r})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]Reason
		if err := json.Unmarshal(b, &back); err != nil || back["r"] != r {
			t.Errorf("%v became %s became %v (%v)", r, b, back["r"], err)
		}
	}
	if _, err := ParseReason("stolen"); err == nil {
		t.Error(`"stolen" is taken for a reason`)
	}
	if got := Reason(99).String(); got != "Reason(99)" {
		t.Errorf("Reason(99) prints %q", got)
	}
}

func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for k := EventKind(1); int(k) < len(eventNames); k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("event %d prints %q", k, s)
		} else {
			seen[s] = true
		}
	}
	if MediaTimeout.String() != "media_timeout" || EventKind(200).String() != "EventKind(200)" {
		t.Error("the last event's name, or an unknown one's, is wrong")
	}
	if StopTimer.String() != "stop_timer" || Ended.String() != "ended" || DTMFAction.String() != "dtmf" || Gone.String() != "gone" {
		t.Error("the last effect's, state's, action's or transport's name is wrong")
	}
}
