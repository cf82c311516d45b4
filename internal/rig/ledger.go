package rig

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Bearer returns an interceptor that authorises every request, also streams.
func Bearer(token string) connect.Interceptor { return bearer("Bearer " + token) }

type bearer string

func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if r.Spec().IsClient {
			r.Header().Set("Authorization", string(b))
		}
		return next(ctx, r)
	}
}

func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, s connect.Spec) connect.StreamingClientConn {
		c := next(ctx, s)
		c.RequestHeader().Set("Authorization", string(b))
		return c
	}
}

func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// ReasonWord returns the word for a reason of the wire, as "answered_elsewhere"; empty while the call lives.
func ReasonWord(r v1.EndReason) string { return call.Reason(r).String() }

// stages are the ledger's stages in words, in the order in which a call goes through them.
var stages = []struct {
	stage v1.Stage
	word  string
}{
	{v1.Stage_STAGE_STARTED, "started"},
	{v1.Stage_STAGE_STREAMED, "offered over its open stream"},
	{v1.Stage_STAGE_PUSHED, "push handed to the sender"},
	{v1.Stage_STAGE_ACCEPTED, "push accepted by APNs"},
	{v1.Stage_STAGE_PUSH_FAILED, "push failed"},
	{v1.Stage_STAGE_WOKE, "app woke"},
	{v1.Stage_STAGE_REPORTED, "reported to the call system"},
	{v1.Stage_STAGE_RINGING, "ringing"},
	{v1.Stage_STAGE_ANSWERED, "answered"},
	{v1.Stage_STAGE_MEDIA_CONNECTED, "media connected"},
	{v1.Stage_STAGE_AUDIO_ACTIVE, "audio session active"},
	{v1.Stage_STAGE_FIRST_MEDIA, "first sound"},
	{v1.Stage_STAGE_HELD, "held"},
	{v1.Stage_STAGE_RESUMED, "resumed"},
	{v1.Stage_STAGE_CARRIER, "carrier"},
	{v1.Stage_STAGE_ENDED, "ended"},
	{v1.Stage_STAGE_CALL_ENDED, "call ended"},
	{v1.Stage_STAGE_ALERT_SENT, "missed call handed to the sender"},
	{v1.Stage_STAGE_ALERT_ACCEPTED, "missed call accepted by APNs"},
	{v1.Stage_STAGE_ALERT_FAILED, "missed call not delivered"},
}

// StageWord returns a stage in words, as "push accepted by APNs".
func StageWord(s v1.Stage) string {
	for _, st := range stages {
		if st.stage == s {
			return st.word
		}
	}
	return strings.ToLower(strings.TrimPrefix(s.String(), "STAGE_"))
}

// FormatLedger renders a ledger for people: the timeline with milliseconds since the start, then for each leg
// that did not ring the first stage that is missing and what that means.
func FormatLedger(l *v1.GetLedgerResponse) string {
	var b strings.Builder
	state := "live"
	if l.Reason != v1.EndReason_END_REASON_UNSPECIFIED {
		state = "ended: " + ReasonWord(l.Reason)
	}
	fmt.Fprintf(&b, "call %s  %s → %s  %s\n", l.CallId, party(l.Caller), party(l.Callee), state)
	if len(l.Entries) == 0 {
		return b.String()
	}
	begin := l.Entries[0].At.AsTime()
	for _, e := range l.Entries {
		who := e.DeviceName
		if who == "" {
			who = e.DeviceId
		}
		if who == "" {
			who = "call"
		}
		text := StageWord(e.Stage)
		if w := ReasonWord(e.Reason); w != "" {
			text += " (" + w + ")"
		}
		if e.Detail != "" {
			text += "  " + e.Detail
		}
		fmt.Fprintf(&b, "%+9.1f ms  %-18s %s\n", float64(e.At.AsTime().Sub(begin))/float64(time.Millisecond), who, text)
	}
	for _, why := range NotRung(l) {
		fmt.Fprintln(&b, why)
	}
	return b.String()
}

func party(p *v1.Party) string { return cmp.Or(p.GetName(), p.GetUserId()) }
