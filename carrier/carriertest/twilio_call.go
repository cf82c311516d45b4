package carriertest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// twilioCall is one leg: between Twilio and a device of the app, or a telephone. The emulator's lock guards all of it.
type twilioCall struct {
	t         *Twilio
	sid       string
	from, to  string
	direction string
	status    string
	parent    *twilioCall // whose <Dial> it is
	app       bool        // it came by the TwiML application
	params    url.Values  // custom parameters of what the device connected with
	callback  string
	events    []string
	seq       int
	started   time.Time
	answered  time.Time // zero: not
	ended     time.Time
	sip       string // SipResponseCode

	dial  *twilioDial // what it dials
	rest  []twilioNode
	phone *Telephone  // who is at its end
	seat  *TwilioSeat // or this
	lost  bool        // in an outage
}

// twilioDial is a <Dial> that goes on.
type twilioDial struct {
	child   *twilioCall
	action  string
	bridged bool
	timer   *time.Timer
}

func (c *twilioCall) over() bool {
	switch c.status {
	case "completed", "busy", "no-answer", "failed", "canceled":
		return true
	}
	return false
}

// newCall makes a leg.
func (t *Twilio) newCall(from, to, direction string, parent *twilioCall) *twilioCall {
	c := &twilioCall{t: t, sid: twilioSID("CA"), from: from, to: to, direction: direction, status: "ringing", parent: parent, started: t.conf.Now()}
	t.calls[c.sid] = c
	t.order = append(t.order, c.sid)
	return c
}

// form is what every webhook about a leg has.
func (c *twilioCall) form() url.Values {
	f := url.Values{"AccountSid": {c.t.AccountSID}, "ApiVersion": {"2010-04-01"}, "CallSid": {c.sid}, "CallStatus": {c.status}, "Direction": {c.direction},
		"From": {c.from}, "Caller": {c.from}, "To": {c.to}, "Called": {c.to}}
	if c.parent != nil {
		f.Set("ParentCallSid", c.parent.sid)
	}
	if c.app {
		f.Set("ApplicationSid", c.t.ApplicationSID)
	}
	for k, v := range c.params {
		f[k] = v
	}
	return f
}

// progress moves a leg on and tells its status callback, if that wants the event.
func (c *twilioCall) progress(event, status string) {
	c.status = status
	if event == "completed" {
		c.ended = c.t.conf.Now()
	}
	if c.callback == "" || !slices.Contains(c.events, event) {
		return
	}
	f := c.form()
	if event == "initiated" {
		f.Set("CallStatus", "initiated")
	}
	f.Set("CallbackSource", "call-progress-events")
	f.Set("Timestamp", c.t.conf.Now().UTC().Format(time.RFC1123Z))
	f.Set("SequenceNumber", strconv.Itoa(c.seq))
	c.seq++
	if event == "completed" {
		f.Set("CallDuration", c.seconds())
		f.Set("Duration", "1")
		if c.sip != "" {
			f.Set("SipResponseCode", c.sip)
		}
	}
	c.t.mail.post(twilioHook{url: c.callback, form: f})
}

// seconds is how long a leg lasted from its answer on.
func (c *twilioCall) seconds() string {
	if c.answered.IsZero() {
		return "0"
	}
	return strconv.Itoa(int(c.ended.Sub(c.answered) / time.Second))
}

// ask asks a URL what to do with a leg.
func (t *Twilio) ask(c *twilioCall, target string) {
	t.mail.post(twilioHook{url: target, form: c.form(), then: func(a twilioAnswer) { t.told(c, a) }})
}

// told does what a URL said.
func (t *Twilio) told(c *twilioCall, a twilioAnswer) {
	if c.over() {
		return
	}
	if a.status/100 != 2 {
		c.end("failed", "an application error has occurred")
		return
	}
	doc, err := twilioDoc(a.body)
	if err != nil {
		t.alert(12100, "%v", err)
		_ = t.refuse("TwiML for %s: %v", c.sid, err) // it is in the list
		c.end("failed", "an application error has occurred")
		return
	}
	c.execute(doc.in)
}

// execute does verbs until one takes time.
func (c *twilioCall) execute(verbs []twilioNode) {
	for i, v := range verbs {
		switch v.name {
		case "Reject":
			if c.answered.IsZero() {
				if v.attr["reason"] == "busy" {
					c.end("busy", "busy")
				} else {
					c.end("failed", "not in service")
				}
				return
			}
		case "Hangup":
			c.hangUp("the far end hung up")
			return
		case "Dial":
			c.rest = verbs[i+1:]
			c.dialNode(v)
			return
		}
	}
	c.hangUp("the far end hung up")
}

// hangUp ends a leg by what its TwiML says.
func (c *twilioCall) hangUp(why string) {
	if c.answered.IsZero() {
		c.end("no-answer", why)
		return
	}
	c.end("completed", why)
}

