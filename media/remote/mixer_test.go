package remote_test

import (
	"errors"
	"testing"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/media/remote"
)

// console is a factory that can mix, and notes what it was told to.
type console struct {
	media.Factory
	mixed []string
}

func (c *console) Mix(_ media.Session, group string) error {
	c.mixed = append(c.mixed, group)
	return nil
}

func TestMixing(t *testing.T) {
	home := &console{Factory: mediatest.NewFake(mediatest.FakeConfig{Content: "us"})}
	var host *remote.Host
	f := remote.NewFactory(overJSON(t, func(m remote.Message) remote.Message { return host.Do(m) }))
	host = remote.NewHost(home, overJSON(t, f.Event))
	mixer := remote.Mixer{Factory: f}
	config := media.Config{CallID: "c", Session: "s", Role: media.Offerer, Send: func(media.Message) {}, Notify: func(media.Event) {}}
	s, err := mixer.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"g", ""} {
		if err := mixer.Mix(s, group); err != nil {
			t.Errorf("Mix(%q): %v", group, err)
		}
	}
	if len(home.mixed) != 2 || home.mixed[0] != "g" || home.mixed[1] != "" {
		t.Errorf("the factory on the other side heard %q", home.mixed)
	}
	other, err := mediatest.NewFake(mediatest.FakeConfig{}).New(config)
	if err != nil {
		t.Fatal(err)
	}
	if mixer.Mix(other, "g") == nil {
		t.Error("another factory's session is mixed")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if mixer.Mix(s, "g") == nil {
		t.Error("a closed session is mixed")
	}
	_ = other.Close()

	host = remote.NewHost(mediatest.NewFake(mediatest.FakeConfig{}), overJSON(t, f.Event))
	if s, err = mixer.New(config); err != nil {
		t.Fatal(err)
	}
	if mixer.Mix(s, "g") == nil {
		t.Error("a factory that can't mix does")
	}
	_ = s.Close()
}

// keen is a factory whose sessions take new credentials, and write them down.
type keen struct {
	media.Factory
	took *[]string
}

type keenSession struct {
	media.Session
	took *[]string
}

func (k keen) New(c media.Config) (media.Session, error) {
	s, err := k.Factory.New(c)
	return keenSession{s, k.took}, err
}

func (s keenSession) Renew(credentials []byte) error {
	*s.took = append(*s.took, string(credentials))
	if len(credentials) == 0 {
		return media.ErrBadMessage
	}
	return nil
}

func TestRenewing(t *testing.T) {
	var took []string
	home := mediatest.NewFake(mediatest.FakeConfig{})
	config := media.Config{CallID: "c", Session: "s", Role: media.Offerer, Send: func(media.Message) {}, Notify: func(media.Event) {}}
	for _, f := range []media.Factory{abroad(t, keen{home, &took}), abroad(t, home)} {
		s, err := f.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.(media.Renewer).Renew([]byte(`{"token":"new"}`)); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.(media.Renewer).Renew(nil); !errors.Is(err, media.ErrClosed) {
			t.Errorf("a closed session is renewed: %v", err)
		}
	}
	if len(took) != 1 || took[0] != `{"token":"new"}` {
		t.Errorf("the session on the other side took %q", took)
	}
	s, err := abroad(t, keen{home, &took}).New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.(media.Renewer).Renew(nil); !errors.Is(err, media.ErrBadMessage) {
		t.Errorf("what the session refused is %v here", err)
	}
	_ = s.Close()
}
