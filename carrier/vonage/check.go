package vonage

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/ringtrip/ringtrip/carrier"
)

// minSecret is how many bytes of a signature secret Vonage recommends at least (its page says bits, and means these).
const minSecret = 32

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	found := []carrier.Finding{carrier.CheckHook(c.cfg.HookURL)}
	add := func(s carrier.Severity, what, fix string) {
		found = append(found, carrier.Finding{Severity: s, What: what, Fix: fix})
	}
	if c.cfg.openTok() {
		add(carrier.Fine, "OpenTok project "+c.cfg.APIKey+" with a secret", "")
	} else {
		add(carrier.Fine, fmt.Sprintf("application %s with an RSA key of %d bits", c.cfg.ApplicationID, c.key.N.BitLen()), "")
	}
	if len(c.cfg.SignatureSecrets) == 0 {
		add(carrier.Wrong, "no signature secret: every webhook is refused", "set signature_secret to the account's (dashboard, API settings)")
	}
	for i, s := range c.cfg.SignatureSecrets {
		if n := len(s.Reveal()); n < minSecret {
			add(carrier.Warning, fmt.Sprintf("signature secret %d has %d characters", i+1, n), fmt.Sprintf("make one of at least %d in the dashboard", minSecret))
		}
	}
	if err := c.selfTest(); err != nil {
		add(carrier.Wrong, "signing and checking does not work: "+err.Error(), "check the key and the signature secrets")
	} else if len(c.cfg.SignatureSecrets) > 0 {
		add(carrier.Fine, "a webhook signed with each secret was accepted, and one that was changed refused", "")
	}
	if c.cfg.Product == Voice {
		if c.cfg.CallerID == "" {
			add(carrier.Warning, "no caller id: no telephone can be called, unless the app's telephones have one", "set a number of the application there or here, or leave it if none is to be called")
		}
		if c.cfg.RingbackURL == "" {
			add(carrier.Warning, "no ringback: a telephone that calls hears silence while the app rings", "set ringback_url to an mp3")
		} else if u, err := url.Parse(c.cfg.RingbackURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			add(carrier.Wrong, fmt.Sprintf("the ringback URL %.80q is none", c.cfg.RingbackURL), "set ringback_url to the URL of an mp3 that Vonage can reach")
		}
	}
	return found
}

// selfTest signs a webhook with each secret and takes it in, then changes it.
func (c *Carrier) selfTest() error {
	if _, err := c.userOrSession(); err != nil {
		return err
	}
	now := c.now()
	for i, s := range c.cfg.SignatureSecrets {
		body := []byte(`{"test":"1"}`)
		token, err := carrier.SignHS256(hs256, struct {
			IssuedAt int64  `json:"iat"`
			Hash     string `json:"payload_hash"`
		}{now.Unix(), hashOf(body)}, []byte(s.Reveal()))
		if err != nil {
			return err
		}
		r := &carrier.Request{Method: http.MethodPost, URL: &url.URL{}, Body: body, Now: now, Header: http.Header{"Authorization": {"Bearer " + token}}}
		if err := c.verify(r); err != nil {
			return fmt.Errorf("secret %d: %w", i+1, err)
		}
		r.Body = []byte(`{"test":"2"}`)
		if c.verify(r) == nil {
			return fmt.Errorf("secret %d: a changed body was accepted", i+1)
		}
	}
	return nil
}

func (c *Carrier) userOrSession() (string, error) {
	if c.cfg.Product == Video {
		return c.sessionToken("1_test", "", c.now())
	}
	return c.userToken("test", c.now())
}
