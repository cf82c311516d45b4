package remote_test

import (
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
