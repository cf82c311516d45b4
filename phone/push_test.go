package phone

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestUnreadablePush(t *testing.T) {
	for name, b := range map[string]string{
		"nothing": "", "no JSON": "hello", "somebody else's": `{"aps":{"alert":"hi"}}`, "null": "null",
		"no call": `{"ringtrip":{"expires_at":1}}`, "bad UUID": `{"ringtrip":{"call":"x","expires_at":1}}`,
		"no deadline": `{"ringtrip":{"call":"01000000-0000-7000-8000-000000000001"}}`, "wrong type": `{"ringtrip":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				opened := r.conn.opened
				r.pushBytes([]byte(b), true)
				got := r.s.take()
				if len(got) != 2 || !strings.HasPrefix(got[0], "report ") || !strings.HasPrefix(got[1], "ended ") {
					t.Errorf("it happened: %q, want a placeholder that is reported and ended", got)
				}
				if r.conn.opened == opened {
					t.Error("the server was not asked what it was about")
				}
				r.pushBytes([]byte(b), true)
				if again := r.s.take(); len(again) != 2 {
					t.Errorf("the second time: %q", again)
				}
				r.pushBytes([]byte(b), false)
				r.want()
			})
		})
	}
}

func TestPlaceholdersAreDifferentCalls(t *testing.T) {
	s := newFakeSystem(true)
	for n := range 10 {
		reportPlaceholder(&s.provider, []byte("x"), n)
	}
	reportPlaceholder(&s.provider, []byte("y"), 0)
	if len(s.seen) != 11 {
		t.Errorf("11 pushes made %d calls", len(s.seen))
	}
}

// TestPanicInPush: whatever goes wrong in the engine, or in the code of the app that it calls, the report is made.
func TestPanicInPush(t *testing.T) {
	t.Run("in a mark", func(t *testing.T) {
		r := newRig(t, true, func(c *Config, _ *rig) { c.OnMark = func(Mark) { panic("boom") } })
		r.push(r.payload(1), true)
		if r.s.count("report c1") != 1 {
			t.Errorf("it happened: %q", r.s.log)
		}
		r.tell(r.over(1, call.Cancelled)) // the engine lives on
		r.wantState(1, call.Ended, call.Cancelled)
	})
	t.Run("before the report", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.p.mu.Lock()
		r.p.lines = append(r.p.lines, nil) // an engine that is broken
		r.p.mu.Unlock()
		r.push(r.payload(1), true)
		got := r.s.take()
		if len(got) < 2 || !strings.HasPrefix(got[0], "report ") || !strings.HasPrefix(got[1], "ended ") {
			t.Errorf("it happened: %q, want a placeholder", got)
		}
		r.p.mu.Lock()
		r.p.lines = nil
		r.p.mu.Unlock()
	})
}

func TestPushAfterClose(t *testing.T) {
	r := newRig(t, false, nil)
	r.p.Close()
	r.push(r.payload(1), true)
	if r.s.count("report ") != 1 || r.s.count("ended ") != 1 {
		t.Errorf("it happened: %q, want a placeholder", r.s.log)
	}
}

// TestPushWhileAnotherGoroutineIsInside: the report does not wait for effects that somebody else carries out.
func TestPushWhileAnotherGoroutineIsInside(t *testing.T) {
	r := newRig(t, false, nil)
	r.s.mute = true
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.p.cfg.OnMark = func(Mark) { once.Do(func() { close(entered); <-leave }) }
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.p.do(func() { r.p.then(func() { r.p.mark(id(9), v1.Stage_STAGE_WOKE, r.p.now()) }) })
	}()
	<-entered
	b, _ := r.payload(1).MarshalPush()
	r.pushBytes(b, true) // fails the test if there is no report when it returns
	close(leave)
	<-done
	r.p.Close()
}

func TestLatePush(t *testing.T) {
	late := func(r *rig) signaling.Payload {
		p := r.payload(1)
		p.SentAt -= 60_000
		p.ExpiresAt -= 60_000
		return p
	}
	compared := func(r *rig) { r.hello() }
	ahead := func(r *rig) { r.s.skew = 10 * time.Minute }
	both := func(r *rig) { ahead(r); compared(r) }
	nothing := func(*rig) {}
	for name, c := range map[string]struct {
		given func(*rig)
		must  bool
		late  bool
		rings bool
	}{
		"in time":                                   {nothing, true, false, true},
		"in time, need not be reported":             {nothing, false, false, true},
		"late, clocks compared":                     {compared, true, true, false},
		"late, need not be reported":                {nothing, false, true, false},
		"late, but iOS says it is not":              {nothing, true, true, true},
		"in time, clock ahead and not compared":     {ahead, true, false, true},
		"in time, clock ahead, compared":            {both, true, false, true},
		"late, clock ahead, compared":               {both, true, true, false},
		"late, clock ahead, need not be reported":   {both, false, true, false},
		"in time, clock behind and not compared":    {func(r *rig) { r.s.skew = -time.Hour }, false, false, true},
		"in time, clock jumped after the last word": {func(r *rig) { r.hello(); r.s.skew = -time.Hour }, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, false, nil)
			c.given(r)
			r.s.take()
			p := r.payload(1)
			if c.late {
				p = late(r)
			}
			r.push(p, c.must)
			if c.rings {
				r.wantState(1, call.Ringing, call.NotEnded)
				return
			}
			if r.s.count("send ack WOKE") != 1 {
				t.Error("the ledger does not learn that the push came late")
			}
			switch {
			case c.must:
				r.want("report c1 Alice alice", "ended c1 3", "ended c1 3")
			default:
				r.want()
			}
			r.wantState(1, call.Ended, call.Expired)
		})
	}
}

// TestClockIsComparedAcrossProcesses: the journal tells a process that was just launched how wrong the clock is. Before
// iOS 26.4 nothing else does.
func TestClockIsComparedAcrossProcesses(t *testing.T) {
	for _, late := range []bool{false, true} {
		r := lives(t, func(r *rig) {
			r.s.skew = 10 * time.Minute
			r.hello()
			r.ring(9) // which writes the journal
			r.tell(r.over(9, call.Cancelled))
		})
		p := r.payload(1)
		if late {
			p.SentAt, p.ExpiresAt = p.SentAt-60_000, p.ExpiresAt-60_000
		}
		b, _ := p.MarshalPush()
		r.s.push.DidReceiveIncomingPush(nil, callkit.PushPayload{Dictionary: b}, callkit.PushTypeVoIP, nil)
		r.s.run()
		if got := r.state(1).State == call.Ringing; got == late {
			t.Errorf("late %v: rings %v", late, got)
		}
	}
}

// TestWrongClockCostsAFlashNotTheCall: a push that our clock calls late rings if the server says that it rings.
func TestWrongClockCostsAFlashNotTheCall(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.hello()
		r.s.skew = time.Hour
		r.push(r.payload(1), true)
		r.wantState(1, call.Ended, call.Expired)
		r.tell(r.truth(1, v1.CallState_CALL_STATE_RINGING))
		r.wantState(1, call.Ringing, call.NotEnded)
	})
}

func TestPushCompletion(t *testing.T) {
	// The rig checks that it is called exactly once for each push; here: not before the report was answered.
	r := newRig(t, false, nil)
	b, _ := r.payload(1).MarshalPush()
	called := false
	r.s.push.DidReceiveIncomingPush(nil, callkit.PushPayload{Dictionary: b}, callkit.PushTypeVoIP, func() { called = true })
	if called {
		t.Error("completion was called before the report was answered")
	}
	r.s.run()
	if !called {
		t.Error("completion was not called")
	}
	r.s.push.DidReceiveIncomingPush(nil, callkit.PushPayload{Dictionary: b}, callkit.PushTypeVoIP, nil)
	r.s.run()
}

// FuzzPush feeds the engine any pushes, in any order, between anything else that can happen: when the delegate of a
// push that must be reported returns, a report has been made, and no action is ever settled twice or left behind.
func FuzzPush(f *testing.F) {
	good, err := signaling.Payload{CallID: id(1), SentAt: server.UnixMilli(), ExpiresAt: server.Add(45 * time.Second).UnixMilli(), Handle: "alice"}.MarshalPush()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0}, []byte("nonsense"))
	f.Add([]byte{0, 4, 8, 12, 3, 5, 0, 9}, good)
	f.Add([]byte{1, 10, 4, 13, 1, 6, 7, 0, 11, 2, 1, 5}, good)
	f.Add([]byte{31, 0, 14, 4, 13, 8, 15, 16, 17, 9, 5, 0}, good)
	f.Add(bytes.Repeat([]byte{0, 4, 5, 3}, 8), []byte(`{"ringtrip":{"call":"01000000-0000-7000-8000-000000000001","expires_at":1767258045000,"sent_at":9999999999999999}}`))
	f.Fuzz(func(t *testing.T, script, push []byte) {
		if len(script) > 200 {
			return
		}
		r := newRig(t, len(script) > 0 && script[0]&32 != 0, nil)
		var actions []*fakeSettler
		reset := func() { // and every action is void
			r.s.provider.d.ProviderDidReset(&r.s.provider)
			for _, a := range actions {
				a.done = true
			}
		}
		for i, step := range script {
			n := byte(1 + i%3)
			switch step % 32 {
			case 0, 1:
				r.pushBytes(push, step%32 == 0)
			case 2, 3:
				r.push(r.payload(n), step%32 == 2)
			case 4:
				actions = append(actions, r.answer(n))
			case 5:
				actions = append(actions, r.end(n))
			case 6:
				actions = append(actions, r.hold(n, i%2 == 0))
			case 7:
				actions = append(actions, r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(n)}, Muted: i%2 == 0}))
			case 8:
				r.tell(r.truth(n, v1.CallState_CALL_STATE_RINGING))
			case 9:
				r.tell(r.over(n, call.Reason(1+i%16)))
			case 10:
				r.hello()
			case 11:
				r.s.advance(time.Duration(i) * time.Second)
			case 12:
				r.s.refuse = callkit.ErrFilteredByDoNotDisturb
			case 13:
				for _, q := range r.conn.sent {
					q.answer(signaling.Result{})
				}
				r.s.run()
			case 14:
				r.tell(r.truth(n, v1.CallState_CALL_STATE_ANSWERED))
			case 15:
				r.activate(i%2 == 0)
			case 16:
				r.s.skew = time.Duration(i-8) * time.Hour
			case 17:
				reset()
				r.s.run()
			case 18:
				_, _ = r.p.Start(StartRequest{Callee: "carol"})
				r.s.run()
			case 19:
				actions = append(actions, r.perform(&callkit.PlayDTMFCallAction{Base: callkit.Base{CallUUID: id(n)}, Digits: string(push)}))
			case 20:
				for _, q := range r.conn.sent {
					q.answer(signaling.Result{Err: errors.New("network"), Problem: string(push)})
				}
				r.s.run()
			case 21:
				r.conn.Media(&v1.MediaMessage{CallId: id(n).String(), FromDevice: "x", Session: "s", Kind: v1.MediaKind(i % 6), Data: string(push)})
				r.s.run()
			case 22:
				r.s.onReport = reset
			case 23:
				r.tell(r.ours(n, v1.CallState(i%4)))
			}
		}
		for n := range byte(4) {
			if st := r.state(n); st.Live() {
				r.end(n)
			}
		}
		r.s.advance(5 * time.Minute)
		for _, a := range actions {
			if !a.done {
				t.Errorf("%s was never settled", a.text)
			}
		}
		if r.s.count("SETTLED TWICE") > 0 || r.s.count("SET ACTIVE") > 0 {
			t.Errorf("%q", r.s.log)
		}
		if v := r.media.Violations(); v != nil {
			t.Error(v)
		}
	})
}
