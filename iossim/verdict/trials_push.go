package verdict

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// pushTrials are about VoIP pushes and their reports.
var pushTrials = []trial{
	{name: "push-starts-app", bugs: []string{"B1", "B4", "B6", "B7"},
		about: "The app does not run; a push comes, and must be reported before its delegate returns.", play: pushStartsApp},
	{name: "push-garbage", bugs: []string{"B1"},
		about: "The app runs in the background; pushes come whose payload makes no sense.", play: pushGarbage},
	{name: "push-bad-uuid", bugs: []string{"B31"},
		about: "A push comes whose call has no UUID that can be read.", play: pushBadUUID},
	{name: "push-after-decline", bugs: []string{"B2"},
		about: "The user declines, and the same push comes again.", play: pushAfterDecline},
	{name: "push-late-again-and-again", bugs: []string{"B8"},
		about: "Pushes come late five times; then one comes in time and must ring.", play: pushLateAgain},
	{name: "push-late", bugs: []string{"B9"},
		about: "A push comes a minute late, and the network is slow: its call is long over.", play: pushLate},
	{name: "push-for-others", bugs: []string{"B3"}, needs: needsOther,
		about: "The server sends pushes for something else than an incoming call.", play: pushForOthers},
	{name: "push-completion", bugs: []string{"B5"},
		about: "Pushes come without and with a Focus, and from a blocked caller: the completion handler is called after each report.", play: pushCompletion},
	{name: "push-without-caller", bugs: []string{"B37"},
		about: "A push comes from a caller who hides his number.", play: pushWithoutCaller},
	{name: "push-and-line", bugs: []string{"B39"}, needs: needsLine,
		about: "The call comes by the app's own connection and by push, in both orders.", play: pushAndLine},
	{name: "push-same-caller-again", bugs: []string{"B32"},
		about: "The same caller calls again, after his first call and during it.", play: pushSameCaller},
}

const reportLine = "reportNewIncomingCall "

func pushStartsApp(s *stage) {
	s.kill()
	s.look()
	s.push(s.call("bob"))
	s.run(10 * time.Second)
	check := s.killed()
	if check == "" && s.has(iossim.ChanApp, reportLine) {
		return
	}
	log := s.log()
	received := at(log, iossim.ChanRegistry, "didReceive")
	switch {
	case received < 0:
		s.find("B6", "the push had nobody to go to until the call service killed the app (%s)", orNothing(check))
	case at(log[:received], iossim.ChanApp, "provider.init") < 0:
		s.find("B7", "when the push came there was no provider, and nothing was reported (killed: %s)", orNothing(check))
	case s.reportsLater():
		s.find("B4", "the push was not reported when its delegate returned (killed: %s); in the foreground, where it lives on, the app reports it", orNothing(check))
	default:
		s.find("B1", "the push was not reported at all (killed: %s)", orNothing(check))
	}
}

// reportsLater reports whether the app reports a call at all if it is let live.
func (s *stage) reportsLater() bool {
	s.open()
	from := len(s.w.Entries())
	s.push(s.call("carol"))
	s.run(10 * time.Second)
	return at(s.w.Entries()[from:], iossim.ChanApp, reportLine) >= 0
}

func orNothing(s string) string {
	if s == "" {
		return "no"
	}
	return s
}

func pushGarbage(s *stage) {
	s.control()
	for _, payload := range []string{`{}`, `[]`, `{"aps":{}}`, `{"aps":{"alert":"hello"},"id":7}`} {
		s.kill()
		s.look()
		s.ph.DeliverPush(BundleID, []byte(payload))
		s.run(10 * time.Second)
		if check := s.killed(); check != "" {
			s.find("B1", "a push with the payload %s was not reported: killed by %s", payload, check)
			s.stop()
		}
		if s.ringing() {
			s.find("B1", "a push with the payload %s rings, for nobody, 10 s later", payload)
			s.stop()
		}
	}
}

func pushBadUUID(s *stage) {
	s.control()
	c := s.call("bob")
	payload := s.sub.Push(c)
	id := c.ID.String()
	bad := bytes.ReplaceAll(payload, []byte(id), []byte("not-a-uuid"))
	bad = bytes.ReplaceAll(bad, []byte(strings.ToUpper(id)), []byte("NOT-A-UUID"))
	if bytes.Equal(bad, payload) {
		panic(lacking{"the push names the call by no UUID in clear, so there is none to spoil"})
	}
	s.kill()
	s.look()
	s.ph.DeliverPush(BundleID, bad)
	s.run(10 * time.Second)
	if check := s.killed(); check != "" {
		s.find("B31", "a push whose call is named not-a-uuid was not reported: killed by %s", check)
	}
}

func pushAfterDecline(s *stage) {
	s.kill()
	c := s.call("bob")
	s.ring(c)
	s.do(s.ph.Decline())
	s.run(2 * time.Second)
	s.look()
	s.push(c)
	s.run(10 * time.Second)
	switch check := s.killed(); {
	case check != "":
		s.find("B2", "the push came again 2 s after the call was declined, and was not reported: killed by %s", check)
	case s.ringing():
		s.find("B2", "the push came again 2 s after the call was declined, and rings once more")
	}
}

