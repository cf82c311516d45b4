package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/push/apnstest"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// prepare opens the app once on every phone, so that it is installed, registered and has a push token, and
// swipes it away on Bob's: his phones ring from nothing.
func (s *story) prepare() {
	for _, id := range []string{alice, bob, bob2} {
		s.do(s.lab.Devices[id].Name+": the app is opened", func() error { return s.lab.Devices[id].Phone.OpenApp(rig.Bundle) })
	}
	s.step("every phone is registered with a VoIP push token", func() bool {
		for _, id := range []string{alice, bob, bob2} {
			e := s.lab.Devices[id].Engine()
			if e == nil || !e.Snapshot().Registered || !e.Snapshot().CanStart {
				return false
			}
		}
		return true
	})
	for _, id := range []string{bob, bob2} {
		s.do(s.lab.Devices[id].Name+": the app is swiped away, the phone is locked", func() error {
			return errors.Join(s.lab.Devices[id].Phone.Home(), s.lab.Devices[id].Phone.SwipeApp(rig.Bundle), s.lab.Devices[id].Phone.Lock())
		})
	}
	s.step("nothing of ringtrip runs on Bob's phones", func() bool { return s.asleep(bob) && s.asleep(bob2) })
}

func (s *story) asleep(id string) bool { return s.screen(id).Apps[0].State == "not running" }

// dial has Alice call Bob and returns the call's id.
func (s *story) dial() string {
	var id string
	s.do("Alice taps call", func() error {
		if err := s.lab.Devices[alice].Phone.OpenApp(rig.Bundle); err != nil {
			return err
		}
		return s.lab.Await(s.ctx, patience, func() bool {
			if id != "" {
				return true
			}
			u, err := s.lab.Devices[alice].Engine().Start(phone.StartRequest{Callee: "bob", Name: "Bob"})
			if err != nil {
				return false
			}
			id = u.String()
			return true
		})
	})
	return id
}

// accepted counts the pushes that APNs took since a position.
func (s *story) accepted(from int) int {
	n := 0
	for _, p := range s.lab.Pushes()[from:] {
		if p.Status == 200 {
			n++
		}
	}
	return n
}

