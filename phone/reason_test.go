package phone

import (
	"testing"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestEndedReasons(t *testing.T) {
	want := map[call.Reason][2]callkit.EndedReason{ // incoming, outgoing
		call.HungUp:            {callkit.RemoteEnded, callkit.RemoteEnded},
		call.Cancelled:         {callkit.RemoteEnded, callkit.RemoteEnded},
		call.Declined:          {callkit.DeclinedElsewhere, callkit.RemoteEnded},
		call.Busy:              {callkit.Unanswered, callkit.Unanswered},
		call.Unanswered:        {callkit.Unanswered, callkit.Unanswered},
		call.AnsweredElsewhere: {callkit.AnsweredElsewhere, callkit.AnsweredElsewhere},
		call.DeclinedElsewhere: {callkit.DeclinedElsewhere, callkit.DeclinedElsewhere},
		call.BusyElsewhere:     {callkit.DeclinedElsewhere, callkit.DeclinedElsewhere},
		call.Blocked:           {callkit.DeclinedElsewhere, callkit.RemoteEnded},
		call.DoNotDisturb:      {callkit.Unanswered, callkit.Unanswered},
		call.Unreachable:       {callkit.Failed, callkit.Failed},
		call.MediaFailed:       {callkit.Failed, callkit.Failed},
		call.Replaced:          {callkit.AnsweredElsewhere, callkit.AnsweredElsewhere},
		call.Expired:           {callkit.Unanswered, callkit.Unanswered},
		call.Crashed:           {callkit.Failed, callkit.Failed},
		call.ServerEnded:       {callkit.RemoteEnded, callkit.RemoteEnded},
	}
	for _, r := range call.Reasons() {
		w, ok := want[r]
		if !ok {
			t.Errorf("nobody has thought about %v", r)
		}
		if got := EndedReason(r, false); got != w[0] {
			t.Errorf("incoming, %v: %d, want %d", r, got, w[0])
		}
		if got := EndedReason(r, true); got != w[1] {
			t.Errorf("outgoing, %v: %d, want %d", r, got, w[1])
		}
	}
	for _, r := range []call.Reason{call.NotEnded, 99} {
		if got := EndedReason(r, false); got != callkit.Failed {
			t.Errorf("%v: %d, want failed", r, got)
		}
	}
}

// TestReasonsOfTheWire: the wire's numbers are those of package call.
func TestReasonsOfTheWire(t *testing.T) {
	for _, r := range call.Reasons() {
		if got := reasonOf(v1.EndReason(r)); got != r {
			t.Errorf("%v comes back as %v", r, got)
		}
	}
	if len(v1.EndReason_name) != len(call.Reasons())+1 {
		t.Error("the wire has other reasons than package call")
	}
	for _, r := range []v1.EndReason{-1, 17, 300} {
		if got := reasonOf(r); got != call.ServerEnded {
			t.Errorf("%d is %v", r, got)
		}
	}
}
