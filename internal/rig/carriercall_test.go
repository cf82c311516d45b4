package rig

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// mostWait is how long a call waits for what must happen, on a slow machine too.
const mostWait = time.Minute

// outside is a telephone that is nobody's of the app.
const outside = "+15557654321"

// direction is who calls whom.
type direction string

const (
	appToApp direction = "app to app"
	phoneIn  direction = "telephone to app"
	phoneOut direction = "app to telephone"
)

// ending is one way that a call goes, and what everybody must know of it then.
type ending struct {
	name string
	play func(*wholeCall)
	why  call.Reason
	// caller, callee and other are what CallKit was told at the end of the call on Alice's phone, on Bob's first and on his
	// second; empty: nothing, for the user ended it there. With a question mark: that or nothing, for a phone on which the
	// app has a call need not report another one.
	caller, callee, other string
	silent                bool // the phones of the callee do not ring
}

// endings are those of calls to the app. A telephone that calls is told nothing by CallKit.
var endings = []ending{
	{name: "answered, the caller hangs up", play: func(c *wholeCall) { c.answer(c.bob); c.callerEnds() }, why: call.HungUp, callee: "remoteEnded", other: "answeredElsewhere"},
	{name: "answered, the callee hangs up", play: func(c *wholeCall) { c.answer(c.bob); c.tap(c.bob, "end") }, why: call.HungUp, caller: "remoteEnded", other: "answeredElsewhere"},
	{name: "answered elsewhere", play: func(c *wholeCall) { c.answer(c.bob2); c.tap(c.bob2, "end") }, why: call.HungUp, caller: "remoteEnded", callee: "answeredElsewhere"},
	{name: "cancelled", play: func(c *wholeCall) { c.rings(); c.callerEnds() }, why: call.Cancelled, callee: "remoteEnded", other: "remoteEnded"},
	{name: "declined", play: func(c *wholeCall) { c.rings(); c.tap(c.bob, "decline") }, why: call.Declined, caller: "remoteEnded", other: "declinedElsewhere"},
	{name: "no answer", play: func(c *wholeCall) { c.rings() }, why: call.Unanswered, caller: "unanswered", callee: "unanswered", other: "unanswered"},
	{name: "busy", play: func(c *wholeCall) { c.onThePhone(); c.start() }, why: call.Busy, caller: "unanswered", callee: "unanswered?", other: "unanswered?", silent: true},
	{name: "webhooks repeated and shuffled", play: func(c *wholeCall) {
		c.lab.Account.Emulator.Faults(carriertest.Faults{Repeat: 2, Shuffle: 4})
		c.answer(c.bob)
		c.tap(c.bob, "end")
	}, why: call.HungUp, caller: "remoteEnded", other: "answeredElsewhere"},
	{name: "the carrier goes down", play: func(c *wholeCall) { c.answer(c.bob); c.outage() }, why: call.MediaFailed, caller: "failed", callee: "failed", other: "answeredElsewhere"},
}

// endingsOut are those of calls to a telephone.
var endingsOut = []ending{
	{name: "answered, the caller hangs up", play: func(c *wholeCall) { c.phoneAnswers(); c.tap(c.alice, "end") }, why: call.HungUp},
	{name: "answered, the telephone hangs up", play: func(c *wholeCall) { c.phoneAnswers().HangUp() }, why: call.HungUp, caller: "remoteEnded"},
	{name: "cancelled", play: func(c *wholeCall) { c.phoneRings(); c.tap(c.alice, "end") }, why: call.Cancelled},
	{name: "declined", play: func(c *wholeCall) { c.phoneRings().Decline() }, why: call.Declined, caller: "remoteEnded"},
	{name: "busy", play: func(c *wholeCall) { c.phoneRings().Busy() }, why: call.Busy, caller: "unanswered"},
	{name: "no answer", play: func(c *wholeCall) { c.phoneRings() }, why: call.Unanswered, caller: "unanswered"},
	{name: "webhooks repeated and shuffled", play: func(c *wholeCall) {
		c.lab.Account.Emulator.Faults(carriertest.Faults{Repeat: 2, Shuffle: 4})
		c.phoneAnswers().HangUp()
	}, why: call.HungUp, caller: "remoteEnded"},
	{name: "the carrier goes down", play: func(c *wholeCall) { c.phoneAnswers(); c.outage() }, why: call.MediaFailed, caller: "failed"},
}

