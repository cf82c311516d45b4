package apnstest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// appleSays are the statuses and reasons that Apple documents for what a client can send here.
var appleSays = map[string]int{
	"BadPath": 404, "MethodNotAllowed": 405, "MissingDeviceToken": 400, "DuplicateHeaders": 400, "MissingProviderToken": 403,
	"InvalidProviderToken": 403, "ExpiredProviderToken": 403, "UnrelatedKeyIdInToken": 403, "TooManyProviderTokenUpdates": 429,
	"BadMessageId": 400, "BadExpirationDate": 400, "BadPriority": 400, "BadCollapseId": 400, "InvalidPushType": 400,
	"MissingTopic": 400, "BadTopic": 400, "TopicDisallowed": 400, "PayloadEmpty": 400, "PayloadTooLarge": 413,
	"BadDeviceToken": 400, "DeviceTokenNotForTopic": 400, "Unregistered": 410,
}

// FuzzRequest: no request makes the server fall over, every answer is one of Apple's, and what is accepted is delivered.
func FuzzRequest(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	got := make(chan Delivery, 1)
	s := New(Config{Now: func() time.Time { return now }, LogSize: 10, Rand: zeroes{}})
	f.Cleanup(s.Close)
	p8, pub := GenerateKey()
	s.RegisterTeam("TEAM123456", "KEY1234567", pub)
	s.RegisterApp("com.example.phone", "TEAM123456")
	token := s.IssueToken("com.example.phone", push.Production, func(d Delivery) { got <- d })
	good := "bearer " + signForTest(f, p8, "KEY1234567", "TEAM123456", now)

	const id = "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc"
	f.Add("POST", "/3/device/"+token, good, "com.example.phone.voip", "voip", "10", "0", id, "", []byte(`{}`), false)
	f.Add("POST", "/3/device/", good, "com.example.phone.voip", "voip", "10", "0", id, "", []byte(`{}`), false)
	f.Add("GET", "/3/device/00", "bearer a.b.c", ".voip", "", "5", "-1", "x", "c", []byte{}, true)
	f.Add("POST", "", "", "", "", "", "99999999999999999999", "", "", []byte("\xff"), false)
	f.Add("POST", "/3/device/"+token+"/..", "BEARER ..", "com.example.phone", "alert", "1", "1", id, "", []byte(`[`), false)
	f.Fuzz(func(t *testing.T, method, path, auth, topic, kind, priority, expiration, apnsID, collapse string, payload []byte, twice bool) {
		h := http.Header{}
		for name, v := range map[string]string{
			"Authorization": auth, "Apns-Topic": topic, "Apns-Push-Type": kind, "Apns-Priority": priority,
			"Apns-Expiration": expiration, "Apns-Id": apnsID, "Apns-Collapse-Id": collapse,
		} {
			if v != "" {
				h.Add(name, v)
				if twice {
					h.Add(name, v)
				}
			}
		}
		r := &Request{Environment: push.Production, Method: method, Path: path, Header: h, Payload: payload}
		a, echoed, fault := s.handle(&identity{}, r)
		if fault != nil || !isUUID(echoed) || r.Decision == "" {
			t.Fatalf("fault %v, apns-id %q, decision %q", fault, echoed, r.Decision)
		}
		if a == accepted {
			if d := <-got; !slices.Equal(d.Payload, payload) || d.Token != token {
				t.Fatalf("delivered %+v", d)
			}
			return
		}
		if appleSays[a.reason] != a.status || a.status == 0 {
			t.Fatalf("%d %s is none of Apple's answers", a.status, a.reason)
		}
		if len(a.body()) == 0 || len(a.body()) > 200 {
			t.Fatalf("body %q", a.body())
		}
	})
}

// FuzzToken: no JWT makes the parser fall over, and what it takes is whole.
func FuzzToken(f *testing.F) {
	p8, _ := GenerateKey()
	f.Add(signForTest(f, p8, "KEY1234567", "TEAM123456", time.Unix(1_800_000_000, 0)))
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ.AA")
	f.Add("..")
	f.Add("a.b")
	f.Fuzz(func(t *testing.T, raw string) {
		tok, err := parseToken(raw)
		if err != nil {
			return
		}
		if tok.keyID == "" || tok.teamID == "" || len(tok.sig) != 64 || len(tok.signed) >= len(raw) || tok.issuedAt.IsZero() {
			t.Fatalf("%+v", tok)
		}
	})
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }
