package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringtrip/ringtrip/server"
)

// lateBuckets are seconds from what happened to the endpoint's having it: at once, or after some of the retries of
// webhook.MaxAge.
var lateBuckets = []float64{.01, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600}

// The words of a webhook's fate.
const (
	delivered = "delivered"
	retried   = "retried"
	dead      = "dead"
)

// letters are the metrics of webhooks to the apps' backends. An endpoint is a label: there are as many as are configured.
type letters struct {
	fates   *prometheus.CounterVec   // app, endpoint, result
	request *prometheus.HistogramVec // app, endpoint
	late    *prometheus.HistogramVec // app, endpoint
}

func newLetters() letters {
	return letters{
		fates:   counters("ringtrip_webhooks_total", "Webhooks to backends, by result: delivered, retried (an attempt that failed and is made again), dead (given up).", "app", "endpoint", "result"),
		request: histograms("ringtrip_webhook_request_seconds", "Seconds of an attempt to deliver a webhook, also of one that failed.", quickBuckets, "app", "endpoint"),
		late:    histograms("ringtrip_webhook_delivery_seconds", "Seconds from what happened to the backend's having taken the webhook of it, retries included.", lateBuckets, "app", "endpoint"),
	}
}

func (l letters) all() []prometheus.Collector {
	return []prometheus.Collector{l.fates, l.request, l.late}
}

// Delivered implements [server.DeliveryObserver].
func (m *Metrics) Delivered(d server.Delivery) {
	l := m.letters
	for _, result := range []string{delivered, retried, dead} {
		l.fates.WithLabelValues(d.App, d.Endpoint, result) // an alert on an increase wants the series from the start
	}
	if d.Dead {
		l.fates.WithLabelValues(d.App, d.Endpoint, dead).Inc()
		return // which is no attempt
	}
	l.request.WithLabelValues(d.App, d.Endpoint).Observe(d.Took.Seconds())
	switch {
	case d.Taken:
		l.fates.WithLabelValues(d.App, d.Endpoint, delivered).Inc()
		l.late.WithLabelValues(d.App, d.Endpoint).Observe(max(d.Age, 0).Seconds())
	case d.Again:
		l.fates.WithLabelValues(d.App, d.Endpoint, retried).Inc()
	}
}

// Delivered implements [server.DeliveryObserver].
func (a all) Delivered(d server.Delivery) {
	for _, o := range a {
		if o, ok := o.(server.DeliveryObserver); ok {
			o.Delivered(d)
		}
	}
}
