package observe_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server/observe"
)

// TestAlarms: an alarm shows for three minutes after it was raised last; whatever APNs says, there are few.
func TestAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := observe.NewMetrics("")
		line := `ringtrip_push_alarm{app="shop",environment="production",reason="InvalidProviderToken"} `
		if text := scrape(t, m); strings.Contains(text, "ringtrip_push_alarm{") || len(m.Alarms()) != 0 {
			t.Errorf("alarms from the start: %v\n%s", m.Alarms(), text)
		}
		m.Alarm("shop", push.Production, push.Error{Reason: "InvalidProviderToken"})
		time.Sleep(2 * time.Minute)
		m.Alarm("bank", push.Sandbox, push.Error{Reason: "TopicDisallowed"})
		wantLines(t, scrape(t, m), line+"1", `ringtrip_push_alarm{app="bank",environment="sandbox",reason="TopicDisallowed"} 1`)
		if all := fmt.Sprint(m.Alarms()); all != "[APNs refuses pushes of app bank (sandbox): TopicDisallowed, 0s ago APNs refuses pushes of app shop (production): InvalidProviderToken, 2m0s ago]" {
			t.Errorf("the alarms are %s", all)
		}
		time.Sleep(time.Minute)
		wantLines(t, scrape(t, m), line+"0")
		if all := m.Alarms(); len(all) != 1 || all[0].App != "bank" {
			t.Errorf("the alarms are %v", all)
		}
		for i := range 1000 {
			m.Alarm("shop", push.Production, push.Error{Reason: fmt.Sprint("Reason", i)})
		}
		if n := strings.Count(scrape(t, m), "ringtrip_push_alarm{"); n > 70 {
			t.Errorf("there are %d series of alarms", n)
		}
	})
}

// TestBusFigures reads the bus at every scrape.
func TestBusFigures(t *testing.T) {
	m := observe.NewMetrics("")
	now := observe.Bus{Connected: true, Peers: 2, Sent: 3, Received: 4, Dropped: 5}
	m.WatchBus(func() observe.Bus { return now })
	wantLines(t, scrape(t, m), "ringtrip_bus_connected 1", "ringtrip_bus_peers 2", "ringtrip_bus_sent_total 3", "ringtrip_bus_received_total 4", "ringtrip_bus_dropped_total 5")
	now.Connected = false
	wantLines(t, scrape(t, m), "ringtrip_bus_connected 0")
}
