package server

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Limits keep people from being rung too much: how many calls may be started. Each is a token bucket. The zero Limits
// limit nothing; [SuggestedLimits] suits calls between people.
//
// The buckets are this node's own and begin full with it. So n nodes behind a balancer let up to n times as many through,
// and a restart at most one burst more: enough to keep a person from being rung all day, which is what they are for. What
// must hold exactly, as the 16 calls that a user may have started at once, is counted in the store.
type Limits struct {
	Caller Rate // calls of one user
	Pair   Rate // calls of one user to one callee
	Callee Rate // calls of anybody to one callee
	App    Rate // calls of the app
}

// Rate is how many calls may be started: Burst at once, and PerMinute in the long run. The zero Rate is no limit; a Burst
// of 0 is PerMinute, at least 1.
type Rate struct {
	PerMinute float64
	Burst     int
}

// SuggestedLimits suit calls between people: nobody is hindered who dials by hand.
func SuggestedLimits() Limits {
	return Limits{Caller: Rate{PerMinute: 20, Burst: 30}, Pair: Rate{PerMinute: 6, Burst: 10}, Callee: Rate{PerMinute: 60, Burst: 60}}
}

func (l Limits) check() error {
	var errs []error
	for _, r := range l.rates("", "") {
		if math.IsNaN(r.PerMinute) || math.IsInf(r.PerMinute, 0) || r.PerMinute < 0 || r.Burst < 0 {
			errs = append(errs, fmt.Errorf("the limit %s of %v calls a minute with a burst of %d makes no sense", r.name, r.PerMinute, r.Burst))
		}
		if r.PerMinute == 0 && r.Burst > 0 {
			errs = append(errs, fmt.Errorf("the limit %s has a burst of %d and no calls a minute: after the burst nobody could ever call again", r.name, r.Burst))
		}
	}
	return errors.Join(errs...)
}

// LimitObserver is an [Observer] that wants to hear of calls that a limit refused as well.
type LimitObserver interface {
	// Limited is told the limit's name: "caller", "pair", "callee" or "app". It must not block.
	Limited(app, limit string)
}

// limit is one of an app's rates, for somebody.
type limit struct {
	Rate
	name, who string
}

func (l Limits) rates(caller, callee string) []limit {
	return []limit{{l.App, "app", ""}, {l.Caller, "caller", caller}, {l.Pair, "pair", caller + "\x00" + callee}, {l.Callee, "callee", callee}}
}

func (r Rate) burst() float64 {
	if r.Burst > 0 {
		return float64(r.Burst)
	}
	return max(1, r.PerMinute)
}

// limiter holds the buckets of all apps.
type limiter struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*bucket
}

type bucket struct {
	rate Rate
	left float64
	at   time.Time
}

func newLimiter(now func() time.Time) *limiter { return &limiter{now: now, all: map[string]*bucket{}} }

// take takes a call out of each bucket, or out of none: then it returns the limit that refused, and how long it will.
func (l *limiter) take(app string, rates []limit) (refused string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var from []*bucket
	for _, r := range rates {
		if r.PerMinute == 0 {
			continue
		}
		name := app + "\x00" + r.name + "\x00" + r.who
		b := l.all[name]
		if b == nil {
			b = &bucket{left: r.burst(), at: now}
			l.all[name] = b
		}
		b.rate = r.Rate // the app may have been set anew
		b.fill(now)
		if b.left < 1 {
			if d := time.Duration((1 - b.left) / r.PerMinute * float64(time.Minute)); d > wait {
				refused, wait = r.name, d
			}
		}
		from = append(from, b)
	}
	if refused == "" {
		for _, b := range from {
			b.left--
		}
	}
	return refused, wait
}

func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.left += d.Minutes() * b.rate.PerMinute
	}
	b.left = min(b.left, b.rate.burst())
	b.at = now
}

// forget drops the buckets that are full again.
func (l *limiter) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for name, b := range l.all {
		if b.fill(now); b.left >= b.rate.burst() {
			delete(l.all, name)
		}
	}
}

// admit counts a call that is about to be made, and returns the problem if it is one too many.
func (s *Server) admit(app string, in *invitation) error {
	if in.counted {
		return nil // it is tried again
	}
	refused, wait := s.limits.take(app, s.app(app).Limits.rates(in.caller.User, in.callee.User))
	if refused == "" {
		in.counted = true
		return nil
	}
	if o, ok := s.cfg.Observer.(LimitObserver); ok {
		o.Limited(app, refused)
	}
	text := map[string]string{
		"caller": "user %q calls too often", "pair": "user %q calls user %q too often",
		"callee": "too many call user %[2]q", "app": "the app makes too many calls",
	}[refused]
	switch refused {
	case "caller":
		text = fmt.Sprintf(text, in.caller.User)
	case "pair", "callee":
		text = fmt.Sprintf(text, in.caller.User, in.callee.User)
	}
	return limited("rate_limited_"+refused, wait, text)
}

// limited is the problem of a request that may be tried again after a while.
func limited(slug string, wait time.Duration, text string) *connect.Error {
	wait = max(wait, time.Millisecond)
	hint := fmt.Sprintf("try again in %s", wait.Round(time.Millisecond))
	err := connect.NewError(connect.CodeResourceExhausted, errors.New(text+"; "+hint))
	if detail, wrong := connect.NewErrorDetail(&v1.CallProblem{Code: slug, Hint: hint, RetryAfterMs: wait.Milliseconds()}); wrong == nil {
		err.AddDetail(detail)
	}
	err.Meta().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return err
}
