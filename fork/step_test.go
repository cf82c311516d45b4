package fork

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/model"
)

// play steps f through events and prints what follows.
func play(f Fork, events ...Event) {
	for _, e := range events {
		var effects []Effect
		f, effects = Step(f, e)
		fmt.Printf("%-16v %-8v %v\n", e, f.State, effects)
	}
}

// Two of three devices answer at once; the first has the call, and its repeated request is accepted again.
func ExampleStep() {
	play(Fork{},
		Event{Kind: Start, N: 3},
		Event{Kind: Ring, Leg: 1},
		Event{Kind: Answer, Leg: 1},
		Event{Kind: Answer, Leg: 0},
		Event{Kind: Answer, Leg: 1},
		Event{Kind: LegHangup, Leg: 1, Reason: call.HungUp},
	)
	// Output:
	// start 3 legs     ringing  [push_leg 0 push_leg 1 push_leg 2 tell_caller tell_leg 0 tell_leg 1 tell_leg 2 arm_ring]
	// ring leg 1       ringing  [tell_caller]
	// answer leg 1     answered [accept 1 tell_caller tell_leg 0 tell_leg 1 tell_leg 2 arm_alive]
	// answer leg 0     answered [refuse 0 answered_elsewhere]
	// answer leg 1     answered [accept 1]
	// leg_hangup leg 1 hungup ended    [tell_caller tell_leg 1 clear_timer record hungup]
}

// One device is silenced by a Focus, the other's push fails: nobody is left.
func ExampleStep_nobodyLeft() {
	play(Fork{},
		Event{Kind: Start, N: 2},
		Event{Kind: Busy, Leg: 0, Reason: call.DoNotDisturb},
		Event{Kind: PushFailed, Leg: 1},
	)
	// Output:
	// start 2 legs     ringing  [push_leg 0 push_leg 1 tell_caller tell_leg 0 tell_leg 1 arm_ring]
	// busy leg 0 do_not_disturb ringing  [tell_leg 0]
	// push_failed leg 1 ended    [tell_caller tell_leg 1 clear_timer record do_not_disturb]
}

// Two groups: the desk phones first, the mobile when both are exhausted.
func ExampleStep_groups() {
	play(Fork{},
		Event{Kind: Start, N: 3, Groups: [MaxLegs]uint8{0, 0, 1}},
		Event{Kind: Busy, Leg: 0, Reason: call.Busy},
		Event{Kind: PushFailed, Leg: 1},
		Event{Kind: Answer, Leg: 2},
	)
	// Output:
	// start 3 legs     ringing  [push_leg 0 push_leg 1 tell_caller tell_leg 0 tell_leg 1 arm_ring arm_next]
	// busy leg 0 busy  ringing  [tell_leg 0]
	// push_failed leg 1 ringing  [push_leg 2 tell_leg 2]
	// answer leg 2     answered [accept 2 tell_caller tell_leg 1 tell_leg 2 arm_alive]
}

// A live call moves to a device that had rung for it.
func ExampleStep_move() {
	play(Fork{},
		Event{Kind: Start, N: 2},
		Event{Kind: Answer, Leg: 0},
		Event{Kind: Move, Leg: 1},
		Event{Kind: LegHangup, Leg: 0, Reason: call.HungUp}, // it crossed the move
		Event{Kind: LegHangup, Leg: 1, Reason: call.HungUp},
	)
	// Output:
	// start 2 legs     ringing  [push_leg 0 push_leg 1 tell_caller tell_leg 0 tell_leg 1 arm_ring]
	// answer leg 0     answered [accept 0 tell_caller tell_leg 0 tell_leg 1 arm_alive]
	// move leg 1       answered [tell_caller tell_leg 0 tell_leg 1]
	// leg_hangup leg 0 hungup answered []
	// leg_hangup leg 1 hungup ended    [tell_caller tell_leg 1 clear_timer record hungup]
}

