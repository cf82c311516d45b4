package switchboard

import "fmt"

var (
	stateNames   = [...]string{"free", "starting", "dialing", "ringing", "talking"}
	foreignNames = [...]string{"none", "held", "on"}
	forNames     = [...]string{"", "user", "foreign", "gone"}
	eventNames   = [...]string{
		"", "offered", "started", "answered", "held", "hold_failed", "ended", "audio_on", "audio_off", "foreign_is", "grouped", "reset",
		"patience", "want_start", "want_answer", "want_end_answer", "want_end_held_answer", "want_hold", "want_resume",
		"want_swap", "want_merge", "want_split",
	}
	effectNames = [...]string{
		"", "ring", "busy", "lend", "take_back", "fulfill_group", "fail_group", "ask_start", "ask_answer", "ask_end",
		"ask_hold", "ask_group", "refuse", "start_timer", "stop_timer",
	}
	refusalNames = [...]string{"", "no_such_call", "on_call", "too_many", "nothing_to_swap", "cannot_mix"}
)

func name(names []string, kind string, n uint8) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", kind, n)
}

// String returns the state's word, as logs and docs have it.
func (s State) String() string { return name(stateNames[:], "State", uint8(s)) }

// String returns the word for f.
func (f Foreign) String() string { return name(foreignNames[:], "Foreign", uint8(f)) }

// String returns the word for f, as "line 1" for a line.
func (f For) String() string {
	if f >= ForLine {
		return fmt.Sprintf("line %d", f-ForLine)
	}
	return forNames[f]
}

// String returns the kind's word.
func (k EventKind) String() string { return name(eventNames[:], "EventKind", uint8(k)) }

// String returns the kind's word.
func (k EffectKind) String() string { return name(effectNames[:], "EffectKind", uint8(k)) }

// String returns the word for r.
func (r Refusal) String() string { return name(refusalNames[:], "Refusal", uint8(r)) }

// String returns e as logs have it, such as "held 0 on" or "want_merge 0 with 1".
func (e Event) String() string {
	s := e.Kind.String()
	switch e.Kind {
	case AudioOn, AudioOff, Reset, Patience, WantSwap, WantStart, Offered:
	case ForeignIs:
		s += " " + e.Foreign.String()
	default:
		s += fmt.Sprintf(" %d", e.Line)
	}
	if e.Kind == WantMerge || e.Kind == Grouped && e.With < Lines {
		s += fmt.Sprintf(" with %d", e.With)
	}
	if e.On {
		s += " on"
	}
	if e.Gone {
		s += " for a call that is over"
	}
	return s
}

// String returns e as logs have it, such as "ask_hold 0 on" or "refuse too_many".
func (e Effect) String() string {
	s := e.Kind.String()
	if e.Line < Lines {
		s += fmt.Sprintf(" %d", e.Line)
	}
	if e.With < Lines {
		s += fmt.Sprintf(" with %d", e.With)
	}
	if e.Why != 0 {
		s += " " + e.Why.String()
	}
	if e.On {
		s += " on"
	}
	return s
}
