package carriertest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// TwilioConfig is the account that the emulator has.
type TwilioConfig struct {
	// Numbers are the account's telephone numbers, E.164. Their voice URL is the server's hook "voice", their status callback
	// its hook "status".
	Numbers []string
	// Now is the clock by which tokens are good and events happen; nil: time.Now.
	Now func() time.Time
	// Second is how long a second of Twilio's timeouts takes; 0: a second.
	Second time.Duration
}

// Twilio is Twilio Programmable Voice as its documentation has it, for one account, one API key and one TwiML application
// whose voice URL is the server's hook "voice".
//
// What it does: REST calls (create, fetch, update) with Basic authentication and Twilio's error bodies; signed webhooks
// (voice URL, <Dial> action, status callbacks with SequenceNumber, Client Call Notification), repeated by the documented
// connection overrides; TwiML with Dial (one Client or Number), Reject and Hangup, anything else refused; access tokens
// checked in all they say; answerOnBridge; timeouts; telephones.
//
// What the documentation leaves open is done so: the status of a leg that is hung up before it is answered is no-answer if
// its own end did it and canceled if the API did; a <Dial> whose caller leaves asks its action nevertheless; a rejected
// telephone is busy or failed; SipResponseCode comes with the last status of a number's leg; retries come at once.
type Twilio struct {
	AccountSID     string
	AuthToken      string
	APIKey         string
	APISecret      string
	ApplicationSID string

	conf     TwilioConfig
	bridge   []byte // signs bridge tokens
	listener net.Listener
	server   *http.Server
	mail     *twilioMail
	workers  sync.WaitGroup

	mu       sync.Mutex
	hooks    string
	down     bool
	closed   bool
	calls    map[string]*twilioCall
	order    []string
	answerer func(*Telephone)
	refused  []string
	alerts   []string
}

var _ Emulator = (*Twilio)(nil)

// NewTwilio returns an account that listens on 127.0.0.1.
func NewTwilio(c TwilioConfig) (*Twilio, error) {
	for _, n := range c.Numbers {
		if !twilioNumber.MatchString(n) {
			return nil, fmt.Errorf("carriertest: the number %q is no E.164", n)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Second == 0 {
		c.Second = time.Second
	}
	t := &Twilio{AccountSID: twilioSID("AC"), AuthToken: twilioHex(), APIKey: twilioSID("SK"), APISecret: twilioHex(), ApplicationSID: twilioSID("AP"),
		conf: c, bridge: []byte(twilioHex()), calls: map[string]*twilioCall{}}
	t.mail = newTwilioMail(t)
	var err error
	if t.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("carriertest: %w", err)
	}
	t.server = &http.Server{Handler: http.HandlerFunc(t.serve), ReadHeaderTimeout: 30 * time.Second}
	t.workers.Go(func() { _ = t.server.Serve(t.listener) }) // ends with ErrServerClosed
	return t, nil
}

func twilioHex() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

func twilioSID(prefix string) string { return prefix + twilioHex() }

// Name implements Emulator.
func (t *Twilio) Name() string { return "twilio" }

// URL implements Emulator.
func (t *Twilio) URL() string { return "http://" + t.listener.Addr().String() }

// Hooks implements Emulator.
func (t *Twilio) Hooks(base string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hooks = strings.TrimRight(base, "/")
}

// Answerer implements Emulator. What it calls must return: Close waits for it.
func (t *Twilio) Answerer(f func(*Telephone)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answerer = f
}

// Faults implements Emulator. A voice URL, an action or a notification is asked for once whatever Shuffle says, for Twilio
// waits for its answer; status callbacks are shuffled.
func (t *Twilio) Faults(f Faults) { t.mail.fail(f) }

// Idle implements Emulator.
func (t *Twilio) Idle(ctx context.Context) error { return t.mail.wait(ctx) }

// Refused implements Emulator.
func (t *Twilio) Refused() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.refused)
}

// Alerts lists what Twilio's debugger would show, each with its error code: webhooks that failed (11200), notifications that
// were refused (13807), TwiML that is none (12100).
func (t *Twilio) Alerts() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.alerts)
}

// Open implements Emulator.
func (t *Twilio) Open() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for _, sid := range t.order {
		if c := t.calls[sid]; !c.over() {
			all = append(all, fmt.Sprintf("%s %s -> %s %s", c.sid, c.from, c.to, c.status))
		}
	}
	return all
}

// Dial implements Emulator.
func (t *Twilio) Dial(_ context.Context, from, to string) (*Telephone, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.down || t.closed:
		return nil, errors.New("carriertest: Twilio is down")
	case t.hooks == "":
		return nil, errors.New("carriertest: the number has no voice URL: call Hooks first")
	case !slices.Contains(t.conf.Numbers, to):
		return nil, fmt.Errorf("carriertest: %s is no number of the account", to)
	}
	c := t.newCall(from, to, "inbound", nil)
	c.callback, c.events = t.hooks+"/status", []string{"completed"}
	c.phone = NewTelephone(from, to, PhoneDialing, c.act)
	t.ask(c, t.hooks+"/voice")
	return c.phone, nil
}

// Outage implements Emulator.
func (t *Twilio) Outage(down bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = down
	if down {
		t.drop("outage")
	}
}

// drop ends all calls without a word. The lock must be held.
func (t *Twilio) drop(why string) {
	for _, c := range t.calls {
		if c.over() {
			continue
		}
		c.status, c.lost = "failed", true
		c.stopDial()
		c.signal(why)
	}
	t.mail.drop()
}

// Close implements Emulator.
func (t *Twilio) Close() {
	t.mu.Lock()
	t.closed = true
	t.drop("closed")
	t.mu.Unlock()
	_ = t.server.Close() // whoever is still connected is cut off
	t.mail.close()
	t.workers.Wait()
}

// refuse notes that something was refused. The lock must be held.
func (t *Twilio) refuse(format string, args ...any) error {
	err := fmt.Errorf("twilio: "+format, args...)
	t.refused = append(t.refused, err.Error())
	return err
}

// alert notes what the debugger shows. The lock must be held.
func (t *Twilio) alert(code int, format string, args ...any) {
	t.alerts = append(t.alerts, fmt.Sprintf("%d %s", code, fmt.Sprintf(format, args...)))
}
