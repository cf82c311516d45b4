package verdict

import (
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// ringTrials are about incoming calls until they are answered.
var ringTrials = []trial{
	{name: "caller-cancels", bugs: []string{"B33"}, needs: needsLine,
		about: "A push starts the app; two seconds later the caller gives up, which only the server says.", play: callerCancels},
	{name: "system-ends-ring", bugs: []string{"B25"}, needs: needsSay, since: [2]int{16, 0},
		about: "A call rings until the system ends the ring by itself.", play: systemEndsRing},
	{name: "decline-in-background", bugs: []string{"B35"}, needs: needsSay,
		about: "A push starts the app; the user declines, the network is slow, and the app is soon suspended.", play: declineInBackground,
		knobs: func(k *iossim.Knobs) { k.SuspendAfter = time.Millisecond }},
	{name: "end-of-unknown-call", bugs: []string{"B36"},
		about: "The answer times out and the system asks for the end of the call, which the app has ended already; later it dies in a call and its next process is asked to end that.", play: endOfUnknown,
		knobs: func(k *iossim.Knobs) { k.ActionTimeout, k.LCKActionTimeout = time.Second, time.Second }},
	{name: "video-on-lock-screen", bugs: []string{"B30"},
		about: "A video call is answered on the lock screen; the user unlocks some seconds later, and must find the app.", play: videoLocked},
}

func callerCancels(s *stage) {
	s.kill()
	s.look()
	c := s.call("bob")
	s.ring(c)
	s.run(time.Second)
	s.sv.tell(Message{ID: c.ID, News: Cancelled})
	s.run(5 * time.Second)
	if s.ringing() {
		s.find("B33", "the caller gave up 5 s ago and the phone rings on")
	}
}

func systemEndsRing(s *stage) {
	s.kill()
	s.look()
	c := s.call("bob")
	c.Expires = c.Sent.Add(2 * time.Minute)
	s.ring(c)
	s.run(70 * time.Second)
	if s.sv.heard(c.ID, SayDeclined) {
		s.find("B25", "nobody touched the phone, and the server was told that the call is declined")
	}
}

func declineInBackground(s *stage) {
	s.kill()
	s.sv.latency = 3 * time.Second
	s.look()
	c := s.call("bob")
	s.ring(c)
	s.do(s.ph.Decline())
	s.run(20 * time.Second)
	if !s.sv.heard(c.ID, SayDeclined) {
		s.find("B35", "20 s after the user declined the server does not know (it heard %q)", s.sv.words(c.ID))
	}
}

func endOfUnknown(s *stage) {
	s.sv.transport = -1
	id := s.ring(s.call("bob"))
	s.look()
	s.do(s.ph.Answer())
	s.run(10 * time.Second)
	if s.has(iossim.ChanApp, "fail End "+id.String()) {
		s.find("B36", "the answer timed out and the system asked for the end of the call; the app, which knew no such call any more, failed the action")
		s.stop()
	}
	s.endAll()
	for _, knob := range []string{"actionTimeout", "lckActionTimeout"} {
		if err := s.ph.SetKnob(knob, "1m"); err != nil {
			panic(stuck{err.Error()})
		}
	}
	s.sv.transport = 100 * time.Millisecond
	_, id = s.talk("carol")
	s.look()
	s.kill()
	if _, there := s.live(id); !there {
		return
	}
	s.do(s.ph.End())
	s.run(10 * time.Second)
	if s.has(iossim.ChanApp, "fail End "+id.String()) {
		s.find("B36", "the app died in a call, the user hung up, and the app's next process failed the action: the call stays on the screen")
	}
}

func videoLocked(s *stage) {
	s.kill()
	c := s.call("bob")
	c.Video = true
	s.look()
	id := s.ring(c)
	if !s.shown().Video {
		panic(lacking{"the app makes no video call of a push that says so"})
	}
	s.do(s.ph.Answer())
	s.run(4 * time.Second)
	s.do(s.ph.Unlock())
	s.run(8 * time.Second)
	switch front := s.ph.Screen().Front; {
	case front != BundleID:
		s.find("B30", "the user answered a video call, unlocked 4 s later, and does not find the app but the home screen: the answer was fulfilled before the phone was unlocked")
	case !s.connected(id):
		panic(stuck{"the answer of a video call is not fulfilled 8 s after the phone was unlocked"})
	}
}
