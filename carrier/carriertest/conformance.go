package carriertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Stage is one account at a carrier, for [Run].
type Stage struct {
	Carrier  carrier.Carrier
	Emulator Emulator
	// Stranger has the settings of Carrier with other keys: somebody else's.
	Stranger carrier.Carrier
	// Bad are carriers with settings in which [carrier.Carrier.Check] has to find something.
	Bad []carrier.Carrier
	// Secrets are the texts of all keys; nothing may ever show one.
	Secrets []string
	// Timeless: its webhooks say nothing of when they were made, so that an old one is harmless and not refused.
	Timeless bool
	// OpenQuery: it signs no query, which its documentation has to tell of.
	OpenQuery bool
	// Stays: End does not put out who is in the room, for the carrier has no such order.
	Stays bool
}

// Run is the conformance suite that every carrier passes, whatever it is: rooms, calls of its own, or devices between
// themselves. Each part gets a stage of its own, whose carrier has its hooks at the URL and speaks by the client.
func Run(t *testing.T, stage func(t *testing.T, hooks string, client *http.Client) Stage) {
	for _, part := range []struct {
		name string
		run  func(*play)
	}{
		{"the words", (*play).words},
		{"credentials let in who may", (*play).credentials},
		{"and nobody else", (*play).strangers},
		{"webhooks that were changed", (*play).changed},
		{"webhooks of another account", (*play).forged},
		{"webhooks that are old", (*play).old},
		{"webhooks again", (*play).again},
		{"the end, again and again", (*play).end},
		{"a carrier that is down", (*play).down},
		{"nothing shows a secret", (*play).secrets},
		{"all at once", (*play).atOnce},
		{"what doctor finds", (*play).check},
	} {
		t.Run(part.name, func(t *testing.T) {
			p := &play{T: t}
			server := httptest.NewServer(p)
			client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
			p.Stage = stage(t, server.URL+hooksPath, client)
			t.Cleanup(func() {
				p.Emulator.Close()
				server.Close()
				client.CloseIdleConnections()
				for _, text := range p.texts {
					p.shows("an error", text)
				}
			})
			p.desk = NewDesk(p.Carrier, nil)
			p.Emulator.Hooks(server.URL + hooksPath)
			part.run(p)
		})
	}
}

func (p *play) words() {
	traits := p.Carrier.Traits()
	if p.Carrier.Name() == "" || p.Carrier.Name() != p.Emulator.Name() || p.Carrier.Name() != p.Stranger.Name() {
		p.Errorf("it is called %q, and its emulator %q", p.Carrier.Name(), p.Emulator.Name())
	}
	if again := p.Carrier.Traits(); again != traits {
		p.Errorf("its traits change: %+v, %+v", traits, again)
	}
	if traits.TokenLife < time.Minute {
		p.Errorf("credentials are good for %s, which is less than a ring", traits.TokenLife)
	}
	if traits.PeerToPeer && (traits.Rooms || traits.AfterAnswer || traits.PSTN) {
		p.Errorf("devices between themselves have no %+v", traits)
	}
}

func (p *play) credentials() {
	_, seats := p.talk()
	for _, s := range seats {
		s.Leave()
	}
	p.idle()
	if refused := p.Emulator.Refused(); len(refused) > 0 || len(p.texts) > 0 {
		p.Errorf("refused: %q, %q", refused, p.texts)
	}
	if _, err := p.Emulator.Dial(p.ctx(), "+15557654321", "+15550001111"); errors.Is(err, ErrNoPSTN) == p.Carrier.Traits().PSTN {
		p.Errorf("its traits say PSTN %v, its emulator %v", p.Carrier.Traits().PSTN, err)
	}
}

