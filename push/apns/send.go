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
		return push.Receipt{}, over(ctx, nil, errRingOver)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, left, errRingOver)
	defer cancel()

	attempts := 0
	receipt, e := s.sendToEither(ctx, p, &attempts)
	if e != nil && react(e.Status, e.Reason).retry == smaller && !small && len(p.Small) > 0 {
		s.log.Warn("apns: APNs calls the payload too long, sending the small one", "id", p.ID, "bundle", p.BundleID, "bytes", len(p.Payload), "small", len(p.Small))
		p.Payload, small = p.Small, true
		receipt, e = s.sendToEither(ctx, p, &attempts)
	}
	if e != nil {
		e.Attempts = attempts
		return push.Receipt{}, e
	}
	receipt.Attempts, receipt.Small = attempts, small
	return receipt, nil
}

// sendToEither delivers p in its environment, and in the other one if that does not know the token.
func (s *Sender) sendToEither(ctx context.Context, p push.Push, attempts *int) (push.Receipt, *push.Error) {
	receipt, e := s.sendTo(ctx, p, p.Environment, attempts)
	if e != nil && react(e.Status, e.Reason).retry == otherWorld {
		return s.sendToOther(ctx, p, e, attempts)
	}
	return receipt, e
}

// sendToOther tries a token that its environment does not know in the other one.
func (s *Sender) sendToOther(ctx context.Context, p push.Push, refused *push.Error, attempts *int) (push.Receipt, *push.Error) {
	other := push.Sandbox
	if p.Environment == push.Sandbox {
		other = push.Production
	}
	receipt, e := s.sendTo(ctx, p, other, attempts)
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
func (s *Sender) sendTo(ctx context.Context, p push.Push, env push.Environment, attempts *int) (push.Receipt, *push.Error) {
	pool := s.pools[env]
	if e := pool.breaker.allow(s.now()); e != nil {
		return push.Receipt{}, e
	}
	var last *push.Error
	var avoid *conn
	reminted := false
	for retries := 0; ; retries++ {
		if retries > 0 {
			if retries > len(s.backoff) {
				return push.Receipt{}, last
			}
			if err := s.sleep(ctx, s.backoff[retries-1]); err != nil {
				return push.Receipt{}, over(ctx, last, context.Cause(ctx))
			}
			if !s.now().Before(p.Deadline) {
				return push.Receipt{}, over(ctx, last, errRingOver)
			}
		}
		token, err := s.minter.token()
		if err != nil {
			return push.Receipt{}, &push.Error{Verdict: push.FixConfig, Reason: "cannot sign", Err: err, Hint: "check Config.Signer"}
		}
		c, err := pool.acquire(ctx, avoid)
		switch {
		case errors.Is(err, errClosed):
			return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Reason: "sender closed", Err: err}
		case ctx.Err() != nil && err != nil:
			return push.Receipt{}, over(ctx, last, context.Cause(ctx))
		case err != nil:
			*attempts++
			last = &push.Error{Verdict: push.GiveUp, Reason: "cannot connect", Err: err, Hint: "check that this machine can reach " + pool.cfg.base.Host}
			continue
		}
		if ctx.Err() != nil { // no attempt starts after the deadline
			pool.giveBack(c)
			return push.Receipt{}, over(ctx, last, context.Cause(ctx))
		}
		*attempts++
		receipt, refused, how := s.attempt(ctx, pool, c, p, token)
		pool.release(c, how)
		if refused == nil {
			pool.breaker.accept()
			receipt.Environment = env
			return receipt, nil
		}
		if refused.Status == 0 && ctx.Err() != nil {
			return push.Receipt{}, over(ctx, last, context.Cause(ctx))
		}
		last, avoid = refused, c
		r := react(refused.Status, refused.Reason)
		switch {
		case refused.Status == 0 || r.retry == elsewhere:
			s.log.Debug("apns: push not taken, retrying", "id", p.ID, "environment", env.String(), "attempt", *attempts, "connection", c.id, "status", refused.Status, "reason", refused.Reason, "error", refused.Err)
			continue
		case r.retry == remint && !reminted:
			reminted = true
			if _, err := s.minter.renew(token); err == nil {
				s.log.Warn("apns: provider token renewed ahead of schedule: APNs called it expired, check this machine's clock", "age", s.now().Sub(token.issuedAt))
				avoid = nil
				retries-- // not the push's fault
				continue
			}
		}
		if !r.key {
			pool.breaker.accept()
		} else {
			pool.breaker.refuse(s.now(), *refused)
			s.log.Error("apns: APNs refuses our key", "environment", env.String(), "status", refused.Status, "reason", refused.Reason, "hint", refused.Hint)
		}
		return push.Receipt{}, refused
	}
}

