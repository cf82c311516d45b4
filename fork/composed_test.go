package fork_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/internal/model"
)

// big reports whether the searches may take minutes and gigabytes (make model).
func big() bool { return os.Getenv("RINGTRIP_MODEL") == "big" }

func searchNetwork(b bound, s *steps) (model.Result, int, error) {
	count, rests := 0, 0
	res, err := model.Search([]network{begin(b)}, b.limit, func(w network, yield func(move, network, error) bool) error {
		if count++; count%b.rest == 0 {
			rests++
			for _, deliver := range []bool{false, true} {
				if err := w.settle(s, deliver); err != nil {
					return err
				}
			}
		}
		w.moves(b, func(m move) bool {
			next := w
			err := next.do(m, s)
			if err == nil {
				err = next.check()
			}
			return yield(m, next, err)
		})
		return nil
	})
	return res, rests, err
}

func TestModelComposed(t *testing.T) {
	bounds := []bound{
		{devices: 1, pushes: true, focus: true, clocks: true, crashes: true, rest: 1},
		{devices: 2, rest: 1},
		{devices: 2, pushes: true, focus: true, rest: 10},
		{devices: 2, clocks: true, rest: 10},
		{devices: 3, rest: 100},
		{devices: 2, groups: [fork.MaxLegs]uint8{0, 1}, pushes: true, rest: 10},
		{devices: 2, groups: [fork.MaxLegs]uint8{1, 0}, only: true, focus: true, here: true, rest: 10},
	}
	if model.Race {
		bounds = bounds[:2]
	}
	if big() {
		bounds = []bound{
			{devices: 2, pushes: true, focus: true, clocks: true, rest: 10},
			{devices: 2, clocks: true, crashes: true, rest: 10},
			{devices: 2, pushes: true, focus: true, clocks: true, crashes: true, limit: 8_000_000, rest: 100},
			{devices: 2, pushes: true, focus: true, here: true, rest: 10},
			{devices: 2, groups: [fork.MaxLegs]uint8{0, 1}, pushes: true, focus: true, crashes: true, limit: 8_000_000, rest: 100},
			{devices: 3, groups: [fork.MaxLegs]uint8{0, 1, 1}, rest: 100},
			{devices: 3, groups: [fork.MaxLegs]uint8{0, 1, 2}, only: true, rest: 100},
			{devices: 3, focus: true, rest: 100},
			{devices: 3, clocks: true, limit: 8_000_000, rest: 100},
		}
	}
	for _, b := range bounds {
		began := time.Now()
		machines := realSteps
		if b.here {
			machines = declineHere
		}
		res, rests, err := searchNetwork(b, machines)
		if err != nil {
			t.Fatalf("%v (%v): %v", b, res, err)
		}
		t.Logf("model: %v: %v, agreement checked from %d states, %.1f s", b, res, rests, time.Since(began).Seconds())
	}
}

