package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The known answers of the Standard Webhooks libraries.
const (
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody   = `{"test": 2432232314}`
	vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorHMAC   = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	vectorKey    = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
	vectorEd     = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
)

var vectorTime = time.Unix(1614265330, 0)

func TestKnownAnswers(t *testing.T) {
	for secret, want := range map[string]string{vectorSecret: vectorHMAC, vectorKey: vectorEd} {
		s := must(ParseSecret(secret))
		if got := s.Sign(vectorID, vectorTime, []byte(vectorBody)); got != want {
			t.Errorf("%v signs %s, want %s", s, got, want)
		}
		key := secret
		if s.PublicKey() != "" {
			key = s.PublicKey()
		}
		v := must(NewVerifier(key))
		v.now = func() time.Time { return vectorTime.Add(4 * time.Minute) }
		h := http.Header{HeaderID: {vectorID}, HeaderTimestamp: {"1614265330"}, HeaderSignature: {"v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,what v1, v1a, " + want}}
		if err := v.Verify(h, []byte(vectorBody)); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	v := must(NewVerifier(vectorSecret))
	now := vectorTime
	v.now = func() time.Time { return now }
	good := func() http.Header {
		return http.Header{HeaderID: {vectorID}, HeaderTimestamp: {"1614265330"}, HeaderSignature: {vectorHMAC}}
	}
	if err := v.Verify(good(), []byte(vectorBody)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(http.Header)
		body   string
		now    time.Time
	}{
		"no id":             {func(h http.Header) { h.Del(HeaderID) }, vectorBody, now},
		"no timestamp":      {func(h http.Header) { h.Del(HeaderTimestamp) }, vectorBody, now},
		"no signature":      {func(h http.Header) { h.Del(HeaderSignature) }, vectorBody, now},
		"another id":        {func(h http.Header) { h.Set(HeaderID, "msg_other") }, vectorBody, now},
		"another time":      {func(h http.Header) { h.Set(HeaderTimestamp, "1614265331") }, vectorBody, now},
		"time with a sign":  {func(h http.Header) { h.Set(HeaderTimestamp, "+1614265330") }, vectorBody, now},
		"time is no number": {func(h http.Header) { h.Set(HeaderTimestamp, "yesterday") }, vectorBody, now},
		"another body":      {func(http.Header) {}, vectorBody + " ", now},
		"no scheme":         {func(h http.Header) { h.Set(HeaderSignature, vectorHMAC[3:]) }, vectorBody, now},
		"another scheme":    {func(h http.Header) { h.Set(HeaderSignature, "v1a"+vectorHMAC[2:]) }, vectorBody, now},
		"cut off":           {func(h http.Header) { h.Set(HeaderSignature, vectorHMAC[:20]) }, vectorBody, now},
		"too many before":   {func(h http.Header) { h.Set(HeaderSignature, strings.Repeat("v1,AAAA ", 16)+vectorHMAC) }, vectorBody, now},
		"too old":           {func(http.Header) {}, vectorBody, now.Add(Tolerance + time.Second)},
		"from the future":   {func(http.Header) {}, vectorBody, now.Add(-Tolerance - time.Second)},
	} {
		h := good()
		c.change(h)
		now = c.now
		if err := v.Verify(h, []byte(c.body)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
		now = vectorTime
	}
	other := must(NewVerifier(NewSecret()))
	other.now = v.now
	if err := other.Verify(good(), []byte(vectorBody)); err != ErrSignature {
		t.Errorf("with another secret: %v", err)
	}
	rotating := must(NewVerifier(NewSecret(), vectorSecret))
	rotating.now = v.now
	if err := rotating.Verify(good(), []byte(vectorBody)); err != nil {
		t.Errorf("while the secret changes: %v", err)
	}
}

func TestSecretsAreChecked(t *testing.T) {
	for _, text := range []string{"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "whsk_c2hvcnQ=", "whpk_c2hvcnQ=", "whsec_" + strings.Repeat("A", 300)} {
		_, err := ParseSecret(text)
		if err == nil {
			t.Errorf("%q was taken as a secret", text)
		} else if len(text) > 10 && strings.Contains(err.Error(), text[8:]) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	private, public := NewKeyPair()
	if got := must(ParseSecret(private)).PublicKey(); got != public {
		t.Errorf("the public key is %s, want %s", got, public)
	}
	if _, err := NewVerifier(private); err == nil {
		t.Error("a receiver took the private key")
	}
	if _, err := NewVerifier(); err == nil {
		t.Error("a verifier without a key")
	}
	for _, s := range []Secret{must(ParseSecret(vectorSecret)), must(ParseSecret(private))} {
		e := Endpoint{ID: "e", Secrets: []Secret{s}}
		text := fmt.Sprintf("%v %+v %#v %s %q", e, e, e, s, s) + string(must(json.Marshal(e)))
		for _, part := range []string{"MfKQ9r8G", private[6:20], "private:"} {
			if strings.Contains(text, part) {
				t.Errorf("a secret shows: %s", text)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorID, "1614265330", vectorHMAC, vectorBody)
	f.Add("", "-9223372036854775808", "v1,, v1a,AAAA", "{}")
	v := must(NewVerifier(vectorSecret, must(ParseSecret(vectorKey)).PublicKey()))
	v.now = func() time.Time { return vectorTime }
	secret := must(ParseSecret(vectorSecret))
	f.Fuzz(func(t *testing.T, id, stamp, signature, body string) {
		h := http.Header{HeaderID: {id}, HeaderTimestamp: {stamp}, HeaderSignature: {signature}}
		if v.Verify(h, []byte(body)) == nil && !strings.Contains(signature, vectorHMAC) && !strings.Contains(signature, vectorEd) {
			at, _ := strconv.ParseInt(stamp, 10, 64)
			if !strings.Contains(signature, secret.Sign(id, time.Unix(at, 0), []byte(body))) {
				t.Errorf("taken: %q %q %q %q", id, stamp, signature, body)
			}
		}
		if e, err := ParseEvent([]byte(body)); err == nil && (e.ID == "" || e.Type == "" || e.Version != Version) {
			t.Errorf("an event of nothing: %+v", e)
		}
	})
}

func FuzzParseSecret(f *testing.F) {
	f.Add(vectorSecret)
	f.Add(vectorKey)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSecret(text)
		if err == nil && s.Sign("a", vectorTime, nil) == "" {
			t.Errorf("%q signs nothing", text)
		}
		_, _ = NewVerifier(text)
	})
}
