package server

import (
	"context"
	"encoding/base64"
	"slices"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// GetSealKeys implements PhoneService: it lists the devices of a user who may be called, with their public keys.
func (s *Server) GetSealKeys(ctx context.Context, req *connect.Request[v1.GetSealKeysRequest]) (*connect.Response[v1.GetSealKeysResponse], error) {
	v := viewerOf(ctx)
	if err := checkUser("callee", req.Msg.Callee); err != nil {
		return nil, err
	}
	if _, err := s.ownDevice(ctx, v, req.Msg.DeviceId); err != nil {
		return nil, err
	}
	devices, err := s.store.DevicesOfUser(ctx, v.App, req.Msg.Callee)
	if err != nil {
		return nil, s.failed("reading devices", err)
	}
	out := &v1.GetSealKeysResponse{}
	for _, d := range devices {
		if key := sealKeyOf(d); key != nil {
			out.Keys = append(out.Keys, &v1.SealKey{DeviceId: d.ID, Key: key})
		}
	}
	return connect.NewResponse(out), nil
}

// sealKeyOf returns a device's public key, nil if it has none.
func sealKeyOf(d store.Device) []byte {
	key, err := base64.StdEncoding.DecodeString(d.SealKey)
	if err != nil || len(key) != signaling.SealKeySize {
		return nil
	}
	return key
}

// registeredKey returns what of a registration's key is to be stored: the old one, if the device sent none.
func registeredKey(sent []byte, old string) (string, error) {
	if len(sent) == 0 {
		return old, nil
	}
	if err := signaling.CheckSealKey(sent); err != nil {
		return "", invalid("send the public half of the device's X25519 key", "seal_key: %s", err)
	}
	return base64.StdEncoding.EncodeToString(sent), nil
}

// sealedCallers checks what a caller sealed for the callee's devices.
func sealedCallers(m *v1.StartRequest) (map[string][]byte, error) {
	if len(m.Sealed) == 0 {
		return nil, nil
	}
	if m.CallId == "" {
		return nil, invalid("start with the next_call_id that they were sealed for", "sealed callers are bound to a call_id, and there is none")
	}
	if len(m.Sealed) > maxDevices {
		return nil, invalid("a user has no more devices", "there are %d sealed callers, more than %d", len(m.Sealed), maxDevices)
	}
	all := map[string][]byte{}
	for _, c := range m.Sealed {
		if err := checkDeviceID(c.GetDeviceId()); err != nil {
			return nil, err
		}
		if n := len(c.Sealed); n == 0 || n > signaling.MaxSealed {
			return nil, invalid("", "the sealed caller for device %q has %d bytes and must have 1-%d", c.DeviceId, n, signaling.MaxSealed)
		}
		all[c.DeviceId] = slices.Clone(c.Sealed)
	}
	return all, nil
}

// seal hides who calls in a push, if the device has a key: behind what the caller sealed for it, or else behind what
// the server knows.
func (t *turn) seal(said *signaling.Payload, leg int, d store.Device) error {
	sealed := t.Legs[leg].Sealed
	if len(sealed) == 0 {
		key := sealKeyOf(d)
		if key == nil {
			return nil
		}
		id, err := callkit.ParseUUID(t.row.ID)
		if err != nil {
			return err
		}
		sealed, err = signaling.Seal(key, id, d.ID, signaling.Caller{Name: said.CallerName, Handle: said.Handle, HandleType: said.HandleType})
		if err != nil {
			return err
		}
	}
	said.CallerName, said.Handle, said.HandleType = "", "", 0
	said.Sealed = base64.StdEncoding.EncodeToString(sealed)
	return nil
}

// sealedName stands for the caller in the text of a notification whose caller is sealed.
const sealedName = "…"

// seal hides who called from everybody but the device, if that has a key: behind what the caller sealed for it, or else behind
// what the server knows.
func (m *missedCall) seal(callID string, d store.Device) error {
	key := sealKeyOf(d)
	if len(m.Sealed) > 0 || key == nil {
		return nil
	}
	id, err := callkit.ParseUUID(callID)
	if err != nil {
		return err
	}
	m.Sealed, err = signaling.Seal(key, id, d.ID, signaling.Caller{
		Name: m.Caller.Name, Handle: m.Caller.Handle, HandleType: signaling.HandleTypeOf(m.Caller.Handle),
	})
	return err
}

// sealedView returns what a device of the callee gets of it by its stream. When the call is over it is of no use.
func (st *state) sealedView(side int) []byte {
	if st.Fork.State == fork.Ended {
		return nil
	}
	return st.Legs[side].Sealed
}
