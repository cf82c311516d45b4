package phone

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestIncomingCallLifeByPush(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.push(r.payload(1), true)
		r.want("report c1 Alice alice", "send ack WOKE REPORTED RINGING with tok")
		if len(r.media.Sessions()) != 0 {
			t.Error("a media session was made before the server said with what credentials")
		}
		if r.conn.opened < 2 {
			t.Error("a push must open the connection")
		}
		r.reply("AckRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_RINGING)})
		far := r.caller(1)
		r.s.advance(time.Second)
		if st := r.state(1); st.Transport != call.Up {
			t.Fatalf("the transport is %v while ringing, want it warm", st.Transport)
		}

		r.answer(1)
		r.want("category PlayAndRecord VoiceChat", "send answer with tok", "fulfill answer c1")
		r.reply("AnswerRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_ANSWERED)})
		r.wantState(1, call.Connected, call.NotEnded)
		own := r.media.Session(id(1).String())
		if own.AudioRunning() {
			t.Error("audio runs before didActivate")
		}
		r.activate(true)
		r.s.advance(time.Second)
		if !own.AudioRunning() || own.Hears() != "them" {
			t.Errorf("audio runs: %v, hears %q", own.AudioRunning(), own.Hears())
		}
		r.want()

		r.hold(1, true)
		r.activate(false)
		r.want("fulfill hold c1", "send hold true")
		r.hold(1, false)
		r.activate(true)
		r.want("fulfill hold c1", "send hold false")
		r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(1)}, Muted: true})
		r.want("fulfill mute c1")
		x := r.perform(&callkit.PlayDTMFCallAction{Base: callkit.Base{CallUUID: id(1)}, Digits: "42", Type: callkit.SingleTone})
		if !x.done {
			t.Error("DTMF was not settled")
		}
		r.want("fulfill dtmf c1")

		r.end(1)
		r.activate(false)
		r.s.advance(0)
		r.want("send end hungup", "fulfill end c1")
		if !own.Closed() {
			t.Error("the session is open after the end")
		}
		if r.s.tasks != 1 {
			t.Error("no background task while the hang-up is under way")
		}
		for _, q := range r.conn.sent {
			q.answer(signaling.Result{})
		}
		r.s.run()
		if r.s.tasks != 0 {
			t.Error("the background task was not given back")
		}
		r.wantState(1, call.Ended, call.HungUp)
		wantMarks := []v1.Stage{v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING,
			v1.Stage_STAGE_MEDIA_CONNECTED, v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA}
		for _, stage := range wantMarks {
			n := 0
			for _, got := range r.marks {
				if got == stage {
					n++
				}
			}
			if n != 1 {
				t.Errorf("mark %v was made %d times", stage, n)
			}
		}
		if v := r.media.Violations(); v != nil {
			t.Error(v)
		}
		_ = far.Close()
	})
}

func TestAnswerPolicies(t *testing.T) {
	t.Run("fulfil when connected, after 5 s at the latest", func(t *testing.T) {
		both(t, func(t *testing.T, r *rig) {
			r.ring(1)
			r.answer(1)
			r.want("category PlayAndRecord VoiceChat", "send answer with tok")
			r.s.advance(4 * time.Second)
			if got := r.s.count("fulfill"); got != 0 {
				t.Fatal("fulfilled before the transport was up")
			}
			r.s.advance(time.Second)
			if got := r.s.count("fulfill answer"); got != 1 {
				t.Fatal("not fulfilled after 5 s")
			}
			r.reply("AnswerRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_ANSWERED)})
			r.s.take()
			r.s.advance(16 * time.Second)
			r.wantState(1, call.Ended, call.MediaFailed)
			if got := r.s.count("ended c1 1"); got != 1 {
				t.Errorf("the system was told %q", r.s.log)
			}
			if r.conn.last("EndRequest") == nil {
				t.Error("the server was not told that media failed")
			}
		})
	})
	t.Run("fulfil first", func(t *testing.T) {
		r := newRig(t, false, func(c *Config, _ *rig) { c.AnswerPolicy = FulfillFirst })
		r.ring(1)
		r.answer(1)
		r.want("category PlayAndRecord VoiceChat", "send answer with tok", "fulfill answer c1")
	})
	t.Run("fulfil when the transport comes up", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.ring(1)
		r.answer(1)
		r.s.take()
		r.caller(1)
		r.s.advance(time.Second)
		if r.s.count("fulfill answer") != 1 {
			t.Error("not fulfilled when connected")
		}
	})
	t.Run("a video call", func(t *testing.T) {
		r := newRig(t, false, nil)
		p := r.payload(1)
		p.Video = true
		r.push(p, true)
		r.s.take()
		r.answer(1)
		if r.s.audio.mode != callkit.VideoChat {
			t.Errorf("mode %v", r.s.audio.mode)
		}
	})
}

