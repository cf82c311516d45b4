package remote_test

import (
	"encoding/json"
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/media/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// overJSON has a message cross the border as bytes.
func overJSON(t *testing.T, to func(remote.Message) remote.Message) func(remote.Message) remote.Message {
	cross := func(m remote.Message) (out remote.Message) {
		b, err := json.Marshal(m)
		if err != nil {
			t.Errorf("%+v: %v", m, err)
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		return out
	}
	return func(m remote.Message) remote.Message { return cross(to(cross(m))) }
}

// abroad puts a factory on the other side of the border.
func abroad(t *testing.T, home media.Factory) media.Factory {
	var host *remote.Host
	f := remote.NewFactory(overJSON(t, func(m remote.Message) remote.Message { return host.Do(m) }))
	host = remote.NewHost(home, overJSON(t, f.Event))
	return f
}

func TestConformance(t *testing.T) {
	mediatest.Run(t, func(t *testing.T) (media.Factory, media.Factory) {
		net := mediatest.NewNet()
		return abroad(t, mediatest.NewFake(mediatest.FakeConfig{Net: net, Content: "alice"})),
			abroad(t, mediatest.NewFake(mediatest.FakeConfig{Net: net, Content: "bob"}))
	})
}

func TestNonsenseIsAnswered(t *testing.T) {
	n := mediatest.NewFake(mediatest.FakeConfig{})
	var host *remote.Host
	f := remote.NewFactory(func(m remote.Message) remote.Message { return host.Do(m) })
	host = remote.NewHost(n, f.Event)
	for _, m := range []remote.Message{{}, {Op: "fly"}, {Op: remote.Warm, Session: 7}, {Op: remote.New, Session: 1}, {Op: "fly", Session: 1}} {
		if answer := host.Do(m); m.Op != remote.New && answer.Error == "" {
			t.Errorf("%+v is answered with %+v, without an error", m, answer)
		}
	}
	if answer := f.Event(remote.Message{Op: remote.Notify, Session: 99}); answer.Error == "" {
		t.Error("an event of no session is taken")
	}
	host.Do(remote.Message{Op: remote.Close, Session: 1})
}