// dialNode dials what a <Dial> says.
func (c *twilioCall) dialNode(n twilioNode) {
	t, noun := c.t, n.in[0]
	from := c.from
	if id := n.attr["callerId"]; id != "" {
		from = id
	}
	to := noun.text
	if noun.name == "Client" {
		to = "client:" + noun.identity()
	}
	child := t.newCall(from, to, "outbound-dial", c)
	child.callback, child.events = noun.attr["statusCallback"], strings.Fields(noun.attr["statusCallbackEvent"])
	if len(child.events) == 0 {
		child.events = []string{"completed"}
	}
	c.dial = &twilioDial{child: child, action: n.attr["action"]}
	if n.attr["answerOnBridge"] != "true" && c.answered.IsZero() {
		c.pickUp()
	}
	if c.phone != nil {
		c.phone.Set(PhoneHears, "")
	}
	if noun.name == "Number" && !slices.Contains(t.conf.Numbers, from) {
		t.alert(13214, "the caller id %s is no number of the account", from)
		_ = t.refuse("<Dial callerId=%q>: it is no number of the account", from) // it is in the list
		child.end("failed", "invalid caller id")
		return
	}
	seconds := 30
	if s, err := strconv.Atoi(n.attr["timeout"]); err == nil {
		seconds = s
	}
	c.dial.timer = time.AfterFunc(time.Duration(seconds)*t.conf.Second, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if c.dial != nil && c.dial.child == child && !c.dial.bridged {
			child.sip = "480"
			child.end("no-answer", "no answer")
		}
	})
	child.progress("initiated", "ringing")
	if noun.name == "Number" {
		child.phone = NewTelephone(to, from, PhoneRings, child.act)
		child.progress("ringing", "ringing")
		if t.answerer != nil {
			answerer := t.answerer
			t.workers.Go(func() { answerer(child.phone) })
		}
		return
	}
	child.progress("ringing", "ringing")
	child.invite(noun)
}

// invite posts the Client Call Notification.
func (c *twilioCall) invite(noun twilioNode) {
	t, target := c.t, noun.attr["clientNotificationUrl"]
	if target == "" {
		t.alert(20404, "%s has no push binding", c.to)
		c.end("no-answer", "no binding")
		return
	}
	body, err := json.Marshal(map[string]string{"twi_account_sid": t.AccountSID, "twi_bridge_token": t.bridgeToken(c), "twi_call_sid": c.sid, "twi_from": c.from,
		"twi_to": c.to, "twi_message_id": twilioSID("WB"), "twi_message_type": "twilio.voice.call", "twi_params": noun.params().Encode()})
	if err != nil {
		c.end("failed", "internal error")
		return
	}
	t.mail.post(twilioHook{url: target, json: body, then: func(a twilioAnswer) {
		if a.status/100 == 2 {
			return
		}
		t.alert(13807, "%s: %d %v", target, a.status, a.err)
		if !c.over() && c.answered.IsZero() {
			c.end("failed", "the client could not be notified")
		}
	}})
}

// pickUp answers a leg; whoever dialled it is bridged to it.
func (c *twilioCall) pickUp() {
	c.answered = c.t.conf.Now()
	c.progress("answered", "in-progress")
	p := c.parent
	if p == nil || p.dial == nil || p.dial.child != c {
		return
	}
	p.dial.bridged = true
	p.dial.timer.Stop()
	if p.answered.IsZero() {
		p.answered = c.answered
		p.progress("answered", "in-progress")
	}
	for _, leg := range []*twilioCall{c, p} {
		if leg.phone != nil {
			leg.phone.Set(PhoneTalks, "")
		}
		if leg.seat != nil {
			leg.seat.connect()
		}
	}
}

// act is what the owner of a telephone does.
func (c *twilioCall) act(what string) {
	t := c.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.over() {
		return
	}
	called := c.direction != "inbound"
	switch {
	case what == "hangup" && (!called || !c.answered.IsZero()):
		if c.answered.IsZero() {
			c.end("no-answer", "hung up")
			return
		}
		c.sip = "200"
		c.end("completed", "hung up")
	case !called || !c.answered.IsZero():
	case what == "answer":
		c.pickUp()
	case what == "busy":
		c.sip = "486"
		c.end("busy", "busy")
	case what == "decline" || what == "hangup":
		c.sip = "603"
		c.end("busy", "declined")
	}
}

// end ends a leg with a status. What it dials ends with it, and who dialled it goes on.
func (c *twilioCall) end(status, why string) {
	if c.over() {
		return
	}
	if c.phone != nil && c.direction != "inbound" && c.sip == "" {
		c.sip = map[string]string{"completed": "200", "canceled": "487", "failed": "404"}[status]
	}
	c.progress("completed", status)
	c.signal(why)
	if d := c.dial; d != nil {
		if d.bridged {
			d.child.end("completed", "the far end hung up")
		} else {
			d.child.end("canceled", "canceled")
		}
	}
	if p := c.parent; p != nil && p.dial != nil && p.dial.child == c {
		p.dialOver()
	}
}

// dialOver asks the action of a <Dial> what comes next.
func (c *twilioCall) dialOver() {
	d := c.dial
	c.stopDial()
	if d.action == "" {
		if !c.over() {
			c.execute(c.rest)
		}
		return
	}
	f := c.form()
	f.Set("DialCallStatus", d.child.status)
	f.Set("DialCallSid", d.child.sid)
	f.Set("DialCallDuration", d.child.seconds())
	f.Set("DialBridged", strconv.FormatBool(d.bridged))
	if d.child.sip != "" {
		f.Set("DialSipResponseCode", d.child.sip)
	}
	c.t.mail.post(twilioHook{url: d.action, form: f, then: func(a twilioAnswer) { c.t.told(c, a) }})
}

// stopDial forgets what is dialled.
func (c *twilioCall) stopDial() {
	if c.dial != nil && c.dial.timer != nil {
		c.dial.timer.Stop()
	}
	c.dial = nil
}

// signal tells whoever is at a leg's end that it is over.
func (c *twilioCall) signal(why string) {
	if c.phone != nil {
		c.phone.Set(PhoneOver, why)
	}
	if c.seat != nil {
		var err error
		if c.lost {
			err = ErrLost
		} else if c.status == "failed" || c.status == "busy" && c.parent == nil {
			err = twilioError(why)
		}
		c.seat.end(err)
	}
}

// twilioError is what the SDK says of a call that failed.
type twilioError string

func (e twilioError) Error() string { return "twilio: the call failed: " + string(e) }
