package webhook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/*.json anew; understand the diff before you commit it")

// examples are one event of each shape, as receivers get it.
func examples() []Event {
	at := time.Date(2026, 3, 1, 12, 0, 9, 120_000_000, time.UTC)
	id := "019caa1f-8e00-7c3a-9d1b-4f0b6f0e2a11"
	answered, ended := at.Add(-5*time.Second), at
	call := Call{
		ID: id, State: "ringing", Caller: Party{UserID: "alice", Name: "Alice Aydın", Handle: "alice@example.com"}, Callee: Party{UserID: "bob", Handle: "bob"},
		CreatedAt: at.Add(-9 * time.Second), Deadline: at.Add(36 * time.Second), CalledFrom: "alice-phone",
	}
	over := call
	over.State, over.Reason, over.AnsweredAt, over.EndedAt, over.AnsweredBy = "ended", "hungup", &answered, &ended, "bob-phone"
	missed := call
	missed.State, missed.Reason, missed.EndedAt = "ended", "unanswered", &ended
	device := Device{ID: "bob-phone", UserID: "bob", Name: "Bob’s iPhone", Platform: "ios", BundleID: "com.example.shop", AppVersion: "1.4.0", OSVersion: "26.1", VoIPToken: true, AlertToken: true}
	dropped := device
	dropped.VoIPToken, dropped.Dropped = false, "voip"
	event := func(t Type, name string, sequence uint64, d Data) Event {
		return Event{ID: name, Type: t, Version: Version, Timestamp: at, App: "shop", Sequence: sequence, Data: d}
	}
	return []Event{
		event(CallStarted, id+"_h1_0", 64, Data{Call: &call}),
		event(LegPushed, id+"_h2_0", 128, Data{Call: &call, Leg: &Leg{DeviceID: "bob-phone", DeviceName: "Bob’s iPhone", Detail: "apns-id 0b9e…, 38ms, 1 attempt(s), production"}}),
		event(LegPushFailed, id+"_h2_0", 128, Data{Call: &call, Leg: &Leg{DeviceID: "bob-pad", Reason: "unreachable", Detail: "410 Unregistered after 1 attempt(s)"}}),
		event(CallEnded, id+"_h7_1", 449, Data{Call: &over}),
		event(CallMissed, id+"_h5_3", 323, Data{Call: &missed}),
		event(DeviceRegistered, "019caa1f-8e00-7c3a-9d1b-4f0b6f0e2a12_d", 0, Data{Device: &device}),
		event(DeviceTokenDropped, "019caa1f-8e00-7c3a-9d1b-4f0b6f0e2a13_d", 0, Data{Device: &dropped}),
		event(Test, "6a8cf2de-3c2e-4b8a-9f52-6f9a4d0d3f10_t", 0, Data{}),
	}
}

// The shape of events is a promise: what stands in testdata is what receivers have been told.
func TestGoldenEvents(t *testing.T) {
	for _, e := range examples() {
		got := append(must(json.MarshalIndent(e, "", "  ")), '\n')
		file := filepath.Join("testdata", string(e.Type)+".json")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is now\n%s, %v", file, got, err)
		}
		again, err := ParseEvent(want)
		if err != nil || !bytes.Equal(append(must(json.MarshalIndent(again, "", "  ")), '\n'), want) {
			t.Errorf("%s is read as %+v, %v", file, again, err)
		}
	}
	for _, text := range []string{"", "{}", "[]", `{"id":"a"}`, `{"id":"a","type":"b","version":2}`, `{"id":"a","type":"b"}`} {
		if e, err := ParseEvent([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, e)
		}
	}
}
