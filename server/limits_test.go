package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Bad input, field by field: each is refused with invalid_argument and says which field it was.
func TestBadInput(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		c := a.call("bob")
		ctx := context.Background()
		long := strings.Repeat("x", 1000)
		register := func(f func(*v1.RegisterDeviceRequest)) func() error {
			return func() error {
				r := &v1.RegisterDeviceRequest{DeviceId: "a1", VoipToken: voip(1), BundleId: bundle}
				f(r)
				_, err := a.api().RegisterDevice(ctx, connect.NewRequest(r))
				return err
			}
		}
		start := func(f func(*v1.StartRequest)) func() error {
			return func() error { return errOf(a.start("bob", f)) }
		}
		history := func(r *v1.ListHistoryRequest) func() error {
			return func() error { _, err := a.api().ListHistory(ctx, connect.NewRequest(r)); return err }
		}
		for _, bad := range []struct {
			says string
			do   func() error
		}{
			{"device_id", register(func(r *v1.RegisterDeviceRequest) { r.DeviceId = "" })},
			{"device_id", register(func(r *v1.RegisterDeviceRequest) { r.DeviceId = long })},
			{"device_id", register(func(r *v1.RegisterDeviceRequest) { r.DeviceId = "a/1" })},
			{"device_id", register(func(r *v1.RegisterDeviceRequest) { r.DeviceId = "ä" })},
			{"name", register(func(r *v1.RegisterDeviceRequest) { r.Name = long })},
			{"name", register(func(r *v1.RegisterDeviceRequest) { r.Name = "a\x00b" })},
			{"platform", register(func(r *v1.RegisterDeviceRequest) { r.Platform = long })},
			{"voip_token", register(func(r *v1.RegisterDeviceRequest) { r.VoipToken = "<0a0b>" })},
			{"voip_token", register(func(r *v1.RegisterDeviceRequest) { r.VoipToken = "abc" })},
			{"voip_token", register(func(r *v1.RegisterDeviceRequest) { r.VoipToken = strings.Repeat("ab", 500) })},
			{"environment", register(func(r *v1.RegisterDeviceRequest) { r.Environment = 7 })},
			{"bundle_id", register(func(r *v1.RegisterDeviceRequest) { r.BundleId = "com.example.other" })},
			{"bundle_id", register(func(r *v1.RegisterDeviceRequest) { r.BundleId = long })},
			{"app_version", register(func(r *v1.RegisterDeviceRequest) { r.AppVersion = long })},
			{"os_version", register(func(r *v1.RegisterDeviceRequest) { r.OsVersion = long })},
			{"device_id", start(func(r *v1.StartRequest) { r.DeviceId = "" })},
			{"callee", start(func(r *v1.StartRequest) { r.Callee = "" })},
			{"callee", start(func(r *v1.StartRequest) { r.Callee = long })},
			{"callee", start(func(r *v1.StartRequest) { r.Callee = "a\nb" })},
			{"call_id", start(func(r *v1.StartRequest) { r.CallId = "1" })},
			{"call_id", start(func(r *v1.StartRequest) { r.CallId = "f47ac10b-58cc-4372-a567-0e02b2c3d479" })}, // version 4
			{"call_id", start(func(r *v1.StartRequest) { r.CallId = "00000000-0000-7000-8000-000000000000" })}, // of 1970
			{"caller_name", start(func(r *v1.StartRequest) { r.CallerName = long })},
			{"caller_handle", start(func(r *v1.StartRequest) { r.CallerHandle = long })},
			{"idempotency_key", start(func(r *v1.StartRequest) { r.IdempotencyKey = long })},
			{"call_id", func() error { return errOf(a.get("")) }},
			{"call_id", func() error { return errOf(b.answer(long)) }},
			{"device_id", func() error { p := *b; p.device = ""; return errOf(p.answer(c.Id)) }},
			{"reason", func() error { return errOf(b.decline(c.Id, v1.EndReason_END_REASON_HUNGUP, false)) }},
			{"reason", func() error { return errOf(b.decline(c.Id, v1.EndReason_END_REASON_BLOCKED, true)) }},
			{"reason", func() error { return errOf(b.decline(c.Id, v1.EndReason_END_REASON_DO_NOT_DISTURB, false)) }},
			{"reason", func() error { return errOf(b.decline(c.Id, 300, true)) }},
			{"reason", func() error { return errOf(b.decline(c.Id, -1, true)) }},
			{"reason", func() error { return errOf(a.end(c.Id, v1.EndReason_END_REASON_CANCELLED)) }},
			{"reason", func() error { return errOf(a.end(c.Id, 257)) }}, // 1 in eight bits
			{"message", func() error { _, err := a.api().SendMedia(ctx, connect.NewRequest(&v1.SendMediaRequest{})); return err }},
			{"limit", history(&v1.ListHistoryRequest{Limit: -1})},
			{"limit", history(&v1.ListHistoryRequest{Limit: 201})},
			{"before", history(&v1.ListHistoryRequest{Before: long})},
		} {
			err := bad.do()
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(fmt.Sprint(err), bad.says) {
				t.Errorf("a bad %s gave %v", bad.says, err)
			}
		}
		if got, err := a.get(c.Id); err != nil || got.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("after all that the call is %v, %v", got, err)
		}
	})
}

