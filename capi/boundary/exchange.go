//go:build iossim

package boundary

import (
	"context"
	"fmt"

	"github.com/ringtrip/ringtrip/capi/exchange"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func init() {
	connectTo = func(name string, pc *phone.Config) error {
		x := exchange.Shared(name)
		if x == nil {
			return fmt.Errorf("boundary: there is no exchange %.40q: it is a simulator's", name)
		}
		pc.Connect = func(h signaling.Handler) signaling.Connection { return x.Connect(pc.System, h) }
		pc.Register = func(_ context.Context, r *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			done(x.Register(r), nil)
		}
		return nil
	}
}
