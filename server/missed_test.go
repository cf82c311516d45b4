package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// wantAlerts checks what the ledger of a call says of alerts: each entry's stage, device and how its detail begins.
func (w *world) wantAlerts(call string, want ...string) {
	w.t.Helper()
	entries, err := w.store.LedgerOf(context.Background(), call)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if stage := v1.Stage(e.Stage).String(); strings.HasPrefix(stage, "STAGE_ALERT_") {
			got = append(got, strings.TrimSpace(stage+" "+e.Device+" "+e.Detail))
		}
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		w.t.Errorf("the ledger says of alerts %q, want %q", got, want)
	}
}

// A missed call is told to each device that has an alert token, once, and only if it was missed.
func TestMissedCallAlerts(t *testing.T) {
	const alertToken = "a1e47a1e47a1e47a1e47"
	for name, c := range map[string]struct {
		end   func(w *world, a, b *phone, id string) error
		how   server.MissedCallAlert
		wants int
	}{
		"cancelled":  {func(_ *world, a, _ *phone, id string) error { return errOf(a.cancel(id)) }, server.MissedCallAlert{}, 1},
		"unanswered": {func(*world, *phone, *phone, string) error { time.Sleep(time.Minute); return nil }, server.MissedCallAlert{}, 1},
		"declined":   {func(_ *world, _, b *phone, id string) error { return errOf(b.decline(id, 0, false)) }, server.MissedCallAlert{}, 0},
		"blocked": {func(_ *world, _, b *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_BLOCKED, false))
		}, server.MissedCallAlert{}, 0},
		"busy": {func(_ *world, _, b *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_BUSY, true))
		}, server.MissedCallAlert{}, 1},
		"silenced": {func(_ *world, _, b *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_DO_NOT_DISTURB, true))
		}, server.MissedCallAlert{}, 0},
		"told anyway": {func(_ *world, _, b *phone, id string) error {
			return errOf(b.decline(id, v1.EndReason_END_REASON_DO_NOT_DISTURB, true))
		}, server.MissedCallAlert{DuringDoNotDisturb: true}, 1},
		"rang": {func(_ *world, a, b *phone, id string) error { b.rings(id); return errOf(a.cancel(id)) }, server.MissedCallAlert{OnlyUnreached: true}, 0},
		"answered": {func(_ *world, a, b *phone, id string) error {
			if _, err := b.answer(id); err != nil {
				return err
			}
			return errOf(a.end(id, 0))
		}, server.MissedCallAlert{}, 0},
		"ended by the backend": {func(w *world, _, _ *phone, id string) error {
			_, err := w.ops().EndCall(context.Background(), connect.NewRequest(&v1.EndCallRequest{CallId: id}))
			return err
		}, server.MissedCallAlert{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(cfg *server.Config) { cfg.Apps[0].MissedCall = &c.how }, func(t *testing.T, w *world) {
				a, b := w.phone("alice", "a1", ""), &phone{w: w, user: "bob", device: "b1", token: token("bob")}
				if _, err := b.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{
					DeviceId: "b1", VoipToken: voip(2), AlertToken: strings.ToUpper(alertToken), BundleId: bundle, Environment: v1.Environment_ENVIRONMENT_SANDBOX,
				})); err != nil {
					t.Fatal(err)
				}
				id := a.call("bob").Id
				synctest.Wait()
				if p := <-w.apns.sent; p.Kind != push.VoIP {
					t.Fatalf("the ring was a push of the kind %s", p.Kind)
				}
				if err := c.end(w, a, b, id); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if n := len(w.apns.sent); n != c.wants {
					t.Fatalf("%d alerts were sent, want %d", n, c.wants)
				}
				if c.wants == 0 {
					w.wantAlerts(id)
					return
				}
				w.wantAlerts(id, "STAGE_ALERT_SENT b1 sandbox", "STAGE_ALERT_ACCEPTED b1 apns-id")
				p := <-w.apns.sent
				if p.Kind != push.Alert || p.Token != alertToken || p.CollapseID != id || p.BundleID != bundle || p.Expires.Before(time.Now().Add(23*time.Hour)) {
					t.Errorf("the alert is %+v", p)
				}
				for _, part := range []string{`"title":"Name of alice"`, `"body":"Missed call"`, `"call":"` + id + `"`} {
					if !strings.Contains(string(p.Payload), part) {
						t.Errorf("the alert's payload has no %s: %s", part, p.Payload)
					}
				}
				if left := w.jobs(); len(left) > 0 {
					t.Errorf("jobs are left: %v", left)
				}
			})
		})
	}
}

