package signaling_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
)

var callID = callkit.UUID{1, 0x99, 2, 0x98, 3, 0x97, 0x74, 4, 0x80, 5, 6, 7, 8, 9, 10, 11}

func TestPushRoundTrip(t *testing.T) {
	for _, p := range []signaling.Payload{
		{CallID: callID, Handle: "alice", ExpiresAt: 1, HandleType: callkit.Generic},
		{
			CallID: callID, CallerName: "Älice \"A\" 李", Handle: "+49301234567", HandleType: callkit.PhoneNumber, Video: true,
			SentAt: 1_760_000_000_123, ExpiresAt: 1_760_000_045_123, Token: "a.b.c", Server: "https://calls.example.com",
		},
		{CallID: callID, Handle: "a@example.com", HandleType: callkit.EmailAddress, ExpiresAt: 1 << 53},
	} {
		b, err := p.MarshalPush()
		if err != nil {
			t.Fatal(err)
		}
		var envelope map[string]json.RawMessage
		if err := json.Unmarshal(b, &envelope); err != nil || string(envelope["aps"]) != "{}" {
			t.Errorf("the push %s has no empty aps dictionary (%v)", b, err)
		}
		got, err := signaling.ParsePush(b)
		if err != nil || got != p {
			t.Errorf("ParsePush(%s) = %+v, %v, want %+v", b, got, err, p)
		}
	}
}

func TestPushTimes(t *testing.T) {
	p := signaling.Payload{SentAt: 1_760_000_000_123, ExpiresAt: 1_760_000_045_123}
	if got := p.Expires().Sub(p.Sent()); got != 45*time.Second {
		t.Errorf("the ring lasts %v, want 45s", got)
	}
}

func TestBrokenPushes(t *testing.T) {
	const id = `"call":"01990298-0397-7404-8005-060708090a0b"`
	for _, push := range []string{
		``, `{`, `null`, `[]`, `"ring"`, `{}`, `{"aps":{}}`, `{"aps":{},"ringtrip":null}`, `{"ringtrip":7}`,
		`{"ringtrip":{}}`,
		`{"ringtrip":{"expires_at":1}}`,
		`{"ringtrip":{"call":"","expires_at":1}}`,
		`{"ringtrip":{"call":"no uuid","expires_at":1}}`,
		`{"ringtrip":{"call":"00000000-0000-0000-0000-000000000000","expires_at":1}}`,
		`{"ringtrip":{` + id + `}}`,
		`{"ringtrip":{` + id + `,"expires_at":-1}}`,
		`{"ringtrip":{` + id + `,"expires_at":"soon"}}`,
		`{"ringtrip":{` + id + `,"expires_at":1e400}}`,
		`{"ringtrip":{` + id + `,"expires_at":1}} {`,
	} {
		if p, err := signaling.ParsePush([]byte(push)); !errors.Is(err, signaling.ErrPayload) {
			t.Errorf("ParsePush(%s) = %+v, %v, want ErrPayload", push, p, err)
		}
	}
}

// What is odd but says which call it is must ring: a refused push is a phone that does not ring.
func TestOddPushesRing(t *testing.T) {
	long := strings.Repeat("é", 200)
	b, err := json.Marshal(map[string]any{"ringtrip": map[string]any{
		"call": "01990298-0397-7404-8005-060708090A0B", "expires_at": 1, "name": long, "handle_type": 99, "of_a_newer_server": []int{1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := signaling.ParsePush(b)
	if err != nil {
		t.Fatal(err)
	}
	want := signaling.Payload{CallID: callID, CallerName: long[:256], Handle: "unknown", HandleType: callkit.Generic, ExpiresAt: 1}
	if p != want {
		t.Errorf("ParsePush = %+v, want %+v", p, want)
	}
	b, _ = json.Marshal(map[string]any{"ringtrip": map[string]any{"call": callID, "expires_at": 1, "name": "x" + long}})
	if p, err := signaling.ParsePush(b); err != nil || p.CallerName != "x"+long[:254] {
		t.Errorf("a name cut within a letter: %q, %v", p.CallerName, err)
	}
}

func FuzzParsePush(f *testing.F) {
	whole, err := signaling.Payload{CallID: callID, CallerName: "Alice", Handle: "alice", ExpiresAt: 1, Token: "t"}.MarshalPush()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"aps":{},"ringtrip":null}`))
	f.Add([]byte("{\"ringtrip\":{\"call\":\"01990298-0397-7404-8005-060708090a0b\",\"expires_at\":1,\"name\":\"\xff\\ud800\"}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := signaling.ParsePush(b)
		if err != nil {
			if !errors.Is(err, signaling.ErrPayload) {
				t.Fatalf("error %v is not ErrPayload", err)
			}
			return
		}
		switch {
		case p.CallID.IsZero(), p.ExpiresAt <= 0, p.Handle == "":
			t.Fatalf("incomplete: %+v", p)
		case p.HandleType < callkit.Generic, p.HandleType > callkit.EmailAddress:
			t.Fatalf("handle type %d", p.HandleType)
		case len(p.CallerName) > 256, len(p.Handle) > 256, !utf8.ValidString(p.CallerName), !utf8.ValidString(p.Handle):
			t.Fatalf("name %q, handle %q", p.CallerName, p.Handle)
		}
		again, err := p.MarshalPush()
		if err != nil {
			t.Fatal(err)
		}
		if q, err := signaling.ParsePush(again); err != nil || q != p {
			t.Fatalf("%+v becomes %+v, %v", p, q, err)
		}
	})
}
