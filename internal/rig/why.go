package rig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// meaning is what it means if a stage is missing, and what to do about it.
type meaning struct {
	stage v1.Stage
	lacks string
	do    string
}

// ringMeanings are the stages on the way to a ring, in order. A leg that did not ring is explained by the first that is
// missing.
var ringMeanings = []meaning{
	{v1.Stage_STAGE_PUSHED, "the server had neither a push token nor an open stream for this device",
		"let the app call RegisterDevice with PushKit's token at every launch; look for DROP in the server's log: APNs may have said that the token is dead"},
	{v1.Stage_STAGE_ACCEPTED, "APNs did not take the push",
		"its reason stands in the line above; ringtrip push --device TOKEN sends another and explains the answer; ringtrip doctor checks key, team and topic"},
	{v1.Stage_STAGE_WOKE, "APNs took the push, or the stream had the offer, but the app never said that it has it",
		"the phone was off, offline or in another environment; or iOS stopped delivering VoIP pushes to the app after some that were not reported as calls (reinstalling the app ends that); or the app was force-quit before its first unlock"},
	{v1.Stage_STAGE_REPORTED, "the app ran but did not report the call to the system",
		"report within the PushKit callback, before any network or disk: iOS kills an app that does not (forums 817976); look for 0xBAADCA11 in the device's crash logs"},
	{v1.Stage_STAGE_RINGING, "the call was reported but the system did not show it",
		"the report's error says why: Focus (3), block list (4), another call; or the ring was over before it was shown"},
}

// talkMeanings are the stages after the answer, for the device that answered.
var talkMeanings = []meaning{
	{v1.Stage_STAGE_MEDIA_CONNECTED, "the media transport never connected",
		"look at the ICE servers (--ice): phones behind mobile networks need TURN; of a call with a carrier, at the lines of the carrier above"},
	{v1.Stage_STAGE_AUDIO_ACTIVE, "the system never lent the audio session",
		"fulfil the answer action before waiting for didActivate, and never call setActive yourself (forums 761549)"},
	{v1.Stage_STAGE_FIRST_MEDIA, "no sound of the far end was decoded",
		"the transport is up: is the far end muted, does it send, is the codec known?"},
}

// reasonMeanings explain legs that ended for a reason of their own.
var reasonMeanings = map[v1.EndReason]string{
	v1.EndReason_END_REASON_DO_NOT_DISTURB: "a Focus or quiet hours silenced the call on this device: that is the user's wish",
	v1.EndReason_END_REASON_BLOCKED:        "the caller is on the user's block list",
	v1.EndReason_END_REASON_REPLACED:       "both called each other at once, and the older call went on",
	v1.EndReason_END_REASON_BUSY:           "the device was on another call that it did not want to put on hold",
}

// told is what the ledger has of one device.
type told struct {
	name   string
	stages map[v1.Stage]bool
	reason v1.EndReason // of its leg
	detail string       // of the failed push
}

// devices sorts a ledger by device, in the order in which they turn up.
func devices(l *v1.GetLedgerResponse) ([]string, map[string]*told) {
	var order []string
	all := map[string]*told{}
	for _, e := range l.Entries {
		if e.DeviceId == "" {
			continue
		}
		d := all[e.DeviceId]
		if d == nil {
			d = &told{stages: map[v1.Stage]bool{}}
			all[e.DeviceId] = d
			order = append(order, e.DeviceId)
		}
		d.stages[e.Stage] = true
		d.name = cmp.Or(e.DeviceName, d.name)
		switch e.Stage {
		case v1.Stage_STAGE_ENDED:
			d.reason = e.Reason
		case v1.Stage_STAGE_PUSH_FAILED:
			d.detail = e.Detail
		}
	}
	return order, all
}

// NotRung says for each leg that did not ring which stage is the first that is missing, what that means and what to do;
// and, for the device that answered, what is missing of the talk.
func NotRung(l *v1.GetLedgerResponse) []string {
	order, all := devices(l)
	var out []string
	for _, id := range order {
		d := all[id]
		who := cmp.Or(d.name, id)
		if d.stages[v1.Stage_STAGE_ANSWERED] {
			if m, ok := missing(talkMeanings, d.stages); ok && l.State == v1.CallState_CALL_STATE_ENDED {
				out = append(out, fmt.Sprintf("%s answered, but lacks %q: %s. To do: %s", who, StageWord(m.stage), m.lacks, m.do))
			}
			continue
		}
		if !isLeg(d.stages) || d.stages[v1.Stage_STAGE_RINGING] {
			continue
		}
		out = append(out, who+" did not ring: "+d.why())
	}
	if answered(all) {
		return out
	}
	if len(out) == 0 && l.Reason == v1.EndReason_END_REASON_UNANSWERED {
		out = append(out, "every device rang, and nobody answered")
	}
	return out
}

// isLeg reports whether stages are those of a callee's device.
func isLeg(stages map[v1.Stage]bool) bool {
	return slices.ContainsFunc([]v1.Stage{v1.Stage_STAGE_PUSHED, v1.Stage_STAGE_STREAMED, v1.Stage_STAGE_PUSH_FAILED, v1.Stage_STAGE_ACCEPTED,
		v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_ENDED}, func(s v1.Stage) bool { return stages[s] })
}

func answered(all map[string]*told) bool {
	for _, d := range all {
		if d.stages[v1.Stage_STAGE_ANSWERED] {
			return true
		}
	}
	return false
}

// why explains a leg that did not ring.
func (d *told) why() string {
	if text, ok := reasonMeanings[d.reason]; ok {
		return text
	}
	way := ringMeanings
	switch {
	case d.stages[v1.Stage_STAGE_PUSH_FAILED] && d.stages[v1.Stage_STAGE_PUSHED]:
		m := ringMeanings[1]
		return fmt.Sprintf("missing %q: %s (%s). To do: %s", StageWord(m.stage), m.lacks, strings.TrimSuffix(d.detail, "."), m.do)
	case d.stages[v1.Stage_STAGE_STREAMED] && !d.stages[v1.Stage_STAGE_PUSHED]:
		way = ringMeanings[2:] // reached by its stream: no push was needed
	}
	m, ok := missing(way, d.stages)
	if !ok {
		return "nothing is missing before the ring itself"
	}
	return fmt.Sprintf("missing %q: %s. To do: %s", StageWord(m.stage), m.lacks, m.do)
}

// missing returns the first stage of a way that is neither there nor overtaken by a later one: marks may be lost.
func missing(way []meaning, stages map[v1.Stage]bool) (meaning, bool) {
	last := -1
	for i, m := range way {
		if stages[m.stage] {
			last = i
		}
	}
	if last+1 == len(way) {
		return meaning{}, false
	}
	return way[last+1], true
}
