// Package observe makes metrics (Prometheus) and traces (OpenTelemetry) of what a server tells its Observer. Metrics
// come from the ledger's stages, so that a figure and `ringtrip trace` never disagree.
//
// It refuses labels that grow without bound: no user, device or call is one, and the versions of apps and systems that
// devices claim to have are counted up to a limit, the rest as "other".
package observe

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	maxVersions = 20 // values of a label that devices choose, by app
	maxReasons  = 64 // of APNs
)

// ringBuckets are seconds: a phone rings within two if all is well, and never after the ring's deadline.
var ringBuckets = []float64{.05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 45, 60}

// quickBuckets are seconds, for commits and requests.
var quickBuckets = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}

// Metrics counts what a server does. It implements [server.Observer]; its methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	stages    *prometheus.HistogramVec // app, stage
	calls     *prometheus.CounterVec   // app
	ended     *prometheus.CounterVec   // app, reason
	legs      *prometheus.CounterVec   // app, outcome, app_version, os
	pushes    *prometheus.CounterVec   // app, environment, reason
	attempts  *prometheus.CounterVec   // app
	pushTime  *prometheus.HistogramVec // app
	commits   *prometheus.CounterVec   // result
	commit    prometheus.Histogram
	events    prometheus.Counter
	requests  *prometheus.CounterVec   // method, code, problem
	answering *prometheus.HistogramVec // method

	carrierHooks    *prometheus.CounterVec   // app, carrier, outcome
	carrierHookTime *prometheus.HistogramVec // carrier
	carrierDeeds    *prometheus.CounterVec   // app, carrier, deed, result

	letters letters

	versions, systems, reasons *capped

	alarms *alarms
}

var _ server.Observer = (*Metrics)(nil)

// NewMetrics returns metrics of a program of that version, with those of the Go runtime and the process beside them.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		stages:    histograms("ringtrip_stage_seconds", "Seconds until a leg got to a stage: accepted, woke, reported, ringing and answered since the call began, media_connected, audio_active and first_media since the answer.", ringBuckets, "app", "stage"),
		calls:     counters("ringtrip_calls_started_total", "Calls started.", "app"),
		ended:     counters("ringtrip_calls_ended_total", "Calls ended, by reason.", "app", "reason"),
		legs:      counters("ringtrip_legs_total", "Legs whose ringing is over, by outcome: rang, or why they did not.", "app", "outcome", "app_version", "os"),
		pushes:    counters("ringtrip_pushes_total", "Pushes whose fate is known, by what APNs said: accepted, or its reason.", "app", "environment", "reason"),
		attempts:  counters("ringtrip_push_attempts_total", "Requests to APNs for those pushes, retries included.", "app"),
		pushTime:  histograms("ringtrip_push_seconds", "Seconds of the last request of an accepted push.", quickBuckets, "app"),
		commits:   counters("ringtrip_store_commits_total", "Commits of calls, by result: ok, conflict (tried again), failed.", "result"),
		commit:    histograms("ringtrip_store_commit_seconds", "Seconds of a durable commit of a call.", quickBuckets).WithLabelValues().(prometheus.Histogram),
		events:    counters("ringtrip_events_total", "Events stored for devices and told to the bus.").WithLabelValues(),
		requests:  counters("ringtrip_requests_total", "Requests answered; problem is the CallProblem's code.", "method", "code", "problem"),
		answering: histograms("ringtrip_request_seconds", "Seconds until a request was answered; event streams are not among them.", quickBuckets, "method"),

		carrierHooks:    counters("ringtrip_carrier_webhooks_total", "Webhooks of carriers, by outcome: ok, or why they were refused.", "app", "carrier", "outcome"),
		carrierHookTime: histograms("ringtrip_carrier_webhook_seconds", "Seconds until a carrier's webhook was answered.", quickBuckets, "carrier"),
		carrierDeeds:    counters("ringtrip_carrier_deeds_total", "What was asked of carriers (prepare, dial, end, credentials), by result: ok, failed (tried again), gave_up.", "app", "carrier", "deed", "result"),

		letters: newLetters(),

		versions: newCapped(maxVersions), systems: newCapped(maxVersions), reasons: newCapped(maxReasons),
	}
	m.alarms = &alarms{reasons: m.reasons, now: time.Now, last: map[alarmKey]time.Time{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.own()...)
	build := gauges("ringtrip_build_info", "1; the version is a label.", "version")
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(build)
	for result := range map[string]bool{"ok": true, "conflict": true, "failed": true} {
		m.commits.WithLabelValues(result) // an alert on a rate wants the series from the start
	}
	return m
}

// own are the metrics that every program has, without its build.
func (m *Metrics) own() []prometheus.Collector {
	return append(m.letters.all(), m.alarms, m.stages, m.calls, m.ended, m.legs, m.pushes, m.attempts, m.pushTime, m.commits, m.commit, m.events,
		m.requests, m.answering, m.carrierHooks, m.carrierHookTime, m.carrierDeeds)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

// histograms have classic buckets, and native ones for scrapers that ask for them.
func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	}, labels)
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Registry is where the metrics are, for others beside them.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Committed implements [server.Observer].
func (m *Metrics) Committed(_ context.Context, c server.Change) {
	switch {
	case c.Err == nil:
		m.commits.WithLabelValues("ok").Inc()
	case errors.Is(c.Err, store.ErrConflict):
		m.commits.WithLabelValues("conflict").Inc()
		return
	default:
		m.commits.WithLabelValues("failed").Inc()
		return
	}
	m.commit.Observe(c.Took.Seconds())
	m.events.Add(float64(c.Events))
	for _, s := range c.Stages {
		m.stage(c, s)
	}
	for _, f := range c.RingOver {
		outcome := "rang"
		if !f.Rang {
			outcome = f.NotRung
		}
		m.legs.WithLabelValues(c.App, outcome, m.versions.of(c.App, f.Device.AppVersion), m.systems.of(c.App, system(f.Device))).Inc()
	}
	if c.Ended {
		m.ended.WithLabelValues(c.App, c.Reason.String()).Inc()
	}
}

