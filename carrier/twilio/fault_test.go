package twilio

import (
	"errors"
	"testing"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// tooLate is why an invitation is refused whose call has ended.
var tooLate = []string{"notify: there is no such call: it is over"}

// Webhooks that come again and again and in any order change nothing more than the first did.
func TestRepeatedAndShuffled(t *testing.T) {
	faults := carriertest.Faults{Repeat: 3, Shuffle: 2}
	t.Run("app to app", func(t *testing.T) {
		tw, d := stage(t)
		tw.Faults(faults)
		d.Expected = tooLate
		id := d.start("alice", "bob@example.com")
		_, bob := meet(t, tw, d, id)
		d.End(id, call.HungUp)
		await(t, "bob's call is over", bob.Gone())
		d.Over(tw, id, call.HungUp)
		if got := d.Held(id); got.Invites != 1 || len(got.Refs) != 2 {
			t.Errorf("%d invitations and the legs %v", got.Invites, got.Refs)
		}
	})
	t.Run("a telephone calls in", func(t *testing.T) {
		tw, d := stage(t)
		tw.Faults(faults)
		d.Expected = tooLate
		id, phone := ring(t, tw, d)
		d.Answer(id, "2")
		bob := d.join(tw, id, false)
		await(t, "bob connected", bob.Connected())
		phone.HangUp()
		d.Over(tw, id, call.HungUp)
		if n := len(d.Calls()); n != 1 {
			t.Errorf("one telephone rang %d times", n)
		}
	})
	for name, v := range map[string]struct {
		does func(*carriertest.Telephone)
		why  call.Reason
	}{
		"a telephone is called and hangs up": {func(p *carriertest.Telephone) { p.Answer(); p.HangUp() }, call.HungUp},
		"a telephone is busy":                {func(p *carriertest.Telephone) { p.Busy() }, call.Busy},
		"a telephone declines":               {func(p *carriertest.Telephone) { p.Decline() }, call.Declined},
	} {
		t.Run(name, func(t *testing.T) {
			tw, d := stage(t)
			for shuffle := range 5 { // every order of a few
				tw.Faults(carriertest.Faults{Repeat: 2, Shuffle: shuffle})
				tw.Answerer(v.does)
				id := d.start("alice", "tel:+15557654321")
				d.join(tw, id, true)
				d.Over(tw, id, v.why)
			}
		})
	}
}

// Each status callback is lost in turn; the action says the same.
func TestLostWebhooks(t *testing.T) {
	tw, d := stage(t)
	tw.Answerer(func(p *carriertest.Telephone) { p.Answer(); p.HangUp() })
	lost := 0
	for range 5 {
		n := 0
		tw.Faults(carriertest.Faults{Drop: func(int) bool { n++; return n == lost }})
		id := d.start("alice", "tel:+15557654321")
		d.join(tw, id, true)
		d.Over(tw, id, call.HungUp)
		if lost++; lost == 1 { // the first one is voice, without which Twilio does nothing
			lost++
		}
	}
}

// Twilio goes down in the middle: devices and telephones lose the call, and End goes on until Twilio says that nothing is left.
func TestOutage(t *testing.T) {
	tw, d := stage(t)
	id, alice, bob := talk(t, tw, d)
	tw.Outage(true)
	if err := await(t, "alice's call is over", alice.Gone()); !errors.Is(err, carriertest.ErrLost) {
		t.Errorf("alice hears %v", err)
	}
	await(t, "bob's call is over", bob.Gone())
	d.End(id, call.MediaFailed)
	d.Until(id, "the server tried to end it", func(c carriertest.Held) bool { return c.Ends > 0 })
	of := d.Held(id)
	var answer *carrier.StatusError
	if !errors.As(of.EndErr, &answer) || answer.Status != 503 {
		t.Errorf("ending a call while Twilio is down: %v", of.EndErr)
	}
	tw.Outage(false)
	if err := d.c.End(t.Context(), of.Call); err != nil {
		t.Errorf("ending a call that Twilio has forgotten: %v", err)
	}
	if open := tw.Open(); len(open) > 0 {
		t.Errorf("open: %q", open)
	}
	talk(t, tw, d) // and it works again
}

// The server is away when Twilio asks: the device is sent away, and nothing stays open.
func TestServerAway(t *testing.T) {
	tw, d := stage(t)
	tw.Faults(carriertest.Faults{Drop: func(int) bool { return true }})
	id := d.start("alice", "bob@example.com")
	alice := d.join(tw, id, true)
	if err := await(t, "alice is sent away", alice.Gone()); err == nil {
		t.Error("alice hears nothing")
	}
	d.Settle(tw)
	if open := tw.Open(); len(open) > 0 {
		t.Errorf("open: %q", open)
	}
}
