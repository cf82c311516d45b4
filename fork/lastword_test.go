package fork

import (
	"testing"

	"github.com/ringtrip/ringtrip/call"
)

// TestLastWord shows that a device which said that it will not take the call is never told again that it rings: it
// would say so again, and the two would go on for ever. Only a leg that the server itself gave up may ring again.
func TestLastWord(t *testing.T) {
	starts := []LegState{Created, Pushed, Woke, LegRinging}
	says := []Event{
		{Kind: Busy, Reason: call.Busy}, {Kind: Busy, Reason: call.DoNotDisturb}, {Kind: Busy, Reason: call.Unreachable},
		{Kind: Busy, Reason: call.Unreachable, On: true}, {Kind: Decline, Reason: call.Declined}, {Kind: Decline, Reason: call.Blocked},
		{Kind: LegHangup, Reason: call.HungUp}, {Kind: LegHangup, Reason: call.MediaFailed}, {Kind: LegHangup, Reason: call.Crashed},
	}
	after := []Event{{Kind: Wake}, {Kind: Ring}, {Kind: PushAccepted}, {Kind: PushFailed}}
	for _, lost := range []bool{false, true} {
		for _, state := range starts {
			for _, said := range says {
				f, _ := Step(Fork{}, Event{Kind: Start, N: 2})
				f.Legs[0].State = state
				if lost { // the server gave the leg up before it was heard
					f.Legs[0] = Leg{State: LegEnded, Reason: call.Unreachable}
				}
				f, _ = Step(f, said)
				for _, e := range after {
					if f, _ = Step(f, e); f.LegSees(0).State == Ringing {
						t.Fatalf("leg was %v (lost %v), said %+v, then %+v: it sees the call ring again", state, lost, said, e)
					}
				}
			}
		}
	}
}
