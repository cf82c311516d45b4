package phone

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (r *rig) token(b ...byte) {
	r.s.push.DidUpdatePushCredentials(nil, callkit.PushCredentials{Type: callkit.PushTypeVoIP, Token: b}, callkit.PushTypeVoIP)
	r.s.run()
}

func (r *rig) registered(err error) {
	r.t.Helper()
	if r.reg == nil {
		r.t.Fatal("nothing was registered")
	}
	done := r.reg
	r.reg = nil
	if err != nil {
		done(nil, err)
	} else {
		done(&v1.RegisterDeviceResponse{ServerTime: timestamppb.New(r.now()), NextCallId: id(200).String()}, nil)
	}
	r.s.run()
}

func TestRegistration(t *testing.T) {
	r := newRig(t, false, nil)
	r.conn.Online(true)
	r.s.run()
	if len(r.regs) != 0 {
		t.Fatal("registered without a token")
	}
	r.token(0xab, 0xcd)
	if got := r.regs[0]; got.VoipToken != "abcd" || got.DeviceId != "dev" || got.Platform != "ios" || got.BundleId != "com.example.app" {
		t.Errorf("registered %v", got)
	}
	r.token(0xee) // a new one while the first is under way
	if len(r.regs) != 1 {
		t.Error("two registrations are under way")
	}
	r.registered(nil)
	if len(r.regs) != 2 || r.regs[1].VoipToken != "ee" {
		t.Fatalf("registered %v, want the new token", r.regs)
	}
	r.registered(nil)
	if s := r.p.Snapshot(); !s.Registered || !s.CanStart {
		t.Errorf("%+v", s)
	}
	r.conn.Online(true)
	r.s.run()
	if len(r.regs) != 2 {
		t.Error("registered again for nothing")
	}
	r.s.push.(callkit.InvalidateDelegate).DidInvalidatePushToken(nil, callkit.PushTypeVoIP)
	if len(r.regs) != 3 || r.regs[2].VoipToken != "" {
		t.Error("the server was not told that the token is void")
	}
}

func TestRegistrationFails(t *testing.T) {
	r := newRig(t, false, nil)
	r.token(1)
	total := time.Duration(0)
	for n := 1; n <= 8; n++ {
		r.registered(failure(connect.CodeUnavailable))
		before := len(r.regs)
		for len(r.regs) == before && total < time.Hour {
			r.s.advance(time.Second)
			total += time.Second
		}
	}
	if total < time.Minute || total > 30*time.Minute {
		t.Errorf("8 attempts took %v", total)
	}
	r.registered(failure(connect.CodeUnavailable))
	n := len(r.regs)
	r.conn.Online(true) // the network is back: no need to wait
	r.s.run()
	if len(r.regs) != n+1 {
		t.Error("not tried again when the line came up")
	}
	r.registered(failure(connect.CodeUnavailable))
	r.s.app.DidBecomeActive() // the user is here
	if n++; len(r.regs) != n+1 {
		t.Error("not tried again when the app came to the foreground")
	}
	r.registered(failure(connect.CodeUnauthenticated))
	r.s.advance(time.Hour)
	if len(r.regs) != n+1 {
		t.Error("tried again with a token that the server does not take")
	}
	r.p.Register() // the user logged in
	r.s.run()
	if len(r.regs) != n+2 {
		t.Error("Register did nothing")
	}
}

func TestBackgroundTask(t *testing.T) {
	t.Run("until the server has heard", func(t *testing.T) {
		both(t, func(t *testing.T, r *rig) {
			if r.s.tasks != 0 {
				t.Fatal("a task without need")
			}
			r.ring(1)
			if r.s.tasks != 1 {
				t.Error("no task while it rings")
			}
			r.end(1)
			if r.s.tasks != 1 {
				t.Error("no task while the decline is under way")
			}
			r.reply("DeclineRequest", signaling.Result{Call: r.over(1, call.Declined)})
			for _, q := range r.conn.sent {
				q.answer(signaling.Result{})
			}
			r.s.run()
			if r.s.tasks != 0 {
				t.Error("the task was not given back")
			}
		})
	})
	t.Run("begun before the action is fulfilled", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.talk(1)
		for _, q := range r.conn.sent {
			q.answer(signaling.Result{})
		}
		r.s.run()
		if r.s.tasks != 0 {
			t.Fatal("a task while audio keeps the app running")
		}
		x := &fakeSettler{s: r.s, text: "end"}
		tasks := -1
		a := &callkit.EndCallAction{Base: callkit.Base{CallUUID: id(1)}}
		a.Bind(callkit.UUID{}, time.Time{}, settlerFunc(func() { tasks = r.s.tasks; x.done = true }))
		r.s.provider.d.(callkit.EndCallDelegate).PerformEndCallAction(nil, a)
		if tasks != 1 {
			t.Errorf("%d tasks when the end was fulfilled, want 1", tasks)
		}
	})
	t.Run("expires", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.ring(1)
		r.s.expire()
		if r.s.tasks != 0 {
			t.Error("not given back when the system asked for it")
		}
		r.end(1)
		if r.s.tasks != 1 {
			t.Error("not asked for again for the decline")
		}
	})
}

type settlerFunc func()

func (f settlerFunc) Settle(bool, time.Time) { f() }
func (f settlerFunc) Settled() bool          { return false }