// TestWholeCalls plays every ending through every carrier, in both directions: a carrier's emulator, its webhooks, the server,
// pushes, simulated iPhones whose media joins by tokens that the emulator checks.
func TestWholeCalls(t *testing.T) {
	for _, name := range Carriers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := carrierLab(t, name)
			ways := []direction{appToApp}
			if lab.Account.PSTN() {
				ways = append(ways, phoneIn, phoneOut)
			}
			for _, way := range ways {
				all := endings
				if way == phoneOut {
					all = endingsOut
				}
				for _, e := range all {
					t.Run(string(way)+"/"+e.name, func(t *testing.T) { newWholeCall(t, lab, way).run(e) })
				}
			}
		})
	}
}

// carrierLab is Alice with a phone, and Bob with two, which are locked and on which the app does not run.
func carrierLab(t *testing.T, name string) *Lab {
	t.Helper()
	lab := openLab(t, LabConfig{
		Node: NodeConfig{Dir: t.TempDir(), Carrier: name, RingTimeout: 12 * time.Second, MediaGrace: 2 * time.Second},
		Owners: []Owner{{User: "alice", Name: "Alice", Phones: []PhoneSpec{{ID: "alice-1", Name: "Alice's iPhone"}}},
			{User: OfficeUser, Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1", Name: "Bob's iPhone", OneCall: true}, {ID: "bob-2", Name: "Bob's old iPhone", OS: "18", OneCall: true}}},
			{User: "carol", Name: "Carol", Phones: []PhoneSpec{{ID: "carol-1", Name: "Carol's iPhone"}}},
			{User: "dave", Name: "Dave", Phones: []PhoneSpec{{ID: "dave-1", Name: "Dave's iPhone"}}}},
	})
	for _, id := range []string{"bob-1", "bob-2"} {
		d := lab.Devices[id]
		for _, do := range []func() error{d.Phone.Home, func() error { return d.Phone.SwipeApp(Bundle) }, d.Phone.Lock} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return lab
}

// wholeCall is one call from its beginning to when nothing of it is left.
type wholeCall struct {
	*testing.T
	lab              *Lab
	way              direction
	alice, bob, bob2 *Device
	from             int // of the system log
	id               string
	called           chan *carriertest.Telephone
	telephone        *carriertest.Telephone
	down             bool
	before           func() // what ends the calls that were there before; may be nil
	ops              ringtripv1connect.OpsServiceClient
}

func newWholeCall(t *testing.T, lab *Lab, way direction) *wholeCall {
	c := &wholeCall{T: t, lab: lab, way: way, alice: lab.Devices["alice-1"], bob: lab.Devices["bob-1"], bob2: lab.Devices["bob-2"],
		from: len(lab.Entries()), called: make(chan *carriertest.Telephone, 4)}
	token, err := lab.Token("", "", auth.Ops)
	if err != nil {
		t.Fatal(err)
	}
	c.ops = ringtripv1connect.NewOpsServiceClient(http.DefaultClient, lab.URL, connect.WithInterceptors(Bearer(token)))
	lab.Account.Emulator.Answerer(func(p *carriertest.Telephone) { c.called <- p })
	return c
}

func (c *wholeCall) await(what string, ok func() bool) {
	c.Helper()
	if err := c.lab.Await(c.Context(), mostWait, ok); err != nil {
		c.Fatalf("never: %s\n%s", what, c.report())
	}
}

func (c *wholeCall) report() string {
	var b strings.Builder
	for _, d := range []*Device{c.alice, c.bob, c.bob2} {
		fmt.Fprintf(&b, "%s shows %s; ", d.ID, d.Phone.Screen().Kind)
		if e := d.Engine(); e != nil {
			all := e.Calls()
			for _, one := range all[max(0, len(all)-2):] {
				fmt.Fprintf(&b, "[%s %v %s transport %v] ", one.ID, one.State, one.Reason, one.Transport)
			}
		}
	}
	fmt.Fprintf(&b, "\nopen at the carrier: %q; refused there: %q\n", c.lab.Account.Emulator.Open(), c.lab.Account.Emulator.Refused())
	if c.id != "" {
		b.WriteString(FormatLedger(c.ledger()))
	}
	for _, e := range c.lab.Entries()[c.from:] {
		b.WriteString("   " + e.String() + "\n")
	}
	return b.String()
}

func (c *wholeCall) ledger() *v1.GetLedgerResponse {
	r, err := c.ops.GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: c.id}))
	if err != nil {
		return &v1.GetLedgerResponse{}
	}
	return r.Msg
}

