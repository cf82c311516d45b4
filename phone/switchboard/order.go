package switchboard

// An order is what a row has done, as one or more effects.
type order uint8

const (
	ring order = iota
	busy
	restart
	fulfillGroup
	failGroup
	resumeGroup
	askResumable
	makeRoom
	holdTalking
	endActive
	endHeld
	resumeOther
	resumeBoth
	askStart
	askAnswer
	askHold
	askResume
	askGroup
	askSplit
)

var orders = [...]struct {
	name string
	give func(t *turn)
}{
	ring:         {"ring", func(t *turn) { t.order(Ring, t.event.Line) }},
	busy:         {"busy", func(t *turn) { t.order(Busy, None) }},
	restart:      {"take the sound back and lend it again", restartSound},
	fulfillGroup: {"fulfil the action", func(t *turn) { t.order(FulfillGroup, t.event.Line) }},
	failGroup:    {"fail the action", func(t *turn) { t.order(FailGroup, t.event.Line) }},
	resumeGroup:  {"ask to resume members on hold", resumeMembers},
	askResumable: {"ask to resume who can", func(t *turn) { t.order(AskHold, t.before.resumable()) }},
	makeRoom:     {"ask to hold who talks and to end who dials", func(t *turn) { t.hold(t.event.Line); t.each(AskEnd, Line.dials) }},
	holdTalking:  {"ask to hold who talks", func(t *turn) { t.hold(t.before.swappable()) }},
	endActive:    {"ask to end who is not on hold", func(t *turn) { t.each(AskEnd, Line.active) }},
	endHeld:      {"ask to end who is on hold", func(t *turn) { t.each(AskEnd, Line.onHold) }},
	resumeOther:  {"ask to resume the other", resumeSwapped},
	resumeBoth:   {"ask to resume the two", resumePair},
	askStart:     {"ask to start", func(t *turn) { t.order(AskStart, t.event.Line) }},
	askAnswer:    {"ask to answer", func(t *turn) { t.order(AskAnswer, t.event.Line) }},
	askHold:      {"ask to hold", func(t *turn) { t.out = append(t.out, Effect{Kind: AskHold, Line: t.event.Line, With: None, On: true}) }},
	askResume:    {"ask to resume", func(t *turn) { t.order(AskHold, t.event.Line) }},
	askGroup:     {"ask to group", func(t *turn) { t.out = append(t.out, Effect{Kind: AskGroup, Line: t.event.Line, With: t.event.With}) }},
	askSplit:     {"ask to leave the group", func(t *turn) { t.order(AskGroup, t.event.Line) }},
}

// hold asks to hold who talks, for a line.
func (t *turn) hold(for1 uint8) {
	for i, l := range t.before.Lines {
		if uint8(i) != for1 && l.talks() {
			t.out = append(t.out, Effect{Kind: AskHold, Line: uint8(i), With: None, On: true})
			t.next.Lines[i].Wish = ForLine + For(for1)
		}
	}
}

// restartSound begins the sound anew: a session that is given twice has lost what ran on it.
func restartSound(t *turn) {
	for i := range uint8(Lines) {
		if t.m.speaks(&t.before, i) {
			t.order(TakeBack, i)
		}
	}
	for i := range uint8(Lines) {
		if t.m.speaks(&t.before, i) {
			t.order(Lend, i)
		}
	}
}

// resumeMembers asks to resume the members of the new group that are on hold: the system unholds before it groups,
// a group that the app made has to do it by itself.
func resumeMembers(t *turn) {
	group := t.next.Lines[t.event.Line].Group
	for i, l := range t.next.Lines {
		if l.Group == group && l.Held {
			t.order(AskHold, uint8(i))
		}
	}
}

// resumeSwapped asks to resume the call that a swap brings to the front, with its group.
func resumeSwapped(t *turn) {
	other := t.before.swappable()
	group := t.before.Lines[other].Group
	for i, l := range t.before.Lines {
		if uint8(i) == other || group != 0 && l.Group == group {
			t.order(AskHold, uint8(i))
		}
	}
}

// resumePair asks to resume those of the two calls to be grouped that are on hold, for grouping alone would leave them so.
func resumePair(t *turn) {
	for i, l := range t.before.Lines {
		if (uint8(i) == t.event.Line || uint8(i) == t.event.With) && l.Held {
			t.order(AskHold, uint8(i))
		}
	}
}
