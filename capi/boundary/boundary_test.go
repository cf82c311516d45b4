package boundary

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit/wire"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestACallOverTheBorder(t *testing.T) {
	b := unbox(t)
	call := b.push(t, 1)
	if s := b.phone.Screen(); !s.Ringing() || s.Call.Caller != "Alice" {
		t.Fatalf("it does not ring\n%s", b.w.Log())
	}
	if err := b.phone.Answer(); err != nil {
		t.Fatal(err)
	}
	b.w.Run(10 * time.Second) // nobody is at the far end, so the answer is fulfilled when patience ends
	s := b.phone.Screen()
	if s.Call == nil || !s.Call.Audio {
		t.Fatalf("the session was not lent\n%s", b.w.Log())
	}
	var state Snapshot
	if err := json.Unmarshal(b.shell.engine.State(), &state); err != nil || len(state.Calls) != 1 || state.Calls[0].ID != call.String() {
		t.Fatalf("the state is %+v, %v", state, err)
	}
	if a := b.shell.tell(In{Request: &Request{Verb: MuteCall, Call: call.String(), On: true}}); a.Error != "" {
		t.Error(a.Error)
	}
	b.w.Run(time.Second)
	if !b.phone.Screen().Call.Muted {
		t.Error("the system does not know that the app's own button muted the call")
	}
	if a := b.shell.tell(In{Request: &Request{Verb: EndCall, Call: call.String()}}); a.Error != "" {
		t.Error(a.Error)
	}
	b.w.Run(time.Second)
	if len(b.phone.Calls()) != 0 {
		t.Errorf("the call goes on\n%s", b.w.Log())
	}
	if last := b.shell.shown[len(b.shell.shown)-1]; last.Calls[0].State != "ended" || last.Calls[0].Reason != "hungup" {
		t.Errorf("the app's screen was told last: %+v", last)
	}
	var answered bool
	for _, m := range b.line.sent {
		_, is := m.(*v1.AnswerRequest)
		answered = answered || is
	}
	if !answered {
		t.Errorf("the server was never told of the answer: %v", b.line.sent)
	}
}

// TestTheVideoButtonComesOver: the app that takes video is told which call the button was pressed for.
func TestTheVideoButtonComesOver(t *testing.T) {
	b := unboxWith(t, func(c *Config) { c.TakesVideo = true })
	call := b.push(t, 1)
	for _, press := range []func() error{b.phone.Answer, b.phone.Video, b.phone.Unlock} {
		if err := press(); err != nil {
			t.Fatalf("%v\n%s", err, b.w.Log())
		}
		b.w.Run(6 * time.Second) // the answer is fulfilled after 5 s, and the media given up after 20
	}
	if got := b.shell.videos; len(got) != 1 || got[0] != call.String() {
		t.Errorf("the app was asked for video of %q, want once of %s\n%s", got, call, b.w.Log())
	}
}

// TestNonsenseIsAnswered has everything that makes no sense come in, from broken JSON to events of no object.
func TestNonsenseIsAnswered(t *testing.T) {
	b := unbox(t)
	b.push(t, 1)
	for _, in := range []string{
		"", "{", "null", "[]", `{"system":{}}`, `{"system":{"op":"fly"}}`, `{"system":{"op":"run","ticket":9999}}`,
		`{"system":{"op":"provider.perform","object":1}}`, `{"system":{"op":"provider.perform","object":1,"action":{"kind":"Fly"}}}`,
		`{"system":{"op":"registry.didReceive","object":77}}`, `{"media":{"session":5}}`, `{"request":{}}`,
		`{"request":{"verb":"end","call":"x"}}`, `{"request":{"verb":"fly","call":"00000000-0000-4000-8000-000000000001"}}`,
		`{"request":{"verb":"end","call":"00000000-0000-4000-8000-000000000001"}}`, `{"request":{"verb":"continue"}}`, `{"request":{"verb":"start"}}`,
	} {
		var a Answer
		if err := json.Unmarshal(b.shell.engine.Tell([]byte(in)), &a); err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if a.Error == "" && (a.System == nil || a.System.Error == nil) && (a.Media == nil || a.Media.Error == "") {
			t.Errorf("%q is answered with %+v, without an error", in, a)
		}
	}
	if !b.phone.Screen().Ringing() {
		t.Error("nonsense stopped the ring")
	}
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	none := func([]byte) []byte { return nil }
	for config, want := range map[string]string{
		"": "configuration", "{": "configuration", `{"deviceId":1}`: "configuration", `{"flavour":"vanilla"}`: "flavour",
		`{}`: "serverURL", `{"serverURL":"http://x"}`: "DeviceID", `{"serverURL":"http://x","deviceID":"d","ringSeconds":61}`: "60 s",
	} {
		if e, err := New([]byte(config), none, Dependencies{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want one that names %s", config, err, want)
			if e != nil {
				e.Close()
			}
		}
	}
	if _, err := New([]byte(`{"serverURL":"http://x","deviceID":"d"}`), nil, Dependencies{}); err == nil {
		t.Error("an engine without a callback was made")
	}
}

// FuzzPush: whatever a push says, the app that is woken by it is not killed.
func FuzzPush(f *testing.F) {
	for _, s := range []string{"", "null", "{}", `{"ringtrip":{}}`, `{"ringtrip":{"call":"01000000-0000-7000-8000-000000000001","expires_at":1}}`, "\xff\x00", strings.Repeat("[", 4000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > 5120 {
			return // the push service takes no more
		}
		b := unbox(t)
		b.phone.DeliverPush(bundle, payload)
		b.w.Run(20 * time.Second)
		if n := b.phone.Strikes(bundle); n != 0 {
			t.Errorf("a push without a report\n%s", b.w.Log())
		}
	})
}

// FuzzTell: whatever comes in over the border, the engine answers with JSON and without a panic.
func FuzzTell(f *testing.F) {
	for _, op := range []wire.Op{wire.ProviderPerform, wire.Completion, wire.RegistryDidReceive, wire.ObserverCallChanged, wire.ProviderExecute} {
		f.Add([]byte(fmt.Sprintf(`{"system":{"op":%q,"object":1,"ticket":1,"action":{"kind":"End","call":"x"}}}`, op)))
	}
	f.Add([]byte(`{"request":{"verb":"start","callee":"bob"}}`))
	b := unbox(f)
	b.push(f, 1)
	f.Fuzz(func(t *testing.T, in []byte) {
		var a Answer
		if err := json.Unmarshal(b.shell.engine.Tell(in), &a); err != nil || a.Code == "panic" {
			t.Errorf("%q: %+v, %v", in, a, err)
		}
		b.w.Settle()
	})
}