// start has somebody call.
func (c *wholeCall) start() {
	c.Helper()
	if c.way == phoneIn {
		var err error
		if c.telephone, err = c.lab.Account.Emulator.Dial(c.Context(), outside, Office); err != nil {
			c.Fatal(err)
		}
		return
	}
	callee := OfficeUser
	if c.way == phoneOut {
		callee = "tel:" + outside
	}
	c.await("Alice can call", func() bool {
		if c.id != "" {
			return true
		}
		e := c.alice.Engine()
		if e == nil {
			return false
		}
		u, err := e.Start(phone.StartRequest{Callee: callee})
		if err != nil {
			return false
		}
		c.id = u.String()
		return true
	})
}

// newest is a device's newest call since the beginning, as its engine knows it.
func (c *wholeCall) newest(d *Device) (phone.Call, bool) {
	if e := d.Engine(); e != nil {
		if calls := e.Calls(); len(calls) > 0 && (c.id == "" || calls[len(calls)-1].ID.String() == c.id) {
			return calls[len(calls)-1], true
		}
	}
	return phone.Call{}, false
}

// rings waits until both of Bob's phones ring, and the caller knows.
func (c *wholeCall) rings() {
	c.Helper()
	c.start()
	c.await("both of Bob's phones ring", func() bool { return c.bob.Phone.Screen().Ringing() && c.bob2.Phone.Screen().Ringing() })
	// The stream is sometimes quicker. Who declines before the push comes hears a moment of it again, for a push must be
	// reported; no finger is as quick as this test.
	c.await("both pushes have come, or will not because the server knew that it rings", func() bool {
		return (c.pushed(c.bob) || c.spared(c.bob)) && (c.pushed(c.bob2) || c.spared(c.bob2))
	})
	if c.id == "" {
		one, _ := c.newest(c.bob)
		c.id = one.ID.String()
	}
	caller, handle := "Alice", callkit.Handle{Type: callkit.Generic, Value: "alice"}
	if c.way == phoneIn {
		caller, handle = outside, callkit.Handle{Type: callkit.PhoneNumber, Value: outside}
	}
	for _, d := range []*Device{c.bob, c.bob2} {
		if s := d.Phone.Screen().Call; s == nil || s.Caller != caller {
			c.Errorf("%s shows %+v as the caller, not %s", d.ID, s, caller)
		}
		c.await(d.ID+" knows who calls", func() bool { one, ok := c.newest(d); return ok && one.Handle == handle })
	}
	if c.way == appToApp {
		c.await("Alice hears that it rings", func() bool { one, _ := c.newest(c.alice); return one.State == call.Alerting })
	} else {
		c.phoneIs(carriertest.PhoneHears)
	}
}

