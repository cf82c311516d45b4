package verdict

import (
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// lifeTrials are about the lives of processes, providers and the call service.
var lifeTrials = []trial{
	{name: "one-provider", bugs: []string{"B19"},
		about: "Two calls, in one process: there must be one provider all the time.", play: oneProvider},
	{name: "reload", bugs: []string{"B20"}, needs: needsReload,
		about: "The app loads its call code anew, and then a call comes.", play: reload},
	{name: "crash-in-call", bugs: []string{"B17"},
		about: "The app dies while it talks; the user opens it again.", play: crashInCall},
	{name: "call-service-dies", bugs: []string{"B40"}, needs: needsMedia | needsSay,
		about: "The call service crashes while the app talks.", play: callServiceDies},
	{name: "china-store", bugs: []string{"B42"}, needs: needsChina,
		about: "The region is China, and so is the build: the app must not use CallKit.", play: chinaStore,
		knobs: func(k *iossim.Knobs) { k.Region = "CN" }},
}

func oneProvider(s *stage) {
	s.kill()
	s.look()
	for range 2 {
		s.ring(s.call("bob"))
		if s.ph.Decline() == nil {
			s.run(2 * time.Second)
		}
	}
	if n := s.count(iossim.ChanApp, "provider.init") - s.count(iossim.ChanApp, "provider.invalidate"); n > 1 {
		s.find("B19", "after two calls in one process there are %d providers", n)
	}
}

func reload(s *stage) {
	s.kill()
	s.look()
	s.open()
	button(s, func(r Reloader) { r.Reload() })
	s.run(time.Second)
	if n := s.count(iossim.ChanApp, "provider.init") - s.count(iossim.ChanApp, "provider.invalidate"); n > 1 {
		s.find("B20", "after the call code was loaded anew there are %d providers, and the first was not invalidated", n)
		s.stop()
	}
	s.ring(s.call("bob"))
	s.do(s.ph.Decline())
	s.run(3 * time.Second)
	if s.ph.Screen().Call != nil {
		s.find("B20", "the call code was loaded anew, and a call that is declined afterwards stays")
	}
}

func crashInCall(s *stage) {
	c, id := s.talk("bob")
	s.look()
	s.kill()
	if _, there := s.live(id); !there {
		return
	}
	s.open()
	s.run(20 * time.Second)
	if _, there := s.live(id); there && !s.sv.talks(c.ID) {
		s.find("B17", "the app died in a call and was opened again 20 s ago; the call, which nobody carries, is still in the system")
	}
}

func callServiceDies(s *stage) {
	c, _ := s.talk("bob")
	if !s.sv.talks(c.ID) {
		panic(stuck{"there is no sound"})
	}
	s.look()
	s.ph.RestartCallService()
	s.run(20 * time.Second)
	if !s.sv.heard(c.ID, SayFailed, SayHungUp) {
		var words []string
		for _, w := range s.sv.words(c.ID) {
			words = append(words, w.String())
		}
		s.find("B40", "the call service died and took the call away; 20 s later the server still believes in it (it heard %s)", strings.Join(words, ", "))
		s.stop()
	}
	if s.sv.line != nil && s.sv.line.media[c.ID] != nil && s.sv.line.media[c.ID].connected {
		s.find("B40", "the call service died and took the call away; 20 s later its media is still connected")
	}
}

func chinaStore(s *stage) {
	s.from = 0
	c := s.call("bob")
	s.sv.tell(Message{ID: c.ID, News: Invited, Call: c})
	s.push(c)
	s.run(5 * time.Second)
	if s.has(iossim.ChanSystem, "log violation: CallKit is active in the China store") {
		s.find("B42", "the build for the China store uses CallKit")
	}
}