// Requests that are no requests: what is decoded before a handler sees it.
func TestBadRequests(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.phone("alice", "a1", "")
		post := func(path, kind string, body io.Reader, encoding string) (int, string) {
			t.Helper()
			r := must(http.NewRequest("POST", "http://ringtrip.test"+path, body))
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Authorization", "Bearer "+token("alice"))
			if encoding != "" {
				r.Header.Set("Content-Encoding", encoding)
			}
			res, err := w.client.Do(r)
			if err != nil {
				return 0, err.Error()
			}
			defer res.Body.Close()
			return res.StatusCode, string(must(io.ReadAll(res.Body)))
		}
		var bomb bytes.Buffer
		z := gzip.NewWriter(&bomb)
		_, _ = z.Write(bytes.Repeat([]byte(" "), 50<<20))
		_ = z.Close()
		start := "/ringtrip.v1.PhoneService/Start"
		for name, c := range map[string]struct {
			path, kind, encoding string
			body                 io.Reader
			code                 string
		}{
			"no JSON":        {start, "application/json", "", strings.NewReader("{"), "invalid_argument"},
			"wrong type":     {start, "application/json", "", strings.NewReader(`{"callee": 7}`), "invalid_argument"},
			"no protobuf":    {start, "application/proto", "", strings.NewReader("\xff\xff\xff"), "invalid_argument"},
			"bad UTF-8":      {start, "application/proto", "", strings.NewReader("\x22\x01\xff"), "invalid_argument"},
			"too big":        {start, "application/json", "", strings.NewReader(`{"callee":"` + strings.Repeat("x", 600<<10) + `"}`), "resource_exhausted"},
			"far too big":    {start, "application/json", "", io.LimitReader(endless{}, 64<<20), "resource_exhausted"},
			"gzip bomb":      {start, "application/json", "gzip", &bomb, "resource_exhausted"},
			"unknown method": {"/ringtrip.v1.PhoneService/Guess", "application/json", "", strings.NewReader("{}"), "404"},
			"unknown kind":   {start, "text/html", "", strings.NewReader("{}"), "415"},
		} {
			status, text := post(c.path, c.kind, c.body, c.encoding)
			var said struct{ Code string }
			_ = json.Unmarshal([]byte(text), &said)
			if said.Code != c.code && fmt.Sprint(status) != c.code && name != "far too big" {
				t.Errorf("%s: got %d %.200s, want %s", name, status, text, c.code)
			}
			if status == http.StatusOK {
				t.Errorf("%s: was taken", name)
			}
		}
		if status, text := post(start, "application/json", strings.NewReader(`{"deviceId":"a1","callee":"a\u0000"}`), ""); status != 400 || !strings.Contains(text, "callee") {
			t.Errorf("JSON gave %d %s", status, text)
		}
	})
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, "aaaaaaaa"), nil }

// A user's 33rd device takes the place of the one seen longest ago.
func TestDevicesMakeRoom(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for i := range 33 {
			w.phone("bob", fmt.Sprintf("b%02d", i), voip(i+1))
			time.Sleep(time.Second)
		}
		all, err := w.store.DevicesOfUser(context.Background(), app, "bob")
		if err != nil || len(all) != 32 || all[31].ID != "b01" {
			t.Errorf("bob has %d devices, the oldest is %+v, %v", len(all), all[len(all)-1], err)
		}
	})
}