func TestRefusedReports(t *testing.T) {
	incoming := func(code int) error {
		return &callkit.Error{Domain: callkit.IncomingCallErrorDomain, Code: code}
	}
	for name, c := range map[string]struct {
		err  error
		why  call.Reason
		send string
	}{
		"do not disturb":     {callkit.ErrFilteredByDoNotDisturb, call.DoNotDisturb, "send decline do_not_disturb here with tok"},
		"block list":         {callkit.ErrFilteredByBlockList, call.Blocked, "send decline blocked with tok"},
		"restricted sharing": {incoming(callkit.IncomingFilteredRestrictedShare), call.DoNotDisturb, "send decline do_not_disturb here with tok"},
		"sensitive":          {incoming(callkit.IncomingFilteredBySensitive), call.DoNotDisturb, "send decline do_not_disturb here with tok"},
		"protected":          {incoming(callkit.IncomingCallIsProtected), call.Unreachable, "send decline unreachable here with tok"},
		"unentitled":         {incoming(callkit.IncomingUnentitled), call.Unreachable, "send decline unreachable here with tok"},
		"unknown":            {incoming(callkit.IncomingUnknown), call.Unreachable, "send decline unreachable here with tok"},
		"no error of ours":   {callkit.ErrInsufficientPriority, call.Unreachable, "send decline unreachable here with tok"},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				r.s.refuse = c.err
				r.push(r.payload(1), true)
				r.want("report c1 Alice alice", c.send)
				r.wantState(1, call.Ended, c.why)
			})
		})
	}
}

func TestDuplicatePush(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.ring(1)
		r.push(r.payload(1), true)
		r.want("report c1 Alice alice")
		r.wantState(1, call.Ringing, call.NotEnded)
		r.push(r.payload(1), false)
		r.want()
		r.end(1)
		r.want("send decline declined with tok", "fulfill end c1")
		r.s.advance(10 * time.Second)
		r.push(r.payload(1), true)
		r.want("report c1 Alice alice", "ended c1 5 in the past", "ended c1 5 in the past")
		r.push(r.payload(1), false)
		r.want()
		r.wantState(1, call.Ended, call.Declined)
	})
}

func TestTombstonesAreForgotten(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.tell(r.over(1, call.Cancelled))
	r.s.advance(45*time.Second + tombstone + time.Second)
	if got := r.p.Calls(); len(got) != 0 {
		t.Errorf("still remembered: %+v", got)
	}
	for n := range 3 * maxLines {
		r.push(r.payload(byte(n+2)), true)
		r.tell(r.over(byte(n+2), call.Cancelled))
	}
	if got := len(r.p.Calls()); got > maxLines {
		t.Errorf("%d calls are remembered, want at most %d", got, maxLines)
	}
}

func TestEndsFromTheServer(t *testing.T) {
	for _, why := range call.Reasons() {
		t.Run(why.String(), func(t *testing.T) {
			r := newRig(t, false, nil)
			r.ring(1)
			own := r.media.Session(id(1).String())
			r.tell(r.over(1, why))
			r.wantState(1, call.Ended, why)
			r.s.advance(0)
			got := r.s.take()
			want := EndedReason(why, false)
			if len(got) == 0 || got[0] != "ended c1 "+string(rune('0'+want)) {
				t.Errorf("the system was told %q, want reason %d", got, want)
			}
			if !own.Closed() {
				t.Error("media goes on")
			}
		})
	}
}

