package phone

import (
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
)

// Keys keeps the device's sealing key: what callers' names are encrypted for ([signaling.SealKey]). Where that is, is
// the shell's business; docs/security.md says what to choose.
type Keys interface {
	// SealKey returns the private key, 32 bytes. It is called within the push's callback, before the call is reported,
	// and when the device is registered, so it must not call the Phone, nor ask the user, the network or another process that may be busy:
	// reading a keychain item that is there after the first unlock is fine. An error means that the key can't be read
	// now, as before the first unlock of a restarted iPhone; the call is then shown with [Config.SealedName].
	SealKey() ([]byte, error)
}

// sealKey returns the device's key, or nil if it has none that can be read now.
func (p *Phone) sealKey() (*signaling.SealKey, error) {
	if p.cfg.Keys == nil {
		return nil, nil
	}
	raw, err := readKey(p.cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("reading the sealing key: %w", err)
	}
	return signaling.ParseSealKey(raw)
}

// readKey asks the shell; a ring must survive its panic.
func readKey(keys Keys) (raw []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the app's Keys panicked: %v", r)
		}
	}()
	return keys.SealKey()
}

// unseal fills in who calls, from what was encrypted for this device. The call rings in any case: if it can't be
// opened, with a placeholder that the server's word may replace. The lock must be held.
func (p *Phone) unseal(l *line, open func(*signaling.SealKey) (signaling.Caller, error)) {
	key, err := p.sealKey()
	switch {
	case err != nil:
	case key == nil:
		err = fmt.Errorf("%w: this app has no Keys", signaling.ErrSealed)
	default:
		var c signaling.Caller
		if c, err = open(key); err == nil {
			l.name, l.veiled = c.Name, false
			if c.Handle != "" {
				l.handle = callkit.Handle{Type: c.HandleType, Value: c.Handle}
			}
			return
		}
	}
	p.log.Warn("who calls can't be opened; the call is shown without a name", "call", l.id, "err", err)
	if l.name == "" {
		l.name, l.veiled = p.cfg.SealedName, true
	}
}

// unveil shows the name of a call that was reported with a placeholder, as soon as it is known. The lock must be held.
func (p *Phone) unveil(l *line) {
	if !l.veiled || l.truth == nil {
		return
	}
	was := l.name
	if sealed := l.truth.Sealed; len(sealed) > 0 {
		p.unseal(l, func(k *signaling.SealKey) (signaling.Caller, error) { return k.Open(l.id, p.cfg.DeviceID, sealed) })
	} else if name := l.truth.GetCaller().GetName(); name != "" {
		l.name, l.veiled = name, false
	}
	if l.veiled || l.reported.IsZero() || !l.state.Live() || l.name == was {
		return
	}
	u := callkit.Update{
		LocalizedCallerName: new(l.name),
		RemoteHandle:        &callkit.Handle{Type: l.handle.Type, Value: l.handle.Value},
	}
	p.outside(func() { p.provider.ReportCallUpdated(l.id, u) })
}