func (p *play) strangers() {
	c := p.call()
	good := carrier.Join{Call: c, Self: c.Caller, Caller: true, Now: time.Now()}
	for what, row := range map[string]struct {
		change func(*carrier.Join)
		want   error
	}{
		"an ended call":            {func(j *carrier.Join) { j.Call.State = carrier.Ended }, carrier.ErrUnknownCall},
		"no call":                  {func(j *carrier.Join) { j.Call.ID = "" }, carrier.ErrUnknownCall},
		"a user who is not in it":  {func(j *carrier.Join) { j.Self.User = "mallory" }, carrier.ErrNotInCall},
		"the caller as the callee": {func(j *carrier.Join) { j.Caller = false }, carrier.ErrNotInCall},
		"the callee as the caller": {func(j *carrier.Join) { j.Self.User = "bob" }, carrier.ErrNotInCall},
		"nobody":                   {func(j *carrier.Join) { j.Self = carrier.Party{} }, carrier.ErrNotInCall},
		"a user without a device":  {func(j *carrier.Join) { j.Self.Device = "" }, carrier.ErrNotInCall},
		"a telephone":              {func(j *carrier.Join) { j.Self.Phone = "+15551234567" }, carrier.ErrNotInCall},
		"an ended call's callee": {func(j *carrier.Join) {
			j.Caller, j.Self, j.Call.State = false, carrier.Party{User: "bob", Device: "b"}, carrier.Ended
		}, carrier.ErrUnknownCall},
		"the other party's end only": {func(j *carrier.Join) { j.Self.User = "alice" }, carrier.ErrNotInCall},
	} {
		j := good
		row.change(&j)
		got, err := p.Carrier.Credentials(j)
		p.heard(err)
		if !errors.Is(err, row.want) || got != nil {
			p.Errorf("%s: %s, %v", what, got, err)
		}
	}
	bad := map[string][]byte{"nothing": nil, "no JSON": []byte("x"), "an empty object": []byte("{}")}
	mint := func(what string, by carrier.Carrier, j carrier.Join) {
		got, err := by.Credentials(j)
		if err != nil {
			p.Fatalf("%s: %v", what, err)
		}
		bad[what] = got
	}
	mint("those of another account", p.Stranger, good)
	old := good
	old.Now = time.Now().Add(-p.Carrier.Traits().TokenLife - 2*time.Hour)
	mint("those that have expired", p.Carrier, old)
	for what, credentials := range bad {
		if _, err := p.Emulator.Join(p.ctx(), credentials); err == nil {
			p.Errorf("%s let somebody in", what)
		}
	}
}

// ordinary are headers that no carrier signs or looks at.
func ordinary(name string) bool {
	switch name {
	case "User-Agent", "Accept", "Accept-Encoding", "Content-Length", "Connection":
		return true
	}
	return false
}

// changed flips bits: a webhook that is not as its carrier made it is refused, or says the same.
func (p *play) changed() {
	c, letters := p.exchange()
	for _, l := range letters {
		said, err := p.replay(p.Carrier, c, l)
		if err != nil {
			p.Fatalf("%s %s: %v", l.Method, l.URL, err)
		}
		try := func(what string, r carrier.Request) bool {
			got, err := p.replay(p.Carrier, c, r)
			if err != nil && len(got) > 0 {
				p.Errorf("%s: refused (%v), but the desk was told %+v", what, err, got)
			}
			if err == nil && !reflect.DeepEqual(got, said) {
				p.Errorf("%s: the desk was told %+v instead of %+v", what, got, said)
			}
			return err == nil
		}
		flip := func(s string, i int) string {
			b := []byte(s)
			b[i] ^= 1 << (i % 8)
			return string(b)
		}
		passed := 0
		for i := range l.Body {
			r := l
			r.Body = []byte(flip(string(l.Body), i))
			if try(fmt.Sprintf("bit %d of byte %d of %s %s", i%8, i, l.URL, l.Body), r) {
				passed++
			}
		}
		if passed > len(l.Body)/10 { // as the case of an escape in a form
			p.Errorf("%d of %d changed bodies passed", passed, len(l.Body))
		}
		for i := range l.URL.RawQuery {
			if p.OpenQuery {
				break
			}
			r := l
			u := *l.URL
			u.RawQuery = flip(u.RawQuery, i)
			r.URL = &u
			try(fmt.Sprintf("byte %d of the query %s", i, l.URL.RawQuery), r)
		}
		for name, values := range l.Header {
			if ordinary(name) || name == "Content-Type" {
				continue
			}
			for i := range values[0] {
				r := l
				r.Header = l.Header.Clone()
				r.Header.Set(name, flip(values[0], i))
				try(fmt.Sprintf("byte %d of %s: %s", i, name, values[0]), r)
			}
		}
		r := l
		r.Header = http.Header{"Content-Type": l.Header["Content-Type"]}
		if try("no signature", r) {
			p.Errorf("%s %s passed without a signature", l.Method, l.URL)
		}
	}
}

