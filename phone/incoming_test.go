package phone

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestIncomingCallLifeByPush(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.push(r.payload(1), true)
		r.want("report c1 Alice alice", "send ack WOKE REPORTED RINGING with tok")
		if r.conn.opened < 2 {
			t.Error("a push must open the connection")
		}
		r.reply("AckRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_RINGING)})
		far := r.caller(1)
		r.s.advance(time.Second)
		r.want(`send media 1 to="" with tok`, `send media 3 to="" with tok`, `send media 3 to="" with tok`)
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
		r.want("send end hungup", "fulfill end c1", `send media 4 to="" with tok`)
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
