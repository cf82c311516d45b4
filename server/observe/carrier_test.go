package observe_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
)

// What carriers say and are asked is counted, also through All.
func TestCarrierMetrics(t *testing.T) {
	m := observe.NewMetrics("test")
	o := observe.All(m).(server.CarrierObserver)
	o.CarrierHook(server.CarrierHook{App: "shop", Carrier: "twilio", Outcome: "ok", Took: time.Millisecond})
	o.CarrierHook(server.CarrierHook{App: "shop", Carrier: "twilio", Outcome: "signature"})
	o.CarrierDeed(server.CarrierDeed{App: "shop", Carrier: "twilio", Deed: "end"})
	o.CarrierDeed(server.CarrierDeed{App: "shop", Carrier: "twilio", Deed: "end", Err: errors.New("down")})
	o.CarrierDeed(server.CarrierDeed{App: "shop", Carrier: "twilio", Deed: "end", Err: errors.New("down"), GaveUp: true})
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"ringtrip_carrier_webhooks_total": 2, "ringtrip_carrier_deeds_total": 3, "ringtrip_carrier_webhook_seconds": 1}
	for _, f := range families {
		if n, ok := want[f.GetName()]; ok && len(f.Metric) != n {
			t.Errorf("%s has %d series, want %d", f.GetName(), len(f.Metric), n)
		}
		delete(want, f.GetName())
	}
	if len(want) != 0 {
		t.Errorf("there are no series of %v", want)
	}
}