// stage takes down when a leg got to a stage.
func (m *Metrics) stage(c server.Change, s server.Stage) {
	since := c.CreatedAt
	switch s.Stage {
	case v1.Stage_STAGE_STARTED:
		m.calls.WithLabelValues(c.App).Inc()
		return
	case v1.Stage_STAGE_ACCEPTED, v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING, v1.Stage_STAGE_ANSWERED:
	case v1.Stage_STAGE_MEDIA_CONNECTED, v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA:
		if c.AnsweredAt.IsZero() {
			return // warmed before the answer
		}
		since = c.AnsweredAt
	default:
		return
	}
	if took := s.At.Sub(since); took >= 0 { // media may connect before the answer
		m.stages.WithLabelValues(c.App, StageWord(s.Stage)).Observe(took.Seconds())
	}
}

// Pushing implements [server.Observer].
func (m *Metrics) Pushing(ctx context.Context, p server.PushStart) (context.Context, func(push.Receipt, error)) {
	return ctx, func(r push.Receipt, err error) {
		environment, reason, attempts := p.Environment, "accepted", r.Attempts
		if err == nil {
			if r.Environment != 0 {
				environment = r.Environment
			}
			m.pushTime.WithLabelValues(p.App).Observe(r.Latency.Seconds())
		} else {
			reason = "no_answer"
			if why := (*push.Error)(nil); errors.As(err, &why) {
				reason, attempts = m.reasons.of("", why.Reason), why.Attempts
			}
		}
		m.pushes.WithLabelValues(p.App, environment.String(), reason).Inc()
		m.attempts.WithLabelValues(p.App).Add(float64(attempts))
	}
}

// Names are the names of all metrics of ringtrip's own, sorted; those of Watch and WatchBus too.
func (m *Metrics) Names() []string {
	all := []string{"ringtrip_build_info"}
	descs := make(chan *prometheus.Desc, 64)
	go func() {
		defer close(descs)
		for _, c := range append(m.own(), busFigures{}, &inHand{}) {
			c.Describe(descs)
		}
	}()
	for d := range descs {
		if name := descName.FindStringSubmatch(d.String()); name != nil {
			all = append(all, name[1])
		}
	}
	slices.Sort(all)
	return all
}

// descName finds the name in a Desc, which does not tell it otherwise.
var descName = regexp.MustCompile(`fqName: "([^"]+)"`)

// Watch adds the gauges of a server and its store, read at every scrape. It must be called once at most.
func (m *Metrics) Watch(s *server.Server, st store.Store) {
	m.registry.MustRegister(&inHand{server: s, store: st})
}

// inHand are the gauges of what a node has in hand.
type inHand struct {
	server *server.Server
	store  store.Store
}

var (
	streamsDesc  = prometheus.NewDesc("ringtrip_streams_open", "Event streams open on this node.", nil, nil)
	pendingDesc  = prometheus.NewDesc("ringtrip_pushes_pending", "Pushes that wait in this node's memory or are under way.", nil, nil)
	drainingDesc = prometheus.NewDesc("ringtrip_draining", "1 while this node drains.", nil, nil)
	liveDesc     = prometheus.NewDesc("ringtrip_calls_live", "Live calls in the store, of all nodes.", nil, nil)
	jobsDesc     = prometheus.NewDesc("ringtrip_jobs", "Jobs in the store that are not done, of all nodes.", []string{"kind"}, nil)
	queueDesc    = prometheus.NewDesc("ringtrip_store_queue", "Writes that wait in this process.", nil, nil)
	writesDesc   = prometheus.NewDesc("ringtrip_store_writes_total", "Writes of this process.", nil, nil)
	groupsDesc   = prometheus.NewDesc("ringtrip_store_transactions_total", "Transactions that carried them: writes by transaction is the size of a group.", nil, nil)
	upDesc       = prometheus.NewDesc("ringtrip_store_up", "1 if the store answered this scrape.", nil, nil)
)

// Describe implements prometheus.Collector.
func (h *inHand) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{streamsDesc, pendingDesc, drainingDesc, liveDesc, jobsDesc, queueDesc, writesDesc, groupsDesc, upDesc} {
		out <- d
	}
}

// scrapeTime bounds what a scrape waits for the store.
const scrapeTime = 2 * time.Second

// Collect implements prometheus.Collector.
func (h *inHand) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	now := h.server.Stats()
	gauge(streamsDesc, float64(now.Streams))
	gauge(pendingDesc, float64(now.Pushes))
	gauge(drainingDesc, number(h.server.Draining()))
	health, ok := h.store.(store.Health)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	s, err := health.Stats(ctx)
	gauge(upDesc, number(err == nil))
	if err != nil {
		return
	}
	gauge(liveDesc, float64(s.LiveCalls))
	for kind, n := range s.Jobs {
		gauge(jobsDesc, float64(n), kind)
	}
	gauge(queueDesc, float64(s.Queue))
	out <- prometheus.MustNewConstMetric(writesDesc, prometheus.CounterValue, float64(s.Writes))
	out <- prometheus.MustNewConstMetric(groupsDesc, prometheus.CounterValue, float64(s.Transactions))
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
