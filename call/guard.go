package call

// A guard is a condition of a row.
type guard uint8

const (
	always guard = iota
	ifOn
	ifIncoming
	ifOutgoing
	ifWon
	ifPending
	ifNotHeld
	ifBlocked
	ifSaidNo
	ifSaidBusy
	ifOpen
	ifUp
	ifLost
)

var guards = [...]struct {
	name  string
	holds func(c Call, e Event) bool
}{
	always:     {"", func(Call, Event) bool { return true }},
	ifOn:       {"on", func(_ Call, e Event) bool { return e.On }},
	ifIncoming: {"incoming", func(c Call, _ Event) bool { return !c.Outgoing }},
	ifOutgoing: {"outgoing", func(c Call, _ Event) bool { return c.Outgoing }},
	ifWon:      {"won", func(c Call, _ Event) bool { return c.Won }},
	ifPending:  {"answer kept", func(c Call, _ Event) bool { return c.Pending != NoAction }},
	ifNotHeld:  {"not held", func(c Call, _ Event) bool { return !c.Held }},
	ifBlocked:  {"reason blocked", func(_ Call, e Event) bool { return e.Reason == Blocked }},
	ifSaidNo:   {"declined or blocked", func(c Call, _ Event) bool { return c.Reason == Declined || c.Reason == Blocked }},
	ifSaidBusy: {"busy, do not disturb, unreachable or crashed", func(c Call, _ Event) bool {
		return c.Reason == Busy || c.Reason == DoNotDisturb || c.Reason == Unreachable || c.Reason == Crashed
	}},
	ifOpen: {"transport open", func(c Call, _ Event) bool { return c.Open() }},
	ifUp:   {"transport up", func(c Call, _ Event) bool { return c.Transport == Up }},
	ifLost: {"transport lost", func(c Call, _ Event) bool { return c.Transport == Lost }},
}

// A change is what a row does to the call besides its state.
type change uint8

const (
	nothing change = iota
	isIncoming
	isOutgoing
	isShown
	isKept
	isSettled
	isWon
	isHeld
	isRemoteHeld
	isMuted
	isLent
	isTakenBack
	isUp
	isLost
	isGone
)

var changes = [...]struct {
	name string
	make func(c *Call, e Event)
}{
	nothing:      {"", func(*Call, Event) {}},
	isIncoming:   {"incoming", func(c *Call, _ Event) { c.Outgoing = false }},
	isOutgoing:   {"outgoing, shown", func(c *Call, _ Event) { c.Outgoing, c.Shown = true, true }},
	isShown:      {"shown if on", func(c *Call, e Event) { c.Shown = e.On }},
	isKept:       {"answer kept", func(c *Call, e Event) { c.Pending = e.Action }},
	isSettled:    {"answer no longer kept", func(c *Call, _ Event) { c.Pending = NoAction }},
	isWon:        {"won", func(c *Call, _ Event) { c.Won = true }},
	isHeld:       {"held if on", func(c *Call, e Event) { c.Held = e.On }},
	isRemoteHeld: {"held at the far end if on", func(c *Call, e Event) { c.RemoteHeld = e.On }},
	isMuted:      {"muted if on", func(c *Call, e Event) { c.Muted = e.On }},
	isLent:       {"audio session lent", func(c *Call, _ Event) { c.Audio = true }},
	isTakenBack:  {"audio session taken back", func(c *Call, _ Event) { c.Audio = false }},
	isUp:         {"transport up", func(c *Call, _ Event) { c.Transport = Up }},
	isLost:       {"transport lost", func(c *Call, _ Event) { c.Transport = Lost }},
	isGone:       {"transport gone", func(c *Call, _ Event) { c.Transport = Gone }},
}
