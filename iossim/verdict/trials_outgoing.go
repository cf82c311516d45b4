package verdict

import (
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// outgoingTrials are about calls that the user makes.
var outgoingTrials = []trial{
	{name: "start-is-fulfilled", bugs: []string{"B21"}, needs: needsDial,
		about: "The app calls somebody who does not answer.", play: startIsFulfilled},
	{name: "outgoing-connects", bugs: []string{"B16", "B22"}, needs: needsDial | needsLine | needsSay,
		about: "The app calls somebody who answers: the screen has a timer and a hold button.", play: outgoingConnects},
	{name: "hang-up", bugs: []string{"B18"}, needs: needsHangUp,
		about: "The user hangs up in the app.", play: hangUp},
	{name: "far-end-hangs-up", bugs: []string{"B17"}, needs: needsLine | needsDial,
		about: "The far end hangs up several times; then the app calls somebody.", play: farEndHangsUp},
	{name: "recents", bugs: []string{"B28"},
		about: "The user taps a missed call in Recents, with the app running and not.", play: recents},
}

func startIsFulfilled(s *stage) {
	s.open()
	s.look()
	id := s.dial("bob")
	s.run(5 * time.Second)
	if !s.has(iossim.ChanApp, "fulfill Start "+id.String()) {
		s.find("B21", "the call was started 6 s ago, nobody answers, and the start action is not fulfilled")
	}
}

func outgoingConnects(s *stage) {
	s.open()
	s.look()
	id := s.dial("bob")
	s.run(time.Second)
	s.sv.tell(Message{ID: s.started(), News: Answered})
	s.run(5 * time.Second)
	if !s.has(iossim.ChanApp, "fulfill Start "+id.String()) {
		panic(stuck{"the start action is not fulfilled"})
	}
	if s.shown().ConnectedAt.IsZero() {
		s.find("B22", "the far end answered 5 s ago and the app has not reported the call connected")
		s.stop()
	}
	if !s.offers("hold") {
		s.find("B16", "the outgoing call is connected and the screen has no hold button")
	}
}

func hangUp(s *stage) {
	_, id := s.talk("bob")
	s.open()
	s.look()
	button(s, func(h HangUpper) { h.HangUp(id) })
	s.run(3 * time.Second)
	if _, there := s.live(id); there {
		seen := "the user hung up in the app 3 s ago and the system still has the call"
		if s.has(iossim.ChanController, "completion requesttransaction/4") {
			seen += ": the app asked for the end of a call that the system does not know (error 4)"
		}
		s.find("B18", "%s", seen)
	}
}

func farEndHangsUp(s *stage) {
	for range 3 {
		c, id := s.talk("bob")
		s.look()
		s.sv.tell(Message{ID: c.ID, News: HungUp})
		s.run(5 * time.Second)
		if _, there := s.live(id); there {
			s.find("B17", "the far end hung up 5 s ago and the call is still on the screen")
			s.stop()
		}
	}
	s.open()
	s.look()
	button(s, func(d Dialer) { d.Dial("carol") })
	s.run(time.Second)
	if s.has(iossim.ChanController, "completion requesttransaction/7") {
		s.find("B17", "three calls are over, and a new one is refused with error 7")
	}
}

func recents(s *stage) {
	for _, running := range []bool{true, false} {
		s.ring(s.call("bob"))
		s.run(70 * time.Second)
		if s.ringing() {
			s.do(s.ph.Decline())
			s.run(3 * time.Second)
		}
		if len(s.ph.Recents()) == 0 {
			panic(stuck{"the call is not in Recents (includesCallsInRecents)"})
		}
		if running {
			s.open()
		} else {
			s.kill()
		}
		if s.ph.Screen().Locked {
			s.do(s.ph.Unlock())
		}
		s.do(s.ph.OpenRecents())
		s.look()
		s.do(s.ph.TapRecent(0))
		s.run(5 * time.Second)
		started := s.has(iossim.ChanApp, "request [Start ")
		if !started {
			how := "was running"
			if !running {
				how = "did not run"
			}
			s.find("B28", "the user tapped a call in Recents while the app %s; the app opens and 5 s later has not asked to start a call", how)
			s.stop()
		}
		s.endAll()
		s.do(s.ph.Lock())
		s.run(2 * time.Second)
	}
}

// endAll ends what the screen shows until there is no call any more.
func (s *stage) endAll() {
	for range 4 {
		if s.ph.Screen().Call == nil || s.ph.End() != nil {
			return
		}
		s.run(3 * time.Second)
	}
}
