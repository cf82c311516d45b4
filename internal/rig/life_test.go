package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// A move is one thing that happens in a life, some time after the one before.
type move struct {
	After  time.Duration
	What   string
	Device int // index into lifeDevices
	Other  int // call: index into lifeUsers
	On     bool
}

func (m move) String() string {
	s := fmt.Sprintf("+%v %s %s", m.After, m.What, lifeDevices[m.Device].id)
	switch m.What {
	case "call":
		s += " → " + lifeUsers[m.Other]
	case "hold", "mute", "focus", "block", "online":
		s += fmt.Sprintf(" %v", m.On)
	}
	return s
}

var lifeUsers = []string{"alice", "bob", "carol"}

var lifeDevices = []struct{ id, user, os string }{
	{"alice-1", "alice", "26.4"},
	{"bob-1", "bob", "26.4"},
	{"bob-2", "bob", "18"},
	{"carol-1", "carol", "16"},
}

// moves are what can happen; those that make calls live come more often.
var moves = []string{
	"call", "call", "call", "call", "answer", "answer", "answer", "race", "race", "decline", "end", "end", "hold", "mute", "keys",
	"open", "home", "lock", "unlock", "swipe", "crash", "service", "online", "online", "break", "focus", "block", "clock",
	"server", "wait",
	"second", "second", "second", "hold-and-accept", "hold-and-accept", "end-and-accept", "end-held-and-accept", "swap", "swap",
	"app-hold-answer", "app-end-answer", "app-swap", "app-resume",
	"cellular-ring", "cellular-ring", "cellular-dial", "cellular-answered", "cellular-end", "cellular-end",
}

// life is a server and four phones on a virtual clock, over a network and a push service that go wrong.
type life struct {
	dir    string
	secret []byte
	push   *FaultyPush
	air    *mediatest.Net
	world  *iossim.World
	node   *Node
	dev    []*Device
	fakes  []*mediatest.Fake
	rpc    *http.Client

	rng   *rand.Rand
	began time.Time      // of the world
	down  []outage       // of the server
	away  [][]outage     // of each device's network
	tally map[string]int // why calls ended, and how many were answered

	mu     sync.Mutex
	pipe   *Pipe
	did    []string
	second time.Time // of the count
	count  int
	storm  string

	several string // what went wrong between calls
}

// live plays a script in a bubble of virtual time and returns what is wrong in the end, "" if nothing is.
// It counts calls in tally.
func live(t *testing.T, seed uint64, script []move, faults []PushFault, tally map[string]int) (wrong string) {
	dir, err := os.MkdirTemp("", "ringtrip-life-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	synctest.Test(t, func(t *testing.T) {
		l := &life{dir: dir, secret: NewSecret(), push: NewFaultyPush(faults), air: mediatest.NewNet(), tally: tally, rng: rand.New(rand.NewPCG(seed, 1))}
		if err := l.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range script {
			time.Sleep(m.After)
			l.alone()
			l.do(t.Context(), m)
			l.alone()
		}
		wrong = l.end(t.Context())
		if wrong != "" {
			wrong += "\nwhat happened:\n" + strings.Join(l.did, "\n") + "\nsystem log:\n" + l.world.Log()
		}
		l.world.Close()
		l.node.Close()
		l.rpc.CloseIdleConnections()
		for _, d := range l.dev {
			d.Net.SetOnline(false)
		}
		time.Sleep(time.Minute) // what still waits runs out
		synctest.Wait()
	})
	return wrong
}

func (l *life) begin(ctx context.Context) error {
	l.world = iossim.NewWorld(iossim.Config{Wall: true, Seed: 1})
	l.began = time.Now()
	l.away = make([][]outage, len(lifeDevices))
	l.rpc = &http.Client{Transport: &http.Transport{DialContext: l.dial}}
	if err := l.serve(ctx); err != nil {
		return err
	}
	for _, spec := range lifeDevices {
		token, err := l.node.TokenFor(spec.user, strings.ToUpper(spec.user[:1])+spec.user[1:], auth.User, 240*time.Hour)
		if err != nil {
			return err
		}
		var d *Device
		fake := mediatest.NewFake(mediatest.FakeConfig{
			Net: l.air, Content: spec.id, Allowed: func() bool { return d.Phone.AudioActiveFor(Bundle) || d.Phone.AudioLentTo(Bundle) },
		})
		l.fakes = append(l.fakes, fake)
		d, err = NewDevice(l.world, DeviceConfig{
			ID: spec.id, Name: spec.id, UserName: spec.user, OS: spec.os, URL: "http://pipe", Token: token, Media: fake,
			Network: NewNetwork(l.dial), IssueToken: l.push.IssueToken, SetPushOnline: l.push.SetOnline,
		})
		if err != nil {
			return err
		}
		l.dev = append(l.dev, d)
		if err := d.Phone.OpenApp(Bundle); err != nil {
			return err
		}
	}
	time.Sleep(2 * time.Second)
	return nil
}

