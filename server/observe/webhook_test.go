package observe_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
)

// What becomes of webhooks is counted by endpoint, also through All, beside one that does not care.
func TestWebhookMetrics(t *testing.T) {
	m := observe.NewMetrics("test")
	o := observe.All(m, observe.All()).(server.DeliveryObserver)
	told := server.Delivery{App: "shop", Endpoint: "main", Type: "call.ended", Took: 30 * time.Millisecond}
	with := func(change func(*server.Delivery)) {
		d := told
		change(&d)
		o.Delivered(d)
	}
	with(func(d *server.Delivery) { d.Taken, d.Status, d.Age = true, http.StatusOK, 40*time.Millisecond })
	wantLines(t, scrape(t, m), // an alert wants the series before the first one is dead
		`ringtrip_webhooks_total{app="shop",endpoint="main",result="dead"} 0`,
		`ringtrip_webhooks_total{app="shop",endpoint="main",result="retried"} 0`,
	)
	with(func(d *server.Delivery) { d.Again, d.Status = true, http.StatusBadGateway })
	with(func(d *server.Delivery) { d.Again = true })
	with(func(d *server.Delivery) { d.Taken, d.Status, d.Age, d.Tries = true, http.StatusOK, 6*time.Minute, 3 })
	with(func(d *server.Delivery) { d.Status = http.StatusGone }) // the last attempt: what follows is that it is dead
	with(func(d *server.Delivery) { d.Dead, d.Took, d.Age = true, 0, 73*time.Hour })
	with(func(d *server.Delivery) { d.Endpoint, d.Taken, d.Age = "other", true, -time.Second }) // the clock went back
	wantLines(t, scrape(t, m),
		`ringtrip_webhooks_total{app="shop",endpoint="main",result="delivered"} 2`,
		`ringtrip_webhooks_total{app="shop",endpoint="main",result="retried"} 2`,
		`ringtrip_webhooks_total{app="shop",endpoint="main",result="dead"} 1`,
		`ringtrip_webhooks_total{app="shop",endpoint="other",result="delivered"} 1`,
		`ringtrip_webhook_request_seconds_count{app="shop",endpoint="main"} 5`,
		`ringtrip_webhook_request_seconds_bucket{app="shop",endpoint="main",le="0.05"} 5`,
		`ringtrip_webhook_delivery_seconds_count{app="shop",endpoint="main"} 2`,
		`ringtrip_webhook_delivery_seconds_bucket{app="shop",endpoint="main",le="0.05"} 1`,
		`ringtrip_webhook_delivery_seconds_bucket{app="shop",endpoint="main",le="900"} 2`,
		`ringtrip_webhook_delivery_seconds_sum{app="shop",endpoint="other"} 0`,
	)
}
