package agora

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRooms(t *testing.T) {
	carriertest.Rooms(t, func(t *testing.T) carriertest.RoomStage {
		e, err := carriertest.NewAgora(carriertest.AgoraConfig{Retry: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(Config{AppID: e.AppID, Certificate: carrier.NewSecret(e.Certificate), Secrets: []carrier.Secret{carrier.NewSecret(e.Secret)}})
		if err != nil {
			t.Fatal(err)
		}
		return carriertest.RoomStage{Carrier: c, Emulator: e, Stays: true}
	})
}

func testCarrier(t testing.TB, secrets ...string) *Carrier {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{"secret"}
	}
	c := Config{AppID: appID, Certificate: carrier.NewSecret(certificate), HookURL: "https://calls.example.com/carriers/app/agora"}
	for _, s := range secrets {
		c.Secrets = append(c.Secrets, carrier.NewSecret(s))
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const callID = carriertest.CallID

var now = time.Unix(1700000000, 0)

func TestCredentials(t *testing.T) {
	c := testCarrier(t)
	raw, err := c.Credentials(carriertest.Example(now))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Channel, Token string
		UID            uint
	}
	if err := json.Unmarshal(raw, &got); err != nil || got.Channel != callID || got.UID == 0 {
		t.Fatalf("%v: %s", err, raw)
	}
	token, err := Parse(got.Token, c.certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Good(now, ServiceRTC, JoinChannel); err != nil || token.Expire != 86400 || token.Salt == 0 || token.Salt > 99999998 {
		t.Fatalf("%v, %+v", err, token)
	}
	for _, at := range []time.Time{now.Add(-2 * time.Minute), now.Add(24 * time.Hour)} {
		if token.Good(at, ServiceRTC, JoinChannel) == nil {
			t.Errorf("good at %s", at)
		}
	}
	if token.Good(now, ServiceRTM, 1) == nil {
		t.Error("good for another service")
	}
}

func TestUID(t *testing.T) {
	seen := map[uint32]string{}
	for _, room := range []string{callID, "0199a000-0000-7000-8000-000000000002"} {
		for _, user := range []string{"alice", "bob", ""} {
			for _, device := range []string{"phone", "pad", "alice"} {
				for _, caller := range []bool{true, false} {
					uid := UID(room, user, device, caller)
					if uid != UID(room, user, device, caller) || uid == 0 || uid >= 1<<31 || caller == (uid >= calleeBit) {
						t.Errorf("uid %d of %s, %s, %s, caller %v", uid, room, user, device, caller)
					}
					if was, ok := seen[uid&(calleeBit-1)]; ok && was != room+user+"/"+device {
						t.Errorf("uid %d is also %s", uid, was)
					}
					seen[uid&(calleeBit-1)] = room + user + "/" + device
				}
			}
		}
	}
	if UID("a", "bc", "d", true) == UID("ab", "c", "d", true) {
		t.Error("the border between room and user is lost")
	}
	if got := UID(callID, "alice", "phone", true); got != 503769258 {
		t.Errorf("uid %d: devices that are in a call while the server is updated would be taken for others", got)
	}
}

func TestChannelNames(t *testing.T) {
	for name, want := range map[string]bool{callID: true, "a b": true, "": false, strings.Repeat("x", 65): false, "ü": false, "a/b": false, `a"b`: false} {
		if isChannel(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	cert := carrier.NewSecret(certificate)
	for want, c := range map[string]Config{
		"app_id is the 32":         {AppID: "abc", Certificate: cert},
		"certificate is the 32":    {AppID: appID, Certificate: carrier.NewSecret("not hexadecimal, and so refused!")},
		"secret 1 of the notific":  {AppID: appID, Certificate: cert, Secrets: []carrier.Secret{{}}},
		"a token life of 25h0m0s;": {AppID: appID, Certificate: cert, TokenLife: 25 * time.Hour},
	} {
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "not hexadecimal") {
			t.Errorf("the error tells the certificate: %v", err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, f := range testCarrier(t).Check() {
		if f.Severity != carrier.Fine || strings.Contains(f.What, certificate) {
			t.Errorf("%+v", f)
		}
	}
	c := testCarrier(t, "secret ")
	c.hook = ""
	n := 0
	for _, f := range c.Check() {
		if f.Severity != carrier.Fine {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d findings, not 2: no hook, a space", n)
	}
}
