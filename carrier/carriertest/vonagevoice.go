package carriertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Vonage is Vonage's Voice API as its documentation describes it: users, legs, Call Control Objects, answer, fallback and
// event webhooks, telephones. A device opens a session with its user's token and makes a server call; Vonage asks the
// answer URL (once more if that fails by 429, 503, 504 or not at all, then twice the fallback URL) and does what it is
// told: conversations with startOnEnter, endOnExit and musicOnHoldUrl, talk, and connect to a telephone. All other actions
// and options are refused, as a syntax error is.
//
// What the documentation leaves open: whether event webhooks are repeated (here they are not), how an inbound leg's status
// reads whose answer could not be had (here "rejected"), and what hanging up a leg that is over is answered (here 400).
// Connecting to an app, Vonage's own way of ringing, is not here.
type Vonage struct {
	house
	vonageAccount
	Numbers []string
	second  time.Duration
	posts   bool

	users    map[string]bool // guarded by house.mu, as all below
	legs     map[string]*vonageLeg
	over     map[string]string // final status of legs that are over
	meetings map[string]*vonageMeeting
	answerer func(*Telephone)
	asking   int           // answers that are awaited
	quiet    chan struct{} // closed when asking is 0
	faults   Faults
	work     sync.WaitGroup
	life     context.Context
	end      context.CancelFunc
	client   *http.Client
}

var _ Emulator = (*Vonage)(nil)

// vonageLeg is one leg: a device's or a telephone's.
type vonageLeg struct {
	id, conversation string
	user             string // of a device
	from, to         string
	custom           map[string]any
	out              bool   // it was called
	event            string // URL of its events; empty: the application's
	status           string
	begun            time.Time // when it was answered
	phone            *Telephone
	seat             *VonageSeat
	meeting          *vonageMeeting
	ends             bool           // the meeting ends with it
	peer             *vonageLeg     // whom it was connected to, or who connected it
	rest             []vonageAction // what it has to do yet
	ring             *time.Timer
}

// vonageMeeting is a named conversation.
type vonageMeeting struct {
	name    string
	started bool
	legs    []*vonageLeg
}

// NewVonage starts one.
func NewVonage(c VonageConfig) (*Vonage, error) {
	account, err := newVonageAccount(c)
	if err != nil {
		return nil, err
	}
	v := &Vonage{vonageAccount: account, Numbers: c.Numbers, second: c.Second, posts: c.AnswerByPOST, users: map[string]bool{},
		legs: map[string]*vonageLeg{}, over: map[string]string{}, meetings: map[string]*vonageMeeting{}, quiet: make(chan struct{}),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 5 * time.Second}}}
	close(v.quiet)
	if len(v.Numbers) == 0 {
		v.Numbers = []string{"+15550100001"}
	}
	if v.second == 0 {
		v.second = time.Second
	}
	v.life, v.end = context.WithCancel(context.Background())
	v.onLose = v.lose
	v.post = newPostbox(func(int, int) (time.Duration, bool) { return 0, false })
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/users", v.createUser)
	mux.HandleFunc("GET /v1/calls/{leg}", v.getLeg)
	mux.HandleFunc("PUT /v1/calls/{leg}", v.updateLeg)
	mux.HandleFunc("POST /v1/calls", v.createLeg)
	if err := v.open(v.guarded(mux)); err != nil {
		return nil, err
	}
	return v, nil
}

// Name implements Emulator.
func (v *Vonage) Name() string { return "vonage" }

// Answerer implements Emulator.
func (v *Vonage) Answerer(f func(*Telephone)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answerer = f
}

// Faults implements Emulator. An answer webhook that is repeated is answered as the last time says; it is never shuffled.
func (v *Vonage) Faults(f Faults) {
	v.mu.Lock()
	v.faults = f
	v.mu.Unlock()
	v.post.fail(f)
}

// Idle implements Emulator.
func (v *Vonage) Idle(ctx context.Context) error {
	for {
		v.mu.Lock()
		quiet := v.quiet
		v.mu.Unlock()
		select {
		case <-quiet:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := v.post.wait(ctx); err != nil {
			return err
		}
		v.mu.Lock()
		done := v.asking == 0
		v.mu.Unlock()
		if done {
			return nil
		}
	}
}

// Open implements Emulator.
func (v *Vonage) Open() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for id, l := range v.legs {
		who := l.user
		if l.phone != nil {
			who = l.phone.Number
		}
		out = append(out, fmt.Sprintf("leg %s of %s, %s", id, who, l.status))
	}
	for name, m := range v.meetings {
		out = append(out, fmt.Sprintf("conversation %s with %d in it", name, len(m.legs)))
	}
	slices.Sort(out)
	return out
}

// lose loses everybody and tells nobody; the users stay. The lock must be held.
func (v *Vonage) lose() {
	for id, l := range v.legs {
		l.gone(ErrLost, "lost")
		v.over[id] = "failed"
	}
	v.legs, v.meetings = map[string]*vonageLeg{}, map[string]*vonageMeeting{}
}