func TestLostRaceForTheAnswer(t *testing.T) {
	for name, res := range map[string]func(*rig) signaling.Result{
		"with the truth": func(r *rig) signaling.Result {
			return signaling.Result{Call: r.over(1, call.AnsweredElsewhere), Problem: "answered_elsewhere", Err: failure(connect.CodeFailedPrecondition)}
		},
		"with the code alone": func(*rig) signaling.Result {
			return signaling.Result{Problem: "answered_elsewhere", Err: failure(connect.CodeFailedPrecondition)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				r.ring(1)
				x := r.answer(1)
				r.s.take()
				r.reply("AnswerRequest", res(r))
				r.wantState(1, call.Ended, call.AnsweredElsewhere)
				r.want("ended c1 4", "fail answer c1")
				if !x.done {
					t.Error("the answer action was never settled")
				}
			})
		})
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		res signaling.Result
		why call.Reason
	}{
		"unknown call":    {signaling.Result{Problem: "unknown_call", Err: failure(connect.CodeNotFound)}, call.ServerEnded},
		"already ended":   {signaling.Result{Problem: "already_ended", Err: failure(connect.CodeFailedPrecondition)}, call.ServerEnded},
		"cancelled":       {signaling.Result{Problem: "cancelled", Err: failure(connect.CodeFailedPrecondition)}, call.Cancelled},
		"not understood":  {signaling.Result{Err: failure(connect.CodeInvalidArgument)}, call.ServerEnded},
		"network":         {signaling.Result{Err: context.DeadlineExceeded}, call.Unreachable},
		"a strange word":  {signaling.Result{Problem: "gibberish", Err: failure(connect.CodeFailedPrecondition)}, call.ServerEnded},
		"without a truth": {signaling.Result{}, call.NotEnded},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, false, nil)
			r.ring(1)
			x := r.answer(1)
			r.reply("AnswerRequest", c.res)
			if c.why == call.NotEnded {
				if !r.state(1).Won {
					t.Error("the answer was not taken for won")
				}
				return
			}
			r.wantState(1, call.Ended, c.why)
			if !x.done {
				t.Error("the answer action was never settled")
			}
			if (c.why == call.Unreachable) != (r.conn.last("EndRequest") != nil) {
				t.Error("the server must be told, if and only if it may think the call is ours")
			}
		})
	}
}

func TestTokens(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.answer(1)
	if got := r.conn.last("AnswerRequest").opts.Token; got != "tok" {
		t.Fatalf("answered with token %q, want the push's", got)
	}
	r.reply("AnswerRequest", signaling.Result{Err: failure(connect.CodeUnauthenticated)})
	if r.conn.count("AnswerRequest") != 2 || r.conn.last("AnswerRequest").opts.Token != "" {
		t.Fatal("the user's token was not tried after the push's was refused")
	}
	r.wantState(1, call.Connecting, call.NotEnded)
	r.reply("AnswerRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_ANSWERED)})
	r.end(1)
	if got := r.conn.last("EndRequest").opts.Token; got != "" {
		t.Errorf("hung up with token %q, want the user's", got)
	}
	r.reply("EndRequest", signaling.Result{Err: failure(connect.CodeUnauthenticated)})
	if r.conn.count("EndRequest") != 2 || r.conn.last("EndRequest").opts.Token != "tok" {
		t.Error("the push's token was not tried after the user's was refused")
	}
	r.reply("EndRequest", signaling.Result{Err: failure(connect.CodeUnauthenticated)})
	if r.conn.count("EndRequest") != 2 {
		t.Error("tried for ever")
	}
}

func TestNobodyIsLoggedIn(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	x := r.answer(1)
	for range 2 {
		r.reply("AnswerRequest", signaling.Result{Err: failure(connect.CodeUnauthenticated)})
	}
	r.wantState(1, call.Ended, call.Unreachable)
	if !x.done {
		t.Error("the answer was never settled")
	}
}

func TestSecondCallWithoutCallWaiting(t *testing.T) {
	for name, first := range map[string]func(*rig){
		"while one rings":    func(r *rig) { r.ring(1) },
		"while one is going": func(r *rig) { r.talk(1) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, sync := range []bool{true, false} {
				r := newRig(t, sync, func(c *Config, _ *rig) { c.NoCallWaiting = true })
				first(r)
				before := r.state(1)
				p := r.payload(2)
				p.Handle, p.CallerName = "dave", "Dave"
				r.push(p, false)
				r.want("send decline busy here with tok")
				p.CallID = id(3)
				r.push(p, true)
				got := r.s.take()
				if !slices.Contains(got, "report c3 Dave dave") || !slices.Contains(got, "ended c3 3") || !slices.Contains(got, "send decline busy here with tok") {
					t.Errorf("it happened: %q", got)
				}
				r.wantState(3, call.Ended, call.Busy)
				offer := r.truth(4, v1.CallState_CALL_STATE_RINGING)
				offer.Caller = &v1.Party{UserId: "dave"}
				r.tell(offer)
				r.want("send decline busy here")
				if after := r.state(1); after != before {
					t.Errorf("the first call was %+v and is %+v", before, after)
				}
				r.tell(r.over(1, call.HungUp))
				r.push(p, true) // again, and late: nothing rings
				r.wantState(3, call.Ended, call.Busy)
			}
		})
	}
}

