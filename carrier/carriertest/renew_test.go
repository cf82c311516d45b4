package carriertest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/media"
)

// TestRenewal: at Agora the time of who is in a channel is over with the token, unless there is a new one for the same channel
// and uid. The others put nobody out for it.
func TestRenewal(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{}}
	stage := stages["agora"](t, "http://127.0.0.1:1/carriers/app/agora", client)
	t.Cleanup(func() {
		stage.Emulator.Close()
		client.CloseIdleConnections()
	})
	of := carrier.Call{ID: "0199a000-0000-7000-8000-000000000001", App: "app", State: carrier.Ringing, Deadline: time.Now().Add(time.Minute),
		Caller: carrier.Party{User: "alice", Device: "phone"}, Callee: carrier.Party{User: "bob", Device: "pad"}}
	credentials := func(of carrier.Call, caller bool, at time.Time) []byte {
		self := of.Callee
		if caller {
			self = of.Caller
		}
		c, err := stage.Carrier.Credentials(carrier.Join{Call: of, Self: self, Caller: caller, Now: at})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	now := time.Now()
	joined, err := stage.Emulator.Join(t.Context(), credentials(of, true, now.Add(-20*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	seat := joined.(*carriertest.RoomSeat)
	if left := seat.Until().Sub(now); left < 3*time.Hour || left > 5*time.Hour {
		t.Errorf("a token of 20 hours ago is good for %v", left)
	}
	before := seat.Until()
	other := of
	other.ID = "0199a000-0000-7000-8000-000000000002"
	for what, bad := range map[string][]byte{
		"nothing": nil, "nonsense": []byte("{}"), "another user's": credentials(of, false, now), "another channel's": credentials(other, true, now),
		"an expired one": credentials(of, true, now.Add(-25*time.Hour)),
	} {
		if err := seat.Renew(bad); err == nil || !seat.Until().Equal(before) {
			t.Errorf("%s: %v, good until %v", what, err, seat.Until())
		}
	}
	if err := seat.Renew(credentials(of, true, now)); err != nil || seat.Until().Sub(now) < 23*time.Hour {
		t.Errorf("a new one: %v, good until %v", err, seat.Until())
	}
	seat.Leave()

	connected := make(chan struct{}, 1)
	s, err := carriertest.Media(stage.Emulator).New(media.Config{Credentials: credentials(of, true, now), Notify: func(e media.Event) {
		if e.Kind == media.Connected {
			connected <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Warm(); err != nil {
		t.Fatal(err)
	}
	<-connected
	r := s.(media.Renewer)
	if err := r.Renew(credentials(of, false, now)); err == nil {
		t.Error("a device's media takes another one's credentials")
	}
	if err := r.Renew(credentials(of, true, now)); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Renew(credentials(of, true, now)); !errors.Is(err, media.ErrClosed) {
		t.Errorf("closed media takes credentials: %v", err)
	}
}