// serve starts the server, on what an earlier one left.
func (l *life) serve(ctx context.Context) (err error) {
	pipe := NewPipe()
	l.mu.Lock()
	l.pipe = pipe
	l.mu.Unlock()
	l.node, err = NewNode(ctx, NodeConfig{Dir: l.dir, Secret: l.secret, Listener: pipe, Push: l.push, AliveTimeout: time.Minute, Wrap: l.watch})
	return err
}

// watch looks for two machines that talk to each other without end: no life has so many requests in a second.
func (l *life) watch(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		if now := time.Now().Truncate(time.Second); now != l.second {
			l.second, l.count = now, 0
		}
		l.count++
		storm := l.count > 500
		if storm && l.storm == "" {
			l.storm = fmt.Sprintf("500 requests in one second at %s, one of them %s", l.second.Format(time.TimeOnly), r.URL.Path)
		}
		l.mu.Unlock()
		if storm {
			time.Sleep(time.Second) // or time would stand still
		}
		api.ServeHTTP(w, r)
	})
}

// dial connects to the server of this moment over a line that is slow in its own way.
func (l *life) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	pipe := l.pipe
	delay := time.Duration(l.rng.IntN(4)) * time.Duration(l.rng.IntN(60)) * time.Millisecond
	l.mu.Unlock()
	c, err := pipe.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return slow{c, delay}, nil
}

// slow is a connection on which everything takes its time, so that what happens on two connections crosses.
type slow struct {
	net.Conn
	delay time.Duration
}

// Write sends b late.
func (c slow) Write(b []byte) (int, error) {
	time.Sleep(c.delay)
	return c.Conn.Write(b)
}

// Read brings what came late.
func (c slow) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	time.Sleep(c.delay)
	return n, err
}

// aim returns the device that a move is about: the one it names, or, where that one cannot do it, another that can,
// so that most moves do something.
func (l *life) aim(m move) int {
	var fits func(s iossim.Screen) bool
	switch m.What {
	case "answer", "decline":
		fits = iossim.Screen.Ringing
	case "end", "hold", "mute", "keys", "crash", "swipe", "service":
		fits = func(s iossim.Screen) bool { return s.Call != nil && s.Call.Status == "" }
	case "hold-and-accept", "end-and-accept", "end-held-and-accept", "swap":
		fits = func(s iossim.Screen) bool { return s.Call != nil && offers(*s.Call, m.What) }
	case "app-hold-answer", "app-end-answer":
		fits = func(s iossim.Screen) bool { return s.Kind == iossim.ScreenCallWaiting }
	case "app-swap", "app-resume":
		fits = func(s iossim.Screen) bool { return len(s.Others) > 0 || s.Call != nil && s.Call.Held }
	case "cellular-ring", "second":
		fits = func(s iossim.Screen) bool { return s.Call != nil && s.Call.Status == "" }
	case "cellular-end", "cellular-answered":
		fits = hasCellular
	default:
		return m.Device
	}
	for i := range l.dev {
		if at := (m.Device + i) % len(l.dev); fits(l.dev[at].Phone.Screen()) {
			return at
		}
	}
	return m.Device
}

func offers(c iossim.ScreenCall, button string) bool {
	return slices.ContainsFunc(c.Buttons, func(b iossim.Button) bool { return b.ID == button && b.Enabled })
}

// hasCellular reports whether a call over the mobile network is on the screen.
func hasCellular(s iossim.Screen) bool {
	return s.Call != nil && s.Call.Cellular || slices.ContainsFunc(s.Others, func(c iossim.ScreenCall) bool { return c.Cellular })
}

// several is what an app's own screen asks of its engine about several calls.
func several(e *phone.Phone, what string) error {
	for _, c := range e.Calls() {
		switch {
		case what == "app-hold-answer" && c.Waiting:
			return e.HoldAndAnswer(c.ID)
		case what == "app-end-answer" && c.Waiting:
			return e.EndAndAnswer(c.ID)
		case what == "app-resume" && c.Held:
			return e.Resume(c.ID)
		}
	}
	if what == "app-swap" {
		return e.Swap()
	}
	return phone.ErrNoCall
}

// callBusy has somebody else call whoever is on the phone at device i.
func (l *life) callBusy(i int) error {
	for j, d := range l.dev {
		e := d.Engine()
		if lifeDevices[j].user == lifeDevices[i].user || e == nil || d.Phone.Screen().Call != nil {
			continue
		}
		_, err := e.Start(phone.StartRequest{Callee: lifeDevices[i].user})
		return err
	}
	return nil
}