// TestComposedFindsMistakes shows that the properties of the composed model have teeth: each mistake, of a kind that
// apps have shipped, is found, and its shortest trace is short enough to read.
func TestComposedFindsMistakes(t *testing.T) {
	troubles := bound{devices: 2, pushes: true, clocks: true, limit: 300_000, rest: 1}
	for _, m := range []struct {
		name  string
		want  string // in the error
		moves int    // of the shortest trace
		steps steps
	}{
		{"the end of a late push is forgotten", "ghost", 4, steps{fork: fork.Step, call: func(c call.Call, e call.Event) (call.Call, []call.Effect) {
			if c.State == call.Ended && e.Kind == call.Push && e.On {
				next, effects := call.Step(c, e)
				return next, effects[:1] // reported, and its end forgotten
			}
			if c.State == call.Ended && e.Kind == call.Reported {
				return c, nil
			}
			return call.Step(c, e)
		}}},
		{"the loser of a double answer goes on connecting", "knows it, and is connecting", 10, steps{fork: fork.Step, call: func(c call.Call, e call.Event) (call.Call, []call.Effect) {
			if c.State == call.Connecting && e.Kind == call.RemoteEnded {
				return c, nil
			}
			return call.Step(c, e)
		}}},
		{"an answer counts as won before the server has spoken", "believes", 3, steps{fork: fork.Step, call: func(c call.Call, e call.Event) (call.Call, []call.Effect) {
			next, effects := call.Step(c, e)
			if e.Kind == call.Perform && e.Action == call.AnswerAction && next.Live() {
				next.Won = true
			}
			return next, effects
		}}},
		{"a hang-up that is lost is not said again", "at rest", 10, steps{fork: fork.Step, call: func(c call.Call, e call.Event) (call.Call, []call.Effect) {
			if c.State == call.Ended && e.Kind == call.RemoteAnswered {
				return c, nil
			}
			return call.Step(c, e)
		}}},
		{"a cancel that crosses the answer is forgotten", "at rest", 10, steps{call: func(c call.Call, e call.Event) (call.Call, []call.Effect) {
			if c.State == call.Ended && e.Kind == call.RemoteAnswered && c.Outgoing {
				return c, nil // nor is it said again
			}
			return call.Step(c, e)
		}, fork: func(f fork.Fork, e fork.Event) (fork.Fork, []fork.Effect) {
			if f.State == fork.Answered && e.Kind == fork.Cancel {
				return f, nil
			}
			return fork.Step(f, e)
		}}},
		{"the second answer wins, too", "winner changed", 10, steps{call: call.Step, fork: func(f fork.Fork, e fork.Event) (fork.Fork, []fork.Effect) {
			if f.State == fork.Answered && e.Kind == fork.Answer && e.Leg != f.Winner {
				f.Legs[f.Winner] = fork.Leg{State: fork.LegEnded, Reason: call.AnsweredElsewhere}
				f.Winner, f.Legs[e.Leg] = e.Leg, fork.Leg{State: fork.LegAnswered}
				return f, []fork.Effect{{Kind: fork.Accept, Leg: e.Leg}}
			}
			return fork.Step(f, e)
		}}},
		{"a declined call goes on ringing elsewhere, at the server", "knows it, and is", 10, steps{call: call.Step, fork: func(f fork.Fork, e fork.Event) (fork.Fork, []fork.Effect) {
			next, effects := fork.Step(f, e)
			if e.Kind == fork.Decline && next.State == fork.Ended && f.State == fork.Ringing {
				for i := range f.Legs {
					if int8(i) != e.Leg {
						next.Legs[i] = f.Legs[i]
					}
				}
			}
			return next, effects
		}}},
	} {
		res, _, err := searchNetwork(troubles, &m.steps)
		var v *model.Violation
		if !errors.As(err, &v) {
			t.Errorf("%s: not found in %v (%v)", m.name, res, err)
			continue
		}
		if !strings.Contains(v.Err.Error(), m.want) || len(v.Trace) > m.moves {
			t.Errorf("%s: want %q after at most %d moves, got %v", m.name, m.want, m.moves, v)
		}
		t.Logf("%s: %v", m.name, v)
	}
}

// TestRandomNetworks goes where no exhaustive search can: three devices with all troubles at once, in long lives. A
// failure shrinks to a short list of moves.
func TestRandomNetworks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bound{devices: maxDevices, pushes: true, focus: true, clocks: true, crashes: true}
		b.only = rapid.Bool().Draw(t, "only")
		for i := range b.devices {
			b.groups[i] = rapid.Uint8Range(0, 2).Draw(t, "group")
		}
		machines := rapid.SampledFrom([]*steps{realSteps, declineHere}).Draw(t, "machines")
		w := begin(b)
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			var all []move
			w.moves(b, func(m move) bool { all = append(all, m); return true })
			if len(all) == 0 {
				break
			}
			m := rapid.SampledFrom(all).Draw(t, "move")
			err := w.do(m, machines)
			if err == nil {
				err = w.check()
			}
			if err != nil {
				t.Fatalf("%v: %v", m, err)
			}
		}
		for _, deliver := range []bool{false, true} {
			if err := w.settle(machines, deliver); err != nil {
				t.Fatal(err)
			}
		}
	})
}
