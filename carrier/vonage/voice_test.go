package vonage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// stage is voice with its emulator, a desk between them, and nothing else.
type stage struct {
	*testing.T
	c *Carrier
	e *carriertest.Vonage
	d *carriertest.Exchange
}

const (
	ourNumber   = "+15550001111"
	theirNumber = "+15550009999"
)

func newStage(t *testing.T, emulate carriertest.VonageConfig) *stage {
	t.Helper()
	emulate.Numbers = []string{ourNumber, "+15550003333", "+15550004444", "+15550005555"}
	e, err := carriertest.NewVonage(emulate)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, nil)
	c, err := New(Config{Product: Voice, ApplicationID: e.ApplicationID, PrivateKey: carrier.NewSecret(e.PrivateKey), APIKey: e.APIKey,
		SignatureSecrets: []carrier.Secret{carrier.NewSecret(e.SignatureSecret)}, CallerID: ourNumber, Greeting: "One moment, please.",
		RingbackURL: "https://calls.example.com/ringback.mp3", RequirePayloadHash: true, HookURL: d.Listen(e), BaseURL: e.URL()})
	if err != nil {
		t.Fatal(err)
	}
	d.Of(c)
	return &stage{t, c, e, d}
}

var (
	alice = carrier.Party{User: "alice@home", Device: "a1", Name: "Alice"}
	bob   = carrier.Party{User: "bob", Name: "Bob"}
	phone = carrier.Party{User: "tel:" + theirNumber, Phone: theirNumber}
)

func (s *stage) join(c carrier.Call, self carrier.Party, caller bool) *carriertest.VonageSeat {
	s.Helper()
	return carriertest.Sit(s, s.c, s.e, carrier.Join{Call: c, Self: self, Caller: caller, Now: time.Now()}).(*carriertest.VonageSeat)
}

// talk is a call of alice's that bob has answered, to where both are connected.
func (s *stage) talk() (c carrier.Call, a, b *carriertest.VonageSeat) {
	s.Helper()
	c = s.d.Start(alice, bob)
	a = s.join(c, alice, true)
	c, b = s.answer(c)
	s.connected(a)
	return c, a, b
}

// answer answers a call on a device of bob's, which is connected then.
func (s *stage) answer(c carrier.Call) (carrier.Call, *carriertest.VonageSeat) {
	s.Helper()
	c = s.d.Answer(c.ID, "b1")
	b := s.join(c, c.Callee, false)
	s.connected(b)
	return c, b
}

func (s *stage) connected(seats ...carriertest.Seat) {
	s.Helper()
	for _, seat := range seats {
		select {
		case <-seat.Connected():
		case err := <-seat.Gone():
			s.Fatalf("gone instead of connected: %v; %v; %v", err, s.e.Refused(), s.d.Refused())
		case <-time.After(10 * time.Second):
			s.Fatal("not connected")
		}
	}
}

func (s *stage) gone(seats ...carriertest.Seat) {
	s.Helper()
	for _, seat := range seats {
		select {
		case err := <-seat.Gone():
			if err != nil {
				s.Fatalf("gone with %v", err)
			}
		case <-time.After(10 * time.Second):
			s.Fatal("still there")
		}
	}
}

// hears waits until a telephone does what is said.
func (s *stage) hears(p *carriertest.Telephone, want carriertest.TelephoneState) (why string) {
	s.Helper()
	limit := time.After(10 * time.Second)
	for {
		state, why, changed := p.State()
		if state == want {
			return why
		}
		select {
		case <-changed:
		case <-limit:
			s.Fatalf("the telephone is %s (%s), not %s; refused %v, %v", state, why, want, s.e.Refused(), s.d.Refused())
		}
	}
}

