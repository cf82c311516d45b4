package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/phone"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// outside is the telephone of the demo, which is nobody's of the app.
const outside = "+15557654321"

// carrierStory plays calls through an emulated carrier.
func (c *demoCmd) carrierStory(ctx context.Context, o out, logger *slog.Logger, owners []rig.Owner) error {
	called := make(chan *carriertest.Telephone, 1)
	lab, err := rig.NewLab(ctx, rig.LabConfig{Node: rig.NodeConfig{Dir: c.Data, Carrier: c.Carrier}, Owners: owners, Logger: logger})
	if err != nil {
		return err
	}
	defer lab.Close()
	lab.Account.Emulator.Answerer(func(t *carriertest.Telephone) {
		lab.Update(func() {})
		called <- t
	})
	s, err := newStory(ctx, lab, o, c.JSON)
	if err != nil {
		return err
	}
	s.printf("ringtrip: calls through %s (an emulator of it on this machine: there is no account; simulated iPhones, iOS %s)\n", c.Carrier, c.OS)
	s.tell("Before", s.prepare)
	s.tell("Alice calls Bob", func() { s.throughCarrier(bob) })
	s.tell("Alice calls again, and Bob hangs up", func() { s.throughCarrier(alice) })
	if lab.Account.PSTN() {
		s.tell("A telephone calls Bob", s.telephoneIn)
		s.tell("Alice calls a telephone", func() { s.telephoneOut(called) })
	}
	s.tell("The carrier goes down in the call", s.carrierDown)
	return c.finish(s)
}

// hooks counts the carrier's webhooks since a position that were answered well.
func (s *story) hooks(from int) (taken, refused int) {
	for _, h := range s.lab.Hooks()[from:] {
		if h.Status/100 == 2 {
			taken++
		} else {
			refused++
		}
	}
	return taken, refused
}

// hooked says which webhooks came since a position.
func (s *story) hooked(from int) string {
	var names []string
	for _, h := range s.lab.Hooks()[from:] {
		names = append(names, fmt.Sprintf("%s %d", cmp.Or(h.Hook, "webhook"), h.Status))
	}
	return strings.Join(names, ", ")
}

func (s *story) open() string { return strings.Join(s.lab.Account.Emulator.Open(), "; ") }

// joined waits until a phone's media is up by a token that the carrier has checked.
func (s *story) joined(id, text string) {
	s.step(text, func() bool {
		one, ok := s.call(id)
		return ok && one.Transport == call.Up && len(s.lab.Account.Emulator.Refused()) == 0
	}, func() string { return s.open() })
}

// connected waits until the server knows that a phone has its media, so that the ledger is whole.
func (s *story) connected(callID, id string) {
	s.step("audio session active, and the server has heard of it", func() bool {
		l := s.ledger(callID)
		return s.audio(id) && has(l, id, v1.Stage_STAGE_MEDIA_CONNECTED) && has(l, id, v1.Stage_STAGE_AUDIO_ACTIVE)
	})
}

// ring waits until both of Bob's phones ring for a caller.
func (s *story) ring(pushes int, caller string) {
	s.step("pushed: APNs took a push for each of Bob's iPhones", func() bool { return s.accepted(pushes) == 2 })
	s.step(fmt.Sprintf("both ring, from %q", caller), func() bool {
		return s.ringing(bob) && s.ringing(bob2) && s.screen(bob).Call.Caller == caller
	})
}

// over waits until nothing is left of a call anywhere.
func (s *story) over(id, user string, why call.Reason) {
	s.step("over on every phone", func() bool { return !s.inCall(alice) && !s.inCall(bob) && !s.ringing(bob2) })
	s.step("nothing is open at the carrier", func() bool { return len(s.lab.Account.Emulator.Open()) == 0 })
	s.step("the history says "+why.String(), func() bool {
		h := s.history(user, id)
		return h != nil && call.Reason(h.Reason) == why
	}, func() string {
		h := s.history(user, id)
		return "with " + cmp.Or(h.Other.GetName(), h.Other.GetHandle(), h.Other.GetUserId())
	})
}

