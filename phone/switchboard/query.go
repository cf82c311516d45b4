package switchboard

// Active reports whether line i has a call that is answered or dialing and not on hold.
func (b Board) Active(i uint8) bool { return i < Lines && b.Lines[i].active() }

func (l Line) active() bool {
	return (l.State == Dialing || l.State == Talking) && !l.Held
}

// talks reports whether l is answered and not on hold.
func (l Line) talks() bool { return l.State == Talking && !l.Held }

// dials reports whether l is outgoing, not answered and not on hold. The system holds only what is answered.
func (l Line) dials() bool { return l.State == Dialing && !l.Held }

// onHold reports whether l has a call on hold.
func (l Line) onHold() bool { return (l.State == Dialing || l.State == Talking) && l.Held }

// Speaks reports whether the audio session is line i's: it is answered, not on hold, in front or of the group that
// is, and the system lends the session. At most one call, or one group, speaks.
func (b Board) Speaks(i uint8) bool { return standard.speaks(&b, i) }

// CanResume reports whether line i is on hold, not by the user's wish, and nothing else is on the phone that is not on
// hold: what it was held for is over, or on hold itself. The system does not resume it by itself
// (developer.apple.com/forums 715488).
func (b Board) CanResume(i uint8) bool {
	return i < Lines && b.Lines[i].onHold() && b.Lines[i].For != ForUser && b.quiet()
}

// goesOn reports whether line i may be resumed by request: what it was held for is over.
func (b Board) goesOn(i uint8) bool { return b.CanResume(i) && b.Lines[i].For == ForGone }

// quiet reports whether everything on the phone is on hold.
func (b Board) quiet() bool {
	if b.Foreign == ForeignOn {
		return false
	}
	for _, l := range b.Lines {
		if l.State == Starting || l.State == Ringing || l.active() {
			return false
		}
	}
	return true
}

// resumable returns the line that is resumed by request: who was in front last comes first.
func (b Board) resumable() uint8 {
	if b.goesOn(b.Front) {
		return b.Front
	}
	for i := range uint8(Lines) {
		if b.goesOn(i) {
			return i
		}
	}
	return None
}

// Waits reports whether the timer of Patience runs.
func (b Board) Waits() bool { return standard.waits(&b) }

// Live reports whether any line has a call.
func (b Board) Live() bool { return b.count(func(l Line) bool { return l.State != Free }) > 0 }

// groups counts what Policy.Groups limits, without calls that ring.
func (b Board) groups() int {
	n := 0
	for i, l := range b.Lines {
		if l.State == Free || l.State == Ringing {
			continue
		}
		if l.Group == 0 || b.firstOf(l.Group) == uint8(i) {
			n++
		}
	}
	return n
}

func (b Board) firstOf(group uint8) uint8 {
	for i, l := range b.Lines {
		if l.Group == group {
			return uint8(i)
		}
	}
	return None
}

func (b Board) count(is func(Line) bool) int {
	n := 0
	for _, l := range b.Lines {
		if is(l) {
			n++
		}
	}
	return n
}

// free returns the first free line.
func (b Board) free() uint8 {
	for i, l := range b.Lines {
		if l.State == Free {
			return uint8(i)
		}
	}
	return None
}

// swappable returns a call that is on hold and may take the place of who talks: the one that was held for it, else
// the first.
func (b Board) swappable() uint8 {
	found := None
	for i := range uint8(Lines) {
		l := b.Lines[i]
		if l.State != Talking || !l.Held {
			continue
		}
		if l.For >= ForLine && b.Active(uint8(l.For-ForLine)) {
			return i
		}
		if found == None {
			found = i
		}
	}
	return found
}

// CanAnswer reports whether line i rings and may be answered beside the other calls, with who talks held first.
func (b Board) CanAnswer(i uint8) bool {
	return i < Lines && b.Lines[i].State == Ringing && guards[ifRoomBeside].holds(b, Event{Line: i})
}

// Waiting reports whether line i rings during another call, ours or not.
func (b Board) Waiting(i uint8) bool {
	return i < Lines && b.Lines[i].State == Ringing &&
		(b.Foreign != NoForeign || b.count(func(l Line) bool { return l.active() || l.onHold() }) > 0)
}

// OnHold reports whether line i has a call on hold.
func (b Board) OnHold(i uint8) bool { return i < Lines && b.Lines[i].onHold() }

// CanSwap reports whether one call talks and one is on hold.
func (b Board) CanSwap() bool { return guards[ifSwappable].holds(b, Event{}) }
