package fork

import "fmt"

var (
	stateNames    = [...]string{"idle", "ringing", "answered", "ended"}
	legStateNames = [...]string{"none", "created", "pushed", "woke", "ringing", "answered", "ended", "waiting"}
	eventNames    = [...]string{
		"", "start", "join", "push_accepted", "push_failed", "wake", "ring", "answer", "decline", "busy", "cancel",
		"caller_hangup", "leg_hangup", "caller_hold", "leg_hold", "ring_timeout", "abandoned", "glare", "end",
		"next_group", "move", "move_caller", "enter", "caller_leave", "offer_move", "withdraw", "take",
	}
	effectNames = [...]string{"", "push_leg", "tell_caller", "tell_leg", "arm_ring", "arm_alive", "clear_timer", "record", "accept", "refuse", "arm_next"}
)

func name(names []string, kind string, n uint8) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", kind, n)
}

// String returns the state's word, as logs and docs have it.
func (s State) String() string { return name(stateNames[:], "State", uint8(s)) }

// String returns the leg state's word.
func (s LegState) String() string { return name(legStateNames[:], "LegState", uint8(s)) }

// String returns the kind's word.
func (k EventKind) String() string { return name(eventNames[:], "EventKind", uint8(k)) }

// String returns the kind's word.
func (k EffectKind) String() string { return name(effectNames[:], "EffectKind", uint8(k)) }

// String returns e as logs have it, such as "answer leg 1" or "decline leg 0 blocked".
func (e Event) String() string {
	s := e.Kind.String()
	if e.Kind.hasLeg() {
		s += fmt.Sprintf(" leg %d", e.Leg)
	}
	if e.Kind == Start {
		s += fmt.Sprintf(" %d legs", e.N)
	}
	if e.Reason != 0 {
		s += " " + e.Reason.String()
	}
	if e.On {
		s += " on"
	}
	return s
}

// String returns e as logs have it, such as "tell_leg 1" or "record cancelled".
func (e Effect) String() string {
	s := e.Kind.String()
	switch e.Kind {
	case PushLeg, TellLeg, Accept, Refuse:
		s += fmt.Sprintf(" %d", e.Leg)
	case TellCaller, ArmRing, ArmAlive, ClearTimer, Record:
	}
	if e.Reason != 0 {
		s += " " + e.Reason.String()
	}
	return s
}
