package vonage

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const testApp = "78d335fa-323d-0114-9c3d-d6f0d48968cf"

var testNow = time.Unix(1700000000, 0)

func testKey(t testing.TB) carrier.Secret {
	t.Helper()
	b, err := os.ReadFile("testdata/application.pem")
	if err != nil {
		t.Fatal(err)
	}
	return carrier.NewSecret(string(b))
}

const testSecret = "qwertyuiopasdfghjklzxcvbnm123456"

// newTest returns a carrier whose clock stands at testNow and whose tokens have the id jti.
func newTest(t testing.TB, jti string, change func(*Config)) *Carrier {
	t.Helper()
	cfg := Config{Product: Voice, ApplicationID: testApp, PrivateKey: testKey(t), SignatureSecrets: []carrier.Secret{carrier.NewSecret(testSecret)},
		CallerID: "+15550001111", UsersExist: true, HookURL: "https://calls.example.com/carriers/app/vonage"}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.now, c.id = func() time.Time { return testNow }, func() string { return jti }
	return c
}

func opentok(c *Config) {
	c.Product, c.APIKey, c.APISecret, c.PrivateKey = Video, "12345678", carrier.NewSecret("0123456789abcdef0123456789abcdef01234567"), carrier.Secret{}
}

// The known answers of tokens were made by Vonage's own packages for Node (@vonage/jwt 1.17.1, @vonage/video 1.28.0,
// opentok 2.23.2) with the key in testdata, under a clock that stood at 1700000000.
func TestKnownAnswersOfTokens(t *testing.T) {
	same := func(t *testing.T, got, want string) {
		t.Helper()
		if got == want {
			return
		}
		for i, part := range strings.Split(got, ".")[:2] {
			text, _ := base64.RawURLEncoding.DecodeString(part)
			wanted, _ := base64.RawURLEncoding.DecodeString(strings.Split(want, ".")[i])
			t.Logf("part %d\n got %s\nwant %s", i, text, wanted)
		}
		t.Errorf("the token differs:\n got %s\nwant %s", got, want)
	}
	t.Run("user", func(t *testing.T) {
		c := newTest(t, "74c8a27b-a4e6-4ff5-a25d-a5dbe72f2582", func(c *Config) { c.TokenLife = 900 * time.Second })
		got, err := c.userToken("alice", testNow)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, answerUser)
	})
	t.Run("application", func(t *testing.T) {
		c := newTest(t, "d0f44792-0308-4600-895c-c37ad0ccd96a", nil)
		got, err := carrier.SignRS256(rs256, c.appClaims(testNow, 300*time.Second), c.key)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, answerApp)
	})
	t.Run("video", func(t *testing.T) {
		c := newTest(t, "18072129-e873-45ce-91e7-0aa0a35cb168", func(c *Config) { c.Product, c.TokenLife = Video, 600*time.Second })
		got, err := c.sessionToken("1_MX4xMjM0NTY3OH4", `{"call":"c1"}`, testNow)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, answerVideo)
	})
	t.Run("opentok", func(t *testing.T) {
		c := newTest(t, "", opentok)
		got, err := carrier.SignHS256(hs256, openTokClaims{Issuer: "12345678", Kind: "project", IssuedAt: 1700000000, Expires: 1700000600,
			Session: "1_MX4xMjM0NTY3OH5-MTcwMDAwMDAwMDAwMH5hYmN-fg", Created: 1700000000, Nonce: "0.8122818297780883", Role: "publisher",
			ExpireAt: 1700000600, Data: `{"call":"c1"}`, Scope: "session.connect"}, []byte(c.cfg.APISecret.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, answerOpenTok)
	})
}

// TestKnownAnswerOfWebhook is from vonage-python-jwt's test_verify_jwt.py.
func TestKnownAnswerOfWebhook(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9.88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM"
	var claims struct {
		Issuer string `json:"iss"`
		carrier.Times
	}
	if err := carrier.VerifyHS256(token, []byte(testSecret), &claims); err != nil || claims.Issuer != "Online JWT Builder" || claims.IssuedAt != 1697634680 {
		t.Errorf("got %+v, %v", claims, err)
	}
	if carrier.VerifyHS256(token, []byte(testSecret+"x"), &claims) == nil {
		t.Error("another secret verifies it")
	}
}

