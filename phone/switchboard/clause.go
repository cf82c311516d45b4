package switchboard

// A need is a named condition on a turn.
type need struct {
	name string
	is   func(t *turn) bool
}

// A clause holds for every event: when all of its needs are met, it is done.
type clause struct {
	name string
	when []need
	do   func(t *turn)
}

// A claim is a named condition on a board, of one line or of none in particular.
type claim struct {
	name string
	is   func(b *Board, line uint8) bool
}

// speak is what must hold for a line to have the sound.
var speak = []claim{
	{"the system lends the audio session", func(b *Board, _ uint8) bool { return b.Lent }},
	{"answered", func(b *Board, i uint8) bool { return b.Lines[i].State == Talking }},
	{"not held", func(b *Board, i uint8) bool { return !b.Lines[i].Held }},
	{"in front, or of the group that is", func(b *Board, i uint8) bool {
		if b.Front >= Lines {
			return false
		}
		group := b.Lines[b.Front].Group
		return b.Front == i || group != 0 && group == b.Lines[i].Group
	}},
}

// wait is what must hold for the timer of Patience to run.
var wait = []claim{
	{"a call can be resumed", func(b *Board, _ uint8) bool { return b.resumable() != None }},
	{"it is not only to be offered", func(b *Board, _ uint8) bool { return !b.Policy.StayHeld }},
	{"the user holds no call by his own wish", func(b *Board, _ uint8) bool {
		return b.count(func(l Line) bool { return l.For == ForUser }) == 0
	}},
	{"it was not asked for yet", func(b *Board, _ uint8) bool { return !b.Tried }},
}

var (
	nothingToResume = need{"no call can be resumed", func(t *turn) bool { return t.next.resumable() == None }}
	ranOut          = need{"the timer did not run out", func(t *turn) bool { return t.event.Kind != Patience }}
	waited          = need{"the timer ran", func(t *turn) bool { return t.m.waits(&t.before) }}
	didNotWait      = need{"the timer did not run", func(t *turn) bool { return !t.m.waits(&t.before) }}
	isToWait        = need{"it has to run", func(t *turn) bool { return t.m.waits(&t.next) }}
	isNotToWait     = need{"it has not to run", func(t *turn) bool { return !t.m.waits(&t.next) }}
	frontSilent     = need{"who is in front does not talk, or is on hold", func(t *turn) bool {
		f := t.next.Front
		return f == None || t.next.Lines[f].State != Talking || t.next.Lines[f].Held
	}}
)

// then comes after what the row orders.
var then = []clause{
	{"who was held for a call that is over is held for nobody", nil, forgetOver},
	{"who was held for other apps' calls is held for nobody when there are none", nil, forgetForeign},
	{"a group of one is none", nil, dissolve},
	{"another call that talks takes the place in front", []need{frontSilent}, pass},
	{"take the sound from who has it no more", nil, func(t *turn) { t.sound(TakeBack) }},
	{"lend the sound to who has it now", nil, func(t *turn) { t.sound(Lend) }},
	{"a resume may be tried again when there was nothing to resume", []need{nothingToResume}, func(t *turn) { t.next.Tried = false }},
	{"stop the timer", []need{waited, isNotToWait, ranOut}, func(t *turn) { t.order(StopTimer, None) }},
	{"start the timer", []need{didNotWait, isToWait}, func(t *turn) { t.order(StartTimer, None) }},
}

func forgetOver(t *turn) {
	for i := range t.next.Lines {
		l := &t.next.Lines[i]
		if l.For >= ForLine && (int(l.For-ForLine) >= Lines || t.next.Lines[l.For-ForLine].State == Free) {
			l.For = ForGone
		}
	}
}

func forgetForeign(t *turn) {
	for i := range t.next.Lines {
		if l := &t.next.Lines[i]; l.For == ForForeign && t.next.Foreign == NoForeign {
			l.For = ForGone
		}
	}
}

func dissolve(t *turn) {
	for i := range t.next.Lines {
		l := &t.next.Lines[i]
		if l.Group != 0 && t.next.count(func(other Line) bool { return other.Group == l.Group }) == 1 {
			l.Group = 0
		}
	}
}

// pass puts another call in front that talks and is not on hold, if there is one. Else who was in front last is
// remembered while it lives.
func pass(t *turn) {
	for i, l := range t.next.Lines {
		if l.State == Talking && !l.Held {
			t.next.Front = uint8(i)
			return
		}
	}
	if f := t.next.Front; f != None && t.next.Lines[f].State != Talking {
		t.next.Front = None
	}
}

// sound orders for each line whose right to the sound has changed.
func (t *turn) sound(kind EffectKind) {
	for i := range uint8(Lines) {
		before, now := t.m.speaks(&t.before, i), t.m.speaks(&t.next, i)
		if before != now && now == (kind == Lend) {
			t.order(kind, i)
		}
	}
}
