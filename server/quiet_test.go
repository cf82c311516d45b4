package server

import (
	"testing"
	"time"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestQuietAt(t *testing.T) {
	hours := func(zone string, spans ...*v1.QuietSpan) *quietHours {
		q, err := quietFrom(&v1.QuietHours{On: true, TimeZone: zone, Spans: spans})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	night := hours("Europe/Berlin", &v1.QuietSpan{From: "22:00", To: "07:00"})
	weekend := hours("UTC", &v1.QuietSpan{From: "00:00", To: "24:00", Days: []int32{6, 7}})
	sunday := hours("America/New_York", &v1.QuietSpan{From: "23:30", To: "00:30", Days: []int32{7}})
	office := hours("Asia/Kathmandu", &v1.QuietSpan{From: "09:00", To: "17:00", Days: []int32{1, 2, 3, 4, 5}}, &v1.QuietSpan{From: "12:00", To: "13:00", Days: []int32{6}})
	for _, one := range []struct {
		name  string
		hours *quietHours
		at    string
		want  bool
	}{
		{"none", nil, "2026-03-29T00:00:00Z", false},
		{"the first minute", night, "2026-03-10T22:00:00+01:00", true},
		{"the last minute before", night, "2026-03-10T21:59:59+01:00", false},
		{"the last minute", night, "2026-03-11T06:59:59+01:00", true},
		{"the end", night, "2026-03-11T07:00:00+01:00", false},
		{"the morning when summer time has begun", night, "2026-03-29T06:30:00+02:00", true},
		{"and a little later", night, "2026-03-29T07:00:00+02:00", false},
		{"the hour that comes twice", night, "2026-10-25T00:30:00Z", true},
		{"Friday's last second", weekend, "2026-03-13T23:59:59Z", false},
		{"Saturday", weekend, "2026-03-14T00:00:00Z", true},
		{"Sunday's last second", weekend, "2026-03-15T23:59:59Z", true},
		{"Monday", weekend, "2026-03-16T00:00:00Z", false},
		{"Sunday night", sunday, "2026-03-15T23:45:00-04:00", true},
		{"Monday, of Sunday's", sunday, "2026-03-16T00:15:00-04:00", true},
		{"Sunday, of nobody's", sunday, "2026-03-15T00:15:00-04:00", false},
		{"Monday night", sunday, "2026-03-16T23:45:00-04:00", false},
		{"a quarter of an hour off", office, "2026-03-16T09:00:00+05:45", true},
		{"before it", office, "2026-03-16T08:59:00+05:45", false},
		{"Saturday noon", office, "2026-03-14T12:30:00+05:45", true},
		{"Saturday morning", office, "2026-03-14T09:30:00+05:45", false},
	} {
		at, err := time.Parse(time.RFC3339, one.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := one.hours.at(at); got != one.want {
			t.Errorf("%s, %s: quiet %t", one.name, one.at, got)
		}
	}
	night.On = false
	if night.at(time.Date(2026, 3, 10, 23, 0, 0, 0, time.UTC)) {
		t.Error("quiet though off")
	}
	gone := &quietHours{On: true, Zone: "Atlantis/Poseidonis", Spans: []quietSpan{{Days: 0xfe, To: dayLength}}}
	if gone.at(time.Now()) {
		t.Error("a time zone that does not exist silences")
	}
}

// Whatever is taken can be said again, and means the same.
func FuzzQuietSpan(f *testing.F) {
	f.Add("22:00", "07:00", uint8(0x3e))
	f.Add("00:00", "24:00", uint8(0))
	f.Fuzz(func(t *testing.T, from, to string, days uint8) {
		m := &v1.QuietSpan{From: from, To: to}
		for d := int32(1); d <= 7; d++ {
			if days&(1<<d) != 0 {
				m.Days = append(m.Days, d)
			}
		}
		s, err := spanFrom(m)
		if err != nil {
			return
		}
		q := &quietHours{On: true, Zone: "UTC", Spans: []quietSpan{s}}
		again, err := spanFrom(q.wire().Spans[0])
		if err != nil || again != s {
			t.Fatalf("%v became %v, %v", s, again, err)
		}
		minutes := 0
		monday := time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)
		for i := range 7 * dayLength {
			if q.at(monday.Add(time.Duration(i) * time.Minute)) {
				minutes++
			}
		}
		length := s.To - s.From
		if length < 0 {
			length += dayLength
		}
		n := 0
		for d := 1; d <= 7; d++ {
			if s.on(d) {
				n++
			}
		}
		if minutes != n*length {
			t.Fatalf("%s-%s on %d days is quiet for %d minutes a week, want %d", from, to, n, minutes, n*length)
		}
	})
}
