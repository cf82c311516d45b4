package switchboard

// A guard is a condition of a row.
type guard uint8

const (
	always guard = iota
	ifOn
	ifOff
	ifHeld
	ifNotHeld
	ifMayRing
	ifLent
	ifWaits
	ifUnsettled
	ifRoom
	ifRoomBeside
	ifAnotherDials
	ifActive
	ifSwappable
	ifCannotMix
	ifGroupable
	ifGrouped
	ifLeaving
)

var guards = [...]struct {
	name  string
	holds func(b Board, e Event) bool
}{
	always:    {"", func(Board, Event) bool { return true }},
	ifOn:      {"on", func(_ Board, e Event) bool { return e.On }},
	ifOff:     {"off", func(_ Board, e Event) bool { return !e.On }},
	ifHeld:    {"held", func(b Board, e Event) bool { return b.Lines[e.Line].Held }},
	ifNotHeld: {"not held", func(b Board, e Event) bool { return !b.Lines[e.Line].Held }},
	ifMayRing: {"it must, or no other call is here, or calls may wait", func(b Board, e Event) bool {
		return e.On || !b.Live() || b.Policy.waiting()
	}},
	ifLent:  {"lent already", func(b Board, _ Event) bool { return b.Lent }},
	ifWaits: {"the timer ran", func(b Board, _ Event) bool { return b.Waits() }},
	ifUnsettled: {"a call starts, rings or dials", func(b Board, _ Event) bool {
		return b.count(func(l Line) bool { return l.State == Starting || l.State == Ringing || l.State == Dialing }) > 0
	}},
	ifRoom: {"fewer groups than the policy allows", func(b Board, _ Event) bool { return b.groups() < max(1, int(b.Policy.Groups)) }},
	ifRoomBeside: {"fewer groups than the policy allows, without one that dials", func(b Board, _ Event) bool {
		return b.groups()-b.count(Line.dials) < max(1, int(b.Policy.Groups))
	}},
	ifAnotherDials: {"another call dials", func(b Board, e Event) bool {
		return b.Lines[e.Line].Held && b.count(Line.dials) > 0
	}},
	ifActive:    {"a call is not on hold", func(b Board, _ Event) bool { return b.count(Line.active) > 0 }},
	ifSwappable: {"one talks, one is on hold", func(b Board, _ Event) bool { return b.count(Line.talks) > 0 && b.swappable() != None }},
	ifCannotMix: {"media can't mix", func(b Board, e Event) bool { return !b.Policy.Mixes && b.partner(e) }},
	ifGroupable: {"media can mix, the other is another one that talks", func(b Board, e Event) bool { return b.Policy.Mixes && b.partner(e) }},
	ifGrouped:   {"in a group", func(b Board, e Event) bool { return b.Lines[e.Line].Group != 0 }},
	ifLeaving:   {"in a group, and leaves it", func(b Board, e Event) bool { return b.Lines[e.Line].Group != 0 && e.With == None }},
}

// partner reports whether e names a second call that talks.
func (b Board) partner(e Event) bool {
	return e.With != None && e.With != e.Line && b.Lines[e.With].State == Talking
}

// A change is what a row does to the board besides the line's state.
type change uint8

const (
	nothing change = iota
	isInFront
	isHeld
	isResumed
	isOver
	isOwn
	isLent
	isTakenBack
	isForeign
	isJoined
	isSplit
	isReset
	isTried
)

var changes = [...]struct {
	name string
	make func(b *Board, e Event)
}{
	nothing:     {"", func(*Board, Event) {}},
	isInFront:   {"in front, unless on hold", toFront},
	isHeld:      {"held, and for whom", hold},
	isResumed:   {"not held, in front", resume},
	isOver:      {"forgotten", func(b *Board, e Event) { b.Lines[e.Line] = Line{} }},
	isOwn:       {"the user wants it", func(b *Board, e Event) { b.Lines[e.Line].Own = true }},
	isLent:      {"audio session lent", func(b *Board, _ Event) { b.Lent = true }},
	isTakenBack: {"audio session taken back", func(b *Board, _ Event) { b.Lent = false }},
	isForeign:   {"other apps' calls as said", func(b *Board, e Event) { b.Foreign = min(e.Foreign, ForeignOn) }},
	isJoined:    {"one group, of all members of both", join},
	isSplit:     {"in no group", func(b *Board, e Event) { b.Lines[e.Line].Group = 0 }},
	isReset:     {"everything gone", func(b *Board, _ Event) { *b = New(b.Policy) }},
	isTried:     {"resume was asked for", func(b *Board, _ Event) { b.Tried = true }},
}

// toFront puts a call that talks in front. Who was in front until then, and was put on hold by hand, waits for it: that
// is how a swap looks from here, two actions without a word about each other.
func toFront(b *Board, e Event) {
	if b.Lines[e.Line].State != Talking || b.Lines[e.Line].Held {
		return
	}
	if f := b.Front; f != None && f != e.Line && b.Lines[f].For == ForUser {
		b.Lines[f].For = ForLine + For(e.Line)
	}
	b.Front = e.Line
}

// resume takes a line off hold. A wish to hold it that the system did not carry out is over with it.
func resume(b *Board, e Event) {
	l := &b.Lines[e.Line]
	l.Held, l.For, l.Own = false, ForNobody, false
	toFront(b, e)
}

// hold holds a line, for the call that it makes way for: another app's, one of ours that comes, or one of ours that has
// come already (the system may answer before it holds). Without any it is the user's wish.
func hold(b *Board, e Event) {
	l := &b.Lines[e.Line]
	if l.Held {
		return
	}
	own := l.Own
	l.Held, l.Own, l.For = true, false, ForUser
	if own {
		return
	}
	if b.Foreign != NoForeign { // also one on hold: with two calls the system's button is swap, not hold
		l.For = ForForeign
		return
	}
	for _, coming := range []State{Starting, Ringing, Dialing, Talking} {
		for i, other := range b.Lines {
			if uint8(i) != e.Line && other.State == coming && !other.Held && (other.Group == 0 || other.Group != l.Group) {
				l.For = ForLine + For(i)
				return
			}
		}
	}
}

// join makes one group of two calls and all who are grouped with either.
func join(b *Board, e Event) {
	x, y := b.Lines[e.Line].Group, b.Lines[e.With].Group
	number := min(e.Line, e.With) + 1
	for i := range b.Lines {
		l := &b.Lines[i]
		if i == int(e.Line) || i == int(e.With) || l.Group != 0 && (l.Group == x || l.Group == y) {
			number = min(number, uint8(i)+1)
		}
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		if i == int(e.Line) || i == int(e.With) || l.Group != 0 && (l.Group == x || l.Group == y) {
			l.Group = number
		}
	}
}
