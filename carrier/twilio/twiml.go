package twilio

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/url"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// retries is a connection override of Twilio's: a webhook that could not be delivered, or was answered 5xx, comes three times
// more within its 15 s, instead of once and only if no connection could be made.
const retries = "#rc=3&rp=ct,rt,5xx"

const (
	// slack is how much longer than it rings a call is dialled: the device that answered at the last moment has to reach
	// Twilio, and the server ends calls that nobody answers.
	slack = 15 * time.Second
	// answeredSlack is how long it is dialled if it is answered already.
	answeredSlack = 30 * time.Second
	minTimeout    = 5 * time.Second
	maxTimeout    = 600 * time.Second
)

// response is a TwiML document, as far as this package writes it.
type response struct {
	XMLName xml.Name `xml:"Response"`
	Dial    *dial    `xml:",omitempty"`
	Reject  *reject  `xml:",omitempty"`
	Hangup  *hangup  `xml:",omitempty"`
}

type dial struct {
	CallerID       string  `xml:"callerId,attr,omitempty"`
	Timeout        int     `xml:"timeout,attr"`
	AnswerOnBridge bool    `xml:"answerOnBridge,attr"`
	Action         string  `xml:"action,attr"`
	Client         *client `xml:",omitempty"`
	Number         *number `xml:",omitempty"`
}

type client struct {
	StatusCallback  string      `xml:"statusCallback,attr"`
	StatusEvents    string      `xml:"statusCallbackEvent,attr"`
	NotificationURL string      `xml:"clientNotificationUrl,attr"`
	Identity        string      `xml:"Identity"`
	Parameters      []parameter `xml:"Parameter"`
}

type parameter struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type number struct {
	StatusCallback string `xml:"statusCallback,attr"`
	StatusEvents   string `xml:"statusCallbackEvent,attr"`
	Number         string `xml:",chardata"`
}

type reject struct {
	Reason string `xml:"reason,attr,omitempty"`
}

type hangup struct{}

const allEvents = "initiated ringing answered completed"

// twiml is a document as a reply.
func twiml(doc response) (carrier.Reply, error) {
	body, err := xml.Marshal(doc)
	if err != nil {
		return carrier.Reply{}, fmt.Errorf("twilio: writing TwiML: %w", err)
	}
	return carrier.Reply{ContentType: "text/xml; charset=utf-8", Body: append([]byte(xml.Header), body...)}, nil
}

func rejected(reason string) (carrier.Reply, error) {
	return twiml(response{Reject: &reject{reason}})
}

func hungUp() (carrier.Reply, error) { return twiml(response{Hangup: &hangup{}}) }

// dialled has Twilio dial the callee of a call. try counts from 0.
func (c *Carrier) dialled(call carrier.Call, try int, now time.Time) (carrier.Reply, error) {
	query := url.Values{"call": {call.ID}}.Encode()
	d := &dial{Timeout: int(timeout(call, now) / time.Second), AnswerOnBridge: true,
		Action: fmt.Sprintf("%s/action?%s&try=%d%s", c.hook, query, try, retries)}
	status := c.hook + "/status?" + query + retries
	if call.Callee.Phone != "" {
		d.CallerID = cmp.Or(call.CallerID, c.conf.CallerID)
		if !isE164(call.Callee.Phone) || !isE164(d.CallerID) {
			return carrier.Reply{}, fmt.Errorf("twilio: %.40q cannot be called by %.40q: it is no E.164, or there is no caller's number in the settings", call.Callee.Phone, d.CallerID)
		}
		d.Number = &number{StatusCallback: status, StatusEvents: allEvents, Number: call.Callee.Phone}
		return twiml(response{Dial: d})
	}
	identity, err := Identity(call.Callee.User)
	if err != nil {
		return carrier.Reply{}, err
	}
	d.Client = &client{StatusCallback: status, StatusEvents: allEvents, NotificationURL: c.hook + "/notify?" + query,
		Identity: identity, Parameters: []parameter{{callParam, call.ID}}}
	return twiml(response{Dial: d})
}

// timeout is how long Twilio rings before it gives up, in whole seconds.
func timeout(call carrier.Call, now time.Time) time.Duration {
	left := answeredSlack
	if call.State != carrier.Answered && !call.Deadline.IsZero() {
		left = call.Deadline.Sub(now) + slack
	}
	return min(max(left.Round(time.Second), minTimeout), maxTimeout)
}
