package apns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// errRingOver ends attempts at Push.Deadline.
var errRingOver = fmt.Errorf("apns: the ring is over: %w", context.DeadlineExceeded)

// Send implements [push.Sender]. Every error is a [*push.Error]; one with Status 0 and Attempts 0 was found without asking
// APNs. If ctx ended, errors.Is finds its error.
func (s *Sender) Send(ctx context.Context, p push.Push) (push.Receipt, error) {
	if e := check(p); e != nil {
		return push.Receipt{}, e
	}
	p.Token = strings.ToLower(p.Token)
	small := len(p.Payload) > p.Kind.MaxPayload()
	if small {
		p.Payload = p.Small
	}
	left := p.Deadline.Sub(s.now())
	if left <= 0 {
		return push.Receipt{}, ended(nil)
	}
	r := &ring{parent: ctx, until: time.Now().Add(left)}
	defer r.end()

	attempts := 0
	receipt, e := s.sendToEither(r, p, &attempts)
	if e != nil && react(e.Status, e.Reason).retry == smaller && !small && len(p.Small) > 0 {
		s.log.Warn("apns: APNs calls the payload too long, sending the small one", "id", p.ID, "bundle", p.BundleID, "bytes", len(p.Payload), "small", len(p.Small))
		p.Payload, small = p.Small, true
		receipt, e = s.sendToEither(r, p, &attempts)
	}
	if e != nil {
		e.Attempts = attempts
		return push.Receipt{}, e
	}
	receipt.Attempts, receipt.Small = attempts, small
	return receipt, nil
}

// sendToEither delivers p in its environment, and in the other one if that does not know the token.
func (s *Sender) sendToEither(r *ring, p push.Push, attempts *int) (push.Receipt, *push.Error) {
	receipt, e := s.sendTo(r, p, p.Environment, attempts)
	if e != nil && react(e.Status, e.Reason).retry == otherWorld {
		return s.sendToOther(r, p, e, attempts)
	}
	return receipt, e
}

// sendToOther tries a token that its environment does not know in the other one.
func (s *Sender) sendToOther(r *ring, p push.Push, refused *push.Error, attempts *int) (push.Receipt, *push.Error) {
	other := push.Sandbox
	if p.Environment == push.Sandbox {
		other = push.Production
	}
	receipt, e := s.sendTo(r, p, other, attempts)
	switch {
	case e == nil:
		s.log.Warn("apns: a token belongs to the other environment", "id", p.ID, "bundle", p.BundleID, "stored", p.Environment.String(), "accepted", other.String())
		return receipt, nil
	case react(e.Status, e.Reason).key:
		refused.Hint = fmt.Sprintf("the token does not fit %s, and %s refused our key (%s): check which app and environment it was registered for", p.Environment, other, e.Reason)
		return receipt, refused
	case e.Status == 0 || e.Status == 429 || e.Status >= 500:
		refused.Verdict = push.GiveUp
		refused.Hint = fmt.Sprintf("the token does not fit %s, and %s could not be asked: %v", p.Environment, other, e)
		return receipt, refused
	}
	return receipt, e
}

