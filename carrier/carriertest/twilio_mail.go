package carriertest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	twilioTotal = 15 * time.Second // for all attempts of a webhook (Twilio: Webhooks connection overrides)
	maxTwiML    = 64 << 10
)

// twilioHook is one webhook.
type twilioHook struct {
	url  string // with its connection override, if any
	form url.Values
	json []byte // if it is no form
	// then gets the answer, with the emulator's lock held; nil: nobody waits for it.
	then func(twilioAnswer)
}

// twilioAnswer is what came of a webhook.
type twilioAnswer struct {
	status int // 0: nobody answered
	body   []byte
	err    error
}

// twilioMail delivers webhooks whose answers matter, each with attempts as its URL's connection override says.
type twilioMail struct {
	*outbox
	t *Twilio
}

func newTwilioMail(t *Twilio) *twilioMail {
	return &twilioMail{t: t, outbox: newOutbox(twilioTotal, func(held []job) {
		slices.Reverse(held)
		one := twilioHex()
		for i := range held {
			held[i].key = one // one after the other, or the network would shuffle them back
		}
	})}
}

// post accepts a webhook. It does not block, and may be called with the emulator's lock held.
func (m *twilioMail) post(h twilioHook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		return
	}
	lost, times := m.loses(), m.faults.Repeat+1
	j := job{run: func(era int) { m.run(h, times, era, lost) }}
	switch {
	case h.then != nil: // it is never held back, and that it is lost is an answer too
		m.count(1)
		m.start(j)
	case !lost:
		m.hold(j, 1)
	}
}

// run delivers a webhook that many times, and hands over the first answer.
func (m *twilioMail) run(h twilioHook, times, era int, lost bool) {
	token := twilioHex() // the same for all attempts
	for i := range times {
		if !m.same(era) {
			return
		}
		answer := twilioAnswer{err: errors.New("lost on its way")}
		if !lost {
			answer = m.deliver(h, token)
		}
		if i == 0 {
			m.answered(h, answer, era)
		}
	}
}

// answered hands over what came of a webhook, unless the carrier was down or has closed meanwhile.
func (m *twilioMail) answered(h twilioHook, answer twilioAnswer, era int) {
	m.t.mu.Lock()
	defer m.t.mu.Unlock()
	if m.t.closed || !m.same(era) {
		return
	}
	if answer.status/100 != 2 && h.json == nil {
		m.t.alert(11200, "%s: %d %v", strings.SplitN(h.url, "#", 2)[0], answer.status, answer.err)
	}
	if h.then != nil {
		h.then(answer)
	}
}

// deliver sends a webhook, again as the connection override in its URL's fragment says: rc times (by default once) for what
// rp lists (by default ct: no connection).
func (m *twilioMail) deliver(h twilioHook, token string) twilioAnswer {
	target, fragment, _ := strings.Cut(h.url, "#")
	override, _ := url.ParseQuery(fragment) // what cannot be read is not there
	retries, policy := 1, []string{"ct"}
	if n, err := strconv.Atoi(override.Get("rc")); err == nil && n >= 0 && n <= 5 {
		retries = n
	}
	if rp := override.Get("rp"); rp != "" {
		policy = strings.Split(rp, ",")
	}
	ctx, cancel := context.WithTimeout(m.ctx, twilioTotal)
	defer cancel()
	for attempt := 0; ; attempt++ {
		answer := m.send(ctx, target, h, token)
		why := ""
		var op *net.OpError
		switch {
		case answer.err != nil && errors.As(answer.err, &op) && op.Op == "dial":
			why = "ct"
		case answer.err != nil:
			why = "rt"
		case answer.status/100 == 4 || answer.status/100 == 5:
			why = fmt.Sprintf("%dxx", answer.status/100)
		}
		if why == "" || attempt >= retries || ctx.Err() != nil || !slices.Contains(policy, why) && !slices.Contains(policy, "all") {
			return answer
		}
	}
}

// send makes one attempt, signed (Twilio: Webhooks security).
func (m *twilioMail) send(ctx context.Context, target string, h twilioHook, token string) twilioAnswer {
	body, kind, sign := []byte(h.form.Encode()), "application/x-www-form-urlencoded; charset=UTF-8", ""
	if h.json != nil {
		sum := sha256.Sum256(h.json)
		joint := "?"
		if strings.Contains(target, "?") {
			joint = "&"
		}
		target += joint + "bodySHA256=" + hex.EncodeToString(sum[:])
		body, kind, sign = h.json, "application/json", target
	} else {
		sign = target
		keys := make([]string, 0, len(h.form))
		for k := range h.form {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			values := append([]string(nil), h.form[k]...)
			slices.Sort(values)
			for _, v := range slices.Compact(values) {
				sign += k + v
			}
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return twilioAnswer{err: err}
	}
	req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(digest(sha1.New, []byte(m.t.AuthToken), []byte(sign))))
	req.Header.Set("I-Twilio-Idempotency-Token", token)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	resp, err := m.client.Do(req)
	if err != nil {
		return twilioAnswer{err: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxTwiML+1))
	if err == nil && len(answer) > maxTwiML {
		err = errors.New("the answer has more than 64 kB")
	}
	return twilioAnswer{status: resp.StatusCode, body: answer, err: err}
}
