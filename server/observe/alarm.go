package observe

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringtrip/ringtrip/push"
)

// alarmTime is how long an alarm counts as one of now. Who raises them repeats them every minute while pushes fail.
const alarmTime = 3 * time.Minute

var alarmDesc = prometheus.NewDesc("ringtrip_push_alarm", "1 if within the last 3 minutes the push service refused what only a person can put right (key, topic, request); 0 if it did before.",
	[]string{"app", "environment", "reason"}, nil)

// Alarm is a refusal of pushes that a person has to put right.
type Alarm struct {
	App         string
	Environment push.Environment
	Reason      string
	Since       time.Duration // when it was raised last
}

// String says it in words, for health.
func (a Alarm) String() string {
	return fmt.Sprintf("APNs refuses pushes of app %s (%s): %s, %s ago", a.App, a.Environment, a.Reason, a.Since.Round(time.Second))
}

// alarms are those that were raised since the process began.
type alarms struct {
	reasons *capped
	now     func() time.Time

	mu   sync.Mutex
	last map[alarmKey]time.Time
}

type alarmKey struct {
	app         string
	environment push.Environment
	reason      string
}

// Alarm takes down an alarm of an app's push sender: see apns.Config.OnAlarm. It does not block.
func (m *Metrics) Alarm(app string, env push.Environment, e push.Error) {
	a := m.alarms
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last[alarmKey{app, env, a.reasons.of("", e.Reason)}] = a.now()
}

// Alarms returns the alarms of now, ordered by app.
func (m *Metrics) Alarms() []Alarm {
	var all []Alarm
	m.alarms.each(func(k alarmKey, since time.Duration) {
		if since < alarmTime {
			all = append(all, Alarm{k.app, k.environment, k.reason, since})
		}
	})
	slices.SortFunc(all, func(a, b Alarm) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

func (a *alarms) each(f func(alarmKey, time.Duration)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, at := range a.last {
		f(k, a.now().Sub(at))
	}
}

// Describe implements prometheus.Collector.
func (a *alarms) Describe(out chan<- *prometheus.Desc) { out <- alarmDesc }

// Collect implements prometheus.Collector.
func (a *alarms) Collect(out chan<- prometheus.Metric) {
	a.each(func(k alarmKey, since time.Duration) {
		out <- prometheus.MustNewConstMetric(alarmDesc, prometheus.GaugeValue, number(since < alarmTime), k.app, k.environment.String(), k.reason)
	})
}
