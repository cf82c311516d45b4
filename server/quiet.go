package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // quiet hours are of the user's wall clock, also where the system knows no time zones

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	maxSpans  = 32
	maxExcept = 100
	dayLength = 24 * 60 // minutes
)

// quietHours say when a user's devices do not ring.
type quietHours struct {
	On     bool        `json:"on"`
	Zone   string      `json:"zone"` // IANA
	Spans  []quietSpan `json:"spans,omitempty"`
	Except []string    `json:"except,omitempty"` // callers who ring all the same
}

// quietSpan is from From to To, minutes of the wall clock's day; to the next day's To if that is not after From.
type quietSpan struct {
	Days uint8 `json:"days"` // on which it begins: a bit each, 1<<1 Monday - 1<<7 Sunday
	From int   `json:"from"`
	To   int   `json:"to"`
}

// at reports whether it is quiet at a moment. Nobody's hours, and those of a time zone that has gone, are never quiet:
// a call too many beats one that nobody hears of.
func (q *quietHours) at(now time.Time) bool {
	if q == nil || !q.On {
		return false
	}
	zone, err := zoneOf(q.Zone)
	if err != nil {
		return false
	}
	local := now.In(zone)
	minute, today := local.Hour()*60+local.Minute(), isoDay(local.Weekday())
	yesterday := (today+5)%7 + 1
	return slices.ContainsFunc(q.Spans, func(s quietSpan) bool {
		if s.To > s.From {
			return s.on(today) && s.From <= minute && minute < s.To
		}
		return s.on(today) && minute >= s.From || s.on(yesterday) && minute < s.To
	})
}

func (s quietSpan) on(day int) bool { return s.Days&(1<<day) != 0 }

// isoDay returns 1 for Monday to 7 for Sunday (ISO 8601).
func isoDay(d time.Weekday) int { return (int(d)+6)%7 + 1 }

var zones sync.Map // name -> *time.Location

// zoneOf returns a time zone by its IANA name. Only names that exist are remembered.
func zoneOf(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	if name == "" || name == "Local" || len(name) > maxWord {
		return nil, fmt.Errorf("%.64q is no time zone", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, z)
	return z, nil
}

// SetQuietHours implements PhoneService: it says when no device of the user rings.
func (s *Server) SetQuietHours(ctx context.Context, req *connect.Request[v1.SetQuietHoursRequest]) (*connect.Response[v1.SetQuietHoursResponse], error) {
	q, err := quietFrom(req.Msg.QuietHours)
	if err != nil {
		return nil, err
	}
	if err := s.wish(ctx, func(w *wishes) error { w.Quiet = q; return nil }); err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.SetQuietHoursResponse{}), nil
}

// GetQuietHours implements PhoneService.
func (s *Server) GetQuietHours(ctx context.Context, _ *connect.Request[v1.GetQuietHoursRequest]) (*connect.Response[v1.GetQuietHoursResponse], error) {
	v := viewerOf(ctx)
	w, err := s.wishes(ctx, v.App, v.User)
	if err != nil {
		return nil, s.failed("reading the wishes of a user", err)
	}
	return connect.NewResponse(&v1.GetQuietHoursResponse{QuietHours: w.Quiet.wire(), QuietNow: w.Quiet.at(s.now())}), nil
}

// quietFrom checks what a client sent.
func quietFrom(m *v1.QuietHours) (*quietHours, error) {
	if m == nil {
		return nil, nil
	}
	q := &quietHours{On: m.On, Zone: m.TimeZone, Except: m.ExceptCallers}
	if _, err := zoneOf(q.Zone); err != nil {
		return nil, invalid(`give an IANA name, as "Europe/Berlin"`, "time_zone %.64q is none", q.Zone)
	}
	if len(m.Spans) > maxSpans || len(m.ExceptCallers) > maxExcept {
		return nil, invalid("", "there are %d spans and %d except_callers, more than %d or %d", len(m.Spans), len(m.ExceptCallers), maxSpans, maxExcept)
	}
	for _, caller := range m.ExceptCallers {
		if err := checkUser("except_callers", caller); err != nil {
			return nil, err
		}
	}
	for i, one := range m.Spans {
		span, err := spanFrom(one)
		if err != nil {
			return nil, invalid(`as {"days":[1,2,3,4,5],"from":"22:00","to":"07:00"}`, "spans[%d]: %s", i, err)
		}
		q.Spans = append(q.Spans, span)
	}
	return q, nil
}

func spanFrom(m *v1.QuietSpan) (s quietSpan, err error) {
	for _, d := range m.GetDays() {
		if d < 1 || d > 7 {
			return s, fmt.Errorf("day %d is not 1 (Monday) - 7 (Sunday)", d)
		}
		s.Days |= 1 << d
	}
	if s.Days == 0 {
		s.Days = 0xfe
	}
	if s.From, err = clockFrom(m.GetFrom()); err != nil {
		return s, err
	}
	if s.To, err = clockFrom(m.GetTo()); err != nil {
		return s, err
	}
	if s.From == s.To || s.From == dayLength {
		return s, fmt.Errorf("from %s to %s is no time: a whole day is 00:00 to 24:00", m.GetFrom(), m.GetTo())
	}
	return s, nil
}

// clockFrom reads "HH:MM", 00:00 to 24:00, as minutes.
func clockFrom(text string) (int, error) {
	ok := len(text) == 5 && text[2] == ':'
	for i := range text {
		ok = ok && (i == 2 || text[i] >= '0' && text[i] <= '9')
	}
	if ok {
		h, m := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
		if m < 60 && h*60+m <= dayLength {
			return h*60 + m, nil
		}
	}
	return 0, fmt.Errorf("%.16q is no time of day", text)
}

func (q *quietHours) wire() *v1.QuietHours {
	if q == nil {
		return nil
	}
	m := &v1.QuietHours{On: q.On, TimeZone: q.Zone, ExceptCallers: q.Except}
	for _, s := range q.Spans {
		one := &v1.QuietSpan{From: clock(s.From), To: clock(s.To)}
		for d := int32(1); d <= 7; d++ {
			if s.on(int(d)) {
				one.Days = append(one.Days, d)
			}
		}
		m.Spans = append(m.Spans, one)
	}
	return m
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