// Close implements Emulator.
func (v *Vonage) Close() {
	v.house.Close() // first, so that nobody is told what the end makes of awaited answers
	v.end()
	v.work.Wait()
	v.client.CloseIdleConnections()
}

// VonageSeat is a device's server call. It is safe for concurrent use.
type VonageSeat struct {
	// ID is the call's id in the SDK, which is the leg's.
	ID        string
	carrier   *Vonage
	leg       *vonageLeg
	connected chan struct{}
	up        bool // guarded by house.mu
	over      chan error
}

var _ Seat = (*VonageSeat)(nil)

// Connected implements Seat.
func (s *VonageSeat) Connected() <-chan struct{} { return s.connected }

// Gone implements Seat.
func (s *VonageSeat) Gone() <-chan error { return s.over }

// Digits implements Seat.
func (s *VonageSeat) Digits(digits string) error {
	s.carrier.mu.Lock()
	defer s.carrier.mu.Unlock()
	if !s.up || s.carrier.legs[s.ID] == nil {
		return errors.New("vonage: the call is not up")
	}
	if digits == "" || strings.Trim(digits, "0123456789*#p") != "" {
		return fmt.Errorf("vonage: %q are no digits", digits)
	}
	return nil
}

// Leave implements Seat.
func (s *VonageSeat) Leave() { s.carrier.hangUp(s.leg) }

// Lose breaks the device's connection. Vonage notices after a while, which here is at once, and says that the leg is completed.
func (s *VonageSeat) Lose() {
	s.carrier.mu.Lock()
	defer s.carrier.mu.Unlock()
	if s.carrier.legs[s.ID] != nil {
		s.leg.gone(ErrLost, "")
		s.carrier.finish(s.leg, "completed")
	}
}

// gone tells whoever is on the leg, once.
func (l *vonageLeg) gone(err error, why string) {
	if l.ring != nil {
		l.ring.Stop()
	}
	if l.phone != nil {
		l.phone.Set(PhoneOver, why)
	}
	if l.seat != nil {
		select {
		case l.seat.over <- err:
		default:
		}
	}
}

// flow is that media flows for a leg. The lock must be held.
func (l *vonageLeg) flow() {
	if l.phone != nil {
		l.phone.Set(PhoneTalks, "")
	}
	if l.seat != nil && !l.seat.up {
		l.seat.up = true
		close(l.seat.connected)
	}
}

// vonagePaths are what a token must let the Client SDK do.
var vonagePaths = []string{"/*/users/**", "/*/conversations/**", "/*/sessions/**", "/*/devices/**", "/*/push/**", "/*/knocking/**", "/*/legs/**"}

