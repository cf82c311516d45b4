package twilio

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	select {
	case v := <-c:
		return v
	case <-limit.C:
		t.Fatalf("never: %s", what)
		panic("unreachable")
	}
}

// phoneIs waits for a telephone to be in a state.
func phoneIs(t *testing.T, p *carriertest.Telephone, want carriertest.TelephoneState) string {
	t.Helper()
	for {
		state, why, changed := p.State()
		if state == want {
			return why
		}
		if state == carriertest.PhoneOver {
			t.Fatalf("the telephone is over (%s) instead of %s", why, want)
		}
		await(t, "the telephone "+string(want), changed)
	}
}

func invited(c carriertest.Held) bool { return c.Invite != nil }

func in(users ...string) func(carriertest.Held) bool {
	return func(c carriertest.Held) bool {
		for _, u := range users {
			if c.In[u] == "" {
				return false
			}
		}
		return len(c.In) == len(users)
	}
}

// meet answers a call of alice's on bob's device when he is invited, and brings it to where both are connected.
func meet(t *testing.T, tw *carriertest.Twilio, d *desk, id string) (alice, bob *carriertest.TwilioSeat) {
	t.Helper()
	alice = d.join(tw, id, true)
	d.Until(id, "bob is invited", invited)
	select {
	case <-alice.Connected():
		t.Fatal("alice is connected before bob has answered")
	default:
	}
	d.Answer(id, "2")
	bob = d.join(tw, id, false)
	await(t, "alice connected", alice.Connected())
	await(t, "bob connected", bob.Connected())
	return alice, bob
}

// talk brings a call between two users to where they talk.
func talk(t *testing.T, tw *carriertest.Twilio, d *desk) (id string, alice, bob *carriertest.TwilioSeat) {
	t.Helper()
	id = d.start("alice", "bob@example.com")
	alice, bob = meet(t, tw, d, id)
	d.Until(id, "both are in", in("alice", "bob@example.com"))
	return id, alice, bob
}

func TestAppToApp(t *testing.T) {
	t.Run("bob hangs up", func(t *testing.T) {
		tw, d := stage(t)
		id, alice, bob := talk(t, tw, d)
		if err := bob.Digits("12#"); err != nil || bob.Played() != "12#" {
			t.Error(err)
		}
		bob.Leave()
		d.End(id, call.HungUp)
		await(t, "alice's call is over", alice.Gone())
		d.Over(tw, id, call.HungUp)
	})
	t.Run("alice hangs up at the server", func(t *testing.T) {
		tw, d := stage(t)
		id, alice, bob := talk(t, tw, d)
		d.End(id, call.HungUp)
		if err := await(t, "alice's call is over", alice.Gone()); err != nil {
			t.Error(err)
		}
		await(t, "bob's call is over", bob.Gone())
		d.Over(tw, id, call.HungUp)
	})
	for who, why := range map[string]call.Reason{"alice cancels": call.Cancelled, "bob declines": call.Declined, "nobody answers": call.Unanswered} {
		t.Run(who, func(t *testing.T) {
			tw, d := stage(t)
			id := d.start("alice", "bob@example.com")
			alice := d.join(tw, id, true)
			d.Until(id, "bob is invited", invited)
			d.End(id, why)
			await(t, "alice's call is over", alice.Gone())
			d.Over(tw, id, why)
		})
	}
	t.Run("bob's device is lost", func(t *testing.T) {
		tw, d := stage(t)
		id, alice, bob := talk(t, tw, d)
		bob.Lose()
		await(t, "alice's call is over", alice.Gone())
		d.Until(id, "nobody is in", in())
		d.End(id, call.MediaFailed) // as the server does when nobody comes back
		d.Over(tw, id, call.MediaFailed)
	})
	t.Run("alice's device is lost", func(t *testing.T) {
		tw, d := stage(t)
		id, alice, bob := talk(t, tw, d)
		alice.Lose()
		await(t, "bob's call is over", bob.Gone())
		d.Until(id, "nobody is in", in())
		d.End(id, call.MediaFailed)
		d.Over(tw, id, call.MediaFailed)
	})
	t.Run("alice connects when the call is over", func(t *testing.T) {
		tw, d := stage(t)
		id := d.start("alice", "bob@example.com")
		credentials, err := d.c.Credentials(d.device(id, true))
		if err != nil {
			t.Fatal(err)
		}
		d.End(id, call.Cancelled)
		seat, err := tw.Join(t.Context(), credentials)
		if err != nil {
			t.Fatal(err)
		}
		if err := await(t, "alice is sent away", seat.Gone()); err == nil {
			t.Error("alice was not sent away")
		}
		d.Over(tw, id, call.Cancelled)
	})
	t.Run("the first invitation is lost", func(t *testing.T) {
		tw, d := stage(t)
		tw.Faults(carriertest.Faults{Drop: func(n int) bool { return n == 3 }}) // voice, initiated, ringing, notification
		id := d.start("alice", "bob@example.com")
		meet(t, tw, d, id)
		d.End(id, call.HungUp)
		d.Over(tw, id, call.HungUp)
		if alerts := tw.Alerts(); len(alerts) != 1 {
			t.Errorf("alerts %q", alerts)
		}
	})
	t.Run("bob never comes", func(t *testing.T) {
		tw, d := impatient(t, 20*time.Millisecond)
		id := d.start("alice", "bob@example.com")
		d.Change(id, func(c *carrier.Call) { c.Deadline = time.Now().Add(-time.Minute) }) // Twilio's shortest timeout, 5 s of 20 ms
		alice := d.join(tw, id, true)
		await(t, "Twilio gives up", alice.Gone())
		d.Settle(tw)
		if got := d.Held(id); got.Invites != maxTries || len(got.In) > 0 {
			t.Errorf("bob was invited %d times instead of %d; in: %v", got.Invites, maxTries, got.In)
		}
		d.End(id, call.Unanswered)
		d.Over(tw, id, call.Unanswered)
	})
}