// incoming is a telephone that calls, and rings.
func (s *stage) incoming() (*carriertest.Telephone, carrier.Call) {
	s.Helper()
	p, err := s.e.Dial(s.Context(), theirNumber, ourNumber)
	if err != nil {
		s.Fatal(err)
	}
	s.hears(p, carriertest.PhoneHears)
	s.d.Until(testID(1), "it rings", func(h carriertest.Held) bool { return h.State == carrier.Ringing })
	c := s.d.Held(testID(1)).Call
	if c.Caller.Phone != theirNumber || c.Caller.User != "tel:"+theirNumber || c.Callee.User != "bob" {
		s.Fatalf("it is %+v that rings", c)
	}
	return p, c
}

// outgoing is a telephone that is called by alice.
func (s *stage) outgoing() (*carriertest.Telephone, *carriertest.VonageSeat, carrier.Call) {
	s.Helper()
	rings := make(chan *carriertest.Telephone, 1)
	s.e.Answerer(func(p *carriertest.Telephone) { rings <- p })
	c := s.d.Start(alice, phone)
	seat := s.join(c, alice, true)
	select {
	case p := <-rings:
		if p.Number != theirNumber || p.Far != ourNumber {
			s.Fatalf("%s rings, called from %s", p.Number, p.Far)
		}
		return p, seat, c
	case <-time.After(10 * time.Second):
		s.Fatalf("no telephone rings; %v, %v", s.e.Refused(), s.d.Refused())
	}
	return nil, nil, c
}