// sendTo delivers p in one environment, retrying as the reasons deserve.
func (s *Sender) sendTo(r *ring, p push.Push, env push.Environment, attempts *int) (push.Receipt, *push.Error) {
	pool := s.pools[env]
	if e := pool.breaker.allow(s.now()); e != nil {
		return push.Receipt{}, e
	}
	var last *push.Error
	var w want
	reminted, rebound := false, false
	for retries := 0; ; retries++ {
		if retries > 0 {
			wait, worth := s.wait(retries, last)
			if !worth {
				return push.Receipt{}, last
			}
			if s.sleep(r.context(), wait) != nil {
				return push.Receipt{}, over(r, last)
			}
			if !s.now().Before(p.Deadline) {
				return push.Receipt{}, ended(last)
			}
		}
		token, err := s.minter.token()
		if err != nil {
			return push.Receipt{}, &push.Error{Verdict: push.FixConfig, Reason: "cannot sign", Err: err, Hint: "check Config.Signer"}
		}
		g := pool.acquire(r, w)
		switch {
		case errors.Is(g.err, errClosed):
			return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Reason: "sender closed", Err: g.err}
		case g.err != nil && r.over() != nil:
			return push.Receipt{}, over(r, last)
		case g.err != nil:
			*attempts++
			last = &push.Error{Verdict: push.GiveUp, Reason: "cannot connect", Err: g.err, Hint: "check that this machine can reach " + pool.cfg.base.Host}
			continue
		}
		c := g.conn
		if r.over() != nil { // no attempt starts after the deadline
			pool.giveBack(c)
			return push.Receipt{}, over(r, last)
		}
		*attempts++
		receipt, refused, how := s.attempt(r, pool, c, p, token)
		unbound := refused != nil && refused.Reason == "TopicDisallowed" && !g.fresh && !rebound && !pool.disallowed(topic(p), s.now())
		if unbound {
			how = broken // it knows the team's topics as they were at its first push
		}
		pool.release(c, how)
		if refused == nil {
			pool.breaker.accept()
			receipt.Environment = env
			return receipt, nil
		}
		if refused.Status == 0 && r.over() != nil {
			return push.Receipt{}, over(r, last)
		}
		last, w.avoid = refused, c
		re := react(refused.Status, refused.Reason)
		if re.alarm {
			s.alarm(env, refused)
		}
		switch {
		case refused.Status == 0 || re.retry == elsewhere:
			s.log.Debug("apns: push not taken, retrying", "id", p.ID, "environment", env.String(), "attempt", *attempts, "connection", c.id, "status", refused.Status, "reason", refused.Reason, "error", refused.Err)
			continue
		case unbound:
			s.log.Info("apns: a connection does not know a topic, asking on a new one", "topic", topic(p), "connection", c.id)
			rebound, w.newer = true, g.newest
			retries-- // not the push's fault
			continue
		case re.retry == remint && !reminted:
			reminted = true
			if _, err := s.minter.renew(token); err == nil {
				s.log.Warn("apns: provider token renewed ahead of schedule: APNs called it expired, check this machine's clock", "age", s.now().Sub(token.issuedAt))
				w.avoid = nil
				retries-- // not the push's fault
				continue
			}
		}
		if refused.Reason == "TopicDisallowed" {
			pool.disallow(topic(p), s.now())
		}
		if !re.key {
			pool.breaker.accept()
		} else {
			pool.breaker.refuse(s.now(), *refused)
			s.log.Error("apns: APNs refuses our key", "environment", env.String(), "status", refused.Status, "reason", refused.Reason, "hint", refused.Hint)
		}
		return push.Receipt{}, refused
	}
}

// patientRetries is how often the last wait of the backoff is repeated while nobody answers: a ring of 45 s outlives a
// network that is gone for half a minute. What APNs answered is believed sooner.
const patientRetries = 8

// wait is how long to wait before a retry, if it is worth one.
func (s *Sender) wait(retries int, last *push.Error) (time.Duration, bool) {
	n := len(s.backoff)
	switch {
	case retries <= n:
		return s.backoff[retries-1], true
	case n > 0 && last.Status == 0 && s.backoff[n-1] > 0 && retries <= n+patientRetries:
		return s.backoff[n-1], true
	}
	return 0, false
}

// attempt sends p once on a connection that has been reserved for it.
func (s *Sender) attempt(r *ring, pool *pool, c *conn, p push.Push, token providerToken) (push.Receipt, *push.Error, outcome) {
	began := time.Now()
	until := began.Add(s.timeout)
	if until.After(r.until) {
		until = r.until
	}
	ctx, cancel := context.WithDeadline(r.parent, until)
	defer cancel()
	resp, err := c.cc.RoundTrip(request(ctx, pool.cfg.base, p, token))
	if err != nil {
		e := &push.Error{Verdict: push.GiveUp, Reason: "connection lost", Err: err, Hint: "the push may have been delivered all the same"}
		switch {
		case r.over() != nil:
			return push.Receipt{}, e, unused // the caller left; that says nothing about the connection
		case ctx.Err() != nil:
			e.Reason = "timeout"
		case errors.As(err, &streamError{}):
			e.Reason = "stream reset"
			return push.Receipt{}, e, reset
		}
		return push.Receipt{}, e, broken
	}
	defer resp.Body.Close() //nolint:errcheck // everything worth reading was read
	receipt, e, how := judge(resp, p)
	receipt.Latency = time.Since(began)
	return receipt, e, how
}

// judge reads an answer, whatever it is.
func judge(resp *http.Response, p push.Push) (push.Receipt, *push.Error, outcome) {
	if resp.StatusCode == http.StatusOK {
		if resp.Body != http.NoBody {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // Apple sends none
		}
		id := header(resp.Header, "Apns-Id")
		if id == "" {
			id = p.ID
		}
		return push.Receipt{ID: id, UniqueID: header(resp.Header, "Apns-Unique-Id")}, nil, succeeded
	}
	ref := readRefusal(resp.Body)
	re := react(resp.StatusCode, ref.reason)
	e := &push.Error{Verdict: re.verdict, Status: resp.StatusCode, Reason: ref.reason, Hint: re.hint}
	if re.verdict == push.DropToken {
		e.Timestamp = ref.timestamp
	}
	if re.replace {
		return push.Receipt{}, e, broken
	}
	return push.Receipt{}, e, answered
}