func TestOfferedByTheStream(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.tell(r.truth(1, v1.CallState_CALL_STATE_RINGING))
		r.want("report c1 Alice alice", "send ack WOKE REPORTED RINGING")
		r.push(r.payload(1), true) // the push comes after it
		r.want("report c1 Alice alice")
		r.answer(1)
		if got := r.conn.last("AnswerRequest").opts.Token; got != "tok" {
			t.Errorf("token %q, want the push's", got)
		}
	})
}

func TestMediaTrouble(t *testing.T) {
	t.Run("fails while ringing: warmed again by the answer", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.ring(1)
		first := r.media.Session(id(1).String())
		first.Fail(errors.New("no route"))
		r.s.advance(0)
		if !first.Closed() || r.state(1).Transport != call.Gone {
			t.Fatal("a failed session stays open")
		}
		r.wantState(1, call.Ringing, call.NotEnded)
		r.answer(1)
		second := r.media.Session(id(1).String())
		if second == first || second.Closed() {
			t.Error("not warmed again")
		}
	})
	t.Run("lost and back", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.talk(1)
		r.media.Lose()
		r.s.advance(time.Second)
		if r.state(1).Transport != call.Lost {
			t.Fatal("the loss was not noticed")
		}
		r.media.Regain()
		r.s.advance(time.Minute)
		r.wantState(1, call.Connected, call.NotEnded)
		if r.media.Session(id(1).String()).Hears() != "them" {
			t.Error("no sound")
		}
	})
	t.Run("lost for good", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.talk(1)
		r.media.Lose()
		r.s.advance(time.Minute)
		r.wantState(1, call.Ended, call.MediaFailed)
		r.want("send end media_failed", "ended c1 1")
	})
	t.Run("a bye is no failure, but silence is not for ever", func(t *testing.T) {
		r := newRig(t, false, nil)
		far := r.talk(1)
		_ = far.Close()
		r.s.advance(time.Second)
		r.wantState(1, call.Connected, call.NotEnded)
		r.s.advance(defaultMediaLost)
		r.wantState(1, call.Ended, call.MediaFailed)
	})
	t.Run("the SDK refuses", func(t *testing.T) {
		r := newRig(t, false, func(c *Config, _ *rig) { c.Media = brokenFactory{} })
		r.ring(1)
		r.wantState(1, call.Ringing, call.NotEnded)
		x := r.answer(1)
		r.wantState(1, call.Ended, call.MediaFailed)
		if !x.done {
			t.Error("the answer was never settled")
		}
	})
}

type brokenFactory struct{}

func (brokenFactory) New(media.Config) (media.Session, error) {
	return nil, errors.New("no microphone")
}

func failure(code connect.Code) error { return connect.NewError(code, errors.New("test")) }