func (c *wholeCall) pushed(d *Device) bool {
	return slices.ContainsFunc(c.lab.Entries()[c.from:], func(e iossim.Entry) bool { return e.Phone == d.ID && strings.HasPrefix(e.Text, "pushCompletion") })
}

// spared reports whether the server knew that a device rings before it had pushed to it.
func (c *wholeCall) spared(d *Device) bool {
	one, ok := c.newest(d)
	if !ok {
		return false
	}
	rings, pushes := false, false
	r, err := c.ops.GetLedger(c.Context(), connect.NewRequest(&v1.GetLedgerRequest{CallId: one.ID.String()}))
	if err != nil {
		return false
	}
	for _, e := range r.Msg.Entries {
		rings = rings || e.DeviceId == d.ID && e.Stage == v1.Stage_STAGE_RINGING
		pushes = pushes || e.DeviceId == d.ID && e.Stage == v1.Stage_STAGE_PUSHED
	}
	return rings && !pushes
}

// late reports whether a push came to a device whose user had declined: then it must be reported, and rings for a moment.
func (c *wholeCall) late(d *Device) bool {
	return c.pushedAfter(d, func(what string) bool { return what == "decline" })
}

// pushedAfter reports whether a push came to a device after something had happened there.
func (c *wholeCall) pushedAfter(d *Device, happened func(what string) bool) bool {
	after := false
	for _, e := range c.lab.Entries()[c.from:] {
		if e.Phone != d.ID {
			continue
		}
		after = after || happened(e.Text)
		if after && strings.HasPrefix(e.Text, "voipPush") {
			return true
		}
	}
	return false
}

// answer answers on one of Bob's phones and waits until both sides are at the carrier.
func (c *wholeCall) answer(d *Device) {
	c.Helper()
	c.rings()
	c.tap(d, "answer")
	c.talks(d)
	if c.way == appToApp {
		c.talks(c.alice)
	} else {
		c.phoneIs(carriertest.PhoneTalks)
	}
	other := c.bob
	if d == c.bob {
		other = c.bob2
	}
	c.await(other.ID+" has stopped", func() bool { return !other.Phone.Screen().Ringing() })
}

func (c *wholeCall) talks(d *Device) {
	c.Helper()
	c.await(d.ID+" talks", func() bool {
		one, _ := c.newest(d)
		return one.State == call.Connected && one.Transport == call.Up && one.AudioRunning
	})
}

func (c *wholeCall) tap(d *Device, button string) {
	c.Helper()
	if err := d.Act(button, Finger{}); err != nil {
		c.Fatalf("%s: %s: %v\n%s", d.ID, button, err, c.report())
	}
}

func (c *wholeCall) callerEnds() {
	c.Helper()
	if c.way == phoneIn {
		c.telephone.HangUp()
		return
	}
	c.tap(c.alice, "end")
}

// onThePhone has Bob in a call of the app on each of his phones, on which it has no call waiting.
func (c *wholeCall) onThePhone() {
	c.Helper()
	pairs := map[*Device]*Device{c.lab.Devices["carol-1"]: c.bob, c.lab.Devices["dave-1"]: c.bob2}
	for _, by := range []*Device{c.lab.Devices["carol-1"], c.lab.Devices["dave-1"]} {
		d := pairs[by]
		if err := c.lab.Dial(c.Context(), by, OfficeUser, "Bob"); err != nil {
			c.Fatal(err)
		}
		c.await(d.ID+" rings for "+by.ID, func() bool { return d.Phone.Screen().Ringing() })
		c.tap(d, "answer")
		c.talks(d)
		c.talks(by)
		c.await("nobody else rings", func() bool { return !c.bob.Phone.Screen().Ringing() && !c.bob2.Phone.Screen().Ringing() })
	}
	c.from = len(c.lab.Entries())
	c.before = func() {
		for by := range pairs {
			c.tap(by, "end")
		}
	}
}