func TestCredentials(t *testing.T) {
	const id = "0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3"
	call := carrier.Call{ID: id, State: carrier.Ringing, Caller: carrier.Party{User: "alice@home"}, Callee: carrier.Party{User: "bob"}}
	join := carrier.Join{Call: call, Self: carrier.Party{User: "alice@home", Device: "a1"}, Caller: true, Now: testNow}
	c := newTest(t, "j", nil)
	got, err := c.Credentials(join)
	if err != nil {
		t.Fatal(err)
	}
	var access struct { // as the Swift adapter decodes it
		JWT     string            `json:"jwt"`
		Context map[string]string `json:"context"`
	}
	if err := json.Unmarshal(got, &access); err != nil || access.Context["ringtrip_call"] != id || access.Context["to"] != id || access.Context["ringtrip_device"] != "a1" {
		t.Fatalf("%s: %v", got, err)
	}
	body, _ := base64.RawURLEncoding.DecodeString(strings.Split(access.JWT, ".")[1])
	if !strings.Contains(string(body), `"sub":"alice_40home"`) || !strings.Contains(string(body), `"exp":1700007800,`) {
		t.Errorf("claims %s", body)
	}

	join.Self, join.Caller = carrier.Party{User: "bob", Device: "b1"}, false
	if got, err := c.Credentials(join); got != nil || err != nil {
		t.Errorf("a callee that rings got %s, %v", got, err)
	}
	join.Call.State = carrier.Answered
	if got, err := c.Credentials(join); got == nil || err != nil {
		t.Errorf("a callee that has answered got %s, %v", got, err)
	}
	join.Self.User = "mallory"
	if _, err := c.Credentials(join); err == nil {
		t.Error("who is not in the call got credentials")
	}

	for name, change := range map[string]func(*Config){"unified": func(c *Config) { c.Product = Video }, "opentok": opentok} {
		v := newTest(t, "j", change)
		j := carrier.Join{Call: call, Self: carrier.Party{User: "bob", Device: "b1"}, Now: testNow}
		if got, err := v.Credentials(j); got != nil || err != nil {
			t.Errorf("%s: without a session got %s, %v", name, got, err)
		}
		j.Call.Ref = "1_MX4"
		got, err := v.Credentials(j)
		var access map[string]string
		if err != nil || json.Unmarshal(got, &access) != nil || access["session_id"] != "1_MX4" || access["token"] == "" ||
			(access["api_key"] == "12345678") == (access["application_id"] == testApp) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

const (
	answerUser    = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImFjbCI6eyJwYXRocyI6eyIvKi91c2Vycy8qKiI6e30sIi8qL2NvbnZlcnNhdGlvbnMvKioiOnt9LCIvKi9zZXNzaW9ucy8qKiI6e30sIi8qL2RldmljZXMvKioiOnt9LCIvKi9pbWFnZS8qKiI6e30sIi8qL21lZGlhLyoqIjp7fSwiLyovYXBwbGljYXRpb25zLyoqIjp7fSwiLyovcHVzaC8qKiI6e30sIi8qL2tub2NraW5nLyoqIjp7fSwiLyovbGVncy8qKiI6e319fSwianRpIjoiNzRjOGEyN2ItYTRlNi00ZmY1LWEyNWQtYTVkYmU3MmYyNTgyIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA5MDAsImFwcGxpY2F0aW9uX2lkIjoiNzhkMzM1ZmEtMzIzZC0wMTE0LTljM2QtZDZmMGQ0ODk2OGNmIn0.fsuykzSneK0k3aALOX_t6hZmRkLg7FbBWeE-jb76i5EZnRcEO43nEu_1H49NnDCPGORWBWxaKWBHgU5n752kzqLkxeancL5OXc5oXs2YKCVAu6YkVhR1IoESFQZEaP68nMOz9aP3qd14RBgZm6VenQDh2uo2AfL7z14ec4Vo4Ocw2hoU_QDDCx7m6OQou4gEBVIL3q_U5GSr7HVKzrLFhPpLkaaVDQ-OoEy_1mZAkhkHi4aQYya02hgoc6oudDIins2P5ZGw2XqETzWvaXYCA2zOS5HJNnVCH6hou1nm327gfMF4EFQj6Pm1FMSTDMqrqwSjxDEDEelKpfHoMWvEKQ"
	answerApp     = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJqdGkiOiJkMGY0NDc5Mi0wMzA4LTQ2MDAtODk1Yy1jMzdhZDBjY2Q5NmEiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDMwMCwiYXBwbGljYXRpb25faWQiOiI3OGQzMzVmYS0zMjNkLTAxMTQtOWMzZC1kNmYwZDQ4OTY4Y2YifQ.KCycaMYsxZUYlXP4RlXV8WQV918qIBigHGcrnpWt-QeV6f5_IXGMd-netVARumQJQoXtWGHIdw9RuA6sdT-85bWJlBpvKIm5ZZA5pXKUYCOBFpdO3psxJyMlrdAwwlAX_Byg1n2EAZTuGkviVCLEqkJFhLcKTPkF1PaZxpYR-rcSwhZWoRRcoWC4aghR5MvAiTgQaQTT73vMF8QQ8oqGOjjY1dQB7gx1pbIicuCQZqTE58xeznfKTmPmOVst_MKwfhhoVlCHoQcRrZZncfLvT7Ar4MdPK7N4ZhUGS6105xpzx8k_iL2u4FEgp9aYvTmRUrJ1VD8WzWyqNEPmFC-rtA"
	answerVideo   = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzY29wZSI6InNlc3Npb24uY29ubmVjdCIsInNlc3Npb25faWQiOiIxX01YNHhNak0wTlRZM09INCIsInJvbGUiOiJwdWJsaXNoZXIiLCJpbml0aWFsX2xheW91dF9jbGFzc19saXN0IjoiIiwiZXhwIjoxNzAwMDAwNjAwLCJzdWIiOiJ2aWRlbyIsImFjbCI6eyJwYXRocyI6eyIvc2Vzc2lvbi8qKiI6e319fSwiY29ubmVjdGlvbl9kYXRhIjoie1wiY2FsbFwiOlwiYzFcIn0iLCJqdGkiOiIxODA3MjEyOS1lODczLTQ1Y2UtOTFlNy0wYWEwYTM1Y2IxNjgiLCJpYXQiOjE3MDAwMDAwMDAsImFwcGxpY2F0aW9uX2lkIjoiNzhkMzM1ZmEtMzIzZC0wMTE0LTljM2QtZDZmMGQ0ODk2OGNmIn0.mL0wNKafeWDhSa8LgrztjE1b9kFSJRAiEV-VxuExLXOIOddH2eWoVAnurbDjnW6numhhVSMGCvlcZHxbnj2_IPT1wTBDKUG-wxfYj6lrK6GeqwLh8aHT6MNjYXj1vXlx44bieD2iJnNTnuyy-vO4ZIvItbO5MhGSl-bWmPTjIWFQuUfrRIv7WS5C0TfIkA-MTtP2AZpDbLLTATVdkfmwYb8DV3jEurjmB4tNtmfL89DLFML4BOT3CoauwEuo1xYeywiQH-VCi0KIPr-Jdf_avJrTox8_4Xj4BIOzxLUMN7kNZR6sgGRmO9x9d8_schGk9aARZhATp4sva_FpkoCwzA"
	answerOpenTok = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIxMjM0NTY3OCIsImlzdCI6InByb2plY3QiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDYwMCwic2Vzc2lvbl9pZCI6IjFfTVg0eE1qTTBOVFkzT0g1LU1UY3dNREF3TURBd01EQXdNSDVoWW1OLWZnIiwiY3JlYXRlX3RpbWUiOjE3MDAwMDAwMDAsIm5vbmNlIjowLjgxMjI4MTgyOTc3ODA4ODMsInJvbGUiOiJwdWJsaXNoZXIiLCJleHBpcmVfdGltZSI6MTcwMDAwMDYwMCwiY29ubmVjdGlvbl9kYXRhIjoie1wiY2FsbFwiOlwiYzFcIn0iLCJpbml0aWFsX2xheW91dF9jbGFzc19saXN0IjoiIiwic2NvcGUiOiJzZXNzaW9uLmNvbm5lY3QifQ.8257Dd9ke7qFL2ri1vTwfApjOec4FoU_C1BZhGASYTE"
)
