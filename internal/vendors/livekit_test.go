package vendors

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/livekit"
)

const (
	livekitKey    = "APIkey123"
	livekitSecret = "secretsecretsecretsecretsecret12"
)

func newLiveKit(t *testing.T) *livekit.Carrier {
	t.Helper()
	c, err := livekit.New(livekit.Config{URL: "wss://lk.example.com", Keys: []livekit.Key{{ID: livekitKey, Secret: carrier.NewSecret(livekitSecret)}}, TokenLife: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tokenOf is the token in a carrier's credentials.
func tokenOf(t *testing.T, c carrier.Carrier, j carrier.Join, field string) string {
	t.Helper()
	text, err := c.Credentials(j)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	token, _ := all[field].(string)
	if token == "" {
		t.Fatalf("the credentials %s have no %s", text, field)
	}
	return token
}

func TestVendorLiveKitTokens(t *testing.T) {
	o := Start(t)
	c := newLiveKit(t)
	j := aliceJoins()
	ours := tokenOf(t, c, j, "token")
	var theirs string
	o.Ask(at, "livekit.token", map[string]any{
		"key": livekitKey, "secret": livekitSecret, "identity": livekit.Identity("alice", "alice-1"), "name": j.Self.Name, "ttl": 600,
		"grant": json.RawMessage(`{"roomJoin":true,"room":"` + callID + `","canPublish":true,"canSubscribe":true}`),
	}, &theirs)
	if ours != theirs {
		t.Errorf("ours\n%s\nLiveKit's\n%s", ours, theirs)
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	o.Ask(at, "livekit.verify", map[string]string{"key": livekitKey, "secret": livekitSecret, "token": ours}, &claims)
	if claims.Sub != livekit.Identity("alice", "alice-1") {
		t.Errorf("LiveKit reads the identity %q", claims.Sub)
	}
	o.Refuses(at.Add(time.Hour), "livekit.verify", map[string]string{"key": livekitKey, "secret": livekitSecret, "token": ours})
	o.Refuses(at, "livekit.verify", map[string]string{"key": livekitKey, "secret": livekitSecret + "x", "token": ours})
}

func TestVendorLiveKitWebhooks(t *testing.T) {
	o := Start(t)
	body := `{"event":"participant_joined","room":{"sid":"RM_1","name":"` + callID + `"},"participant":{"sid":"PA_1","identity":"alice/alice-1","joinedAt":"1700000000"},"id":"EV_1","createdAt":"1700000000"}`
	sum := sha256.Sum256([]byte(body))
	var token, event string
	o.Ask(at, "livekit.signhook", map[string]string{"key": livekitKey, "secret": livekitSecret, "sha256": base64.StdEncoding.EncodeToString(sum[:])}, &token)
	o.Ask(at, "livekit.webhook", map[string]string{"key": livekitKey, "secret": livekitSecret, "body": body, "authorization": token}, &event)
	if event != "participant_joined" {
		t.Errorf("LiveKit's own receiver reads %q", event)
	}
	takes(t, newLiveKit(t), "", "application/webhook+json", token, body)
}
