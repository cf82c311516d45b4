package boundary

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
)

func sealedFor(t testing.TB) (Sealed, *signaling.SealKey) {
	t.Helper()
	key, err := signaling.ParseSealKey(bytes.Repeat([]byte{0x42}, signaling.SealKeySize))
	if err != nil {
		t.Fatal(err)
	}
	id := callkit.UUID{0: 1, 6: 0x70, 8: 0x80}
	sealed, err := signaling.Seal(key.Public(), id, "d1", signaling.Caller{Name: "Alice", Handle: "+1 555 0100", HandleType: callkit.PhoneNumber})
	if err != nil {
		t.Fatal(err)
	}
	return Sealed{Key: key.Bytes(), Call: id.String(), Device: "d1", Sealed: sealed}, key
}

func open(t testing.TB, in []byte) (c Caller) {
	t.Helper()
	if err := json.Unmarshal(OpenCaller(in), &c); err != nil {
		t.Error(err)
	}
	return c
}

func TestOpenCaller(t *testing.T) {
	good, _ := sealedFor(t)
	in := func(change func(*Sealed)) []byte {
		s := good
		change(&s)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if c := open(t, in(func(*Sealed) {})); c != (Caller{Name: "Alice", Handle: callkit.Handle{Type: callkit.PhoneNumber, Value: "+1 555 0100"}}) {
		t.Errorf("it opens as %+v", c)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "no JSON": []byte("{"), "no fields": []byte("{}"),
		"another key": in(func(s *Sealed) { s.Key = make([]byte, 32) }), "a short key": in(func(s *Sealed) { s.Key = []byte{1} }),
		"another call": in(func(s *Sealed) { s.Call = callkit.UUID{0: 2, 6: 0x70, 8: 0x80}.String() }), "no call": in(func(s *Sealed) { s.Call = "x" }),
		"another device": in(func(s *Sealed) { s.Device = "d2" }), "nothing sealed": in(func(s *Sealed) { s.Sealed = nil }),
	} {
		if c := open(t, b); c.Error == "" || c.Name != "" {
			t.Errorf("%s: it opens as %+v", name, c)
		}
	}
}

// FuzzOpenCaller: whatever comes in, an answer in JSON goes out.
func FuzzOpenCaller(f *testing.F) {
	good, _ := sealedFor(f)
	b, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"key":"","call":7}`))
	f.Fuzz(func(t *testing.T, in []byte) { open(t, in) })
}