// alone looks for what must never be: a phone with sound in two calls, or one that contradicts itself.
func (l *life) alone() {
	if l.several != "" {
		return
	}
	for i, f := range l.fakes {
		n := 0
		for _, s := range f.Sessions() {
			if s.AudioRunning() && !s.Closed() {
				n++
			}
		}
		if n > 1 {
			l.several = fmt.Sprintf("%s had sound in %d calls at once", l.dev[i].ID, n)
		}
	}
	if err := l.world.Check(); err != nil {
		l.several = err.Error()
	}
}

func (l *life) do(ctx context.Context, m move) {
	m.Device = l.aim(m)
	d := l.dev[m.Device]
	var err error
	switch m.What {
	case "call":
		if lifeUsers[m.Other] == lifeDevices[m.Device].user {
			break
		}
		if e := d.Engine(); e != nil {
			_, err = e.Start(phone.StartRequest{Callee: lifeUsers[m.Other]})
		}
	case "race": // everybody who can answers at once
		for _, d := range l.dev {
			if d.Phone.Screen().Ringing() {
				err = errors.Join(err, d.Phone.Answer())
			}
		}
	case "break":
		d.Net.Break()
	case "online":
		l.setOnline(m.Device, m.On)
	case "service":
		d.Phone.RestartCallService()
	case "clock":
		d.Phone.SetClock(time.Duration(m.Other-1) * 40 * time.Minute)
	case "server":
		l.down = append(l.down, outage{from: time.Now()})
		l.node.Kill()
		time.Sleep(time.Duration(m.Other) * 700 * time.Millisecond)
		err = l.serve(ctx)
		l.down[len(l.down)-1].to = time.Now()
	case "wait":
		time.Sleep(time.Duration(m.Other) * 20 * time.Second)
	case "second":
		err = l.callBusy(m.Device)
	case "app-hold-answer", "app-end-answer", "app-swap", "app-resume":
		if e := d.Engine(); e != nil {
			err = several(e, m.What)
		}
	case "keys":
		err = d.Phone.Keys("5")
	case "block":
		d.Phone.BlockCaller(lifeUsers[m.Other], m.On)
	default:
		err = d.Act(m.What, Finger{On: m.On})
	}
	line := fmt.Sprintf("+%.3f %v", l.world.Now().Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Seconds(), m)
	if err != nil {
		line += ": " + err.Error()
	}
	l.did = append(l.did, line)
}

// setOnline takes a device's network away, sound included, or gives it back.
func (l *life) setOnline(i int, on bool) {
	l.dev[i].SetOnline(on)
	gone := l.away[i]
	offline := len(gone) > 0 && gone[len(gone)-1].to.IsZero()
	switch {
	case on:
		l.fakes[i].Regain()
		if offline {
			gone[len(gone)-1].to = time.Now()
		}
	default:
		l.fakes[i].Lose()
		if !offline {
			l.away[i] = append(gone, outage{from: time.Now()})
		}
	}
}

