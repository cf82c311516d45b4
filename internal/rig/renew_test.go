package rig

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/server/auth"
)

// channels is a device's media at Agora as far as tokens go, without a network: who has no token that is good for the
// channel and the uid is put out.
type channels struct {
	certificate carrier.Secret

	mu      sync.Mutex
	renewed int
}

type channel struct {
	of  *channels
	cfg media.Config

	mu     sync.Mutex
	in     struct{ Channel, Token string }
	uid    uint32
	end    *time.Timer
	closed bool
}

var _ media.Renewer = (*channel)(nil)

// New implements media.Factory.
func (f *channels) New(c media.Config) (media.Session, error) {
	s := &channel{of: f, cfg: c}
	return s, s.take(c.Credentials)
}

// take looks at credentials as Agora does, and says for how long they let the device be in the channel. They have to be
// for where it is.
func (s *channel) take(credentials []byte) error {
	var c struct {
		Channel, Token string
		UID            uint32
	}
	if err := json.Unmarshal(credentials, &c); err != nil {
		return err
	}
	t, err := agora.Parse(c.Token, s.of.certificate)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := time.Until(time.Unix(int64(t.Issued)+int64(t.Expire), 0))
	switch f := t.Services[0].Fields; {
	case left <= 0:
		return errors.New("the token has expired")
	case f[0] != c.Channel || f[1] != strconv.FormatUint(uint64(c.UID), 10) || s.uid != 0 && (s.in.Channel != c.Channel || s.uid != c.UID):
		return fmt.Errorf("a token for channel %s and uid %s", f[0], f[1])
	}
	s.in.Channel, s.in.Token, s.uid = c.Channel, c.Token, c.UID
	if s.end != nil {
		s.end.Stop()
	}
	s.end = time.AfterFunc(left, func() { s.tell(media.Event{Kind: media.Failed, Err: errors.New("the token has expired")}) })
	return nil
}

func (s *channel) tell(e media.Event) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if !closed {
		s.cfg.Notify(e)
	}
}

// Renew implements media.Renewer.
func (s *channel) Renew(credentials []byte) error {
	s.of.mu.Lock()
	s.of.renewed++
	s.of.mu.Unlock()
	return s.take(credentials)
}

// Warm implements media.Session.
func (s *channel) Warm() error {
	time.AfterFunc(50*time.Millisecond, func() { s.tell(media.Event{Kind: media.Connected}) })
	return nil
}

// Close implements media.Session.
func (s *channel) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.end.Stop()
	return nil
}

func (s *channel) Prepare() error              { return nil }
func (s *channel) Receive(media.Message) error { return nil }
func (s *channel) StartAudio() error           { return nil }
func (s *channel) StopAudio()                  {}
func (s *channel) SetMuted(bool)               {}
func (s *channel) SetHeld(bool)                {}
func (s *channel) PlayDTMF(string) error       { return nil }
func (s *channel) Restart() error              { return nil }
func (s *channel) Stats() media.Stats          { return media.Stats{} }

// TestLongCall is a call of an hour and a half by tokens of twenty minutes, with phones, server and Agora's own tokens on a virtual clock. Its
// network is gone when the first renewal is due, on one side for a while. It ends as the user hangs up.
func TestLongCall(t *testing.T) {
	const life = 20 * time.Minute
	certificate := carrier.NewSecret(strings.Repeat("5c", 16))
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		by, err := agora.New(agora.Config{AppID: strings.Repeat("0a", 16), Certificate: certificate, TokenLife: life})
		if err != nil {
			t.Fatal(err)
		}
		pipe, world := NewPipe(), iossim.NewWorld(iossim.Config{Wall: true, Seed: 1})
		pushes := NewFaultyPush(nil)
		node, err := NewNode(t.Context(), NodeConfig{Dir: dir, Listener: pipe, Push: pushes, Carries: by})
		if err != nil {
			t.Fatal(err)
		}
		var devices []*Device
		var sdks []*channels
		for _, user := range []string{"alice", "bob"} {
			token, err := node.TokenFor(user, user, auth.User, 240*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			sdk := &channels{certificate: certificate}
			d, err := NewDevice(world, DeviceConfig{ID: user + "-1", Name: user, UserName: user, OS: "26.4", URL: "http://pipe", Token: token, Media: sdk,
				Network: NewNetwork(pipe.DialContext), IssueToken: pushes.IssueToken, SetPushOnline: pushes.SetOnline})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Phone.OpenApp(Bundle); err != nil {
				t.Fatal(err)
			}
			devices, sdks = append(devices, d), append(sdks, sdk)
		}
		alice, bob := devices[0], devices[1]
		time.Sleep(5 * time.Second)
		id, err := alice.Engine().Start(phone.StartRequest{Callee: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := bob.Phone.Answer(); err != nil {
			t.Fatal(err, world.Log())
		}
		stands := func(want call.State) {
			t.Helper()
			for _, d := range devices {
				all := d.Engine().Calls()
				if len(all) != 1 || all[0].ID != id || all[0].State != want || want == call.Connected && (all[0].Transport != call.Up || !all[0].AudioRunning) {
					t.Fatalf("at %s after %v: %+v\n%s", d.ID, world.Now(), all, world.Log())
				}
			}
		}
		time.Sleep(life*3/4 - 2*time.Minute)
		stands(call.Connected)
		alice.SetOnline(false)
		time.Sleep(4 * time.Minute)
		alice.SetOnline(true)
		for range 8 {
			time.Sleep(10 * time.Minute)
			stands(call.Connected)
		}
		for i, sdk := range sdks {
			if sdk.renewed < 4 || sdk.renewed > 20 {
				t.Errorf("the credentials of %s were renewed %d times", devices[i].ID, sdk.renewed)
			}
		}
		if err := bob.Phone.End(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		stands(call.Ended)
		if all := alice.Engine().Calls(); all[0].Reason != call.HungUp {
			t.Errorf("it ended as %v", all[0].Reason)
		}
		world.Close()
		node.Close()
		http.DefaultClient.CloseIdleConnections()
		for _, d := range devices {
			d.Net.SetOnline(false)
		}
		time.Sleep(time.Minute) // what still waits runs out
		synctest.Wait()
	})
}
