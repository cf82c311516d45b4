package twilio

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// Webhooks that come again and again and in any order change nothing more than the first did.
func TestRepeatedAndShuffled(t *testing.T) {
	faults := carriertest.Faults{Repeat: 3, Shuffle: 2}
	t.Run("app to app", func(t *testing.T) {
		tw, d := stage(t)
		tw.Faults(faults)
		d.late = true
		id := d.start("alice", "bob@example.com")
		_, bob := meet(t, tw, d, id)
		d.end(id, call.HungUp)
		await(t, "bob's call is over", bob.Gone())
		d.over(tw, id, call.HungUp)
		if got := d.calls[id]; got.invits != 1 || len(got.refs) != 2 {
			t.Errorf("%d invitations and the legs %v", got.invits, got.refs)
		}
	})
	t.Run("a telephone calls in", func(t *testing.T) {
		tw, d := stage(t)
		tw.Faults(faults)
		d.late = true
		id, phone := ring(t, tw, d)
		d.answer(id)
		bob := d.join(tw, id, false)
		await(t, "bob connected", bob.Connected())
		phone.HangUp()
		d.over(tw, id, call.HungUp)
		if len(d.calls) != 1 {
			t.Errorf("one telephone rang %d times", len(d.calls))
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
				d.over(tw, id, v.why)
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
		d.over(tw, id, call.HungUp)
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
	d.end(id, call.MediaFailed)
	d.until(id, "the server tried to end it", func(c *deskCall) bool { return c.ended > 0 })
	d.mu.Lock()
	of, err := d.snapshot(d.calls[id]), d.calls[id].endErr
	d.mu.Unlock()
	var answer *carrier.StatusError
	if !errors.As(err, &answer) || answer.Status != 503 {
		t.Errorf("ending a call while Twilio is down: %v", err)
	}
	tw.Outage(false)
	if err := d.c.End(t.Context(), of); err != nil {
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tw.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	if open := tw.Open(); len(open) > 0 {
		t.Errorf("open: %q", open)
	}
}