// throughCarrier is a call between two users; by hangs up.
func (s *story) throughCarrier(last string) {
	pushes, hooks := len(s.lab.Pushes()), len(s.lab.Hooks())
	id := s.dial()
	s.ring(pushes, "Alice")
	s.do("Bob answers on "+s.lab.Devices[bob].Name, func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.joined(bob, "Bob's iPhone is at the carrier, by a token that it has checked")
	s.joined(alice, "so is Alice's")
	s.step("the other iPhone says answered elsewhere", func() bool {
		one, _ := s.call(bob2)
		return !s.ringing(bob2) && one.Reason == call.AnsweredElsewhere
	})
	if s.lab.Account.Carrier.Traits().Watched {
		s.step("its webhooks came, signed, and none was refused", func() bool {
			taken, refused := s.hooks(hooks)
			return taken > 1 && refused == 0
		}, func() string { return s.hooked(hooks) })
	}
	s.connected(id, bob)
	if last == bob {
		s.do("Alice hangs up", func() error { return s.lab.Devices[alice].Phone.End() })
	} else {
		s.do("Bob hangs up", func() error { return s.lab.Devices[bob].Phone.End() })
	}
	s.over(id, "alice", call.HungUp)
	if !s.broken && last == bob {
		s.printf("\n%s", rig.FormatLedger(s.ledger(id)))
	}
}

// telephoneIn is somebody's telephone that calls the number of the account.
func (s *story) telephoneIn() {
	pushes, hooks := len(s.lab.Pushes()), len(s.lab.Hooks())
	var t *carriertest.Telephone
	s.do(fmt.Sprintf("%s calls %s, which the carrier has for us", outside, rig.Office), func() (err error) {
		t, err = s.lab.Account.Emulator.Dial(s.ctx, outside, rig.Office)
		return err
	})
	s.ring(pushes, outside)
	s.step("the carrier's webhook asked us what to do", func() bool { taken, refused := s.hooks(hooks); return taken > 0 && refused == 0 },
		func() string { return s.hooked(hooks) })
	var id string
	s.step("for CallKit the caller is a telephone number, for Recents to call back", func() bool {
		one, ok := s.call(bob)
		id = one.ID.String()
		return ok && one.Handle == (callkit.Handle{Type: callkit.PhoneNumber, Value: outside})
	})
	s.phoneIs(t, carriertest.PhoneHears, "the telephone hears that it rings")
	s.do("Bob answers", func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.joined(bob, "Bob's iPhone is at the carrier, by a token that it has checked")
	s.phoneIs(t, carriertest.PhoneTalks, "the telephone talks")
	s.connected(id, bob)
	s.do("the telephone hangs up", func() error { t.HangUp(); return nil })
	s.over(id, "bob", call.HungUp)
	if !s.broken {
		s.printf("\n%s", rig.FormatLedger(s.ledger(id)))
	}
}

// telephoneOut is a call to somebody's telephone.
func (s *story) telephoneOut(called <-chan *carriertest.Telephone) {
	var id string
	s.do("Alice taps call for "+outside, func() error {
		if err := s.lab.Devices[alice].Phone.OpenApp(rig.Bundle); err != nil {
			return err
		}
		return s.lab.Await(s.ctx, patience, func() bool {
			if id != "" {
				return true
			}
			u, err := s.lab.Devices[alice].Engine().Start(phone.StartRequest{Callee: "tel:" + outside})
			if err == nil {
				id = u.String()
			}
			return err == nil
		})
	})
	var t *carriertest.Telephone
	s.step("it rings, and shows our number", func() bool {
		select {
		case t = <-called:
		default:
		}
		return t != nil && t.Far == rig.Office
	})
	s.step("Alice hears that it rings", func() bool { one, _ := s.call(alice); return one.State == call.Alerting })
	s.do("it is answered", func() error { t.Answer(); return nil })
	s.phoneIs(t, carriertest.PhoneTalks, "the telephone talks")
	s.joined(alice, "so does Alice")
	s.do("Alice hangs up", func() error { return s.lab.Devices[alice].Phone.End() })
	s.phoneIs(t, carriertest.PhoneOver, "the telephone is put down")
	s.over(id, "alice", call.HungUp)
}

// phoneIs waits until a telephone does something.
func (s *story) phoneIs(t *carriertest.Telephone, want carriertest.TelephoneState, text string) {
	s.step(text, func() bool {
		if t == nil {
			return false
		}
		state, _, _ := t.State()
		return state == want
	})
}

// carrierDown is an outage.
func (s *story) carrierDown() {
	peer := s.lab.Account.Carrier.Traits().PeerToPeer
	pushes := len(s.lab.Pushes())
	id := s.dial()
	s.ring(pushes, "Alice")
	s.do("Bob answers", func() error { return s.lab.Devices[bob].Phone.Answer() })
	s.joined(bob, "Bob's iPhone is at the carrier")
	s.joined(alice, "so is Alice's")
	s.do("the carrier goes down", func() error { s.lab.Account.Emulator.Outage(true); return nil })
	why := call.MediaFailed
	if peer {
		why = call.HungUp
		s.step("the devices have media between themselves: the call goes on", func() bool { return s.talks(alice) && s.talks(bob) })
		s.do("Bob hangs up", func() error { return s.lab.Devices[bob].Phone.End() })
	} else {
		s.step("media is gone: both iPhones say that the call failed", func() bool {
			a, _ := s.call(alice)
			b, _ := s.call(bob)
			return a.Reason == call.MediaFailed && b.Reason == call.MediaFailed && s.screen(bob).Kind != iossim.ScreenIncomingFull
		})
	}
	s.do("the carrier is back", func() error { s.lab.Account.Emulator.Outage(false); return nil })
	s.step("over on every phone, and nothing rings", func() bool { return !s.inCall(alice) && !s.inCall(bob) && !s.ringing(bob2) })
	s.step("the history says "+why.String(), func() bool {
		h := s.history("alice", id)
		return h != nil && call.Reason(h.Reason) == why
	})
	s.step("nothing is open at the carrier", func() bool { return len(s.lab.Account.Emulator.Open()) == 0 })
}