var plays = map[string]func(*stage){
	"app to app, callee hangs up": func(s *stage) {
		c := s.d.Start(alice, bob)
		a := s.join(c, alice, true)
		s.d.Until(c.ID, "alice is in", func(h carriertest.Held) bool { return h.In["alice@home"] != "" })
		c, b := s.answer(c)
		s.connected(a)
		if err := a.Digits("12#"); err != nil {
			s.Error(err)
		}
		b.Leave()
		s.d.Until(c.ID, "bob has left", func(h carriertest.Held) bool { return slices.Contains(h.Lost, "bob hungup") })
		s.d.End(c.ID, call.HungUp)
		s.gone(a, b)
		s.d.Over(s.e, c.ID, call.HungUp)
		if users := s.e.Users(); !slices.Equal(users, []string{"alice_40home", "bob"}) {
			s.Errorf("users %v", users)
		}
		if e := s.d.Told()[0]; !strings.HasSuffix(e.Detail, " of device a1") || e.User != "alice@home" {
			s.Errorf("told %+v first", e)
		}
	},
	"app to app, caller hangs up": func(s *stage) {
		c, a, b := s.talk()
		s.d.End(c.ID, call.HungUp)
		a.Leave()
		s.gone(a, b)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"app to app, cancelled": func(s *stage) {
		c := s.d.Start(alice, bob)
		a := s.join(c, alice, true)
		s.d.Settle(s.e)
		s.d.End(c.ID, call.Cancelled)
		s.gone(a)
		s.d.Over(s.e, c.ID, call.Cancelled)
	},
	"app to app, the callee's device is lost": func(s *stage) {
		c, a, b := s.talk()
		b.Lose()
		if err := <-b.Gone(); !errors.Is(err, carriertest.ErrLost) {
			s.Errorf("bob's device hears %v", err)
		}
		s.d.Until(c.ID, "bob has left", func(h carriertest.Held) bool { return len(h.Lost) > 0 })
		again := s.join(s.d.Held(c.ID).Call, carrier.Party{User: "bob", Device: "b2"}, false)
		s.connected(again)
		s.d.End(c.ID, call.HungUp)
		s.gone(a, again)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"moved to another device": func(s *stage) {
		c, a, b1 := s.talk()
		b2 := s.join(s.d.Held(c.ID).Call, carrier.Party{User: "bob", Device: "b2"}, false)
		s.connected(b2)
		b1.Leave()
		s.gone(b1)
		s.d.Settle(s.e)
		if open := s.e.Open(); len(open) != 3 {
			s.Errorf("two legs and a conversation were to stay: %v", open)
		}
		if h := s.d.Held(c.ID); h.In["bob"] != b2.ID || len(h.Lost) > 0 {
			s.Errorf("bob is in by %q; lost: %v", h.In["bob"], h.Lost)
		}
		s.d.End(c.ID, call.HungUp)
		s.gone(a, b2)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"telephone calls, it hangs up": func(s *stage) {
		p, c := s.incoming()
		c, b := s.answer(c)
		s.hears(p, carriertest.PhoneTalks)
		p.HangUp()
		s.d.Over(s.e, c.ID, call.HungUp)
		s.gone(b)
	},
	"telephone calls, callee hangs up": func(s *stage) {
		p, c := s.incoming()
		c, b := s.answer(c)
		b.Leave()
		s.d.End(c.ID, call.HungUp)
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"telephone calls, and gives up": func(s *stage) {
		p, c := s.incoming()
		p.HangUp()
		s.d.Over(s.e, c.ID, call.Cancelled)
	},
	"telephone calls, nobody answers": func(s *stage) {
		p, c := s.incoming()
		s.d.End(c.ID, call.Unanswered)
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, c.ID, call.Unanswered)
	},
	"telephone calls, callee declines": func(s *stage) {
		p, c := s.incoming()
		s.d.End(c.ID, call.Declined)
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, c.ID, call.Declined)
	},
	"telephone calls who is blocked": func(s *stage) {
		s.d.Numbers["+15550004444"] = "blocks"
		p, err := s.e.Dial(s.Context(), theirNumber, "+15550004444")
		if err != nil {
			s.Fatal(err)
		}
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, testID(1), call.Blocked)
	},
	"telephone is called, it hangs up": func(s *stage) {
		p, a, c := s.outgoing()
		p.Answer()
		s.connected(a)
		s.d.Until(c.ID, "it is answered", func(h carriertest.Held) bool { return h.State == carrier.Answered })
		p.HangUp()
		s.gone(a)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"telephone is called, caller hangs up": func(s *stage) {
		p, a, c := s.outgoing()
		p.Answer()
		s.connected(a)
		a.Leave()
		s.d.End(c.ID, call.HungUp)
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, c.ID, call.HungUp)
	},
	"telephone is called, caller cancels": func(s *stage) {
		p, a, c := s.outgoing()
		s.d.Settle(s.e)
		s.d.End(c.ID, call.Cancelled)
		s.gone(a)
		s.hears(p, carriertest.PhoneOver)
		s.d.Over(s.e, c.ID, call.Cancelled)
	},
	"telephone is called, busy": func(s *stage) {
		p, a, c := s.outgoing()
		p.Busy()
		s.gone(a)
		s.d.Over(s.e, c.ID, call.Busy)
	},
	"telephone is called, declined": func(s *stage) {
		p, a, c := s.outgoing()
		p.Decline()
		s.gone(a)
		s.d.Over(s.e, c.ID, call.Declined)
	},
	"telephone is called, nobody answers": func(s *stage) {
		_, a, c := s.outgoing()
		s.gone(a)
		s.d.Over(s.e, c.ID, call.Unanswered)
	},
}

// TestCalls is every whole call, over webhooks that come as they should, and over worse.
func TestCalls(t *testing.T) {
	for kind, f := range map[string]carriertest.Faults{
		"plain": {}, "repeated": {Repeat: 2}, "shuffled": {Repeat: 1, Shuffle: 8}, "late": {Late: 20 * time.Millisecond},
	} {
		for name, play := range plays {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				emulate := carriertest.VonageConfig{AnswerByPOST: kind == "repeated"}
				if name == "telephone is called, nobody answers" {
					emulate.Second = 10 * time.Millisecond
				}
				s := newStage(t, emulate)
				s.e.Faults(f)
				play(s)
			})
		}
	}
}

func TestUnknownNumber(t *testing.T) {
	s := newStage(t, carriertest.VonageConfig{})
	p, err := s.e.Dial(t.Context(), theirNumber, "+15550005555")
	if err != nil {
		t.Fatal(err)
	}
	if why := s.hears(p, carriertest.PhoneOver); why != "rejected" {
		t.Errorf("the telephone is over: %s", why)
	}
	s.d.Settle(s.e)
	if len(s.d.Calls()) != 0 || len(s.e.Open()) != 0 {
		t.Errorf("calls %v, open %v", s.d.Calls(), s.e.Open())
	}
}

