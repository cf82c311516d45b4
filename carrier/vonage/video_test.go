package vonage

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// show is video with its emulator, and a desk between them.
type show struct {
	*testing.T
	c *Carrier
	e *carriertest.VonageVideo
	d *carriertest.Desk
	n int
}

func newShow(t *testing.T, old bool) *show {
	t.Helper()
	e, err := carriertest.NewVonageVideo(carriertest.VonageConfig{OpenTok: old})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	cfg := Config{Product: Video, APIKey: e.APIKey, SignatureSecrets: []carrier.Secret{carrier.NewSecret(e.SignatureSecret)}, RequirePayloadHash: true, BaseURL: e.URL()}
	if old {
		cfg.APISecret = carrier.NewSecret(e.APISecret)
	} else {
		cfg.ApplicationID, cfg.PrivateKey = e.ApplicationID, carrier.NewSecret(e.PrivateKey)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := carriertest.NewDesk(c, nil)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	e.Hooks(server.URL + "/carriers/app/" + c.Name())
	return &show{T: t, c: c, e: e, d: d}
}

func (s *show) call(group string) carrier.Call {
	s.Helper()
	s.n++
	c := carriertest.Prepare(s, s.c, carrier.Call{ID: testID(s.n), Group: group, State: carrier.Ringing, Video: true, Caller: alice, Callee: bob})
	s.d.Put(c)
	return c
}

func (s *show) join(c carrier.Call, self carrier.Party, caller bool) *carriertest.RoomSeat {
	s.Helper()
	return carriertest.Sit(s, s.c, s.e, carrier.Join{Call: c, Self: self, Caller: caller, Now: time.Now()}).(*carriertest.RoomSeat)
}

func (s *show) settle() {
	s.Helper()
	if err := s.e.Idle(s.Context()); err != nil {
		s.Fatal(err)
	}
}

func (s *show) is(what string, got []string, want ...string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: %q, want %q; refused %v, %v", what, got, want, s.d.Refused(), s.e.Refused())
	}
}

// end ends a call there, with the names that the desk was told.
func (s *show) end(c carrier.Call) {
	s.Helper()
	c.State, c.Refs = carrier.Ended, map[string]string{}
	for _, e := range s.d.Told() {
		if e.Call == c.ID {
			for k, v := range e.Refs {
				c.Refs[k] = v
			}
		}
	}
	s.d.Put(c)
	if err := s.c.End(s.Context(), c); err != nil {
		s.Error(err)
	}
	s.settle()
}

var bobsPhone = carrier.Party{User: "bob", Device: "b1"}

func TestSession(t *testing.T) {
	for name, old := range map[string]bool{"unified": false, "opentok": true} {
		for kind, f := range map[string]carriertest.Faults{"plain": {}, "repeated": {Repeat: 2}, "shuffled": {Repeat: 1, Shuffle: 20}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				s := newShow(t, old)
				s.e.DestroyedData = kind == "shuffled" // or it cannot be known whose it is whose end comes first
				s.e.Faults(f)
				c := s.call("")
				a := s.join(c, alice, true)
				b := s.join(c, bobsPhone, false) // warm while it rings
				s.settle()
				s.is("in", s.d.In(c.ID), "alice@home/a1", "bob/b1")
				b.Lose()
				s.settle()
				s.is("in", s.d.In(c.ID), "alice@home/a1")
				s.is("out", s.d.Out(c.ID), "bob/b1 media_failed")
				b = s.join(c, bobsPhone, false)
				s.settle()
				s.is("in", s.d.In(c.ID), "alice@home/a1", "bob/b1")
				a.Leave()
				s.settle()
				s.is("in", s.d.In(c.ID), "bob/b1")
				s.end(c)
				if err := <-b.Gone(); !errors.Is(err, carriertest.ErrPutOut) {
					t.Errorf("bob hears %v", err)
				}
				s.end(c) // nothing is left
				s.is("open", s.e.Open())
				s.is("refused there", s.e.Refused())
			})
		}
	}
}

// TestRooms is what every carrier with rooms keeps to.
func TestRooms(t *testing.T) {
	for name, old := range map[string]bool{"unified": false, "opentok": true} {
		t.Run(name, func(t *testing.T) {
			carriertest.Rooms(t, func(t *testing.T) carriertest.RoomStage {
				s := newShow(t, old)
				s.e.DestroyedData = true
				return carriertest.RoomStage{Carrier: s.c, Emulator: s.e, Stays: old}
			})
		})
	}
}