// ring has a telephone call bob's number.
func ring(t *testing.T, tw *carriertest.Twilio, d *desk) (string, *carriertest.Telephone) {
	t.Helper()
	phone, err := tw.Dial(t.Context(), "+15557654321", "+15550001111")
	if err != nil {
		t.Fatal(err)
	}
	phoneIs(t, phone, carriertest.PhoneHears)
	id := d.Calls()[0]
	d.Until(id, "bob is invited", invited)
	return id, phone
}

func TestPhoneCallsIn(t *testing.T) {
	answered := func(t *testing.T) (*carriertest.Twilio, *desk, string, *carriertest.Telephone, *carriertest.TwilioSeat) {
		tw, d := stage(t)
		id, phone := ring(t, tw, d)
		d.Answer(id, "2")
		bob := d.join(tw, id, false)
		await(t, "bob connected", bob.Connected())
		phoneIs(t, phone, carriertest.PhoneTalks)
		d.Until(id, "bob is in", in("bob@example.com"))
		return tw, d, id, phone, bob
	}
	t.Run("the telephone hangs up", func(t *testing.T) {
		tw, d, id, phone, bob := answered(t)
		phone.HangUp()
		await(t, "bob's call is over", bob.Gone())
		d.Over(tw, id, call.HungUp)
	})
	t.Run("bob hangs up", func(t *testing.T) {
		tw, d, id, phone, bob := answered(t)
		d.End(id, call.HungUp)
		await(t, "bob's call is over", bob.Gone())
		phoneIs(t, phone, carriertest.PhoneOver)
		d.Over(tw, id, call.HungUp)
	})
	t.Run("bob's device is lost", func(t *testing.T) {
		tw, d, id, phone, bob := answered(t)
		bob.Lose()
		phoneIs(t, phone, carriertest.PhoneOver)
		d.Until(id, "bob is out", in())
		d.Settle(tw)
		d.End(id, call.MediaFailed) // the telephone did not hang up, so the call was not over before
		d.Over(tw, id, call.MediaFailed)
	})
	t.Run("the telephone gives up", func(t *testing.T) {
		tw, d := stage(t)
		id, phone := ring(t, tw, d)
		phone.HangUp()
		d.Over(tw, id, call.Cancelled)
	})
	for who, why := range map[string]call.Reason{"bob declines": call.Declined, "nobody answers": call.Unanswered} {
		t.Run(who, func(t *testing.T) {
			tw, d := stage(t)
			id, phone := ring(t, tw, d)
			d.End(id, why)
			phoneIs(t, phone, carriertest.PhoneOver)
			d.Over(tw, id, why)
		})
	}
	t.Run("bob is not reachable by Twilio", func(t *testing.T) {
		tw, d := stage(t)
		// Each notification: after voice or action come initiated and ringing, and after it completed and the action.
		tw.Faults(carriertest.Faults{Drop: func(n int) bool { return n%5 == 3 }})
		phone, err := tw.Dial(t.Context(), "+15557654321", "+15550001111")
		if err != nil {
			t.Fatal(err)
		}
		phoneIs(t, phone, carriertest.PhoneOver)
		d.Over(tw, d.Calls()[0], call.MediaFailed)
	})
	for what, v := range map[string]struct{ to, why string }{"nobody has the number": {"+15550002222", "not in service"}, "do not disturb": {"+15550001111", "busy"}} {
		t.Run(what, func(t *testing.T) {
			tw, d := stage(t)
			d.Away["bob@example.com"] = call.DoNotDisturb
			phone, err := tw.Dial(t.Context(), "+15557654321", v.to)
			if err != nil {
				t.Fatal(err)
			}
			if why := phoneIs(t, phone, carriertest.PhoneOver); why != v.why {
				t.Errorf("the telephone hears %q instead of %q", why, v.why)
			}
		})
	}
}