func (p *play) forged() {
	c, letters := p.exchange()
	for _, l := range letters {
		if told, err := p.replay(p.Stranger, c, l); carrier.Status(err) != http.StatusForbidden || len(told) > 0 {
			p.Errorf("another account takes %s %s: %v, told %+v", l.URL, l.Body, err, told)
		}
	}
}

func (p *play) old() {
	c, letters := p.exchange()
	if p.Timeless {
		p.Skip("its webhooks bear no time")
	}
	for _, l := range letters {
		said, _ := p.replay(p.Carrier, c, l)
		for _, by := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
			r := l
			r.Now = l.Now.Add(by)
			told, err := p.replay(p.Carrier, c, r)
			if len(told) > 0 || !errors.Is(err, carrier.ErrStale) && (err != nil || len(said) > 0) { // of what says nothing no age matters
				p.Errorf("%s %s, made %s before: %v, told %+v", l.URL, l.Body, by, err, told)
			}
		}
	}
}

// again repeats all webhooks, forwards and backwards: the desk knows what it knew.
func (p *play) again() {
	c, letters := p.exchange()
	know := func() string {
		now, err := p.desk.Call(p.ctx(), c.ID)
		return fmt.Sprintf("%q in, %q out, ended %v, %+v, %v, invitation %s", p.desk.In(c.ID), p.desk.Out(c.ID), p.desk.Ended(c.ID), now, err, p.desk.Invite(c.ID))
	}
	before := know()
	for range 2 {
		for i := range letters {
			for _, l := range []carrier.Request{letters[i], letters[len(letters)-1-i]} {
				_, err := p.Carrier.Webhook(p.ctx(), &l, p.desk)
				p.heard(err)
			}
		}
	}
	if after := know(); after != before {
		p.Errorf("the desk knew\n%s\nand knows\n%s", before, after)
	}
	over := c
	over.State = carrier.Ended
	p.desk.Put(over)
	for _, l := range letters {
		_, err := p.Carrier.Webhook(p.ctx(), &l, p.desk)
		p.heard(err)
		if carrier.Status(err) == http.StatusInternalServerError && err != nil {
			p.Errorf("after the call's end %s %s: %v", l.URL, l.Body, err)
		}
	}
}

func (p *play) end() {
	c, seats := p.talk()
	c.State = carrier.Ended
	p.desk.Put(c)
	for range 3 {
		if err := p.Carrier.End(p.ctx(), c); err != nil {
			p.Fatalf("End: %v", err)
		}
	}
	for _, s := range seats {
		if p.Stays || p.Carrier.Traits().PeerToPeer {
			s.Leave()
			continue
		}
		select {
		case err := <-s.Gone():
			if err != nil && !errors.Is(err, ErrPutOut) {
				p.Errorf("a device hears of the end as %v", err)
			}
		case <-p.ctx().Done():
			p.Fatal("a device does not hear of the end")
		}
	}
	p.idle()
	if open := p.Emulator.Open(); len(open) > 0 {
		p.Errorf("still open: %q", open)
	}
	never := carrier.Call{ID: "0199a000-0000-7000-8000-fffffffffff0", App: "app", State: carrier.Ended, Caller: c.Caller, Callee: c.Callee}
	if err := p.Carrier.End(p.ctx(), never); err != nil {
		p.Errorf("End of a call that the carrier never had: %v", err)
	}
}