func TestJSONRoundTrip(t *testing.T) {
	all := events(3)
	_, err := model.Search([]Fork{{}}, 3000, func(f Fork, yield func(Event, Fork, error) bool) error {
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		var back Fork
		if err := json.Unmarshal(b, &back); err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
		if back != f {
			return fmt.Errorf("%v became %s became %v", f, b, back)
		}
		for _, e := range all {
			next, _ := Step(f, e)
			yield(e, next, nil)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestViewEvents(t *testing.T) {
	f, _ := Step(Fork{}, Event{Kind: Start, N: 2})
	f, _ = Step(f, Event{Kind: Ring, Leg: 0})
	answered, _ := Step(f, Event{Kind: Answer, Leg: 0})
	held, _ := Step(answered, Event{Kind: CallerHold, On: true})
	ended, _ := Step(answered, Event{Kind: CallerHangup})
	for _, c := range []struct {
		name   string
		view   View
		caller bool
		want   string
	}{
		{"a caller hears ringing", f.CallerSees(), true, "[remote_ringing]"},
		{"a leg rings", f.LegSees(1), false, "[offered]"},
		{"a caller is answered", answered.CallerSees(), true, "[remote_answered remote_hold]"},
		{"the winner has it", answered.LegSees(0), false, "[remote_answered remote_hold]"},
		{"the loser does not", answered.LegSees(1), false, "[remote_ended answered_elsewhere]"},
		{"the winner is held", held.LegSees(0), false, "[remote_answered remote_hold on]"},
		{"all is over", ended.LegSees(0), false, "[remote_ended hungup]"},
		{"an empty slot sees nothing", f.LegSees(5), false, "[]"},
		{"nor does one out of range", f.LegSees(99), false, "[]"},
	} {
		if got := fmt.Sprint(c.view.Events(c.caller)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if v := answered.LegSees(1); v.Winner != 0 {
		t.Errorf("the loser is not told who won: %+v", v)
	}
}

func TestAllSlotsTaken(t *testing.T) {
	f, effects := Step(Fork{}, Event{Kind: Start, N: 100})
	if f.Len() != MaxLegs || f.Open() != MaxLegs {
		t.Errorf("%d legs of which %d open, want %d", f.Len(), f.Open(), MaxLegs)
	}
	pushes := 0
	for _, e := range effects {
		if e.Kind == PushLeg {
			pushes++
		}
	}
	if pushes != MaxLegs {
		t.Errorf("%d pushes, want %d", pushes, MaxLegs)
	}
	if _, ok := f.NextLeg(); ok {
		t.Error("a full fork has a free slot")
	}
	if next, _ := Step(f, Event{Kind: Join, Leg: MaxLegs}); next != f {
		t.Error("a leg joined a full fork")
	}
}

func TestRandomLives(t *testing.T) {
	all := events(MaxLegs)
	rapid.Check(t, func(t *rapid.T) {
		var w world
		w, err := w.next(standard, Event{Kind: Start, N: int8(rapid.IntRange(0, MaxLegs).Draw(t, "legs"))})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 60).Draw(t, "events") {
			if w, err = w.next(standard, e); err != nil {
				t.Fatalf("%v: %v", e, err)
			}
		}
	})
}

// FuzzStep puts anything at all into Step: it must not panic, must reply to each answer once, and must stay ended.
func FuzzStep(f *testing.F) {
	f.Add([]byte{1, 255, 255, 1, 0, 4, 0}, []byte{1, 0, 3, 0, 0, 7, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, start, script []byte) {
		var at Fork
		get := func(i int) byte {
			if i < len(start) {
				return start[i]
			}
			return 0
		}
		at.State, at.Winner, at.By, at.Reason, at.CallerHeld = State(get(0)), int8(get(1)), int8(get(2)), call.Reason(get(3)), get(4) > 0
		for i := range at.Legs {
			at.Legs[i] = Leg{State: LegState(get(5 + 2*i)), Reason: call.Reason(get(6 + 2*i))}
		}
		for i := 0; i+4 < len(script); i += 5 {
			e := Event{Kind: EventKind(script[i]), Leg: int8(script[i+1]), N: int8(script[i+2]), Reason: call.Reason(script[i+3]), On: script[i+4] > 0}
			next, effects := Step(at, e)
			replies := 0
			for _, x := range effects {
				if x.Kind == Accept || x.Kind == Refuse {
					replies++
				}
				_ = x.String()
			}
			if e.Kind == Answer && replies != 1 {
				t.Fatalf("%v in %v got %d replies: %v", e, at, replies, effects)
			}
			if at.State == Ended && next.State != Ended {
				t.Fatalf("%v wakes the dead %v", e, at)
			}
			_ = next.CallerSees().Events(true)
			_ = next.LegSees(e.Leg).Events(false)
			at = next
		}
	})
}
