package vonage

import (
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// action is one action of a Call Control Object (NCCO), of the kinds that we use.
type action struct {
	Action string `json:"action"`

	Name         string   `json:"name,omitempty"` // of a conversation
	StartOnEnter *bool    `json:"startOnEnter,omitempty"`
	EndOnExit    *bool    `json:"endOnExit,omitempty"`
	Hold         []string `json:"musicOnHoldUrl,omitempty"`

	Text string `json:"text,omitempty"` // of a talk

	From     string     `json:"from,omitempty"` // of a connect
	Timeout  int        `json:"timeout,omitempty"`
	Endpoint []endpoint `json:"endpoint,omitempty"`
	EventURL []string   `json:"eventUrl,omitempty"`
}

type endpoint struct {
	Type   string `json:"type"`
	Number string `json:"number,omitempty"`
}

// meet lets a leg into the call's conversation, which starts with the first leg that may start it; until then the leg
// hears the ringback. Nobody hears anybody before ringtrip's call is answered. last: the conversation ends with this leg.
func (c *Carrier) meet(call carrier.Call, starts, last bool) action {
	a := action{Action: "conversation", Name: call.ID, StartOnEnter: &starts, EndOnExit: &last}
	if !starts && c.cfg.RingbackURL != "" {
		a.Hold = []string{c.cfg.RingbackURL}
	}
	return a
}

// connectPhone calls the callee's telephone from the caller's leg, for as long as ringtrip's call rings.
func (c *Carrier) connectPhone(call carrier.Call, from string, now time.Time) action {
	left := int(call.Deadline.Sub(now).Round(time.Second) / time.Second)
	return action{Action: "connect", From: digits(from), Timeout: min(max(left, minRing), maxRing),
		Endpoint: []endpoint{{"phone", digits(call.Callee.Phone)}}, EventURL: []string{c.cfg.HookURL + "/phone?call=" + call.ID}}
}

const (
	minRing = 5 // seconds
	maxRing = 120
)

// digits is a number as Vonage writes it: E.164 without "+".
func digits(e164 string) string {
	if e164 != "" && e164[0] == '+' {
		return e164[1:]
	}
	return e164
}

func nccoReply(actions ...action) (carrier.Reply, error) {
	if actions == nil {
		actions = []action{}
	}
	body, err := carrier.Compact(actions)
	return carrier.Reply{ContentType: "application/json", Body: body}, err
}