// attempt sends p once on a connection that has been reserved for it.
func (s *Sender) attempt(ring context.Context, pool *pool, c *conn, p push.Push, token providerToken) (push.Receipt, *push.Error, outcome) {
	ctx, cancel := context.WithTimeout(ring, s.timeout)
	defer cancel()
	began := s.now()
	resp, err := c.cc.RoundTrip(request(ctx, pool.cfg.base, p, token))
	if err != nil {
		e := &push.Error{Verdict: push.GiveUp, Reason: "connection lost", Err: err, Hint: "the push may have been delivered all the same"}
		switch {
		case ring.Err() != nil:
			return push.Receipt{}, e, unused // the caller left; that says nothing about the connection
		case ctx.Err() != nil:
			e.Reason = "timeout"
		}
		return push.Receipt{}, e, broken
	}
	defer resp.Body.Close() //nolint:errcheck // everything worth reading was read
	if resp.StatusCode == http.StatusOK {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // it has no body
		id := header(resp.Header, "Apns-Id")
		if id == "" {
			id = p.ID
		}
		return push.Receipt{ID: id, UniqueID: header(resp.Header, "Apns-Unique-Id"), Latency: s.now().Sub(began)}, nil, succeeded
	}
	ref := readRefusal(resp.Body)
	r := react(resp.StatusCode, ref.reason)
	e := &push.Error{Verdict: r.verdict, Status: resp.StatusCode, Reason: ref.reason, Hint: r.hint}
	if r.verdict == push.DropToken {
		e.Timestamp = ref.timestamp
	}
	if r.replace {
		return push.Receipt{}, e, broken
	}
	return push.Receipt{}, e, answered
}

// request is the push as APNs wants it ("Sending notification requests to APNs").
func request(ctx context.Context, base *url.URL, p push.Push, token providerToken) *http.Request {
	h := http.Header{
		"Authorization":   {token.authorization},
		"Apns-Id":         {p.ID},
		"Apns-Topic":      {topic(p)},
		"Apns-Push-Type":  {p.Kind.String()},
		"Apns-Priority":   {"10"},
		"Apns-Expiration": {expiration(p)},
		"Content-Type":    {"application/json"},
		"User-Agent":      {"ringtrip"},
	}
	if p.CollapseID != "" {
		h["Apns-Collapse-Id"] = []string{p.CollapseID}
	}
	r := &http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/3/device/" + p.Token},
		Host:          base.Host,
		Header:        h,
		Body:          io.NopCloser(bytes.NewReader(p.Payload)),
		ContentLength: int64(len(p.Payload)),
		Proto:         "HTTP/2.0",
		ProtoMajor:    2,
	}
	return r.WithContext(ctx)
}

// topic is what the push is for, in APNs' words.
func topic(p push.Push) string {
	if p.Kind == push.VoIP {
		return p.BundleID + ".voip"
	}
	return p.BundleID
}

// expiration is 0, deliver now or never, so that no phone rings for a dead call; only an alert may have another.
func expiration(p push.Push) string {
	if p.Expires.IsZero() {
		return "0"
	}
	return strconv.FormatInt(p.Expires.Unix(), 10)
}

// over is the error of a push that ran out of time, by its ring's end or because the caller left. What APNs said last
// is worth more than that.
func over(ctx context.Context, last *push.Error, cause error) *push.Error {
	if last != nil && last.Status != 0 {
		last.Hint = "there was no time to retry: " + last.Hint
		return last
	}
	e := &push.Error{Verdict: push.GiveUp, Reason: "cancelled", Err: cause}
	if errors.Is(cause, errRingOver) {
		e.Reason, e.Hint = "deadline passed", "the ring ended before APNs took the push"
	} else if err := ctx.Err(); err != nil && !errors.Is(cause, err) {
		e.Err = fmt.Errorf("%w: %w", err, cause)
	}
	if last != nil && last.Err != nil {
		e.Err = fmt.Errorf("%w; before that: %w", e.Err, last.Err)
	}
	return e
}
