package carriertest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	twilioNumber   = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
	twilioIdentity = regexp.MustCompile(`^[A-Za-z0-9_]{1,256}$`)
)

// twilioNode is an element of TwiML.
type twilioNode struct {
	name string
	attr map[string]string
	text string
	in   []twilioNode
}

// The elements of TwiML that the emulator knows, the attributes that the documentation gives them, and what may be in them.
var twilioElements = map[string]struct {
	attr []string
	in   []string
	text bool
}{
	"Response": {in: []string{"Dial", "Reject", "Hangup"}},
	"Reject":   {attr: []string{"reason"}},
	"Hangup":   {},
	"Dial": {attr: []string{"action", "answerOnBridge", "callerId", "callReason", "hangupOnStar", "method", "referMethod", "referUrl", "ringTone", "sequential",
		"timeLimit", "timeout", "trim", "record", "recordingStatusCallback", "recordingStatusCallbackEvent", "recordingStatusCallbackMethod", "recordingTrack", "events"},
		in: []string{"Client", "Number"}, text: true},
	"Client": {attr: []string{"url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod", "clientNotificationUrl"},
		in: []string{"Identity", "Parameter"}, text: true},
	"Number": {attr: []string{"url", "method", "byoc", "sendDigits", "statusCallback", "statusCallbackEvent", "statusCallbackMethod", "machineDetection",
		"machineDetectionTimeout", "machineDetectionSpeechThreshold", "machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout", "amdStatusCallback", "amdStatusCallbackMethod"}, text: true},
	"Identity":  {text: true},
	"Parameter": {attr: []string{"name", "value"}},
}

// twilioDoc reads TwiML. What Twilio would warn of (12200, schema validation) is an error here.
func twilioDoc(body []byte) (twilioNode, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return twilioNode{}, fmt.Errorf("no document: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			doc, err := twilioElement(d, start)
			if err != nil {
				return doc, err
			}
			if doc.name != "Response" {
				return doc, fmt.Errorf("the root is <%s>, not <Response>", doc.name)
			}
			for {
				switch token, err := d.Token(); {
				case errors.Is(err, io.EOF):
					return doc, nil
				case err != nil:
					return doc, err
				default:
					if text, ok := token.(xml.CharData); !ok || strings.TrimSpace(string(text)) != "" {
						return doc, errors.New("something follows </Response>")
					}
				}
			}
		}
	}
}

func twilioElement(d *xml.Decoder, start xml.StartElement) (twilioNode, error) {
	n := twilioNode{name: start.Name.Local, attr: map[string]string{}}
	known, ok := twilioElements[n.name]
	if !ok || start.Name.Space != "" {
		return n, fmt.Errorf("<%s> is unknown", n.name)
	}
	for _, a := range start.Attr {
		if !slices.Contains(known.attr, a.Name.Local) {
			return n, fmt.Errorf("<%s> has no attribute %s", n.name, a.Name.Local)
		}
		n.attr[a.Name.Local] = a.Value
	}
	for {
		token, err := d.Token()
		if err != nil {
			return n, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			n.text = strings.TrimSpace(n.text)
			if n.text != "" && !known.text {
				return n, fmt.Errorf("<%s> has text", n.name)
			}
			return n, twilioValues(n)
		case xml.StartElement:
			if !slices.Contains(known.in, token.Name.Local) {
				return n, fmt.Errorf("<%s> in <%s>", token.Name.Local, n.name)
			}
			in, err := twilioElement(d, token)
			if err != nil {
				return n, err
			}
			n.in = append(n.in, in)
		case xml.CharData:
			n.text += string(token)
		}
	}
}

// twilioValues checks the values of attributes.
func twilioValues(n twilioNode) error {
	for name, v := range n.attr {
		ok := true
		switch name {
		case "timeout":
			seconds, err := strconv.Atoi(v)
			ok = err == nil && seconds >= 1 && seconds <= 600
		case "answerOnBridge", "hangupOnStar", "sequential":
			ok = v == "true" || v == "false"
		case "reason":
			ok = v == "rejected" || v == "busy"
		case "method", "statusCallbackMethod":
			ok = v == "POST" // the emulator asks by POST only
		case "action", "statusCallback", "clientNotificationUrl":
			u, err := url.Parse(v)
			ok = err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.Contains(u.Hostname(), "_")
		case "statusCallbackEvent":
			for _, e := range strings.Fields(v) {
				ok = ok && slices.Contains([]string{"initiated", "ringing", "answered", "completed"}, e)
			}
		case "callerId":
			ok = twilioNumber.MatchString(v) || strings.HasPrefix(v, "client:")
		case "name", "value":
		default:
			return fmt.Errorf("the emulator does not do the attribute %s of <%s>", name, n.name)
		}
		if !ok {
			return fmt.Errorf("<%s %s=%q>", n.name, name, v)
		}
	}
	switch n.name {
	case "Dial":
		if len(n.in) != 1 || n.text != "" {
			return fmt.Errorf("the emulator dials one <Client> or <Number>, not %d", len(n.in))
		}
	case "Client":
		id := n.identity()
		if !twilioIdentity.MatchString(id) {
			return fmt.Errorf("a mobile client cannot be %q", id)
		}
	case "Number":
		if !twilioNumber.MatchString(n.text) {
			return fmt.Errorf("%q is no E.164 (13224)", n.text)
		}
	case "Parameter":
		if n.attr["name"] == "" {
			return errors.New("a <Parameter> without a name")
		}
	}
	return nil
}

// identity is whom a <Client> dials.
func (n twilioNode) identity() string {
	for _, in := range n.in {
		if in.name == "Identity" {
			return in.text
		}
	}
	return n.text
}

// params are the custom parameters of a <Client>.
func (n twilioNode) params() url.Values {
	out := url.Values{}
	for _, in := range n.in {
		if in.name == "Parameter" {
			out.Set(in.attr["name"], in.attr["value"])
		}
	}
	return out
}