// end heals the world, lets it come to rest, and says what is wrong with it.
func (l *life) end(ctx context.Context) string {
	time.Sleep(time.Second) // what the last move did is on the screens
	for i, d := range l.dev {
		l.setOnline(i, true)
		d.Phone.SetFocus("")
		d.Phone.SetClock(0)
		_ = d.Phone.Unlock()
		time.Sleep(time.Second)
		_ = d.Phone.OpenApp(Bundle) // a leftover ends when its app starts
		for range 3 {
			if hasCellular(d.Phone.Screen()) {
				d.Phone.CellularEnd()
				time.Sleep(time.Second)
			}
		}
	}
	time.Sleep(90 * time.Second)
	held := l.leftHeld()
	for _, d := range l.dev {
		if e := d.Engine(); e != nil {
			for _, c := range e.Calls() {
				if c.State != call.Ended {
					_ = e.End(c.ID)
				}
			}
		}
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	wrong := held
	for i, d := range l.dev {
		wrong = append(wrong, l.phoneWrong(d)...)
		for _, v := range l.fakes[i].Violations() {
			wrong = append(wrong, d.ID+": media: "+v)
		}
	}
	for _, e := range l.world.Entries() {
		for word, prefix := range map[string]string{"(waited)": "waiting ", "(held)": "performSetHeld", "(cellular)": "cellularRing"} {
			if strings.HasPrefix(e.Text, prefix) {
				l.tally[word]++
			}
		}
	}
	l.alone()
	if l.several != "" {
		wrong = append(wrong, l.several)
	}
	if l.storm != "" {
		wrong = append(wrong, l.storm)
	}
	w, err := l.callsWrong(ctx)
	if err != nil {
		w = append(w, err.Error())
	}
	return strings.Join(append(wrong, w...), "\n")
}

// leftHeld looks for calls that were held for another one which is long over, and that nobody resumed.
func (l *life) leftHeld() (wrong []string) {
	for _, d := range l.dev {
		e := d.Engine()
		if e == nil {
			continue
		}
		live := slices.DeleteFunc(e.Calls(), func(c phone.Call) bool { return c.State == call.Ended })
		if len(live) == 1 && live[0].CanResume {
			wrong = append(wrong, fmt.Sprintf("%s: call %s is left on hold", d.ID, live[0].ID))
		}
	}
	return wrong
}

// phoneWrong looks for ghosts and loose ends on a phone at rest.
func (l *life) phoneWrong(d *Device) (wrong []string) {
	if s := d.Phone.Screen(); s.Call != nil {
		wrong = append(wrong, fmt.Sprintf("%s still shows a call: %s %s", d.ID, s.Kind, s.Call.UUID))
	}
	if n := d.Phone.Strikes(Bundle); n > 0 {
		wrong = append(wrong, fmt.Sprintf("%s: %d push(es) were not reported", d.ID, n))
	}
	if e := d.Engine(); e != nil {
		for _, c := range e.Calls() {
			if c.State != call.Ended {
				wrong = append(wrong, fmt.Sprintf("%s: the engine still has call %s as %v", d.ID, c.ID, c.State))
			}
		}
	}
	for _, a := range d.Phone.PendingActions() {
		wrong = append(wrong, d.ID+": an action was never settled: "+a)
	}
	for _, e := range l.world.Entries() {
		// Nothing here takes a minute: an action that timed out was forgotten.
		if e.Phone == d.ID && (strings.Contains(e.Text, "violation") || strings.Contains(e.Text, "timedOut")) {
			wrong = append(wrong, e.String())
		}
	}
	return wrong
}

// callsWrong compares history and ledger of every call, and counts answers.
func (l *life) callsWrong(ctx context.Context) (wrong []string, err error) {
	token, err := l.node.TokenFor("", "", auth.Ops, 240*time.Hour)
	if err != nil {
		return nil, err
	}
	ops := ringtripv1connect.NewOpsServiceClient(l.rpc, "http://pipe", connect.WithInterceptors(Bearer(token)))
	all, err := ops.ListCalls(ctx, connect.NewRequest(&v1.ListCallsRequest{Limit: 200}))
	if err != nil {
		return nil, fmt.Errorf("listing calls: %w", err)
	}
	for _, h := range all.Msg.Calls {
		if h.Reason == v1.EndReason_END_REASON_UNSPECIFIED {
			wrong = append(wrong, "call "+h.CallId+" never ended at the server")
			continue
		}
		l.tally[ReasonWord(h.Reason)]++
		if h.AnsweredAt != nil {
			l.tally["(answered)"]++
		}
		r, err := ops.GetLedger(ctx, connect.NewRequest(&v1.GetLedgerRequest{CallId: h.CallId}))
		if err != nil {
			return nil, fmt.Errorf("reading the ledger of %s: %w", h.CallId, err)
		}
		for _, g := range l.ghosts(h.CallId, r.Msg) {
			wrong = append(wrong, g+"\n"+FormatLedger(r.Msg))
		}
		if w := ledgerWrong(h, r.Msg); w != nil {
			wrong = append(wrong, fmt.Sprintf("call %s: %v\n%s", h.CallId, w, FormatLedger(r.Msg)))
		}
	}
	return wrong, nil
}

// ledgerWrong says where a ledger is impossible or contradicts history.
func ledgerWrong(h *v1.HistoryRecord, l *v1.GetLedgerResponse) error {
	var errs []error
	answers, ends := map[string]bool{}, 0
	legEnds := map[string]int{}
	for _, e := range l.Entries {
		switch e.Stage {
		case v1.Stage_STAGE_ANSWERED:
			answers[e.DeviceId] = true
		case v1.Stage_STAGE_CALL_ENDED:
			ends++
			if e.Reason != h.Reason {
				errs = append(errs, fmt.Errorf("history says %s, the ledger %s", ReasonWord(h.Reason), ReasonWord(e.Reason)))
			}
		case v1.Stage_STAGE_ENDED:
			legEnds[e.DeviceId]++
		}
	}
	if len(answers) > 1 {
		errs = append(errs, fmt.Errorf("answered on %d devices", len(answers)))
	}
	if ends != 1 {
		errs = append(errs, fmt.Errorf("it ended %d times", ends))
	}
	if (h.AnsweredAt != nil) != (len(answers) == 1) {
		errs = append(errs, fmt.Errorf("history and ledger disagree on whether it was answered"))
	}
	if h.AnsweredBy != "" && !answers[h.AnsweredBy] {
		errs = append(errs, fmt.Errorf("history says that %s answered", h.AnsweredBy))
	}
	return errors.Join(errs...)
}
