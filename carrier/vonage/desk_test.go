package vonage

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testID = carriertest.ID

// newDesk is the ringing server in small, where one number is bob's.
func newDesk(t *testing.T, c *Carrier) *carriertest.Exchange {
	x := carriertest.NewExchange(t, c, nil)
	x.Numbers["+15550001111"] = "bob"
	x.Away["refuses"], x.Away["blocks"] = 0, call.Blocked
	return x
}

// untouched fails if the desk was told or asked for anything.
type untouched struct{ t *testing.T }

var errTouched = errors.New("the desk was asked")

func (u untouched) Incoming(context.Context, carrier.Incoming) (carrier.Call, error) {
	u.t.Error("Incoming was called")
	return carrier.Call{}, errTouched
}
func (u untouched) Call(context.Context, string) (carrier.Call, error) {
	u.t.Error("Call was called")
	return carrier.Call{}, errTouched
}
func (u untouched) CallByRef(context.Context, string) (carrier.Call, error) {
	u.t.Error("CallByRef was called")
	return carrier.Call{}, errTouched
}
func (u untouched) Tell(context.Context, carrier.Event) error {
	u.t.Error("Tell was called")
	return errTouched
}
