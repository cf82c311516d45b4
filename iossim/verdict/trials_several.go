package verdict

import (
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// severalTrials are about several calls at once, of the app and of the Phone app.
var severalTrials = []trial{
	{name: "end-and-accept", bugs: []string{"B13", "B15"}, needs: needsSay,
		about: "A second call comes in while the app talks, and the user presses End & Accept.", play: endAndAccept},
	{name: "hold-and-accept", bugs: []string{"B13", "B15"}, needs: needsSay,
		about: "A second call comes in while the app talks; the user presses Hold & Accept, swaps, and ends the one he hears.", play: holdAndAccept},
	{name: "cellular-call-ends", bugs: []string{"B13", "B14"},
		about: "A cellular call comes in and the user presses Hold & Accept; the far end of the cellular call hangs up.", play: cellularCallEnds},
	{name: "app-merges", bugs: []string{"B38"}, needs: needsMerge,
		about: "One call is heard and one is on hold, and the user presses the app's merge button.", play: appMerges},
}

// second has another call come in while the app talks.
func (s *stage) second(handle string) (Call, callkit.UUID) {
	before := len(s.ph.Calls())
	c := s.call(handle)
	s.push(c)
	s.run(time.Second)
	calls := s.ph.Calls()
	if len(calls) <= before {
		panic(lacking{"the app takes no second call while it talks"})
	}
	return c, calls[len(calls)-1].UUID
}

// wantWords looks for what the server must have heard of a call, and must not have.
func (s *stage) wantWords(what string, c Call, want Word, not ...Word) {
	heard := s.sv.words(c.ID)
	var words []string
	for _, w := range heard {
		words = append(words, w.String())
	}
	list := strings.Join(words, ", ")
	if list == "" {
		list = "nothing"
	}
	switch {
	case s.sv.heard(c.ID, not...):
		s.find("B15", "%s: of the call with %s the server heard %s", what, c.Name, list)
		s.stop()
	case !s.sv.heard(c.ID, want):
		s.find("B15", "%s: of the call with %s the server should have heard %s, but heard %s", what, c.Name, want, list)
		s.stop()
	}
}

// wantSound looks whether sound flows in a call and not in the other.
func (s *stage) wantSound(what string, in, not Call) {
	if !s.sound {
		return
	}
	switch {
	case s.sv.talks(not.ID):
		s.find("B15", "%s: there is sound in the call with %s, which is not the one", what, not.Name)
		s.stop()
	case !s.sv.talks(in.ID):
		s.find("B13", "%s: there is no sound in the call with %s", what, in.Name)
		s.stop()
	}
}

func endAndAccept(s *stage) {
	one, first := s.talk("bob")
	two, second := s.second("carol")
	s.look()
	s.do(s.ph.EndAndAccept())
	s.run(8 * time.Second)
	const what = "the user pressed End & Accept while he talked with Bob and Carol rang"
	s.wantWords(what, one, SayHungUp)
	s.wantWords(what, two, SayAnswered, SayHungUp, SayDeclined, SayUnanswered, SayFailed)
	if _, there := s.live(first); there {
		s.find("B15", "%s: 8 s later the system still has the call with Bob", what)
		s.stop()
	}
	if !s.connected(second) {
		s.find("B15", "%s: 8 s later the call with Carol is not connected", what)
		s.stop()
	}
	s.wantSound(what, two, one)
}

func holdAndAccept(s *stage) {
	one, first := s.talk("bob")
	two, second := s.second("carol")
	if !s.offers("hold-and-accept") {
		panic(lacking{"the app's calls can't be held for another (supportsHolding, maximumCallGroups)"})
	}
	s.look()
	s.do(s.ph.HoldAndAccept())
	s.run(8 * time.Second)
	what := "the user pressed Hold & Accept while he talked with Bob and Carol rang"
	s.wantWords(what, two, SayAnswered, SayHungUp, SayDeclined, SayUnanswered, SayFailed)
	if held, there := s.live(first); !there || !held.IsOnHold {
		s.find("B15", "%s: the call with Bob is not on hold", what)
		s.stop()
	}
	if up, there := s.live(second); !there || !up.HasConnected || up.IsOnHold {
		s.find("B15", "%s: the call with Carol is not the one that goes on", what)
		s.stop()
	}
	s.wantSound(what, two, one)
	s.look()
	s.do(s.ph.Swap())
	s.run(5 * time.Second)
	what = "the user swapped, back to Bob"
	s.wantSound(what, one, two)
	s.look()
	s.do(s.ph.End())
	s.run(5 * time.Second)
	what = "the user swapped, back to Bob, and hung up"
	s.wantWords(what, one, SayHungUp)
	s.wantWords(what, two, SayAnswered, SayHungUp, SayDeclined, SayFailed)
	if _, there := s.live(second); !there {
		s.find("B15", "%s: the call with Carol, which was on hold, is gone too", what)
	}
}

func cellularCallEnds(s *stage) {
	c, id := s.talk("bob")
	s.ph.CellularRing("+15550100", "Dentist")
	s.run(2 * time.Second)
	if !s.offers("hold-and-accept") {
		panic(lacking{"the app's calls can't be held for a cellular call (supportsHolding)"})
	}
	s.look()
	s.do(s.ph.HoldAndAccept())
	s.run(10 * time.Second)
	if held, there := s.live(id); !there || !held.IsOnHold {
		panic(stuck{"the call is not put on hold for the cellular call"})
	}
	s.ph.CellularEnd()
	s.run(10 * time.Second)
	back, there := s.live(id)
	if !there {
		panic(stuck{"the call did not outlive the cellular call"})
	}
	if back.IsOnHold {
		if s.proc != nil {
			if r, ok := s.proc.code.(Resumer); ok && r.CanResume(id) {
				return // the user has a button
			}
		}
		s.find("B14", "the far end of the cellular call hung up 10 s ago; the call is still on hold, and the app offers no way back")
		s.stop()
	}
	if s.sound && !s.sv.talks(c.ID) {
		s.find("B13", "the call was held for a cellular call and is resumed, but has no sound")
	}
}

func appMerges(s *stage) {
	one, first := s.talk("bob")
	two, second := s.second("carol")
	if !s.offers("hold-and-accept") {
		panic(lacking{"the app's calls can't be held for another (supportsHolding, maximumCallGroups)"})
	}
	s.do(s.ph.HoldAndAccept())
	s.run(8 * time.Second)
	s.sound = s.sv.talks(two.ID)
	s.open()
	s.look()
	button(s, func(m Merger) { m.Merge(second, first) })
	s.run(5 * time.Second)
	for id, c := range map[callkit.UUID]Call{first: one, second: two} {
		if now, there := s.live(id); !there || now.IsOnHold {
			s.find("B38", "the user merged both calls in the app 5 s ago, and the call with %s is on hold", c.Name)
			s.stop()
		}
	}
	if screen := s.ph.Screen().Call; screen == nil || len(screen.Members) != 2 {
		s.find("B38", "the user merged both calls in the app 5 s ago, and they are not one conference")
		s.stop()
	}
	if s.sound && !(s.sv.talks(one.ID) && s.sv.talks(two.ID)) {
		s.find("B38", "the user merged both calls in the app 5 s ago, and one of them has no sound")
	}
}
