package carriertest

import (
	"bytes"
	"context"
	"crypto/hmac"
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
	"sync"
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

// twilioMail delivers webhooks.
type twilioMail struct {
	t      *Twilio
	client *http.Client
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	faults Faults
	sent   int
	era    int
	held   []twilioHook
	flush  *time.Timer
	busy   int
	idle   chan struct{}
	work   sync.WaitGroup
}

func newTwilioMail(t *Twilio) *twilioMail {
	m := &twilioMail{t: t, idle: make(chan struct{}), client: &http.Client{Timeout: twilioTotal, Transport: &http.Transport{MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	close(m.idle)
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

func (m *twilioMail) fail(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
}

// post accepts a webhook. It does not block, and may be called with the emulator's lock held.
func (m *twilioMail) post(h twilioHook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		return
	}
	n := m.sent
	m.sent++
	lost := m.faults.Drop != nil && m.faults.Drop(n)
	if h.then != nil {
		m.begin(h, lost)
		return
	}
	if lost {
		return
	}
	m.count(1)
	m.held = append(m.held, h)
	if len(m.held) > m.faults.Shuffle {
		m.release()
		return
	}
	if m.flush != nil {
		m.flush.Stop()
	}
	m.flush = time.AfterFunc(flushAfter, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.release()
	})
}

// release lets go of what is held back, the last first if it is shuffled. The lock must be held.
func (m *twilioMail) release() {
	held := m.held
	m.held = nil
	defer func() { m.count(-len(held)) }() // after what follows is counted, so that it is not idle in between
	if m.faults.Shuffle > 0 {
		slices.Reverse(held)
	}
	if m.faults.Shuffle > 0 && len(held) > 1 && m.ctx.Err() == nil {
		// One after the other, or the network would shuffle them back.
		m.count(1)
		faults, era := m.faults, m.era
		m.work.Go(func() {
			for _, h := range held {
				m.run(h, faults, era, false)
			}
			m.done()
		})
		return
	}
	for _, h := range held {
		m.begin(h, false)
	}
}

// begin delivers one webhook. The lock must be held.
func (m *twilioMail) begin(h twilioHook, lost bool) {
	if m.ctx.Err() != nil {
		return
	}
	m.count(1)
	faults, era := m.faults, m.era
	m.work.Go(func() {
		m.run(h, faults, era, lost)
		m.done()
	})
}

func (m *twilioMail) done() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(-1)
}

// count keeps idle. The lock must be held.
func (m *twilioMail) count(n int) {
	before := m.busy
	m.busy += n
	switch {
	case before == 0 && m.busy > 0:
		m.idle = make(chan struct{})
	case before > 0 && m.busy == 0:
		close(m.idle)
	}
}

// run delivers a webhook as often as faults say, and hands over the first answer.
func (m *twilioMail) run(h twilioHook, faults Faults, era int, lost bool) {
	if faults.Late > 0 {
		late := time.NewTimer(faults.Late)
		select {
		case <-late.C:
		case <-m.ctx.Done():
			late.Stop()
			return
		}
	}
	token := twilioHex() // the same for all attempts
	for i := range faults.Repeat + 1 {
		m.mu.Lock()
		same := m.era == era
		m.mu.Unlock()
		if !same {
			return
		}
		answer := twilioAnswer{err: errors.New("lost on its way")}
		if !lost {
			answer = m.deliver(h, token)
		}
		if i > 0 {
			continue
		}
		m.t.mu.Lock()
		if m.t.era == era && !m.t.closed {
			if answer.status/100 != 2 && h.json == nil {
				m.t.alert(11200, "%s: %d %v", strings.SplitN(h.url, "#", 2)[0], answer.status, answer.err)
			}
			if h.then != nil {
				h.then(answer)
			}
		}
		m.t.mu.Unlock()
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
	mac := hmac.New(sha1.New, []byte(m.t.AuthToken))
	_, _ = io.WriteString(mac, sign) // a hash takes everything
	req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
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

// drop forgets what was not sent yet.
func (m *twilioMail) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.era++
	m.count(-len(m.held))
	m.held = nil
}

// wait blocks until all webhooks are over.
func (m *twilioMail) wait(ctx context.Context) error {
	m.mu.Lock()
	m.release()
	idle := m.idle
	m.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *twilioMail) close() {
	m.mu.Lock()
	m.cancel()
	if m.flush != nil {
		m.flush.Stop()
	}
	m.mu.Unlock()
	m.drop()
	m.work.Wait()
	m.client.CloseIdleConnections()
}
