package phone

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// keychain is where a test keeps the device's sealing key.
type keychain struct {
	key    *signaling.SealKey
	locked error
	broken bool
}

func (k *keychain) SealKey() ([]byte, error) {
	if k.broken {
		panic("the keychain broke")
	}
	return k.key.Bytes(), k.locked
}

func newKeychain(t *testing.T) *keychain {
	t.Helper()
	key, err := signaling.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	return &keychain{key: key}
}

// sealed returns the push of a call whose caller is hidden.
func (r *rig) sealed(n byte, k *signaling.SealKey, c signaling.Caller) signaling.Payload {
	r.t.Helper()
	p := r.payload(n)
	b, err := signaling.Seal(k.Public(), p.CallID, "dev", c)
	if err != nil {
		r.t.Fatal(err)
	}
	p.CallerName, p.Handle, p.HandleType, p.Sealed = "", "", 0, base64.StdEncoding.EncodeToString(b)
	return p
}

func withKeys(k *keychain) func(*Config, *rig) {
	return func(c *Config, _ *rig) { c.Keys = k }
}

// Who calls is on the screen when the push's callback returns, and the device has told the server its public key.
func TestSealedPush(t *testing.T) {
	for name, sync := range map[string]bool{"sync": true, "async": false} {
		t.Run(name, func(t *testing.T) {
			k := newKeychain(t)
			r := newRig(t, sync, withKeys(k))
			r.push(r.sealed(1, k.key, signaling.Caller{Name: "Alice Liddell", Handle: "+15550100", HandleType: callkit.PhoneNumber}), true)
			if log := strings.Join(r.s.take(), "\n"); !strings.Contains(log, "Alice Liddell") || !strings.Contains(log, "+15550100") {
				t.Errorf("the report says:\n%s", log)
			}
			r.p.Register()
			r.s.run()
			if n := len(r.regs); n == 0 || string(r.regs[n-1].SealKey) != string(k.key.Public()) {
				t.Errorf("registered %v", r.regs)
			}
		})
	}
}

// A call whose caller can't be opened rings, under a placeholder that gives way to the server's word.
func TestSealedPushThatCannotBeOpened(t *testing.T) {
	other := newKeychain(t)
	for name, change := range map[string]func(*keychain, *signaling.Payload){
		"before first unlock": func(k *keychain, _ *signaling.Payload) { k.locked = errors.New("errSecInteractionNotAllowed") },
		"keychain broken":     func(k *keychain, _ *signaling.Payload) { k.broken = true },
		"key lost":            func(k *keychain, _ *signaling.Payload) { k.key = other.key },
		"not base64":          func(_ *keychain, p *signaling.Payload) { p.Sealed = "%%%" },
		"of another call": func(_ *keychain, p *signaling.Payload) {
			p.CallID = id(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeychain(t)
			r := newRig(t, true, withKeys(k))
			p := r.sealed(1, k.key, signaling.Caller{Name: "Alice Liddell"})
			change(k, &p)
			r.push(p, true)
			log := strings.Join(r.s.take(), "\n")
			if !strings.Contains(log, "Incoming call") || strings.Contains(log, "Alice") {
				t.Errorf("the report says:\n%s", log)
			}
			c := r.truth(p.CallID[15], v1.CallState_CALL_STATE_RINGING)
			r.tell(c)
			r.s.run()
			if log := strings.Join(r.s.take(), "\n"); !strings.Contains(log, "Alice") {
				t.Errorf("the server's word did not come to the screen:\n%s", log)
			}
			r.p.Register()
			r.s.run()
			if (k.locked != nil || k.broken) && len(r.regs[len(r.regs)-1].SealKey) != 0 {
				t.Error("registered a key that nobody could read")
			}
		})
	}
}

// A call that comes by the stream is opened as well; and one that was reported before the first unlock is once the key
// can be read.
func TestSealedCallByStream(t *testing.T) {
	k := newKeychain(t)
	r := newRig(t, true, withKeys(k))
	c := r.truth(1, v1.CallState_CALL_STATE_RINGING)
	c.Caller.Name = ""
	sealed, err := signaling.Seal(k.key.Public(), id(1), "dev", signaling.Caller{Name: "Alice Liddell"})
	if err != nil {
		t.Fatal(err)
	}
	c.Sealed = sealed
	k.locked = errors.New("locked")
	r.tell(c)
	r.s.run()
	if log := strings.Join(r.s.take(), "\n"); !strings.Contains(log, "Incoming call") {
		t.Errorf("locked, the report says:\n%s", log)
	}
	k.locked = nil
	c = r.truth(1, v1.CallState_CALL_STATE_RINGING)
	c.Caller.Name, c.Sealed = "", sealed
	r.tell(c)
	r.s.run()
	if log := strings.Join(r.s.take(), "\n"); !strings.Contains(log, "Alice Liddell") {
		t.Errorf("unlocked, the screen says:\n%s", log)
	}
}
