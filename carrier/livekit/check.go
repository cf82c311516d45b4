package livekit

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	out := []carrier.Finding{carrier.CheckHook(c.hook)}
	if strings.HasPrefix(c.url, "ws:") {
		out = append(out, carrier.Finding{Severity: carrier.Warning, What: "devices connect to " + c.url + " without encryption", Fix: "use wss:// outside of development"})
	}
	for _, k := range c.keys {
		if len(k.Secret.Reveal()) < 32 {
			out = append(out, carrier.Finding{Severity: carrier.Warning, What: "the secret of key " + k.ID + " is shorter than 32 characters",
				Fix: "make one with \"livekit-server generate-keys\", or take the whole of the one in LiveKit Cloud"})
		}
		if strings.TrimSpace(k.Secret.Reveal()) != k.Secret.Reveal() || strings.TrimSpace(k.ID) != k.ID {
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: "key " + k.ID + " or its secret begins or ends with a space", Fix: "remove it"})
		}
		if err := c.selfTest(k); err != nil {
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("a webhook signed with key %s is refused: %v", k.ID, err), Fix: "check the key's id and secret"})
		} else {
			out = append(out, carrier.Finding{What: "a webhook signed with key " + k.ID + " is verified"})
		}
	}
	return out
}

// selfTest signs a webhook as LiveKit does and verifies it.
func (c *Carrier) selfTest(k Key) error {
	body := []byte(`{"event":"room_started"}`)
	sum, now := sha256.Sum256(body), time.Now()
	signer := Carrier{keys: []Key{k}}
	token, err := signer.sign(claims{SHA256: base64.StdEncoding.EncodeToString(sum[:])}, now, apiLife)
	if err != nil {
		return err
	}
	return c.verify(&carrier.Request{Header: http.Header{"Authorization": {token}}, Body: body, Now: now})
}
