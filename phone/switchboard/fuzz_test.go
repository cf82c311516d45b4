package switchboard

import "testing"

// FuzzStep gives the machine boards and events that nothing would make: it must not panic, and must not lend the sound
// to two calls.
func FuzzStep(f *testing.F) {
	f.Add([]byte{2, 0, 0, 1, 4, 0, 0, 0, 0, 4, 1, 4, 0, 0, 3, 0, 0, 0, 0, 0, 2, 1, 0, 4, 1, 2, 1, 2})
	f.Add([]byte{9, 1, 1, 0, 9, 1, 200, 1, 7, 4, 1, 6, 1, 7, 4, 0, 0, 1, 255, 200, 9, 1, 1, 18, 200, 0, 1, 9})
	f.Fuzz(func(t *testing.T, raw []byte) {
		next := func() byte {
			if len(raw) == 0 {
				return 0
			}
			c := raw[0]
			raw = raw[1:]
			return c
		}
		on := func() bool { return next()&1 == 1 }
		b := Board{Policy: Policy{Groups: next(), OneCall: on(), StayHeld: on(), Mixes: on()}}
		for i := range b.Lines {
			b.Lines[i] = Line{State: State(next()), Held: on(), For: For(next()), Wish: For(next()), Group: next()}
		}
		b.Front, b.Foreign, b.Lent, b.Tried = next(), Foreign(next()), on(), on()
		e := Event{Kind: EventKind(next()), Line: next(), With: next(), On: on(), Gone: on(), Foreign: Foreign(next())}
		after, effects := Step(b, e)
		_ = e.String()
		for _, f := range effects {
			_ = f.String()
			if f.Line > None || f.With > None {
				t.Fatalf("%v is about a line that is none", f)
			}
		}
		for i := range uint8(Lines) {
			_, _ = after.CanAnswer(i), after.Waiting(i)
			for j := range i {
				if after.Speaks(i) && after.Speaks(j) && after.Lines[i].Group != after.Lines[j].Group {
					t.Fatalf("%v: two calls have the sound: %+v", e, after)
				}
			}
		}
	})
}
