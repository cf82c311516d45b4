package phone

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// An offer to take over a call that was lost here rings; the same push again, after the user declined, does not; a later
// offer does, by push or by the stream.
func TestOfferedCall(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.ring(1)
		lost := r.truth(1, v1.CallState_CALL_STATE_ENDED)
		lost.Reason = v1.EndReason_END_REASON_ANSWERED_ELSEWHERE
		r.tell(lost)
		r.wantState(1, call.Ended, call.AnsweredElsewhere)

		offer := r.payload(1)
		offer.Moving = r.now().UnixMilli()
		r.push(offer, true)
		if c := r.state(1); c.State != call.Ringing {
			t.Fatalf("offered, it is %v", c)
		}
		moving := r.truth(1, v1.CallState_CALL_STATE_RINGING)
		moving.Moving, moving.OfferedAt = true, timestamppb.New(time.UnixMilli(offer.Moving))
		r.tell(moving)
		if len(r.p.Calls()) != 1 || !r.p.Calls()[0].Moving {
			t.Errorf("the app is shown %+v", r.p.Calls())
		}
		if l := r.p.find(r.payload(1).CallID); len(l.sessions) > 0 {
			t.Error("it has a media session while the call is elsewhere")
		}
		r.end(1)
		r.wantState(1, call.Ended, call.Declined)
		r.push(offer, false)
		r.wantState(1, call.Ended, call.Declined)
		r.tell(moving)
		r.wantState(1, call.Ended, call.Declined)

		offer.Moving++
		r.push(offer, true)
		if c := r.state(1); c.State != call.Ringing {
			t.Fatalf("offered again, it is %v", c)
		}
	})
}
