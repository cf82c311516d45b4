package carriertest

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// RoomStage is one room carrier with its emulator, for [Rooms].
type RoomStage struct {
	Carrier  carrier.Carrier
	Emulator Emulator
	// Stays: End does not put out who is in the room, for the carrier has no such order.
	Stays bool
	// Mute: its webhooks do not say why somebody left.
	Mute bool
}

// Rooms is what every carrier with rooms keeps to, in whole exchanges between it and its emulator. Each part gets a stage of
// its own. The emulator repeats webhooks soon, within some 10 ms.
func Rooms(t *testing.T, stage func(t *testing.T) RoomStage) {
	for _, part := range []struct {
		name string
		run  func(*roomPlay)
	}{
		{"meet and hang up", (*roomPlay).meet},
		{"lost and back", (*roomPlay).lost},
		{"ended under the devices", (*roomPlay).ended},
		{"ended again, and what never was", (*roomPlay).endedTwice},
		{"an outage", (*roomPlay).outage},
		{"webhooks repeated and shuffled", (*roomPlay).shuffled},
		{"webhooks lost, then the room ends", (*roomPlay).dropped},
		{"a call that nobody knows", (*roomPlay).unknown},
		{"strangers get nothing", (*roomPlay).strangers},
		{"several devices of the callee", (*roomPlay).several},
	} {
		t.Run(part.name, func(t *testing.T) {
			s := stage(t)
			defer s.Emulator.Close()
			p := &roomPlay{t, s, NewDesk(s.Carrier, nil)}
			server := httptest.NewServer(p.desk)
			defer server.Close()
			s.Emulator.Hooks(server.URL + "/carriers/app/" + s.Carrier.Name())
			part.run(p)
		})
	}
}

type roomPlay struct {
	*testing.T
	RoomStage
	desk *Desk
}

func (p *roomPlay) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	p.Cleanup(cancel)
	return ctx
}

var plays int

// call starts a call from alice's phone to bob.
func (p *roomPlay) call() carrier.Call {
	p.Helper()
	plays++
	c := Prepare(p, p.Carrier, carrier.Call{ID: ID(plays), App: "app", State: carrier.Ringing, Deadline: time.Now().Add(45 * time.Second),
		Caller: carrier.Party{User: "alice", Device: "alice-phone", Name: "Alice"}, Callee: carrier.Party{User: "bob@example.com", Name: "Bob"}, Devices: []string{"bob-phone", "bob-pad"}})
	p.desk.Put(c)
	return c
}

func (p *roomPlay) answer(c carrier.Call, device string) carrier.Call {
	c.State, c.Callee.Device = carrier.Answered, device
	p.desk.Put(c)
	return c
}

func (p *roomPlay) end(c carrier.Call) {
	p.Helper()
	c.State = carrier.Ended
	p.desk.Put(c)
	if err := p.Carrier.End(p.ctx(), c); err != nil {
		p.Fatalf("End: %v", err)
	}
}

func (p *roomPlay) join(c carrier.Call, caller bool, device string) *RoomSeat {
	p.Helper()
	self := c.Callee
	if caller {
		self = c.Caller
	}
	self.Device = device
	seat := Sit(p, p.Carrier, p.Emulator, carrier.Join{Call: c, Self: self, Caller: caller, Now: time.Now()})
	<-seat.Connected()
	return seat.(*RoomSeat)
}

// settle waits until the webhooks are through.
func (p *roomPlay) settle() {
	p.Helper()
	if err := p.Emulator.Idle(p.ctx()); err != nil {
		p.Fatalf("webhooks do not come to an end: %v", err)
	}
}

func (p *roomPlay) in(c carrier.Call, want ...string) {
	p.Helper()
	p.settle()
	if got := p.desk.In(c.ID); !slices.Equal(got, want) {
		p.Fatalf("the desk sees %q in the room, not %q; refused webhooks: %q", got, want, p.desk.Refused())
	}
}