func (p *play) down() {
	c, seats := p.talk()
	p.Emulator.Outage(true)
	if p.Carrier.Traits().PeerToPeer {
		p.Skip("devices between themselves need no carrier once they talk")
	}
	for _, s := range seats {
		select {
		case err := <-s.Gone():
			if err == nil {
				p.Error("a device hears of an outage as of a hang-up")
			}
		case <-p.ctx().Done():
			p.Fatal("a device does not hear of the outage")
		}
	}
	c.State = carrier.Ended
	err := p.Carrier.End(p.ctx(), c)
	p.heard(err)
	if err == nil && !p.Stays {
		p.Error("End succeeds at a carrier that is down")
	}
	p.Emulator.Outage(false)
	if err := p.Carrier.End(p.ctx(), c); err != nil {
		p.Errorf("End after the outage: %v", err)
	}
	p.idle()
	if open := p.Emulator.Open(); len(open) > 0 {
		p.Errorf("still open: %q", open)
	}
}

// shows fails if a text shows a secret.
func (p *play) shows(what, text string) {
	p.Helper()
	for _, s := range p.Secrets {
		if len(s) > 3 && strings.Contains(text, s) {
			p.Errorf("%s shows a secret: %s", what, strings.ReplaceAll(text, s, "SECRET"))
		}
	}
}

func (p *play) secrets() {
	if len(p.Secrets) == 0 {
		p.Fatal("a carrier without keys")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		p.shows(verb, fmt.Sprintf(verb, p.Carrier))
		if v := reflect.ValueOf(p.Carrier); v.Kind() == reflect.Pointer {
			p.shows(verb+" of what it points to", fmt.Sprintf(verb, v.Elem()))
		}
	}
	if text, err := json.Marshal(p.Carrier); err == nil {
		p.shows("JSON", string(text))
	}
	for _, c := range append([]carrier.Carrier{p.Carrier}, p.Bad...) {
		for _, f := range c.Check() {
			p.shows("a finding", f.What+" "+f.Fix)
		}
	}
	p.Emulator.Outage(true)
	err := p.Carrier.End(p.ctx(), carrier.Call{ID: "0199a000-0000-7000-8000-0000000000a1", Ref: "CA0123456789abcdef0123456789abcdef", State: carrier.Ended})
	p.heard(err)
	p.Emulator.Outage(false)
}

func (p *play) atOnce() {
	c, letters := p.talk()
	came := p.letters()
	_ = letters
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 10 {
				j := carrier.Join{Call: c, Self: c.Caller, Caller: true, Now: time.Now()}
				if got, err := p.Carrier.Credentials(j); err != nil || !json.Valid(got) {
					p.Errorf("Credentials: %s, %v", got, err)
				}
				p.Carrier.Check()
				for i := range came {
					if _, err := p.replay(p.Carrier, c, came[(i+n)%len(came)]); err != nil {
						p.Errorf("%s: %v", came[(i+n)%len(came)].URL, err)
					}
				}
			}
			over := c
			over.State = carrier.Ended
			if err := p.Carrier.End(p.ctx(), over); err != nil {
				p.Errorf("End: %v", err)
			}
		})
	}
	all.Wait()
	p.idle()
}

func (p *play) check() {
	fine := 0
	for _, f := range p.Carrier.Check() {
		if f.Severity == carrier.Wrong {
			p.Errorf("it finds something wrong with good settings: %+v", f)
		}
		if f.Severity == carrier.Fine {
			fine++
		} else if f.Fix == "" {
			p.Errorf("it does not say what to do: %+v", f)
		}
	}
	if fine == 0 {
		p.Error("it does not say what it has checked")
	}
	if len(p.Bad) == 0 {
		p.Error("there are no bad settings to look at")
	}
	for i, c := range p.Bad {
		found := false
		for _, f := range c.Check() {
			if f.Severity != carrier.Fine {
				found = true
				if f.Fix == "" {
					p.Errorf("bad settings %d: it does not say what to do: %+v", i, f)
				}
			}
		}
		if !found {
			p.Errorf("it finds nothing in bad settings %d: %+v", i, c.Check())
		}
	}
}
