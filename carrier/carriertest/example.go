package carriertest

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// CallID is the id of the call of [Example], and ID(1).
const CallID = "0199a000-0000-7000-8000-000000000001"

// ID is the id of a call, another for each n.
func ID(n int) string { return fmt.Sprintf("0199a000-0000-7000-8000-%012x", n) }

// Example asks at now for credentials for alice's phone, which calls bob: a call that rings, as tests of one carrier need it.
func Example(now time.Time) carrier.Join {
	return carrier.Join{
		Call: carrier.Call{ID: CallID, App: "app", State: carrier.Ringing, Caller: carrier.Party{User: "alice", Device: "phone"}, Callee: carrier.Party{User: "bob"}},
		Self: carrier.Party{User: "alice", Device: "phone", Name: "Alice"}, Caller: true, Now: now,
	}
}

// ExampleDesk is a desk that knows the call of [Example]. answered is the device of bob's that has answered it; empty: none
// has; "?": none has, and the desk knows that it rings his phone and his pad.
func ExampleDesk(c carrier.Carrier, answered string) *Desk {
	known := Example(time.Time{}).Call
	switch answered {
	case "":
	case "?":
		known.Devices = []string{"phone", "pad"}
	default:
		known.State, known.Callee.Device = carrier.Answered, answered
	}
	d := NewDesk(c, nil)
	d.Put(known)
	return d
}
