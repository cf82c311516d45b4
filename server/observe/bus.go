package observe

import "github.com/prometheus/client_golang/prometheus"

// Bus is how the bus between nodes is: what bus/nats counts, which this package does not import.
type Bus struct {
	Connected               bool
	Peers                   int // other nodes that an embedded bus is connected with; 0 if the servers are others
	Sent, Received, Dropped uint64
}

var (
	busUpDesc       = prometheus.NewDesc("ringtrip_bus_connected", "1 if this node's bus is connected.", nil, nil)
	busPeersDesc    = prometheus.NewDesc("ringtrip_bus_peers", "Other nodes that the embedded bus is connected with; 0 with NATS servers of one's own.", nil, nil)
	busSentDesc     = prometheus.NewDesc("ringtrip_bus_sent_total", "Wake-ups handed to the bus for other nodes.", nil, nil)
	busReceivedDesc = prometheus.NewDesc("ringtrip_bus_received_total", "Wake-ups from other nodes.", nil, nil)
	busDroppedDesc  = prometheus.NewDesc("ringtrip_bus_dropped_total", "Wake-ups lost in this process; streams read what they missed at their next ping.", nil, nil)
)

// WatchBus adds the figures of a bus, read at every scrape. It must be called once at most.
func (m *Metrics) WatchBus(read func() Bus) { m.registry.MustRegister(busFigures{read}) }

type busFigures struct{ read func() Bus }

// Describe implements prometheus.Collector.
func (busFigures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{busUpDesc, busPeersDesc, busSentDesc, busReceivedDesc, busDroppedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (b busFigures) Collect(out chan<- prometheus.Metric) {
	now := b.read()
	for d, v := range map[*prometheus.Desc]float64{busUpDesc: number(now.Connected), busPeersDesc: float64(now.Peers)} {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	for d, v := range map[*prometheus.Desc]uint64{busSentDesc: now.Sent, busReceivedDesc: now.Received, busDroppedDesc: now.Dropped} {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
}
