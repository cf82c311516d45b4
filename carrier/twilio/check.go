package twilio

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// secretSize is how long the auth tokens and the secrets of API keys are that Twilio makes.
const secretSize = 32

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	out := []carrier.Finding{
		{What: "account " + c.conf.AccountSID + ", API key " + c.conf.APIKey + " and TwiML application " + c.conf.ApplicationSID + " are shaped as Twilio's"},
		carrier.CheckHook(c.hook),
	}
	add := func(s carrier.Severity, what, fix string) {
		out = append(out, carrier.Finding{Severity: s, What: what, Fix: fix})
	}
	if u, err := url.Parse(c.hook); err == nil && strings.Contains(u.Hostname(), "_") {
		add(carrier.Wrong, "the host of the hook URL has an underscore, which Twilio refuses", "use a host name of letters, digits and hyphens")
	}
	secrets := []struct {
		what string
		carrier.Secret
	}{{"the secret of the API key", c.conf.APISecret}}
	for i, t := range c.conf.AuthTokens {
		secrets = append(secrets, struct {
			what string
			carrier.Secret
		}{fmt.Sprintf("auth token %d", i+1), t})
	}
	for _, s := range secrets {
		switch text := s.Reveal(); {
		case strings.TrimSpace(text) != text:
			add(carrier.Wrong, s.what+" begins or ends with a space or a line break", "remove it")
		case len(text) != secretSize:
			add(carrier.Warning, fmt.Sprintf("%s has %d characters; Twilio makes them with %d", s.what, len(text), secretSize), "look whether all of it, and nothing else, was copied")
		}
	}
	if c.conf.Region != "" && c.conf.API == defaultAPI {
		add(carrier.Wrong, "the region is "+c.conf.Region+", but the API is the one of us1", "set the API's URL of that region, as https://api.dublin.ie1.twilio.com")
	}
	if c.conf.CallerID == "" {
		add(carrier.Fine, "no caller's number: telephones can call in, and none can be called", "")
	}
	if err := c.testToken(); err != nil {
		add(carrier.Wrong, "an access token that was signed is refused: "+err.Error(), "check the API key and its secret")
	} else {
		add(carrier.Fine, "an access token is signed and verified", "")
	}
	for i, t := range c.conf.AuthTokens {
		if err := c.testSignature(t); err != nil {
			add(carrier.Wrong, fmt.Sprintf("a webhook signed with auth token %d is refused: %v", i+1, err), "check the hook URL and the auth token")
		} else {
			add(carrier.Fine, fmt.Sprintf("webhooks signed with auth token %d are verified", i+1), "")
		}
	}
	return out
}

// testToken mints a token and reads it.
func (c *Carrier) testToken() error {
	now := time.Now()
	text, err := c.token("doctor", VoiceGrant{IncomingAllow: true}, now)
	if err != nil {
		return err
	}
	var claims tokenClaims
	if err := carrier.VerifyHS256(text, []byte(c.conf.APISecret.Reveal()), &claims); err != nil {
		return err
	}
	return carrier.Times{IssuedAt: float64(claims.IssuedAt), Expires: float64(claims.Expires)}.Check(now, 0)
}

// testSignature signs a form and a JSON body as Twilio does, and verifies both.
func (c *Carrier) testSignature(token carrier.Secret) error {
	signed := func(hook string, form url.Values, body []byte) *carrier.Request {
		u, err := url.Parse(c.hook + hook)
		if err != nil {
			u = &url.URL{}
		}
		sig := base64.StdEncoding.EncodeToString(Signature(token.Reveal(), u.String(), form))
		return &carrier.Request{Method: http.MethodPost, URL: u, Header: http.Header{signatureHeader: {sig}}, Body: body}
	}
	form := url.Values{"CallSid": {"CA"}, "From": {"client:a_40b"}, "Twice": {"b", "a", "a"}}
	if err := c.verify(signed("/voice", form, nil), form); err != nil {
		return err
	}
	body := []byte(`{"twi_message_type":"twilio.voice.call"}`)
	sum := sha256.Sum256(body)
	return c.verify(signed("/notify?call=1&"+bodyHash+"="+hex.EncodeToString(sum[:]), nil, body), nil)
}