func TestPhoneIsCalled(t *testing.T) {
	out := func(t *testing.T) (*carriertest.Twilio, *desk, string, *carriertest.TwilioSeat, *carriertest.Telephone) {
		tw, d := stage(t)
		phones := make(chan *carriertest.Telephone, 1)
		tw.Answerer(func(p *carriertest.Telephone) { phones <- p })
		id := d.start("alice", "tel:+15557654321")
		alice := d.join(tw, id, true)
		phone := await(t, "the telephone rings", phones)
		if phone.Number != "+15557654321" || phone.Far != "+15550001111" {
			t.Errorf("%s is called by %s", phone.Number, phone.Far)
		}
		d.Until(id, "the server knows that it rings", func(c carriertest.Held) bool { return c.Rings })
		return tw, d, id, alice, phone
	}
	answered := func(t *testing.T) (*carriertest.Twilio, *desk, string, *carriertest.TwilioSeat, *carriertest.Telephone) {
		tw, d, id, alice, phone := out(t)
		phone.Answer()
		await(t, "alice connected", alice.Connected())
		d.Until(id, "answered", func(c carriertest.Held) bool { return c.State == carrier.Answered })
		return tw, d, id, alice, phone
	}
	t.Run("it hangs up", func(t *testing.T) {
		tw, d, id, alice, phone := answered(t)
		phone.HangUp()
		await(t, "alice's call is over", alice.Gone())
		d.Over(tw, id, call.HungUp)
	})
	t.Run("alice hangs up", func(t *testing.T) {
		tw, d, id, alice, phone := answered(t)
		d.End(id, call.HungUp)
		alice.Leave()
		phoneIs(t, phone, carriertest.PhoneOver)
		d.Over(tw, id, call.HungUp)
	})
	t.Run("it is busy", func(t *testing.T) {
		tw, d, id, _, phone := out(t)
		phone.Busy()
		d.Over(tw, id, call.Busy)
	})
	t.Run("it declines", func(t *testing.T) {
		tw, d, id, _, phone := out(t)
		phone.Decline()
		d.Over(tw, id, call.Declined)
	})
	t.Run("alice cancels", func(t *testing.T) {
		tw, d, id, alice, phone := out(t)
		alice.Leave() // the device is quicker than its word to the server
		phoneIs(t, phone, carriertest.PhoneOver)
		d.Until(id, "it does not ring any more", func(c carriertest.Held) bool { return !c.Rings })
		d.End(id, call.Cancelled)
		d.Over(tw, id, call.Cancelled)
	})
	t.Run("nobody answers", func(t *testing.T) {
		tw, d := impatient(t, 20*time.Millisecond)
		id := d.start("alice", "tel:+15557654321")
		d.Change(id, func(c *carrier.Call) { c.Deadline = time.Now().Add(-time.Minute) })
		d.join(tw, id, true)
		d.Over(tw, id, call.Unanswered)
	})
	t.Run("with a number of the call's own", func(t *testing.T) {
		tw, d := stage(t)
		phones := make(chan *carriertest.Telephone, 1)
		tw.Answerer(func(p *carriertest.Telephone) { phones <- p })
		id := d.start("alice", "tel:+15557654321")
		d.Change(id, func(c *carrier.Call) { c.CallerID = "+15550002222" })
		d.join(tw, id, true)
		if phone := await(t, "the telephone rings", phones); phone.Far != "+15550002222" {
			t.Errorf("it is called by %s", phone.Far)
		}
		d.End(id, call.Cancelled)
		d.Over(tw, id, call.Cancelled)
	})
	t.Run("no caller's number of ours", func(t *testing.T) {
		tw, d := stage(t)
		d.c.conf.CallerID = "+15559999999"
		id := d.start("alice", "tel:+15557654321")
		d.join(tw, id, true)
		d.Until(id, "over", func(c carriertest.Held) bool { return c.State == carrier.Ended && c.Ends > 0 })
		if why := d.Held(id).Reason; why != call.Unreachable {
			t.Errorf("it ended with %q", why)
		}
	})
}