// phoneRings waits until the telephone that is called rings.
func (c *wholeCall) phoneRings() *carriertest.Telephone {
	c.Helper()
	c.start()
	select {
	case c.telephone = <-c.called:
	case <-time.After(mostWait):
		c.Fatalf("no telephone rings\n%s", c.report())
	}
	if c.telephone.Number != outside || c.telephone.Far != Office {
		c.Errorf("%s is called by %s", c.telephone.Number, c.telephone.Far)
	}
	c.await("Alice hears that it rings", func() bool { one, _ := c.newest(c.alice); return one.State == call.Alerting })
	return c.telephone
}

func (c *wholeCall) phoneAnswers() *carriertest.Telephone {
	c.Helper()
	c.phoneRings().Answer()
	c.phoneIs(carriertest.PhoneTalks)
	c.talks(c.alice)
	return c.telephone
}

func (c *wholeCall) phoneIs(want carriertest.TelephoneState) {
	c.Helper()
	limit := time.After(mostWait)
	for {
		state, why, changed := c.telephone.State()
		if state == want {
			return
		}
		if state == carriertest.PhoneOver {
			c.Fatalf("the telephone is over (%s) instead of %s\n%s", why, want, c.report())
		}
		select {
		case <-changed:
		case <-limit:
			c.Fatalf("the telephone is %s, not %s\n%s", state, want, c.report())
		}
	}
}

// outage is a carrier that is down until the phones know.
func (c *wholeCall) outage() {
	c.down = true
	c.lab.Account.Emulator.Outage(true)
	if c.lab.Account.Carrier.Traits().PeerToPeer {
		c.lab.Account.Emulator.Outage(false)
		c.talks(c.alice)
		c.talks(c.bob)
		c.tap(c.bob, "end")
		return
	}
	c.await("the call is over on the phones", func() bool {
		for _, d := range []*Device{c.alice, c.bob, c.bob2} {
			if one, ok := c.newest(d); ok && one.State != call.Ended {
				return false
			}
		}
		return true
	})
	c.lab.Account.Emulator.Outage(false)
}

// run plays it, and looks at everybody afterwards.
func (c *wholeCall) run(e ending) {
	if c.lab.Account.Carrier.Traits().PeerToPeer && e.why == call.MediaFailed { // who talks does not need it: the call goes on
		e.why, e.caller, e.callee = call.HungUp, "remoteEnded", ""
	}
	emulator := c.lab.Account.Emulator
	refused := len(emulator.Refused())
	c.Cleanup(func() { emulator.Faults(carriertest.Faults{}) })
	e.play(c)
	if c.before != nil {
		c.await("the call is over for who called", func() bool {
			if c.way == phoneIn {
				state, _, _ := c.telephone.State()
				return state == carriertest.PhoneOver
			}
			one, ok := c.newest(c.alice)
			return ok && one.State == call.Ended
		})
		c.before()
	}
	c.await("nobody's phone shows the call", func() bool {
		for _, d := range []*Device{c.alice, c.bob, c.bob2} {
			s := d.Phone.Screen()
			if s.Ringing() || s.Call != nil && !s.Call.Cellular && s.Kind != iossim.ScreenCallFailed {
				return false
			}
		}
		return true
	})
	if c.id == "" {
		c.await("Bob's phone knows of a call", func() bool {
			one, ok := c.newest(c.bob)
			if ok {
				c.id = one.ID.String()
			}
			return ok
		})
	}
	c.await("the server knows that it is over", func() bool { return call.Reason(c.ledger().Reason) != call.NotEnded })
	c.await("nothing is open at the carrier", func() bool { return len(emulator.Open()) == 0 })
	if err := emulator.Idle(c.Context()); err != nil {
		c.Errorf("webhooks do not come to an end: %v", err)
	}
	if c.telephone != nil {
		c.phoneOver()
	}
	if got := call.Reason(c.ledger().Reason); got != e.why {
		c.Errorf("the call ended as %s, not %s", got, e.why)
	}
	for d, want := range map[*Device]string{c.alice: e.caller, c.bob: e.callee, c.bob2: e.other} {
		if d == c.alice && c.way == phoneIn {
			want = ""
		}
		want, may := strings.CutSuffix(want, "?")
		if may && c.told(d) == "" {
			want = ""
		}
		if want != "" {
			c.await(d.ID+" is told of the end", func() bool { return c.told(d) != "" })
		}
		if c.late(d) {
			continue
		}
		if got := c.told(d); got != want {
			c.Errorf("%s was told %q at the end, not %q", d.ID, got, want)
		}
		rang := 1
		if d == c.alice || e.silent || c.way == phoneOut {
			rang = 0
		}
		// A push that was on its way when the ring was over must be reported, too, and rings for a moment.
		again := rang == 1 && c.pushedAfter(d, func(what string) bool { return strings.HasPrefix(what, "ringStop "+c.id) })
		if got := c.rang(d); got != rang && !(again && got == 2) {
			c.Errorf("%s rang %d times", d.ID, got)
		}
	}
	for _, user := range []string{"alice", OfficeUser} {
		if user == "alice" && c.way == phoneIn || user == OfficeUser && c.way == phoneOut {
			continue
		}
		c.recorded(user, e.why)
	}
	if more := emulator.Refused()[refused:]; len(more) > 0 && !c.down {
		c.Errorf("the carrier refused %q", more)
	}
	if c.Failed() {
		c.Log(c.report())
	}
}