// streamError is what net/http's error of an HTTP/2 stream that APNs reset can be read into (it has the same fields).
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "apns: stream reset" }

// Values of headers that are the same for every push. net/http does not change them.
var (
	alwaysVoIP  = []string{push.VoIP.String()}
	alwaysAlert = []string{push.Alert.String()}
	alwaysTen   = []string{"10"}
	alwaysZero  = []string{"0"} // deliver now or never: no phone rings for a dead call
	alwaysUs    = []string{"ringtrip"}
)

// request is the push as APNs wants it ("Sending notification requests to APNs"). It has at most eight headers: that is
// the size up to which a map is cheap.
func request(ctx context.Context, base *url.URL, p push.Push, token providerToken) *http.Request {
	values := [...]string{token.authorization, p.ID, topic(p), p.CollapseID}
	h := http.Header{
		"Authorization":   values[0:1:1],
		"Apns-Id":         values[1:2:2],
		"Apns-Topic":      values[2:3:3],
		"Apns-Push-Type":  alwaysVoIP,
		"Apns-Priority":   alwaysTen,
		"Apns-Expiration": alwaysZero,
		"User-Agent":      alwaysUs,
	}
	if p.Kind == push.Alert {
		h["Apns-Push-Type"] = alwaysAlert
	}
	if !p.Expires.IsZero() {
		h["Apns-Expiration"] = []string{strconv.FormatInt(p.Expires.Unix(), 10)}
	}
	if p.CollapseID != "" {
		h["Apns-Collapse-Id"] = values[3:4:4]
	}
	b := &body{}
	b.Reset(p.Payload)
	r := &http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/3/device/" + p.Token},
		Host:          base.Host,
		Header:        h,
		Body:          b,
		ContentLength: int64(len(p.Payload)),
		Proto:         "HTTP/2.0",
		ProtoMajor:    2,
	}
	return r.WithContext(ctx)
}

// body is a payload that is being sent.
type body struct{ bytes.Reader }

// Close does nothing.
func (*body) Close() error { return nil }

// topic is what the push is for, in APNs' words.
func topic(p push.Push) string {
	if p.Kind == push.VoIP {
		return p.BundleID + ".voip"
	}
	return p.BundleID
}

// ring is how long a push is worth sending. It makes a context only if somebody has to wait for it: a push that goes
// out at once needs but the one of its attempt.
type ring struct {
	parent context.Context // the caller's
	until  time.Time       // on this machine's clock
	ctx    context.Context
	cancel context.CancelFunc
}

// context ends with the ring or the caller.
func (r *ring) context() context.Context {
	if r.ctx == nil {
		r.ctx, r.cancel = context.WithDeadlineCause(r.parent, r.until, errRingOver)
	}
	return r.ctx
}

// over says why the push is not worth sending any more, nil if it is.
func (r *ring) over() error {
	switch {
	case r.parent.Err() != nil:
		return context.Cause(r.parent)
	case !time.Now().Before(r.until):
		return errRingOver
	}
	return nil
}

// end frees what context made.
func (r *ring) end() {
	if r.cancel != nil {
		r.cancel()
	}
}

// over is the error of a push that ran out of time, by its ring's end or because the caller left.
func over(r *ring, last *push.Error) *push.Error {
	cause := r.over()
	if cause == nil || errors.Is(cause, errRingOver) {
		return ended(last)
	}
	if said(last) {
		return last
	}
	e := &push.Error{Verdict: push.GiveUp, Reason: "cancelled", Err: cause}
	if err := r.parent.Err(); err != nil && !errors.Is(cause, err) {
		e.Err = fmt.Errorf("%w: %w", err, cause)
	}
	return after(e, last)
}

// ended is the error of a push whose ring is over.
func ended(last *push.Error) *push.Error {
	if said(last) {
		return last
	}
	return after(&push.Error{Verdict: push.GiveUp, Reason: "deadline passed", Err: errRingOver, Hint: "the ring ended before APNs took the push"}, last)
}

// said says whether APNs gave a reason already: that is worth more than that time ran out. It completes the hint.
func said(last *push.Error) bool {
	if last == nil || last.Status == 0 {
		return false
	}
	last.Hint = "there was no time to retry: " + last.Hint
	return true
}

// after adds to e what went wrong before.
func after(e, last *push.Error) *push.Error {
	if last != nil && last.Err != nil {
		e.Err = fmt.Errorf("%w; before that: %w", e.Err, last.Err)
	}
	return e
}