// A token that moves to another device is lost to the first.
func TestTokenMoves(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.phone("alice", "a1", strings.ToUpper(voip(0xabc)))
		w.phone("bob", "b1", voip(0xabc))
		d, err := w.store.Device(context.Background(), app, "a1")
		if err != nil || d.VoIPToken != "" {
			t.Errorf("the first device is %+v, %v", d, err)
		}
	})
}

// History and lists come in pages.
func TestHistoryPages(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		var ids []string
		for range 7 {
			id := a.call("bob").Id
			if _, err := b.decline(id, v1.EndReason_END_REASON_BLOCKED, false); err != nil {
				t.Fatal(err)
			}
			ids = append([]string{id}, ids...)
			time.Sleep(time.Second)
		}
		live := a.call("bob").Id
		for who, want := range map[*phone]v1.EndReason{a: v1.EndReason_END_REASON_DECLINED, b: v1.EndReason_END_REASON_BLOCKED} {
			var got []string
			for page := ""; ; {
				r, err := who.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{Limit: 3, Before: page}))
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range r.Msg.Records {
					got = append(got, h.CallId)
					if h.Reason != want {
						t.Errorf("%s reads %s", who.user, h.Reason)
					}
				}
				if page = r.Msg.NextPage; page == "" {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(ids) {
				t.Errorf("%s reads %v, want %v", who.user, got, ids)
			}
		}
		r, err := w.ops().ListCalls(context.Background(), connect.NewRequest(&v1.ListCallsRequest{Limit: 4}))
		if err != nil || len(r.Msg.Calls) != 4 || r.Msg.Calls[0].CallId != live || r.Msg.Calls[0].Reason != 0 || r.Msg.Calls[1].CallId != ids[0] ||
			r.Msg.Calls[1].Reason != v1.EndReason_END_REASON_BLOCKED {
			t.Errorf("the list of calls is %v, %v", r, err)
		}
		l, err := w.ops().GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: live}))
		if err != nil || l.Msg.State != v1.CallState_CALL_STATE_RINGING || l.Msg.Caller.UserId != "alice" {
			t.Errorf("the ledger is %v, %v", l, err)
		}
		_, err = w.ops().GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: "018f0000-0000-7000-8000-000000000000"}))
		wantProblem(t, "ledger of nothing", err, connect.CodeNotFound, "unknown_call")
		_, err = w.ops().EndCall(context.Background(), connect.NewRequest(&v1.EndCallRequest{CallId: ids[0]}))
		wantProblem(t, "ending an ended call", err, connect.CodeFailedPrecondition, "already_ended")
	})
}

// What the server decodes itself is what it stored: an event that is broken must not stop a stream for ever.
func FuzzStart(f *testing.F) {
	w := newWorld(f, nil)
	a := w.phone("alice", "a1", "")
	w.phone("bob", "b1", voip(2))
	f.Add([]byte{}, "")
	f.Add(must(proto.Marshal(&v1.StartRequest{DeviceId: "a1", Callee: "bob", CallId: "018f0000-0000-7000-8000-000000000000"})), token("alice"))
	f.Fuzz(func(t *testing.T, body []byte, bearer string) {
		r := must(http.NewRequest("POST", "http://ringtrip.test/ringtrip.v1.PhoneService/Start", bytes.NewReader(body)))
		r.Header.Set("Content-Type", "application/proto")
		r.Header["Authorization"] = []string{"Bearer " + a.token}
		if strings.HasPrefix(bearer, "ey") && !strings.ContainsAny(bearer, "\r\n\x00") {
			r.Header["Authorization"] = []string{"Bearer " + bearer}
		}
		res, err := w.client.Do(r)
		if err != nil {
			return // no header that HTTP would carry
		}
		defer res.Body.Close()
		if text := must(io.ReadAll(res.Body)); res.StatusCode >= 500 {
			t.Errorf("%q gave %d %s", body, res.StatusCode, text)
		} else if res.StatusCode == http.StatusOK {
			var started v1.StartResponse
			if err := proto.Unmarshal(text, &started); err != nil {
				t.Fatal(err)
			}
			_, _ = a.cancel(started.Call.Id)
		}
	})
}
