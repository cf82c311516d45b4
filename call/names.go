package call

import "fmt"

var (
	stateNames     = [...]string{"idle", "reporting", "ringing", "dialing", "alerting", "connecting", "connected", "ended"}
	actionNames    = [...]string{"", "start", "answer", "end", "hold", "mute", "dtmf"}
	transportNames = [...]string{"cold", "warming", "up", "lost", "gone"}
	eventNames     = [...]string{
		"", "push", "expired_push", "offered", "remote_ringing", "remote_answered", "remote_ended", "remote_hold", "unknown",
		"reported", "refused", "perform", "timed_out", "audio_on", "audio_off", "system_reset", "leftover", "leftover_live",
		"media_up", "media_down", "media_gone", "ring_timeout", "fulfill_timer", "media_timeout",
	}
	effectNames = [...]string{
		"", "report_incoming", "report_ended", "report_connecting", "report_connected", "fulfill", "fail", "fulfill_pending",
		"fail_pending", "send_invite", "send_ringing", "send_answer", "send_decline", "send_busy", "send_cancel", "send_hangup",
		"send_hold", "warm_media", "start_audio", "stop_audio", "mute_media", "hold_media", "play_dtmf", "close_media",
		"start_timer", "stop_timer",
	}
)

func name(names []string, kind string, n uint8) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", kind, n)
}

// String returns the state's word, as logs and docs have it.
func (s State) String() string { return name(stateNames[:], "State", uint8(s)) }

// String returns the action's word, "" for NoAction.
func (a Action) String() string { return name(actionNames[:], "Action", uint8(a)) }

// String returns the transport's word.
func (t Transport) String() string { return name(transportNames[:], "Transport", uint8(t)) }

// String returns the kind's word.
func (k EventKind) String() string { return name(eventNames[:], "EventKind", uint8(k)) }

// String returns the kind's word.
func (k EffectKind) String() string { return name(effectNames[:], "EffectKind", uint8(k)) }

// String returns e as logs have it, such as "perform answer" or "remote_ended cancelled".
func (e Event) String() string {
	s := e.Kind.String()
	if e.Action != NoAction {
		s += " " + e.Action.String()
	}
	if e.Reason != NotEnded {
		s += " " + e.Reason.String()
	}
	if e.On {
		s += " on"
	}
	return s
}

// String returns e as logs have it, such as "send_hangup media_failed" or "start_timer ring_timeout".
func (e Effect) String() string {
	s := e.Kind.String()
	if e.Reason != NotEnded {
		s += " " + e.Reason.String()
	}
	if e.Timer != 0 {
		s += " " + e.Timer.String()
	}
	if e.On {
		s += " on"
	}
	return s
}