// An alert that APNs can't take now is sent again; one whose token is dead loses it, and the backend is told.
func TestMissedCallAlertFails(t *testing.T) {
	set := func(c *server.Config) {
		c.Apps[0].MissedCall = &server.MissedCallAlert{BodyLocKey: "MISSED", TitleLocKey: "CALL", Sound: "default", CollapseByCaller: true}
	}
	hooked(t, []string{"all"}, set, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		a, p := w.phone("alice", "a1", ""), &phone{w: w, user: "bob", device: "b1", token: token("bob")}
		if _, err := p.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{
			DeviceId: "b1", AlertToken: "abcdefabcdefabcdef", BundleId: bundle,
		})); err != nil {
			t.Fatal(err)
		}
		fail := &push.Error{Verdict: push.GiveUp, Status: 503, Reason: "Shutdown"}
		w.apns.will(func(context.Context, push.Push) (push.Receipt, error) { return push.Receipt{}, fail })
		id := a.call("bob").Id
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		n := len(w.apns.sent)
		if n < 2 || n > 4 {
			t.Errorf("%d attempts in a minute", n)
		}
		first := <-w.apns.sent
		if again := <-w.apns.sent; again.ID != first.ID || !strings.Contains(string(again.Payload), `"loc-key":"MISSED"`) || !strings.HasPrefix(again.CollapseID, "missed-") {
			t.Errorf("the alert was %+v, then %+v", first, again)
		}
		w.apns.will(func(context.Context, push.Push) (push.Receipt, error) {
			return push.Receipt{}, &push.Error{Attempts: 1, Verdict: push.DropToken, Status: 410, Reason: "Unregistered", Timestamp: time.Now()}
		})
		time.Sleep(time.Hour)
		var trace []string
		for range n {
			trace = append(trace, "STAGE_ALERT_SENT b1", "STAGE_ALERT_FAILED b1 503 Shutdown")
		}
		w.wantAlerts(id, append(trace, "STAGE_ALERT_SENT b1", "STAGE_ALERT_FAILED b1 410 Unregistered after 1 attempt(s)")...)
		d, err := w.store.Device(context.Background(), app, "b1")
		if err != nil || d.AlertToken != "" {
			t.Errorf("the device is %+v, %v", d, err)
		}
		var dropped []string
		for _, e := range b["all"].events() {
			if e.Type == webhook.DeviceTokenDropped {
				dropped = append(dropped, fmt.Sprint(e.Data.Device.ID, " ", e.Data.Device.Dropped, " ", e.Data.Device.AlertToken))
			}
		}
		if !slices.Equal(dropped, []string{"b1 alert false"}) {
			t.Errorf("dropped tokens told: %q", dropped)
		}
		if left := w.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
	})
}

// The notification of a missed call says nothing of the caller to anybody but a device with a sealing key.
func TestMissedCallSealed(t *testing.T) {
	for name, how := range map[string]*server.MissedCallAlert{
		"with a text": {CollapseByCaller: true}, "with keys": {BodyLocKey: "MISSED", TitleLocKey: "CALL"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(cfg *server.Config) { cfg.Apps[0].MissedCall = how }, func(t *testing.T, w *world) {
				a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", "")
				k := must(signaling.NewSealKey())
				register := func(p *phone, alert string, key []byte) {
					must(p.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{
						DeviceId: p.device, AlertToken: alert, BundleId: bundle, SealKey: key})))
				}
				register(b, "abcdefabcdefabcdef", k.Public())
				register(w.phone("bob", "b2", ""), "123456123456123456", nil)
				byServer := must(a.start("bob", func(r *v1.StartRequest) { r.CallerName, r.CallerHandle = "Alice Liddell", "+1 555 0100" })).Id
				must(a.cancel(byServer))
				time.Sleep(10 * time.Second)
				id := freshID(5)
				byCaller := must(signaling.Seal(k.Public(), must(callkit.ParseUUID(id)), "b1", signaling.Caller{Name: "Alice", HandleType: callkit.Generic}))
				must(a.start("bob", func(r *v1.StartRequest) {
					r.CallId, r.Sealed = id, []*v1.SealedCaller{{DeviceId: "b1", Sealed: byCaller}}
				}))
				must(a.cancel(id))
				time.Sleep(10 * time.Second)
				want := map[string]signaling.Caller{
					byServer: {Name: "Alice Liddell", Handle: "+1 555 0100", HandleType: callkit.PhoneNumber}, id: {Name: "Alice", HandleType: callkit.Generic},
				}
				collapse := map[string]bool{}
				for range 4 {
					p := <-w.apns.sent
					if p.Token != "abcdefabcdefabcdef" {
						continue
					}
					var said struct {
						APS struct {
							Mutable int `json:"mutable-content"`
						} `json:"aps"`
						Missed struct {
							Call, Device string
							Sealed       []byte
						} `json:"missed_call"`
					}
					if err := json.Unmarshal(p.Payload, &said); err != nil || said.APS.Mutable != 1 || strings.Contains(strings.ToLower(string(p.Payload)+string(p.Small)), "alice") || strings.Contains(string(p.Payload), "555") {
						t.Errorf("the notification says %s (%v)", p.Payload, err)
					}
					if got, err := k.Open(must(callkit.ParseUUID(said.Missed.Call)), said.Missed.Device, said.Missed.Sealed); err != nil || got != want[said.Missed.Call] {
						t.Errorf("in it is %v, %v", got, err)
					}
					delete(want, said.Missed.Call)
					collapse[p.CollapseID] = true
				}
				if len(want) != 0 || how.CollapseByCaller != (len(collapse) == 1) {
					t.Errorf("no notification of %v; they collapse as %v", want, collapse)
				}
			})
		})
	}
}
