package daily

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	out := []carrier.Finding{carrier.CheckHook(c.hook)}
	if key := c.key.Reveal(); strings.TrimSpace(key) != key {
		out = append(out, carrier.Finding{Severity: carrier.Wrong, What: "api_key begins or ends with a space", Fix: "remove it"})
	} else if len(key) < 32 {
		out = append(out, carrier.Finding{Severity: carrier.Warning, What: "api_key is shorter than Daily's are", Fix: "take the whole key from Daily's dashboard, Developers"})
	}
	if len(c.secrets) == 0 {
		out = append(out, carrier.Finding{Severity: carrier.Warning, What: "there is no webhook secret, so who joins and leaves is not in the ledger",
			Fix: "make a webhook by POST https://api.daily.co/v1/webhooks and set the hmac that it answers"})
	}
	for i, s := range c.secrets {
		now := time.Now()
		r := carrier.Request{Body: []byte(`{"type":"meeting.started"}`), Header: http.Header{}, Now: now}
		at := strconv.FormatInt(now.UnixMilli(), 10)
		r.Header.Set(headerTime, at)
		r.Header.Set(headerSignature, sign(at, r.Body, s))
		if err := c.verify(&r); err != nil {
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("a webhook signed with secret %d is refused: %v", i+1, err), Fix: "check the secret"})
		} else {
			out = append(out, carrier.Finding{What: fmt.Sprintf("a webhook signed with secret %d is verified", i+1)})
		}
	}
	return append(out, carrier.Finding{What: "devices join https://" + c.domain + ".daily.co/…"})
}
