package carriertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// vonageAction is an action of a Call Control Object; what is not here is refused.
type vonageAction struct {
	Action string `json:"action"`
	// of a conversation
	Name         string   `json:"name"`
	StartOnEnter *bool    `json:"startOnEnter"`
	EndOnExit    bool     `json:"endOnExit"`
	Hold         []string `json:"musicOnHoldUrl"`
	// of a talk
	Text string `json:"text"`
	// of a connect
	From     string            `json:"from"`
	Timeout  *int              `json:"timeout"`
	Endpoint []json.RawMessage `json:"endpoint"`
	EventURL []string          `json:"eventUrl"`

	phone string
}

// options are what each action may have, beside its name.
var vonageOptions = map[string][]string{
	"conversation": {"name", "startOnEnter", "endOnExit", "musicOnHoldUrl"},
	"talk":         {"text"},
	"connect":      {"from", "timeout", "endpoint", "eventUrl"},
}

// readNCCO reads a control object, and is stricter than Vonage: it refuses what the documentation does not have, and what
// this emulator does not do.
func readNCCO(body []byte) ([]vonageAction, error) {
	var keys []map[string]json.RawMessage
	if err := json.Unmarshal(body, &keys); err != nil {
		return nil, errors.New("vonage: Syntax error in NCCO: it is no array of objects")
	}
	ncco := make([]vonageAction, len(keys))
	for i := range keys {
		one, err := json.Marshal(keys[i])
		if err != nil {
			return nil, err
		}
		a := &ncco[i]
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		if err := d.Decode(a); err != nil {
			return nil, fmt.Errorf("vonage: Syntax error in NCCO: Invalid value type or action: %w", err)
		}
		options, ok := vonageOptions[a.Action]
		if !ok {
			return nil, fmt.Errorf("vonage: Syntax error in NCCO: invalid action %q", a.Action)
		}
		for key := range keys[i] {
			if key != "action" && !slices.Contains(options, key) {
				return nil, fmt.Errorf("vonage: Syntax error in NCCO: %s has no option %q", a.Action, key)
			}
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("vonage: Syntax error in NCCO: %w", err)
		}
	}
	return ncco, nil
}

func (a *vonageAction) check() error {
	switch a.Action {
	case "conversation":
		if a.Name == "" {
			return errors.New("a conversation has a name")
		}
	case "talk":
		if a.Text == "" || len([]rune(a.Text)) > 1500 {
			return errors.New("a talk has a text of up to 1,500 characters")
		}
	case "connect":
		var phone struct {
			Type   string `json:"type"`
			Number string `json:"number"`
		}
		if len(a.Endpoint) != 1 || json.Unmarshal(a.Endpoint[0], &phone) != nil || phone.Type != "phone" {
			return errors.New("connect has one endpoint, here a telephone")
		}
		if len(phone.Number) < 5 || len(phone.Number) > 15 || strings.Trim(phone.Number, "0123456789") != "" {
			return fmt.Errorf("%q is no number in E.164", phone.Number)
		}
		a.phone = phone.Number
		if a.Timeout != nil && (*a.Timeout < 1 || *a.Timeout > 120) {
			return fmt.Errorf("a timeout of %d", *a.Timeout)
		}
	}
	for _, u := range slices.Concat(a.Hold, a.EventURL) {
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" {
			return fmt.Errorf("%q is no URL", u)
		}
	}
	return nil
}

// step does what a leg has to do next. The lock must be held.
func (v *Vonage) step(l *vonageLeg) {
	for v.legs[l.id] != nil {
		if len(l.rest) == 0 {
			v.finish(l, "completed")
			return
		}
		a := l.rest[0]
		l.rest = l.rest[1:]
		switch a.Action {
		case "conversation":
			v.enterMeeting(l, a)
			return
		case "connect":
			v.connect(l, a)
			return
		}
	}
}

// enterMeeting lets a leg into a conversation. The lock must be held.
func (v *Vonage) enterMeeting(l *vonageLeg, a vonageAction) {
	m := v.meetings[a.Name]
	if m == nil {
		m = &vonageMeeting{name: a.Name}
		v.meetings[a.Name] = m
	}
	m.legs = append(m.legs, l)
	l.meeting, l.ends = m, a.EndOnExit
	m.started = m.started || a.StartOnEnter == nil || *a.StartOnEnter
	if m.started && len(m.legs) > 1 {
		for _, o := range m.legs {
			o.flow()
		}
	}
}

