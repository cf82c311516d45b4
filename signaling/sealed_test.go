package signaling_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
)

const sealedCall = "0199aabb-ccdd-7eee-8fff-001122334455"

const knownSealed = "AbSx/sQo9PfCUKbV12Zzb9L7q99yu6T4tPiC06bC1gUz5yiKRsvSXjsbmNM7TDwrM9pjgV0JodDYok05EJ8NIY0lWTsEj9YRBm+/U5hSQMSYOcJAFoUdLCRgNDVGzyB+oHSAmWrBu2CQsWN2uUTjNJNS3CVoNQ3ObBMZHYwE5yb/Bu6rMYZDkFnx7OPbKJwH2+OKbSUQIW3s8QKJHJhrYA1fRIfpN0ncfMSPn7ieE0PY"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sealKey(t testing.TB) *signaling.SealKey {
	t.Helper()
	k, err := signaling.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSeal(t *testing.T) {
	k, id := sealKey(t), must(callkit.ParseUUID(sealedCall))
	other := must(callkit.ParseUUID("0199aabb-ccdd-7eee-8fff-001122334456"))
	again := must(signaling.ParseSealKey(k.Bytes()))
	if !bytes.Equal(again.Public(), k.Public()) || signaling.CheckSealKey(k.Public()) != nil {
		t.Error("a key that was kept is another one")
	}
	long := strings.Repeat("\x01", 300) // six characters each in JSON
	for _, c := range []signaling.Caller{
		{Name: "Alice Liddell", Handle: "+44 20 7946 0000", HandleType: callkit.PhoneNumber},
		{Name: "Ä", Handle: "alice@example.com", HandleType: callkit.EmailAddress},
		{HandleType: callkit.Generic},
		{Name: long, Handle: long, HandleType: callkit.Generic},
	} {
		sealed, err := signaling.Seal(k.Public(), id, "d1", c)
		if err != nil || len(sealed) > signaling.MaxSealed || (len(sealed)-49)%128 != 0 {
			t.Fatalf("%.20q: %d bytes, %v", c.Name, len(sealed), err)
		}
		got, err := again.Open(id, "d1", sealed)
		if err != nil || got != c && !(len(c.Name) > 256 && strings.HasPrefix(c.Name, got.Name) && got.Name != "") {
			t.Errorf("%v, %v, want %v", got, err, c)
		}
		broken := bytes.Clone(sealed)
		broken[len(broken)-20] ^= 1
		for name, f := range map[string]func() (signaling.Caller, error){
			"another call":   func() (signaling.Caller, error) { return k.Open(other, "d1", sealed) },
			"another device": func() (signaling.Caller, error) { return k.Open(id, "d2", sealed) },
			"another key":    func() (signaling.Caller, error) { return sealKey(t).Open(id, "d1", sealed) },
			"broken":         func() (signaling.Caller, error) { return k.Open(id, "d1", broken) },
			"cut":            func() (signaling.Caller, error) { return k.Open(id, "d1", sealed[:40]) },
			"empty":          func() (signaling.Caller, error) { return k.Open(id, "d1", nil) },
			"endless":        func() (signaling.Caller, error) { return k.Open(id, "d1", make([]byte, 2000)) },
			"newer":          func() (signaling.Caller, error) { return k.Open(id, "d1", append([]byte{2}, sealed[1:]...)) },
		} {
			if got, err := f(); !errors.Is(err, signaling.ErrSealed) || got != (signaling.Caller{}) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %q", k, k, k)} {
		if strings.Contains(text, hex.EncodeToString(k.Bytes())[:8]) || len(text) > 100 {
			t.Errorf("a printed key says %s", text)
		}
	}
	for name, public := range map[string][]byte{"none": nil, "short": make([]byte, 31), "zero": make([]byte, 32)} {
		if signaling.CheckSealKey(public) == nil {
			t.Errorf("%s: was taken for a key", name)
		}
		if _, err := signaling.Seal(public, id, "d1", signaling.Caller{}); err == nil {
			t.Errorf("%s: was sealed for", name)
		}
	}
	if _, err := signaling.ParseSealKey([]byte("short")); err == nil {
		t.Error("a short private key was taken")
	}
}

// What was sealed once must open for ever: phones of all ages read it. The text was made by Seal.
func TestSealedKnown(t *testing.T) {
	k := must(signaling.ParseSealKey(bytes.Repeat([]byte{0x42}, 32)))
	sealed := must(base64.StdEncoding.DecodeString(knownSealed))
	want := signaling.Caller{Name: "Alice", Handle: "+1 555 0100", HandleType: callkit.PhoneNumber}
	if got, err := k.Open(must(callkit.ParseUUID(sealedCall)), "d1", sealed); err != nil || got != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// Nothing opens but what was sealed, and nothing panics.
func FuzzSealed(f *testing.F) {
	k := must(signaling.ParseSealKey(bytes.Repeat([]byte{0x42}, 32)))
	id := must(callkit.ParseUUID(sealedCall))
	good := must(base64.StdEncoding.DecodeString(knownSealed))
	f.Add(good)
	f.Add([]byte{1})
	f.Add(append([]byte{1}, make([]byte, 48)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := k.Open(id, "d1", b)
		if err == nil && !bytes.Equal(b, good) {
			t.Errorf("%x opens as %v", b, c)
		}
		if err != nil && !errors.Is(err, signaling.ErrSealed) {
			t.Errorf("%x: %v", b, err)
		}
		if c, err := (signaling.Payload{CallID: id, Sealed: string(b)}).OpenSealed(k, "d1"); err == nil && c.Name != "Alice" {
			t.Errorf("%q opens as %v", b, c)
		}
	})
}
