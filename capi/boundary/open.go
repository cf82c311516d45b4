package boundary

import (
	"encoding/json"
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
)

// Sealed is who calls, or called, encrypted for a device: what a VoIP push or the notification of a missed call has.
type Sealed struct {
	Key    []byte `json:"key"`    // the device's private sealing key, 32 bytes
	Call   string `json:"call"`   // the call that it was sealed for
	Device string `json:"device"` // the device that it was sealed for
	Sealed []byte `json:"sealed"`
}

// Caller is who calls, as a call screen shows it.
type Caller struct {
	Name   string         `json:"name,omitempty"`
	Handle callkit.Handle `json:"handle,omitzero"`
	Error  string         `json:"error,omitempty"` // for people: it can't be opened
}

// OpenCaller takes a [Sealed] in JSON and returns a [Caller] in JSON. It needs no engine, so that an extension may use it. It
// never panics and never fails: what can't be opened is answered with an error, which says nothing of the key.
func OpenCaller(in []byte) []byte {
	c, err := openCaller(in)
	if err != nil {
		c = Caller{Error: err.Error()}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return []byte(`{"error":"boundary: the answer could not be written"}`)
	}
	return b
}

func openCaller(in []byte) (Caller, error) {
	var s Sealed
	if err := json.Unmarshal(in, &s); err != nil {
		return Caller{}, fmt.Errorf("boundary: this is no Sealed: %w", err)
	}
	id, err := callkit.ParseUUID(s.Call)
	if err != nil {
		return Caller{}, fmt.Errorf("boundary: %w", err)
	}
	key, err := signaling.ParseSealKey(s.Key)
	if err != nil {
		return Caller{}, err
	}
	c, err := key.Open(id, s.Device, s.Sealed)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Name: c.Name, Handle: callkit.Handle{Type: c.HandleType, Value: c.Handle}}, nil
}