func (c *wholeCall) phoneOver() {
	limit := time.After(mostWait)
	for {
		state, _, changed := c.telephone.State()
		if state == carriertest.PhoneOver {
			return
		}
		select {
		case <-changed:
		case <-limit:
			c.Errorf("the telephone still %s", state)
			return
		}
	}
}

// told is what a device's CallKit was told at the end of the call.
func (c *wholeCall) told(d *Device) string {
	for _, e := range c.lab.Entries()[c.from:] {
		if rest, ok := strings.CutPrefix(e.Text, "reportCall "+c.id+" ended reason="); ok && e.Phone == d.ID {
			word, _, _ := strings.Cut(rest, " ")
			return word
		}
	}
	return ""
}

// rang counts how often a device began to ring since the beginning.
func (c *wholeCall) rang(d *Device) (n int) {
	for _, e := range c.lab.Entries()[c.from:] {
		if e.Phone == d.ID && e.Channel == iossim.ChanSystem && strings.HasPrefix(e.Text, "ring ") && strings.Contains(e.Text, "caller=") {
			n++
		}
	}
	return n
}

// recorded looks at a user's history.
func (c *wholeCall) recorded(user string, why call.Reason) {
	c.Helper()
	token, err := c.lab.Token(user, "", auth.User)
	if err != nil {
		c.Fatal(err)
	}
	api := ringtripv1connect.NewPhoneServiceClient(http.DefaultClient, c.lab.URL, connect.WithInterceptors(Bearer(token)))
	r, err := api.ListHistory(c.Context(), connect.NewRequest(&v1.ListHistoryRequest{Limit: 20}))
	if err != nil {
		c.Fatal(err)
	}
	i := slices.IndexFunc(r.Msg.Records, func(h *v1.HistoryRecord) bool { return h.CallId == c.id })
	if i < 0 {
		c.Errorf("%s's history has no call %s", user, c.id)
		return
	}
	h := r.Msg.Records[i]
	if call.Reason(h.Reason) != why {
		c.Errorf("%s's history says %s, not %s", user, call.Reason(h.Reason), why)
	}
	if c.way != appToApp && h.Other.GetHandle() != outside {
		c.Errorf("%s's history says the other was %v", user, h.Other)
	}
}