// firstCall is the main job: a call rings on two phones, one answers, both talk.
func (s *story) firstCall() {
	pushes, lines := len(s.lab.Pushes()), len(s.lab.Entries())
	id := s.dial()
	s.step("push accepted by APNs, for both of Bob's iPhones", func() bool { return s.accepted(pushes) == 2 })
	s.step("app launched by the push on both", func() bool {
		return s.logged(lines, bob, "launch") > 0 && s.logged(lines, bob2, "launch") > 0
	})
	s.step("reported to the call system before the push callback returned", func() bool {
		return s.marked(bob, v1.Stage_STAGE_REPORTED, id) && s.marked(bob2, v1.Stage_STAGE_REPORTED, id)
	})
	s.step("ringing on both iPhones, full screen, from \"Alice\"", func() bool {
		return s.ringing(bob) && s.ringing(bob2) && s.screen(bob).Call.Caller == "Alice"
	})
	s.step("Alice hears that it rings", func() bool { c, _ := s.call(alice); return c.State == call.Alerting })
	s.do("Bob answers on "+s.lab.Devices[bob].Name, func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.step("answered on one: exactly that one has the call", func() bool { return s.talks(bob) && s.talks(alice) })
	s.step("the other says answered elsewhere", func() bool {
		c, _ := s.call(bob2)
		return !s.ringing(bob2) && c.Reason == call.AnsweredElsewhere && ended(s.ledger(id), bob2, call.AnsweredElsewhere)
	}, func() string { c, _ := s.call(bob2); return "answered on " + c.AnsweredBy })
	s.step("audio session active on both ends", func() bool { return s.audio(bob) && s.audio(alice) })
	s.talk("audio both ways, recognised by its content")
	s.holdAndMute()
	s.hangUp(id)
}

// talk waits until each hears the other's own voice.
func (s *story) talk(text string) {
	s.step(text, func() bool {
		return !s.lab.Heard(bob, alice).IsZero() && !s.lab.Heard(alice, bob).IsZero()
	}, func() string { return "Bob's iPhone hears Alice's signature, Alice's hears Bob's" })
}

func (s *story) silent(id string) bool { return s.lab.Voices[id].Level() < 0.002 }

func (s *story) holdAndMute() {
	b := s.lab.Devices[bob].Phone
	s.do("Bob holds", func() error { return b.Hold(true) })
	s.step("held: both ends are silent, Alice sees it", func() bool {
		c, _ := s.call(alice)
		return s.screen(bob).Call.Held && c.RemoteHeld && s.silent(alice) && s.silent(bob)
	})
	s.lab.Forget()
	s.do("Bob resumes", func() error { return b.Hold(false) })
	s.talk("resumed: both hear each other again")
	s.do("Bob mutes", func() error { return b.Mute(true) })
	s.step("muted: Alice hears nothing, Bob still hears Alice", func() bool {
		return s.screen(bob).Call.Muted && s.silent(alice) && !s.silent(bob)
	})
	s.lab.Forget()
	s.do("Bob unmutes", func() error { return b.Mute(false) })
	s.talk("unmuted: Alice hears Bob again")
	s.do("Bob presses 4 2 # on the keypad", func() error {
		for _, key := range []string{"4", "2", "#"} {
			if err := b.Keys(key); err != nil {
				return err
			}
		}
		return nil
	})
	s.step("the digits arrive as telephone events", func() bool { return s.lab.Digits(alice) == "42#" })
}

func (s *story) hangUp(id string) {
	s.do("Alice hangs up", func() error { return s.lab.Devices[alice].Phone.End() })
	s.step("the call ends everywhere as hungup", func() bool {
		l := s.ledger(id)
		return !s.inCall(alice) && !s.inCall(bob) && !s.audio(alice) && !s.audio(bob) &&
			call.Reason(l.Reason) == call.HungUp && ended(l, "", call.HungUp)
	})
	s.step("Recents and the server's history agree", func() bool { return s.agree(id) })
	s.step("the ledger has every stage of the leg that answered", func() bool {
		l := s.ledger(id)
		for _, stage := range []v1.Stage{
			v1.Stage_STAGE_PUSHED, v1.Stage_STAGE_ACCEPTED, v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING,
			v1.Stage_STAGE_ANSWERED, v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA, v1.Stage_STAGE_ENDED,
		} {
			if !has(l, bob, stage) {
				return false
			}
		}
		return true
	})
	if !s.broken {
		s.printf("\n%s", rig.FormatLedger(s.ledger(id)))
	}
}

// agree reports whether the phones' Recents say the same as the server's history.
func (s *story) agree(id string) bool {
	h := s.history("alice", id)
	mine, his, other := s.screen(alice).Recents, s.screen(bob).Recents, s.screen(bob2).Recents
	if h == nil || len(mine) == 0 || len(his) == 0 {
		return false
	}
	for _, r := range other {
		if r.Missed {
			return false // answered elsewhere is not missed
		}
	}
	return mine[0].Outgoing && !mine[0].Missed && !his[0].Outgoing && !his[0].Missed && his[0].Name == "Alice" &&
		his[0].Duration > 0 && h.AnsweredBy == bob && call.Reason(h.Reason) == call.HungUp &&
		h.AnsweredAt != nil && h.Caller.GetUserId() == "alice" && h.Callee.GetUserId() == "bob"
}

// history returns a user's record of a call.
func (s *story) history(user, id string) *v1.HistoryRecord {
	token, err := s.lab.Token(user, "", "user")
	if err != nil {
		return nil
	}
	client := ringtripv1connect.NewPhoneServiceClient(http.DefaultClient, s.lab.URL, connect.WithInterceptors(rig.Bearer(token)))
	r, err := client.ListHistory(s.ctx, connect.NewRequest(&v1.ListHistoryRequest{Limit: 20}))
	if err != nil {
		return nil
	}
	for _, rec := range r.Msg.Records {
		if rec.CallId == id {
			return rec
		}
	}
	return nil
}

// noGhost is a caller who cancels while the phones are offline. APNs keeps the pushes against the rules and
// delivers them late: the phones must report them, and end them with the truth at once.
func (s *story) noGhost() {
	lines, pushes := len(s.lab.Entries()), len(s.lab.Pushes())
	s.do("both of Bob's iPhones go offline", func() error {
		s.lab.Devices[bob].SetOnline(false)
		s.lab.Devices[bob2].SetOnline(false)
		return nil
	})
	id := s.dial()
	s.step("APNs takes both pushes; nobody's phone rings", func() bool {
		return s.accepted(pushes) == 2 && !s.ringing(bob) && !s.ringing(bob2)
	})
	s.do("Alice cancels", func() error { return s.lab.Devices[alice].Phone.End() })
	s.step("ended as cancelled", func() bool { return call.Reason(s.ledger(id).Reason) == call.Cancelled })
	s.do("Bob's iPhones come back; APNs delivers its old push", func() error {
		s.lab.Devices[bob].SetOnline(true)
		s.lab.Devices[bob2].SetOnline(true)
		return nil
	})
	s.step("the late push arrives at both", func() bool {
		return s.logged(lines, bob, "voipPush") > 0 && s.logged(lines, bob2, "voipPush") > 0
	})
	s.step("no ghost ring: the phones learn the truth and stop", func() bool {
		a, _ := s.call(bob)
		b, _ := s.call(bob2)
		return !s.ringing(bob) && !s.ringing(bob2) && a.Reason == call.Cancelled && b.Reason == call.Cancelled
	}, func() string { return fmt.Sprintf("rang for %v", s.longestRing(lines).Round(time.Millisecond)) })
	s.step("nobody was killed for it", func() bool {
		return s.lab.Devices[bob].Phone.Strikes(rig.Bundle) == 0 && s.lab.Devices[bob2].Phone.Strikes(rig.Bundle) == 0
	})
}

// longestRing is the longest time that one of Bob's phones showed a ring since a position in the log.
func (s *story) longestRing(from int) time.Duration {
	var longest time.Duration
	since := map[string]time.Duration{}
	for _, e := range s.lab.Entries()[from:] {
		switch {
		case begins(e):
			since[e.Phone] = e.At
		case e.Channel == iossim.ChanSystem && strings.HasPrefix(e.Text, "ringStop "):
			if at, ok := since[e.Phone]; ok {
				longest = max(longest, e.At-at)
			}
		}
	}
	return longest
}

// begins reports whether a line of the system log is the beginning of a ring.
func begins(e iossim.Entry) bool {
	return e.Channel == iossim.ChanSystem && strings.HasPrefix(e.Text, "ring ") && strings.Contains(e.Text, "caller=")
}

// rings counts how often a phone began to ring since a position in the log.
func (s *story) rings(from int, id string) int {
	n := 0
	for _, e := range s.lab.Entries()[from:] {
		if e.Phone == id && begins(e) {
			n++
		}
	}
	return n
}

// doublePush is a push that APNs delivers twice.
func (s *story) doublePush() {
	lines, recents := len(s.lab.Entries()), len(s.screen(bob).Recents)
	s.lab.APNs.Inject(apnstest.Fault{Action: apnstest.RepeatDelivery, Times: 2})
	s.dial()
	s.step("every push arrives twice", func() bool {
		return s.logged(lines, bob, "voipPush") == 2 && s.logged(lines, bob2, "voipPush") == 2
	})
	s.step("ringing", func() bool { return s.ringing(bob) && s.ringing(bob2) })
	s.do("Bob declines", func() error { return s.lab.Devices[bob].Phone.Decline() })
	s.step("declined everywhere", func() bool {
		c, _ := s.call(bob2)
		a, _ := s.call(alice)
		return !s.ringing(bob) && !s.ringing(bob2) && c.Reason == call.DeclinedElsewhere && a.Reason == call.Declined
	})
	s.step("each phone rang once and has one line in Recents", func() bool {
		return s.rings(lines, bob) == 1 && s.rings(lines, bob2) == 1 && len(s.screen(bob).Recents) == recents+1
	})
}

// crash kills the app in the call and starts it again.
func (s *story) crash() {
	id := s.dial()
	s.step("ringing", func() bool { return s.ringing(bob) })
	s.do("Bob answers", func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.step("they talk", func() bool { return s.talks(bob) && s.audio(bob) && s.talks(alice) })
	s.do("Bob's app is killed in the call", func() error { s.lab.Devices[bob].Phone.Kill(rig.Bundle, "crashed"); return nil })
	s.step("the process is gone, the system still shows the call", func() bool { return s.asleep(bob) && s.screen(bob).Call != nil })
	s.do("Bob unlocks his iPhone", func() error { return s.lab.Devices[bob].Phone.Unlock() })
	s.step("unlocked", func() bool { return !s.screen(bob).Locked })
	s.do("Bob opens the app again", func() error { return s.lab.Devices[bob].Phone.OpenApp(rig.Bundle) })
	s.step("the leftover is ended on the phone, at the server and at Alice's", func() bool {
		l := s.ledger(id)
		return s.screen(bob).Call == nil && !s.inCall(alice) && call.Reason(l.Reason) == call.Crashed
	})
	s.step("nothing hangs: Alice can call again", func() bool { return s.lab.Devices[alice].Engine().Snapshot().CanStart })
}

// doNotDisturb is a Focus on one of two phones.
func (s *story) doNotDisturb() {
	lines := len(s.lab.Entries())
	s.do("Do Not Disturb on "+s.lab.Devices[bob2].Name, func() error { s.lab.Devices[bob2].Phone.SetFocus("Do Not Disturb"); return nil })
	id := s.dial()
	s.step("the other rings", func() bool { return s.ringing(bob) })
	s.step("the silenced one is told of as do_not_disturb, for itself only", func() bool {
		return ended(s.ledger(id), bob2, call.DoNotDisturb) && s.ringing(bob)
	})
	s.do("Bob answers", func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.step("they talk", func() bool { return s.talks(bob) && s.talks(alice) })
	s.do("Bob hangs up", func() error { return s.lab.Devices[bob].Phone.End() })
	s.step("over; the silenced phone never rang and was not killed", func() bool {
		return !s.inCall(alice) && s.rings(lines, bob2) == 0 && s.lab.Devices[bob2].Phone.Strikes(rig.Bundle) == 0
	})
}