// out checks that the desk saw bob's phone go, and why.
func (p *roomPlay) out(c carrier.Call, why string) {
	p.Helper()
	want := "bob@example.com/bob-phone " + why
	if p.Mute {
		want = "bob@example.com/bob-phone"
	}
	if got := p.desk.Out(c.ID); len(got) != 1 || got[0] != want {
		p.Fatalf("the desk sees %q go, not %q", got, want)
	}
}

func (p *roomPlay) clean() {
	p.Helper()
	if refused := append(p.desk.Refused(), p.Emulator.Refused()...); len(refused) > 0 {
		p.Fatalf("refused: %q", refused)
	}
}

func (p *roomPlay) meet() {
	c := p.call()
	alice := p.join(c, true, "alice-phone")
	p.in(c, "alice/alice-phone")
	bob := p.join(c, false, "bob-phone")
	c = p.answer(c, "bob-phone")
	p.in(c, "alice/alice-phone", "bob@example.com/bob-phone")
	bob.Leave()
	p.settle()
	p.out(c, "hungup")
	p.in(c, "alice/alice-phone")
	alice.Leave()
	p.in(c)
	p.end(c)
	p.settle()
	if open := p.Emulator.Open(); len(open) > 0 {
		p.Fatalf("still open: %q", open)
	}
	p.clean()
}

func (p *roomPlay) lost() {
	c := p.call()
	p.join(c, true, "alice-phone")
	c = p.answer(c, "bob-phone")
	bob := p.join(c, false, "bob-phone")
	p.in(c, "alice/alice-phone", "bob@example.com/bob-phone")
	bob.Lose()
	if err := <-bob.Gone(); !errors.Is(err, ErrLost) {
		p.Fatalf("bob's device hears %v", err)
	}
	p.in(c, "alice/alice-phone")
	p.out(c, "media_failed")
	p.join(c, false, "bob-phone")
	p.in(c, "alice/alice-phone", "bob@example.com/bob-phone")
	p.clean()
}

func (p *roomPlay) ended() {
	c := p.call()
	alice := p.join(c, true, "alice-phone")
	c = p.answer(c, "bob-phone")
	bob := p.join(c, false, "bob-phone")
	p.settle()
	p.end(c)
	if p.Stays {
		alice.Leave()
		bob.Leave()
	}
	for _, s := range []*RoomSeat{alice, bob} {
		if !p.Stays {
			if err := <-s.Gone(); err != nil && !errors.Is(err, ErrPutOut) {
				p.Fatalf("%s hears %v", s.Identity, err)
			}
		}
	}
	p.in(c)
	if open := p.Emulator.Open(); len(open) > 0 || !p.desk.Ended(c.ID) {
		p.Fatalf("still open: %q; the desk knows of the end: %v", open, p.desk.Ended(c.ID))
	}
	p.clean()
}

func (p *roomPlay) endedTwice() {
	c := p.call()
	p.end(c)
	p.end(c)
	c.ID = "0199a000-0000-7000-8000-ffffffffffff"
	c.Ref = ""
	p.end(c)
	p.clean()
}

func (p *roomPlay) outage() {
	c := p.call()
	alice := p.join(c, true, "alice-phone")
	c = p.answer(c, "bob-phone")
	p.join(c, false, "bob-phone")
	p.settle()
	p.Emulator.Outage(true)
	if err := <-alice.Gone(); !errors.Is(err, ErrLost) {
		p.Fatalf("alice's device hears %v", err)
	}
	over := c
	over.State = carrier.Ended
	if err := p.Carrier.End(p.ctx(), over); err == nil && !p.Stays {
		p.Fatal("End succeeded at a carrier that is down")
	}
	if prepares, ok := p.Carrier.(carrier.Preparer); ok {
		other := c
		other.ID = "0199a000-0000-7000-8000-eeeeeeeeeeee"
		if _, err := prepares.Prepare(p.ctx(), other); err == nil {
			p.Fatal("Prepare succeeded at a carrier that is down")
		}
	}
	p.Emulator.Outage(false)
	p.end(c)
	p.settle()
	if open := p.Emulator.Open(); len(open) > 0 {
		p.Fatalf("still open: %q", open)
	}
}

