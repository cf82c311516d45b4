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
	isNoWish
	isInFront
	isHeld
	isResumed
	isOver
	isWish
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
	isNoWish:    {"the user's wish is over", func(b *Board, e Event) { b.Lines[e.Line].Wish = ForNobody }},
	isInFront:   {"in front, unless on hold", toFront},
	isHeld:      {"held, and for whom", hold},
	isResumed:   {"not held, in front", resume},
	isOver:      {"forgotten", func(b *Board, e Event) { b.Lines[e.Line] = Line{} }},
	isWish:      {"the user wants it", func(b *Board, e Event) { b.Lines[e.Line].Wish = ForUser }},
	isLent:      {"audio session lent", func(b *Board, _ Event) { b.Lent = true }},
	isTakenBack: {"audio session taken back", func(b *Board, _ Event) { b.Lent = false }},
	isForeign:   {"other apps' calls as said", func(b *Board, e Event) { b.Foreign = min(e.Foreign, ForeignOn) }},
	isJoined:    {"one group, of all members of both", join},
	isSplit:     {"in no group", func(b *Board, e Event) { b.Lines[e.Line].Group = 0 }},
	isReset:     {"everything gone", func(b *Board, _ Event) { *b = New(b.Policy) }},
	isTried:     {"resume was asked for", func(b *Board, _ Event) { b.Tried = true }},
}

// toFront puts a call that talks in front.
func toFront(b *Board, e Event) {
	if b.Lines[e.Line].State != Talking || b.Lines[e.Line].Held {
		return
	}
	b.Front = e.Line
}

// resume takes a line off hold. A wish to hold it that the system did not carry out is over with it.
func resume(b *Board, e Event) {
	l := &b.Lines[e.Line]
	l.Held, l.For, l.Wish = false, ForNobody, ForNobody
	toFront(b, e)
}

// hold holds a line, for what the app asked for, else for the call that it makes way for: another app's, one of ours that comes, one of ours that has
// come already (the system may answer before it holds), or one of ours that is on hold (with two calls the system's
// button is swap, and a swap is two actions without a word about each other). Without any it is the user's wish.
func hold(b *Board, e Event) {
	l := &b.Lines[e.Line]
	if l.Held {
		return
	}
	wish := l.Wish
	l.Held, l.Wish = true, ForNobody
	switch coming, waiting := b.other(e.Line, false), b.other(e.Line, true); {
	case wish != ForNobody:
		l.For = wish
	case b.Foreign == ForeignOn:
		l.For = ForForeign
	case e.Gone:
		l.For = ForGone
	case coming != None:
		l.For = ForLine + For(coming)
	case b.Foreign == ForeignHeld:
		l.For = ForForeign
	case waiting != None:
		l.For = ForLine + For(waiting)
	default:
		l.For = ForUser
	}
}

// other returns a call besides line i, and besides those of its group, that is on hold or is not; the one that is
// nearest to its beginning.
func (b Board) other(i uint8, held bool) uint8 {
	for _, s := range []State{Starting, Ringing, Dialing, Talking} {
		for j, l := range b.Lines {
			if uint8(j) != i && l.State == s && l.Held == held && (l.Group == 0 || l.Group != b.Lines[i].Group) {
				return uint8(j)
			}
		}
	}
	return None
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
