package server_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// hide registers the device with a sealing key.
func (p *phone) hide(voip string) *signaling.SealKey {
	p.w.t.Helper()
	k := must(signaling.NewSealKey())
	if err := p.registerKey(voip, k.Public()); err != nil {
		p.w.t.Fatal(err)
	}
	return k
}

func (p *phone) registerKey(voip string, key []byte) error {
	_, err := p.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{
		DeviceId: p.device, Name: "The " + p.device, Platform: "ios", VoipToken: voip, BundleId: bundle, SealKey: key}))
	return err
}

// The server seals what it knows for devices that gave it a key, and a registration without a key takes none away.
func TestServerSeals(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		k := b.hide(voip(2))
		b.register(voip(2))
		for _, bad := range [][]byte{{1}, make([]byte, 32), make([]byte, 33)} {
			wantProblem(t, "a bad key", b.registerKey(voip(2), bad), connect.CodeInvalidArgument, "invalid_argument")
		}
		c, err := a.start("bob", func(r *v1.StartRequest) { r.CallerName, r.CallerHandle = "Alice Liddell", "+1 555 0100" })
		if err != nil {
			t.Fatal(err)
		}
		sent := <-w.apns.sent
		if text := string(sent.Payload); strings.Contains(text, "Alice") || strings.Contains(text, "555") || strings.Contains(text, "alice") {
			t.Errorf("the push says %s", text)
		}
		said := must(signaling.ParsePush(sent.Payload))
		want := signaling.Caller{Name: "Alice Liddell", Handle: "+1 555 0100", HandleType: callkit.PhoneNumber}
		if got, err := said.OpenSealed(k, "b1"); err != nil || got != want {
			t.Errorf("in the push: %v, %v", got, err)
		}
		if _, err := a.cancel(c.Id); err != nil {
			t.Fatal(err)
		}
	})
}

// A caller that seals by itself tells the server no name at all.
func TestCallerSeals(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		plain := w.phone("bob", "b2", "")
		k := b.hide(voip(2))
		keys, err := a.api().GetSealKeys(context.Background(), connect.NewRequest(&v1.GetSealKeysRequest{DeviceId: "a1", Callee: "bob"}))
		if err != nil || len(keys.Msg.Keys) != 1 || keys.Msg.Keys[0].DeviceId != "b1" {
			t.Fatalf("keys: %v, %v", keys, err)
		}
		sb, sp := b.open(0, false), plain.open(0, false)
		first := a.call("bob")
		_, _ = a.cancel(first.Id)
		sb.ended()
		sp.ended()
		for len(w.apns.sent) > 0 {
			<-w.apns.sent
		}
		next, err := a.start("bob") // for its next_call_id, any fresh id would do
		if err != nil {
			t.Fatal(err)
		}
		_, _ = a.cancel(next.Id)
		id := must(a.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{DeviceId: "a1"}))).Msg.NextCallId
		uuid := must(callkit.ParseUUID(id))
		sealed := must(signaling.Seal(keys.Msg.Keys[0].Key, uuid, "b1", signaling.Caller{Name: "White Rabbit", Handle: "+1 555 0199"}))
		with := func(r *v1.StartRequest) {
			r.CallId, r.Sealed = id, []*v1.SealedCaller{{DeviceId: "b1", Sealed: sealed}}
		}
		for name, change := range map[string]func(*v1.StartRequest){
			"without an id": func(r *v1.StartRequest) { with(r); r.CallId = "" },
			"endless":       func(r *v1.StartRequest) { with(r); r.Sealed[0].Sealed = make([]byte, 2000) },
			"empty":         func(r *v1.StartRequest) { with(r); r.Sealed[0].Sealed = nil },
			"no device":     func(r *v1.StartRequest) { with(r); r.Sealed[0].DeviceId = "" },
			"too many":      func(r *v1.StartRequest) { with(r); r.Sealed = append(r.Sealed, make([]*v1.SealedCaller, 40)...) },
		} {
			_, err := a.start("bob", change)
			wantProblem(t, name, err, connect.CodeInvalidArgument, "invalid_argument")
		}
		if _, err := a.start("bob", with); err != nil {
			t.Fatal(err)
		}
		got := sb.call("ringing", func(c *v1.Call) bool { return c.Id == id })
		if c, err := k.Open(uuid, "b1", got.Sealed); err != nil || c.Name != "White Rabbit" || got.Caller.Name != "" {
			t.Errorf("by the stream: %v, %v, and beside it %v", c, err, got.Caller)
		}
		if got := sp.call("ringing", func(c *v1.Call) bool { return c.Id == id }); len(got.Sealed) > 0 || got.Caller.Name != "" || got.Caller.Handle != "alice" {
			t.Errorf("a device without a key is told %v", got)
		}
		sent := <-w.apns.sent
		for must(signaling.ParsePush(sent.Payload)).CallID != uuid {
			sent = <-w.apns.sent
		}
		if said := must(signaling.ParsePush(sent.Payload)); said.Sealed != base64.StdEncoding.EncodeToString(sealed) || said.CallerName != "" {
			t.Errorf("the push says %s", sent.Payload)
		}
		row := must(w.store.Call(context.Background(), id))
		if strings.Contains(string(row.State), "Rabbit") || strings.Contains(string(row.State), "Name of alice") {
			t.Errorf("the server knows %s", row.State)
		}
	})
}
