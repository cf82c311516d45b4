package verdict

import (
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// buttonTrials are about the buttons of a live call.
var buttonTrials = []trial{
	{name: "mute", bugs: []string{"B26"}, needs: needsMedia,
		about: "The user mutes on the call screen, and in the app: screen and microphone agree, and nobody answers a mute with a mute.", play: mute},
	{name: "speaker", bugs: []string{"B27"},
		about: "The user switches the speaker on, mutes, waits, and switches it off.", play: speaker},
	{name: "video", bugs: []string{"B29"},
		about: "The user presses the video button of a call.", play: video},
}

func mute(s *stage) {
	c, id := s.talk("bob")
	if !s.sv.sends(c.ID) {
		panic(stuck{"the far end does not hear the user"})
	}
	s.look()
	s.do(s.ph.Mute(true))
	s.run(3 * time.Second)
	s.agree(c, "the user muted on the call screen", true)
	s.do(s.ph.Mute(false))
	s.run(3 * time.Second)
	s.agree(c, "the user unmuted on the call screen", false)
	if s.proc == nil || !is[Muter](s.proc.code) {
		return
	}
	s.open()
	s.look()
	button(s, func(m Muter) { m.SetMuted(id, true) })
	s.run(3 * time.Second)
	s.agree(c, "the user muted in the app", true)
}

// agree compares the screen with the microphone after one press.
func (s *stage) agree(c Call, what string, muted bool) {
	n := 0
	for _, e := range s.log() {
		if e.Channel == iossim.ChanProvider && strings.HasPrefix(words(e), "performSetMuted") {
			n++
		}
	}
	s.from = len(s.w.Entries()) - min(len(s.log()), 12)
	switch screen := s.ph.Screen().Call; {
	case s.runaway || n > 2:
		s.find("B26", "%s once, and mute was performed %d times", what, n)
		s.stop()
	case screen == nil:
		panic(stuck{"the call ended by a mute"})
	case screen.Muted != muted:
		s.find("B26", "%s, and the screen says muted=%v", what, screen.Muted)
		s.stop()
	case s.sv.sends(c.ID) == muted:
		s.find("B26", "%s, and the far end hears the user: %v", what, !muted)
		s.stop()
	}
	s.look()
}

func speaker(s *stage) {
	s.talk("bob")
	s.look()
	if !s.offers("speaker") {
		panic(stuck{"the screen has no speaker button: the session is not lent"})
	}
	s.do(s.ph.Speaker(true))
	s.run(3 * time.Second)
	if s.offers("mute") {
		s.do(s.ph.Mute(true))
		s.run(3 * time.Second)
	}
	if !s.shown().Speaker {
		s.find("B27", "the user switched the speaker on, and some seconds later it is off")
		s.stop()
	}
	s.do(s.ph.Speaker(false))
	s.run(3 * time.Second)
	if s.shown().Speaker {
		s.find("B27", "the user switched the speaker off, and some seconds later it is on")
	}
}

func video(s *stage) {
	s.open()
	_, id := s.talk("bob")
	if !s.offers("video") {
		panic(lacking{"the app offers no video (supportsVideo)"})
	}
	s.look()
	s.do(s.ph.Video())
	s.run(5 * time.Second)
	if c := s.ph.Screen().Call; c != nil && c.Video || s.has(iossim.ChanApp, "request [") {
		return
	}
	s.find("B29", "the user pressed the video button of call %s 5 s ago and nothing happened", id)
}