// connect calls a telephone from a leg. The lock must be held.
func (v *Vonage) connect(l *vonageLeg, a vonageAction) {
	from := a.From
	if !slices.Contains(v.Numbers, "+"+from) {
		v.no = append(v.no, fmt.Sprintf("vonage: %q is no number of the application, so the caller is unknown", from))
		from = "unknown"
	}
	event := ""
	if len(a.EventURL) > 0 {
		event = a.EventURL[0]
	}
	timeout := 60
	if a.Timeout != nil {
		timeout = *a.Timeout
	}
	out := v.callOut(from, a.phone, event, timeout)
	out.conversation, out.peer, l.peer = l.conversation, l, out
}

// callOut rings a telephone. The lock must be held.
func (v *Vonage) callOut(from, to, event string, timeout int) *vonageLeg {
	l := &vonageLeg{id: vonageID(), conversation: "CON-" + vonageID(), from: from, to: to, out: true, event: event}
	l.phone = NewTelephone("+"+to, "+"+from, PhoneRings, func(what string) { v.phoneDoes(l, what) })
	v.legs[l.id] = l
	v.tell(l, "started", nil)
	v.tell(l, "ringing", nil)
	l.ring = time.AfterFunc(time.Duration(timeout)*v.second, func() { v.phoneDoes(l, "timeout") })
	if answer := v.answerer; answer != nil {
		v.work.Go(func() { answer(l.phone) })
	}
	return l
}

// phoneDoes is what a telephone that was called does.
func (v *Vonage) phoneDoes(l *vonageLeg, what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.legs[l.id] == nil {
		return
	}
	rings := l.begun.IsZero()
	switch {
	case what == "answer" && rings:
		l.ring.Stop()
		l.begun = v.now()
		v.tell(l, "answered", map[string]any{"start_time": nil, "rate": nil, "network": nil})
		l.flow()
		if l.peer != nil {
			l.peer.flow()
		} else {
			v.step(l)
		}
	case rings && what == "hangup", what == "answer":
	case rings:
		v.finish(l, map[string]string{"decline": "rejected", "busy": "busy", "timeout": "timeout"}[what])
	case what == "hangup":
		v.finish(l, "completed")
	}
}

func (v *Vonage) hangUp(l *vonageLeg) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.legs[l.id] != nil {
		v.finish(l, "completed")
	}
}

// vonageOver is how many legs are remembered that are over.
const vonageOver = 10_000

// finish ends a leg, and whatever ends with it. The lock must be held.
func (v *Vonage) finish(l *vonageLeg, status string) {
	if v.legs[l.id] == nil {
		return
	}
	delete(v.legs, l.id)
	if l.out && l.begun.IsZero() && status == "completed" {
		status = "cancelled"
	}
	if len(v.over) >= vonageOver {
		clear(v.over)
	}
	v.over[l.id] = status
	more := map[string]any{}
	if status == "completed" {
		end := v.now().UTC()
		more = map[string]any{"end_time": end.Format(time.RFC3339), "network": nil, "rate": "0.00", "price": "0.00", "duration": "0", "start_time": nil}
		if !l.begun.IsZero() {
			more["start_time"], more["duration"] = l.begun.UTC().Format(time.RFC3339), fmt.Sprint(int(end.Sub(l.begun).Seconds()))
		}
	}
	v.tell(l, status, more)
	l.gone(nil, status)
	if m := l.meeting; m != nil {
		m.legs = slices.DeleteFunc(m.legs, func(o *vonageLeg) bool { return o == l })
		if l.ends || len(m.legs) == 0 {
			delete(v.meetings, m.name)
			for _, o := range slices.Clone(m.legs) {
				o.meeting = nil
				v.step(o) // to the action after the conversation, or its end
			}
		}
	}
	if p := l.peer; p != nil {
		l.peer, p.peer = nil, nil
		if p.out {
			v.finish(p, "completed")
		} else {
			v.step(p)
		}
	}
}