// Join implements Emulator: createSession and serverCall of the Client SDK.
func (v *Vonage) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c struct {
		JWT     string            `json:"jwt"`
		Call    string            `json:"call"`
		Context map[string]string `json:"context"`
	}
	if err := json.Unmarshal(credentials, &c); err != nil || c.JWT == "" || c.Call != "" || len(c.Context) == 0 {
		return nil, v.refuse(`vonage: the credentials are not {"jwt":…,"context":{…}}`)
	}
	t, err := v.read(c.JWT, "RS256")
	if err != nil {
		return nil, v.refuse("vonage: createSession: the token: %w", err)
	}
	for _, p := range vonagePaths {
		if _, ok := t.ACL.Paths[p]; !ok {
			return nil, v.refuse("vonage: createSession: the token lacks the path %s", p)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down || v.closed {
		return nil, fmt.Errorf("%w: nobody answers", ErrLost)
	}
	if !v.users[t.Sub] {
		v.no = append(v.no, fmt.Sprintf("vonage: createSession: user:error:not-found: %q", t.Sub))
		return nil, fmt.Errorf("vonage: createSession: user:error:not-found: %q", t.Sub)
	}
	l := &vonageLeg{id: vonageID(), conversation: "CON-" + vonageID(), user: t.Sub, from: t.Sub, to: c.Context["to"], custom: map[string]any{}}
	for k, value := range c.Context {
		if k != "to" { // which populates the top level
			l.custom[k] = value
		}
	}
	l.seat = &VonageSeat{ID: l.id, carrier: v, leg: l, connected: make(chan struct{}), over: make(chan error, 1)}
	v.arrive(l)
	return l.seat, nil
}

// Dial implements Emulator.
func (v *Vonage) Dial(_ context.Context, from, to string) (*Telephone, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down || v.closed {
		return nil, fmt.Errorf("%w: nobody answers", ErrLost)
	}
	if !slices.Contains(v.Numbers, to) {
		return nil, fmt.Errorf("vonage: %s is no number of the application", to)
	}
	l := &vonageLeg{id: vonageID(), conversation: "CON-" + vonageID(), from: strings.TrimPrefix(from, "+"), to: strings.TrimPrefix(to, "+")}
	l.phone = NewTelephone(from, to, PhoneDialing, func(what string) {
		if what == "hangup" {
			v.hangUp(l)
		}
	})
	v.arrive(l)
	return l.phone, nil
}

// arrive takes a leg in and asks what to do with it. The lock must be held.
func (v *Vonage) arrive(l *vonageLeg) {
	v.legs[l.id] = l
	v.tell(l, "ringing", nil)
	v.tell(l, "started", nil)
	if v.asking++; v.asking == 1 {
		v.quiet = make(chan struct{})
	}
	v.work.Go(func() {
		ncco, err := v.ask(l)
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.asking--; v.asking == 0 {
			close(v.quiet)
		}
		if v.legs[l.id] == nil {
			return // it has gone meanwhile
		}
		if err != nil {
			v.no = append(v.no, err.Error())
			v.fault(l, err.Error())
			v.finish(l, "rejected")
			return
		}
		l.begun = v.now()
		v.tell(l, "answered", map[string]any{"start_time": nil, "rate": nil, "network": nil})
		if l.phone != nil {
			l.phone.Set(PhoneHears, "")
		}
		l.rest = ncco
		v.step(l)
	})
}

// ask fetches a leg's control object: the answer URL, if need be again, and then the fallback URL twice.
func (v *Vonage) ask(l *vonageLeg) ([]vonageAction, error) {
	v.mu.Lock()
	repeat, late := v.faults.Repeat, v.faults.Late
	v.mu.Unlock()
	var err error
	for _, hook := range []string{"/answer", "/answer", "/fallback", "/fallback"} {
		var ncco []vonageAction
		var again bool
		for range repeat + 1 {
			if !v.post.pause(late) {
				return nil, errors.New("closed")
			}
			ncco, again, err = v.fetch(l, hook)
		}
		if err == nil {
			return ncco, nil
		}
		if !again && hook == "/answer" {
			if ncco, _, err2 := v.fetch(l, "/fallback"); err2 == nil {
				return ncco, nil
			}
			return nil, err
		}
	}
	return nil, err
}

// fetch asks once. again: it is worth another try.
func (v *Vonage) fetch(l *vonageLeg, hook string) (ncco []vonageAction, again bool, err error) {
	base := v.post.where()
	if base == "" {
		return nil, false, errors.New("vonage: the application has no answer URL")
	}
	say := map[string]any{"to": l.to, "uuid": l.id, "conversation_uuid": l.conversation, "region_url": v.url}
	if l.user != "" {
		say["from_user"], say["endpoint_type"] = l.user, "app"
		if len(l.custom) > 0 {
			say["custom_data"] = l.custom
		}
	} else {
		say["from"], say["endpoint_type"] = l.from, "phone"
	}
	req, err := v.question(base+hook, say)
	if err != nil {
		return nil, false, err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, true, fmt.Errorf("vonage: the answer URL: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return nil, true, err
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout:
		return nil, true, fmt.Errorf("vonage: the answer URL said %s", resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, false, fmt.Errorf("vonage: the answer URL said %s", resp.Status)
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		return nil, false, fmt.Errorf("vonage: the NCCO is %q", resp.Header.Get("Content-Type"))
	}
	ncco, err = readNCCO(body)
	return ncco, false, err
}

// question is the answer webhook: a signed GET, or POST.
func (v *Vonage) question(to string, say map[string]any) (*http.Request, error) {
	if v.posts {
		body, err := json.Marshal(say)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(v.life, http.MethodPost, to, bytes.NewReader(body))
		if err == nil {
			req.Header = v.sign(body)
		}
		return req, err
	}
	q := url.Values{}
	for k, value := range say {
		if s, ok := value.(string); ok {
			q.Set(k, s)
		} else if b, err := json.Marshal(value); err == nil {
			q.Set(k, string(b))
		}
	}
	req, err := http.NewRequestWithContext(v.life, http.MethodGet, to+"?"+q.Encode(), nil)
	if err == nil {
		req.Header = v.sign(nil)
	}
	return req, err
}

// tell makes an event webhook of a leg. The lock must be held.
func (v *Vonage) tell(l *vonageLeg, status string, more map[string]any) {
	if status != "" {
		l.status = status
	}
	m := map[string]any{"from": l.from, "to": l.to, "uuid": l.id, "conversation_uuid": l.conversation, "status": status, "direction": "inbound",
		"timestamp": v.now().UTC().Format("2006-01-02T15:04:05.000Z"), "headers": map[string]any{}}
	if l.out {
		m["direction"] = "outbound"
	}
	for k, value := range more {
		m[k] = value
	}
	v.send(l, m)
}

// fault reports an error of a leg's control object. The lock must be held.
func (v *Vonage) fault(l *vonageLeg, reason string) {
	v.send(l, map[string]any{"reason": reason, "conversation_uuid": l.conversation, "timestamp": v.now().UTC().Format("2006-01-02T15:04:05.000Z")})
}

func (v *Vonage) send(l *vonageLeg, m map[string]any) {
	body, err := json.Marshal(m)
	if err != nil {
		return
	}
	path := "/event"
	if l.event != "" {
		var ok bool
		if path, ok = strings.CutPrefix(l.event, v.post.where()); !ok {
			v.no = append(v.no, "vonage: nobody answers at the event URL "+l.event)
			return
		}
	}
	v.post.post(letter{key: l.id, path: path, make: func(int) (http.Header, []byte) { return v.sign(body), body }})
}