// TestTooLate: a device whose call ended while it was on its way gets no leg.
func TestTooLate(t *testing.T) {
	s := newStage(t, carriertest.VonageConfig{})
	c := s.d.Start(alice, bob)
	s.d.End(c.ID, call.Cancelled)
	s.d.Settle(s.e)
	seat := s.join(c, alice, true) // with credentials from before
	s.gone(seat)
	if open := s.e.Open(); len(open) > 0 {
		t.Errorf("open: %v", open)
	}
}

// TestStranger: a user's own token opens no call of others.
func TestStranger(t *testing.T) {
	s := newStage(t, carriertest.VonageConfig{})
	c := s.d.Start(alice, bob)
	s.d.Start(carrier.Party{User: "mallory"}, bob)
	jwt, err := s.c.userToken("mallory", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	credentials, _ := carrier.Compact(map[string]any{"jwt": jwt, "context": map[string]string{"to": c.ID, "ringtrip_call": c.ID}})
	seat, err := s.e.Join(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	s.gone(seat)
	s.d.Settle(s.e)
	if told, refused := s.d.Told(), s.d.Refused(); len(told) > 0 || len(refused) == 0 || !strings.Contains(refused[0], carrier.ErrNotInCall.Error()) {
		t.Errorf("told %+v, refused %v", told, refused)
	}
}

// TestOutage: Vonage goes down in the middle of a call, and what is left of it is ended when it is back.
func TestOutage(t *testing.T) {
	s := newStage(t, carriertest.VonageConfig{})
	c, a, b := s.talk()
	s.e.Outage(true)
	for _, seat := range []carriertest.Seat{a, b} {
		if err := <-seat.Gone(); !errors.Is(err, carriertest.ErrLost) {
			t.Errorf("a device hears %v", err)
		}
	}
	if err := s.c.End(t.Context(), s.d.Held(c.ID).Call); err == nil {
		t.Error("End succeeded although Vonage is down")
	}
	if _, err := s.c.Prepare(t.Context(), carrier.Call{ID: testID(9), Caller: carrier.Party{User: "carol"}, Callee: bob}); err == nil {
		t.Error("Prepare succeeded although Vonage is down")
	}
	if _, err := s.e.Dial(t.Context(), theirNumber, ourNumber); !errors.Is(err, carriertest.ErrLost) {
		t.Errorf("a telephone gets through: %v", err)
	}
	s.e.Outage(false)
	s.d.End(c.ID, call.MediaFailed)
	s.d.Over(s.e, c.ID, call.MediaFailed)
}

// TestQuickTelephone: a telephone's end overtakes its beginning, and rings nobody.
func TestQuickTelephone(t *testing.T) {
	c := newTest(t, "j", nil)
	d := newDesk(t, c)
	end := post("event", `{"status":"completed","uuid":"`+testLeg+`","from":"15550009999","to":"15550001111","direction":"inbound"}`)
	if _, err := c.Webhook(t.Context(), end.request(), d); !errors.Is(err, carrier.ErrUnknownCall) {
		t.Errorf("got %v", err)
	}
	reply, err := c.Webhook(t.Context(), get("answer", "from=15550009999&to=15550001111&uuid="+testLeg).request(), d)
	if err != nil || string(reply.Body) != "[]" || len(d.Calls()) != 0 {
		t.Errorf("got %s, %v; %d calls", reply.Body, err, len(d.Calls()))
	}
}

func TestSecretsStay(t *testing.T) {
	s := newStage(t, carriertest.VonageConfig{})
	s.e.Outage(true)
	_, err := s.c.Prepare(context.Background(), carrier.Call{ID: testID(1), Caller: alice, Callee: bob})
	if err == nil || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("got %v", err)
	}
}
