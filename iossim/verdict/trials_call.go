package verdict

import (
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// callTrials are about the answer and the sound of a call.
var callTrials = []trial{
	{name: "answer-has-sound", bugs: []string{"B10"}, needs: needsMedia,
		about: "The user answers on the lock screen; sound must flow once the session is lent.", play: answerHasSound},
	{name: "answer-is-fulfilled", bugs: []string{"B12", "B23"},
		about: "The user answers; the action must be settled without waiting for didActivate.", play: answerIsFulfilled},
	{name: "sound-again", bugs: []string{"B13"}, needs: needsMedia,
		about: "Three calls one after the other, and one that is held and resumed: each has sound.", play: soundAgain},
	{name: "session-is-the-systems", bugs: []string{"B11"},
		about: "A call from the ring to its end: the app must not activate the session, nor change its category while it talks.", play: sessionIsTheSystems},
	{name: "second-ring-and-sound", bugs: []string{"B34"},
		about: "A second call comes in while the app talks; its report must not touch the audio session.", play: secondRing},
	{name: "action-times-out", bugs: []string{"B24"}, needs: needsSay,
		about: "Media never connects and the answer times out, or is fulfilled at once: the app must end the call everywhere.", play: actionTimesOut,
		knobs: func(k *iossim.Knobs) {
			k.ActionTimeout, k.LCKActionTimeout, k.EndAfterTimeout = time.Second, time.Second, false
		}},
	{name: "actions-are-settled", bugs: []string{"B23"},
		about: "The user mutes, holds, resumes, presses keys and ends: every action is settled.", play: actionsAreSettled},
}

func answerHasSound(s *stage) {
	s.kill()
	s.look()
	c := s.call("bob")
	id := s.ring(c)
	s.do(s.ph.Answer())
	s.run(10 * time.Second)
	if !s.connected(id) {
		panic(stuck{"the answer is not fulfilled"})
	}
	if s.sv.talks(c.ID) {
		return
	}
	t := s.sv.line.track(c.ID)
	switch {
	case t.early && !t.running:
		s.find("B10", "audio was started while the session was not lent, and not again in didActivate: 10 s after the answer there is no sound")
	case !t.running:
		s.find("B10", "10 s after the answer the app has not started audio")
	default:
		panic(stuck{"media is not connected 10 s after the answer"})
	}
}

// fulfills plays one answer with the session lent at a certain moment, and says whether it is fulfilled within 20 s;
// if not, it has the end of the log.
func (s *stage) fulfills(trigger, handle string) (bool, []string) {
	if err := s.ph.SetKnob("activateTrigger", trigger); err != nil {
		panic(stuck{err.Error()})
	}
	s.kill()
	id := s.ring(s.call(handle))
	s.look()
	s.do(s.ph.Answer())
	s.run(20 * time.Second)
	ok, log := s.connected(id), s.tail(s.from)
	if !ok {
		s.kill()
	}
	if _, there := s.live(id); there && s.ph.End() == nil {
		s.run(2 * time.Minute)
	}
	return ok, log
}

func answerIsFulfilled(s *stage) {
	ok, log := s.fulfills("afterFulfil", "bob")
	if ok {
		return
	}
	if ok, _ = s.fulfills("afterPerform", "carol"); ok {
		s.find("B12", "20 s after the answer it is not fulfilled; it would be if didActivate came first, which it does not")
	} else {
		s.find("B23", "20 s after the answer it is neither fulfilled nor failed")
	}
	s.sights[len(s.sights)-1].log = log
}

func soundAgain(s *stage) {
	for i, who := range []string{"bob", "carol", "dave"} {
		s.look()
		c, _ := s.talk(who)
		s.run(3 * time.Second)
		if !s.sv.talks(c.ID) {
			if i == 0 {
				panic(stuck{"there is no sound in the first call either"})
			}
			s.find("B13", "the first call had sound, call %d has none 10 s after its answer", i+1)
			s.stop()
		}
		if i == 2 && s.offers("hold") {
			s.do(s.ph.Hold(true))
			s.run(3 * time.Second)
			s.do(s.ph.Hold(false))
			s.run(3 * time.Second)
			if !s.sv.talks(c.ID) {
				s.find("B13", "the call was held and resumed, and has no sound 3 s later")
			}
		}
		s.do(s.ph.End())
		s.run(3 * time.Second)
	}
}

func sessionIsTheSystems(s *stage) {
	s.look()
	s.ring(s.call("bob"))
	s.do(s.ph.Answer())
	s.run(10 * time.Second)
	if s.has(iossim.ChanApp, "setActive") {
		s.find("B11", "the app calls setActive itself")
		s.stop()
	}
	lent := at(s.log(), iossim.ChanSystem, "audioActivate")
	if lent < 0 {
		panic(stuck{"the session was not lent"})
	}
	s.from += lent
	if s.offers("mute") {
		s.do(s.ph.Mute(true))
		s.run(time.Second)
	}
	if s.ph.End() == nil {
		s.run(3 * time.Second)
	}
	log := s.log()
	end := at(log, iossim.ChanSystem, "audioDeactivate")
	if end < 0 {
		end = len(log)
	}
	if at(log[:end], iossim.ChanApp, "setCategory") >= 0 {
		s.find("B11", "the app changes its category while it talks")
	}
	if s.has(iossim.ChanApp, "setActive") {
		s.find("B11", "the app calls setActive itself")
	}
}

func secondRing(s *stage) {
	s.talk("bob")
	s.look()
	s.push(s.call("carol"))
	s.run(3 * time.Second)
	for _, what := range []string{"setCategory", "setActive", "overrideOutputAudioPort"} {
		if s.has(iossim.ChanApp, what) {
			s.find("B34", "a second call came in while the app talks, nobody touched the phone, and the app called %s", what)
		}
	}
}

func actionTimesOut(s *stage) {
	s.sv.transport = -1
	c := s.call("bob")
	id := s.ring(c)
	s.look()
	s.do(s.ph.Answer())
	s.run(30 * time.Second)
	if !s.has(iossim.ChanProvider, "timedOutPerforming") {
		panic(lacking{"the app settles an answer at once, so none can time out"})
	}
	if _, there := s.live(id); there {
		panic(stuck{"the call outlived its answer"})
	}
	if !s.sv.heard(c.ID, SayFailed, SayHungUp, SayDeclined, SayUnanswered) {
		s.find("B24", "the answer timed out and the call is gone from the phone, but half a minute later the server has not been told (it heard %q)", s.sv.words(c.ID))
	}
}

func actionsAreSettled(s *stage) {
	_, id := s.talk("bob")
	s.look()
	for _, press := range []struct {
		button, action string
		do             func() error
	}{
		{"mute", "SetMuted", func() error { return s.ph.Mute(true) }},
		{"hold", "SetHeld", func() error { return s.ph.Hold(true) }},
		{"hold", "SetHeld", func() error { return s.ph.Hold(false) }},
		{"keypad", "DTMF", func() error { return s.ph.Keys("1") }},
		{"end", "End", func() error { return s.ph.End() }},
	} {
		if !s.offers(press.button) {
			continue
		}
		from := len(s.w.Entries())
		s.do(press.do())
		s.run(5 * time.Second)
		log := s.w.Entries()[from:]
		if at(log, iossim.ChanProvider, "perform"+press.action) < 0 {
			continue
		}
		what := press.action + " " + id.String()
		if at(log, iossim.ChanApp, "fulfill "+what) < 0 && at(log, iossim.ChanApp, "fail "+what) < 0 {
			s.find("B23", "%s was performed 5 s ago and is neither fulfilled nor failed", press.action)
			s.stop()
		}
	}
}