// late makes up a call whose ring is over for long.
func (s *stage) late(handle string) Call {
	c := s.call(handle)
	c.Sent, c.Expires = c.Sent.Add(-time.Minute), c.Sent.Add(-15*time.Second)
	s.sv.truth = append(s.sv.truth, Message{ID: c.ID, News: Cancelled})
	return c
}

func pushLateAgain(s *stage) {
	s.control()
	s.look()
	for range 5 {
		s.kill()
		s.push(s.late("bob"))
		s.run(10 * time.Second)
	}
	s.kill()
	s.push(s.call("carol"))
	s.run(3 * time.Second)
	if n := s.ph.Strikes(BundleID); n > 0 && s.ph.Screen().Call == nil {
		s.find("B8", "after five late pushes, %d of them not reported, the push of a call that rings does not reach the app any more", n)
	}
}

func pushLate(s *stage) {
	s.control()
	s.kill()
	s.sv.latency = 10 * time.Second
	s.look()
	c := s.late("bob")
	s.push(c)
	s.run(4 * time.Second)
	if s.ringing() {
		s.find("B9", "the push is a minute old and its ring ended 15 s ago, but 4 s later the phone still rings")
	}
}

func pushForOthers(s *stage) {
	s.control()
	c := s.call("bob")
	other := s.sub.(OtherPusher).OtherPushes(c)
	var names []string
	for name := range other {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.kill()
		s.look()
		s.ph.DeliverPush(BundleID, other[name])
		s.run(10 * time.Second)
		switch check := s.killed(); {
		case check != "":
			s.find("B3", "the push %q is not reported as a call: killed by %s", name, check)
		case s.has(iossim.ChanSystem, "ring "):
			s.find("B3", "the push %q makes the phone ring, for nobody", name)
		default:
			s.find("B3", "the server sends a VoIP push %q, which is no incoming call", name)
		}
		s.stop()
	}
}

func pushCompletion(s *stage) {
	for _, how := range []string{"", "with a Focus on", "from a blocked caller"} {
		s.kill()
		s.look()
		s.ph.SetFocus("")
		c := s.call("bob")
		switch how {
		case "with a Focus on":
			s.ph.SetFocus("Do Not Disturb")
		case "from a blocked caller":
			s.ph.BlockCaller(c.Handle, true)
		}
		s.push(c)
		s.run(5 * time.Second)
		if s.killed() != "" {
			panic(stuck{"a push is not reported"})
		}
		log := s.log()
		reported, done := at(log, iossim.ChanApp, reportLine), at(log, iossim.ChanApp, "pushCompletion")
		if reported < 0 {
			panic(stuck{"a push is not reported"})
		}
		push := strings.TrimSpace("a push " + how)
		switch {
		case done < 0:
			s.find("B5", "%s: the completion handler is not called within 5 s", push)
		case done < reported:
			s.find("B5", "%s: the completion handler is called before the call is reported", push)
		case log[done].At-log[reported].At >= time.Second:
			s.find("B5", "%s: the completion handler is called %v after the report", push, log[done].At-log[reported].At)
		}
		if s.ringing() {
			s.do(s.ph.Decline())
			s.run(time.Second)
		}
	}
}

func pushWithoutCaller(s *stage) {
	s.kill()
	s.look()
	c := s.call("bob")
	c.Handle, c.Name = "", ""
	s.push(c)
	s.run(2 * time.Second)
	for _, e := range s.log() {
		if e.Channel != iossim.ChanApp || !strings.HasPrefix(words(e), reportLine) {
			continue
		}
		if !strings.Contains(words(e), "handle=") || strings.Contains(words(e), `handle=""`) {
			s.find("B37", "a call without a caller is reported without a remote handle")
		}
		return
	}
	panic(stuck{"a push is not reported"})
}

func pushAndLine(s *stage) {
	for _, first := range []string{"push", "line"} {
		s.open()
		s.look()
		c := s.call(map[string]string{"push": "bob", "line": "carol"}[first])
		invite := func() { s.sv.tell(Message{ID: c.ID, News: Invited, Call: c}) }
		if first == "push" {
			s.push(c)
			invite()
		} else {
			invite()
			s.run(500 * time.Millisecond)
			s.push(c)
		}
		s.run(2 * time.Second)
		if n := len(s.ph.Calls()); n > 1 {
			s.find("B39", "one call came by push and by the line, the %s first, and there are %d calls on the phone", first, n)
			s.stop()
		}
		if s.ringing() {
			s.do(s.ph.Decline())
			s.run(2 * time.Second)
		}
	}
}

func pushSameCaller(s *stage) {
	s.look()
	first := s.ring(s.call("bob"))
	s.do(s.ph.Decline())
	s.run(2 * time.Second)
	second := s.ring(s.call("bob"))
	if first == second {
		s.find("B32", "two calls of the same caller, one after the other, have one UUID, %s", first)
		s.stop()
	}
	s.push(s.call("bob"))
	s.run(2 * time.Second)
	if s.has(iossim.ChanController, fmt.Sprintf("report completion %s incomingcall/2", second)) {
		s.find("B32", "a second call of the same caller is reported with the UUID of his first, which rings")
	}
}