// TestGroupSession: the calls of one group share a session, and the end of one leaves the others alone.
func TestGroupSession(t *testing.T) {
	s := newShow(t, false)
	var wg sync.WaitGroup
	refs := make([]string, 8)
	for i := range refs {
		wg.Go(func() {
			refs[i], _ = s.c.Prepare(s.Context(), carrier.Call{ID: testID(100 + i), Group: testID(50), Caller: alice, Callee: bob})
		})
	}
	wg.Wait()
	if refs[0] == "" || len(slices.Compact(refs)) != 1 {
		t.Errorf("sessions %q", refs)
	}
	one, two := s.call(testID(50)), s.call(testID(50))
	s.join(one, alice, true)
	s.join(one, bobsPhone, false)
	s.join(two, bobsPhone, false)
	s.settle()
	s.end(one)
	s.is("the first call", s.d.In(one.ID))
	s.is("the second call", s.d.In(two.ID), "bob/b1")
	s.end(two)
	s.is("open", s.e.Open())
}

// TestOldConnection: a device is back before Vonage notices that it was gone.
func TestOldConnection(t *testing.T) {
	c := newTest(t, "j", func(c *Config) { c.Product = Video })
	d := carriertest.NewDesk(c, func() time.Time { return testNow })
	d.Put(carrier.Call{ID: testID(1), Ref: "1_x", State: carrier.Answered, Caller: alice, Callee: bob})
	event := func(kind, id, data string, created int) {
		t.Helper()
		body, err := carrier.Compact(map[string]any{"event": kind, "reason": "networkDisconnected", "sessionId": "1_x", "timestamp": 1700000000000,
			"connection": map[string]any{"id": id, "createdAt": created, "data": data}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Webhook(t.Context(), post("session", string(body)).request(), d); err != nil {
			t.Fatal(err)
		}
	}
	data := `{"call":"` + testID(1) + `","user":"bob","device":"b1"}`
	event("connectionCreated", "first", data, 1000)
	event("connectionCreated", "second", data, 2000)
	event("connectionDestroyed", "first", "", 1000) // as in Vonage's example
	if got := d.In(testID(1)); !slices.Equal(got, []string{"bob/b1"}) {
		t.Errorf("in: %q", got)
	}
	event("connectionDestroyed", "second", data, 2000)
	if got := d.Out(testID(1)); !slices.Equal(got, []string{"bob/b1 media_failed"}) {
		t.Errorf("out: %q", got)
	}
}

func TestVideoOutage(t *testing.T) {
	s := newShow(t, false)
	c := s.call("")
	a := s.join(c, alice, true)
	s.settle()
	s.e.Outage(true)
	if err := <-a.Gone(); !errors.Is(err, carriertest.ErrLost) {
		t.Errorf("alice hears %v", err)
	}
	if s.c.End(t.Context(), c) == nil {
		t.Error("End succeeded although it is down")
	}
	if _, err := s.c.Prepare(t.Context(), carrier.Call{ID: testID(77)}); err == nil {
		t.Error("Prepare succeeded although it is down")
	}
	s.e.Outage(false)
	s.end(c)
	if _, err := s.c.Prepare(t.Context(), carrier.Call{ID: testID(77)}); err != nil {
		t.Errorf("a session that could not be made is not tried again: %v", err)
	}
}

// TestVideoStrangers: tokens of others, and events of what nobody knows.
func TestVideoStrangers(t *testing.T) {
	s := newShow(t, false)
	c := s.call("")
	other := s.call("")
	credentials, err := s.c.Credentials(carrier.Join{Call: c, Self: alice, Caller: true, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var access map[string]string
	if err := json.Unmarshal(credentials, &access); err != nil {
		t.Fatal(err)
	}
	access["session_id"] = other.Ref
	credentials, _ = json.Marshal(access)
	if _, err := s.e.Join(t.Context(), credentials); err == nil {
		t.Error("a token opens another session")
	}
	old, err := s.c.Credentials(carrier.Join{Call: c, Self: alice, Caller: true, Now: time.Now().Add(-3 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.e.Join(t.Context(), old); err == nil {
		t.Error("an expired token opens the session")
	}
	v := newTest(t, "j", func(c *Config) { c.Product = Video })
	for name, test := range map[string]struct {
		body string
		want error
	}{
		"unknown session": {`{"event":"sessionDestroyed","sessionId":"1_x"}`, carrier.ErrUnknownCall},
		"no data":         {`{"event":"connectionCreated","sessionId":"1_x","connection":{"id":"k"}}`, carrier.ErrUnknownCall},
		"no event":        {`{"event":7}`, carrier.ErrMalformed},
		"a stream":        {`{"event":"streamCreated"}`, nil},
		"unknown call":    {`{"event":"connectionCreated","connection":{"id":"k","data":"{\"call\":\"` + testID(99) + `\",\"user\":\"alice\"}"}}`, carrier.ErrUnknownCall},
	} {
		t.Run(name, func(t *testing.T) {
			d := carriertest.NewDesk(v, nil)
			if _, err := v.Webhook(t.Context(), post("session", test.body).request(), d); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if told := d.Told(); len(told) > 0 {
				t.Errorf("told %+v", told)
			}
		})
	}
	if _, err := v.Webhook(t.Context(), get("session", "event=sessionDestroyed").request(), untouched{t}); !errors.Is(err, carrier.ErrMethod) {
		t.Errorf("GET: %v", err)
	}
}
