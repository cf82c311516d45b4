package rig

import (
	"strings"
	"testing"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// ledger makes an ended call's ledger of one device from words: the stages' names, with a reason after a colon.
func ledger(reason v1.EndReason, words string) *v1.GetLedgerResponse {
	l := &v1.GetLedgerResponse{CallId: "c", State: v1.CallState_CALL_STATE_ENDED, Reason: reason}
	for _, w := range strings.Fields(words) {
		stage, why, _ := strings.Cut(w, ":")
		e := &v1.LedgerEntry{Stage: v1.Stage(v1.Stage_value["STAGE_"+stage]), DeviceId: "d1", DeviceName: "Bob's iPhone"}
		if e.Stage == v1.Stage_STAGE_PUSH_FAILED {
			e.Detail = why
		} else {
			e.Reason = v1.EndReason(v1.EndReason_value["END_REASON_"+why])
		}
		l.Entries = append(l.Entries, e)
	}
	return l
}

// TestWhy goes through every stage that can be missing.
func TestWhy(t *testing.T) {
	const unanswered = v1.EndReason_END_REASON_UNANSWERED
	for words, says := range map[string][]string{
		"ENDED:UNREACHABLE":                                      {`missing "push handed to the sender"`, "RegisterDevice"},
		"PUSH_FAILED:no_token ENDED:UNREACHABLE":                 {`missing "push handed to the sender"`, "neither a push token nor"},
		"PUSHED ENDED:UNANSWERED":                                {`missing "push accepted by APNs"`, "doctor"},
		"PUSHED PUSH_FAILED:410_Unregistered":                    {`missing "push accepted by APNs"`, "410_Unregistered"},
		"PUSHED ACCEPTED ENDED:UNANSWERED":                       {`missing "app woke"`, "not reported as calls"},
		"STREAMED ENDED:UNANSWERED":                              {`missing "app woke"`},
		"PUSHED ACCEPTED WOKE":                                   {`missing "reported to the call system"`, "0xBAADCA11"},
		"PUSHED WOKE":                                            {`missing "reported to the call system"`}, // accepted is told late
		"STREAMED WOKE REPORTED":                                 {`missing "ringing"`, "Focus"},
		"PUSHED ACCEPTED WOKE REPORTED ENDED:DO_NOT_DISTURB":     {"Focus or quiet hours"},
		"PUSHED ACCEPTED ENDED:BLOCKED":                          {"block list"},
		"STREAMED WOKE ENDED:BUSY":                               {"another call"},
		"PUSHED ACCEPTED WOKE REPORTED RINGING":                  {"every device rang, and nobody answered"},
		"STREAMED WOKE REPORTED RINGING ANSWERED":                {`answered, but lacks "media connected"`, "TURN"},
		"RINGING ANSWERED MEDIA_CONNECTED":                       {`lacks "audio session active"`, "setActive"},
		"RINGING ANSWERED MEDIA_CONNECTED AUDIO_ACTIVE":          {`lacks "first sound"`, "muted"},
		"RINGING ANSWERED AUDIO_ACTIVE FIRST_MEDIA ENDED:HUNGUP": nil,
	} {
		got := NotRung(ledger(unanswered, words))
		if len(says) == 0 {
			if len(got) != 0 {
				t.Errorf("%s: %q, want nothing", words, got)
			}
			continue
		}
		if len(got) != 1 {
			t.Errorf("%s: %d sentences: %q", words, len(got), got)
			continue
		}
		for _, want := range says {
			if !strings.Contains(got[0], want) {
				t.Errorf("%s: it does not say %q: %s", words, want, got[0])
			}
		}
	}
	// The caller's device has marks, too, but no leg.
	if got := NotRung(ledger(unanswered, "MEDIA_CONNECTED")); len(got) != 1 || !strings.Contains(got[0], "every device") {
		t.Errorf("the caller's device is taken for a leg: %q", got)
	}
	for _, m := range append(ringMeanings, talkMeanings...) {
		if m.lacks == "" || m.do == "" {
			t.Errorf("%s has no meaning or nothing to do", m.stage)
		}
	}
}