func (p *roomPlay) shuffled() {
	p.Emulator.Faults(Faults{Repeat: 2, Shuffle: 40, Late: time.Millisecond})
	c := p.call()
	p.join(c, true, "alice-phone")
	c = p.answer(c, "bob-phone")
	for range 5 {
		p.join(c, false, "bob-phone").Lose()
	}
	p.join(c, false, "bob-phone")
	p.in(c, "alice/alice-phone", "bob@example.com/bob-phone")
	if n := len(p.desk.Told()); n < 3*12 {
		p.Fatalf("%d webhooks came; they were to be repeated", n)
	}
	p.clean()
}

func (p *roomPlay) dropped() {
	c := p.call()
	alice := p.join(c, true, "alice-phone")
	p.in(c, "alice/alice-phone")
	p.Emulator.Faults(Faults{Drop: func(int) bool { return true }})
	c = p.answer(c, "bob-phone")
	bob := p.join(c, false, "bob-phone")
	bob.Leave()
	alice.Leave()
	p.in(c, "alice/alice-phone") // as it must be thought: the truth of the call is not the carrier's
	p.Emulator.Faults(Faults{})
	p.end(c)
	p.settle()
	if open := p.Emulator.Open(); len(open) > 0 {
		p.Fatalf("still open: %q", open)
	}
}

func (p *roomPlay) unknown() {
	c := p.call()
	p.desk.mu.Lock()
	delete(p.desk.calls, c.ID)
	p.desk.mu.Unlock()
	p.join(c, true, "alice-phone").Leave()
	p.settle()
	if told, refused := p.desk.Told(), p.desk.Refused(); len(told) > 0 || len(refused) == 0 {
		p.Fatalf("told %v, refused %q", told, refused)
	}
}

func (p *roomPlay) strangers() {
	c := p.call()
	join := carrier.Join{Call: c, Self: carrier.Party{User: "mallory", Device: "m"}, Now: time.Now()}
	if got, err := p.Carrier.Credentials(join); !errors.Is(err, carrier.ErrNotInCall) || got != nil {
		p.Fatalf("mallory gets %q, %v", got, err)
	}
	join.Self = carrier.Party{User: "alice", Device: "alice-phone"} // as the callee
	if got, err := p.Carrier.Credentials(join); !errors.Is(err, carrier.ErrNotInCall) || got != nil {
		p.Fatalf("alice gets %q, %v as the callee", got, err)
	}
	join.Caller, join.Call.State = true, carrier.Ended
	if got, err := p.Carrier.Credentials(join); !errors.Is(err, carrier.ErrUnknownCall) || got != nil {
		p.Fatalf("alice gets %q, %v for a call that is over", got, err)
	}
	join.Call.State = carrier.Ringing
	join.Now = time.Now().Add(-p.Carrier.Traits().TokenLife - time.Hour)
	old, err := p.Carrier.Credentials(join)
	if err != nil {
		p.Fatal(err)
	}
	if _, err := p.Emulator.Join(p.ctx(), old); err == nil {
		p.Fatal("credentials that have expired let alice in")
	}
	if _, err := p.Emulator.Join(p.ctx(), []byte("{}")); err == nil {
		p.Fatal("no credentials let somebody in")
	}
}

func (p *roomPlay) several() {
	c := p.call()
	p.join(c, true, "alice-phone")
	phone, pad := p.join(c, false, "bob-phone"), p.join(c, false, "bob-pad") // both are warm while they ring
	p.in(c, "alice/alice-phone", "bob@example.com/bob-pad", "bob@example.com/bob-phone")
	c = p.answer(c, "bob-pad")
	phone.Leave()
	p.in(c, "alice/alice-phone", "bob@example.com/bob-pad")
	pad.Leave()
	p.in(c, "alice/alice-phone")
	p.clean()
}
