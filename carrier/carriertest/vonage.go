package carriertest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// VonageConfig is an account at Vonage on this machine, with one application.
type VonageConfig struct {
	ApplicationID   string        // empty: made up
	SignatureSecret string        // empty: made up
	Numbers         []string      // linked to the application, E.164; none: +15550100001
	AnswerByPOST    bool          // the application's answer_method
	Second          time.Duration // how long a second of a ring lasts; 0: 1 s
	OpenTok         bool          // video speaks the older API: an OpenTok project
	Now             func() time.Time
}

// vonageAccount is what voice and video have in common: one application, who may ask for it, and signed webhooks.
type vonageAccount struct {
	ApplicationID   string
	PrivateKey      string // PEM, PKCS #8, of the application
	APIKey          string // of the account, or the OpenTok project
	APISecret       string
	SignatureSecret string
	key             *rsa.PrivateKey
	now             func() time.Time
}

// vonageKey is made once for a process, for it takes its time.
var vonageKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newVonageAccount(c VonageConfig) (vonageAccount, error) {
	a := vonageAccount{ApplicationID: c.ApplicationID, APIKey: "abcd1234", APISecret: "0123456789abcdef0123456789abcdef01234567",
		SignatureSecret: c.SignatureSecret, now: c.Now}
	if a.ApplicationID == "" {
		a.ApplicationID = "78d335fa-323d-0114-9c3d-d6f0d48968cf"
	}
	if a.SignatureSecret == "" {
		a.SignatureSecret = "an-emulated-signature-secret-of-40-chars"
	}
	if a.now == nil {
		a.now = time.Now
	}
	var err error
	if a.key, err = vonageKey(); err != nil {
		return a, fmt.Errorf("carriertest: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return a, fmt.Errorf("carriertest: %w", err)
	}
	a.PrivateKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return a, nil
}

// vonageToken are the claims that Vonage looks at, of any of its tokens.
type vonageToken struct {
	App     string `json:"application_id"`
	Issuer  string `json:"iss"`
	Kind    string `json:"ist"`
	Sub     string `json:"sub"`
	Iat     int64  `json:"iat"`
	Exp     int64  `json:"exp"`
	Jti     string `json:"jti"`
	Scope   string `json:"scope"`
	Session string `json:"session_id"`
	Role    string `json:"role"`
	Data    string `json:"connection_data"`
	ACL     struct {
		Paths map[string]json.RawMessage `json:"paths"`
	} `json:"acl"`
}

// read checks a token's signature by the one algorithm that it may have, and its times.
func (a *vonageAccount) read(token, alg string) (vonageToken, error) {
	var t vonageToken
	var head struct {
		Alg string `json:"alg"`
		Typ string `json:"typ"`
	}
	text, sig, err := readJWT(token, &head, &t)
	if err != nil {
		return t, err
	}
	if head.Alg != alg {
		return t, fmt.Errorf("its algorithm is %q, not %s", head.Alg, alg)
	}
	switch alg {
	case "RS256":
		sum := sha256.Sum256(text)
		err = rsa.VerifyPKCS1v15(&a.key.PublicKey, crypto.SHA256, sum[:], sig)
		if t.App != a.ApplicationID {
			return t, fmt.Errorf("it is of application %q", t.App)
		}
		if t.Jti == "" {
			return t, errors.New("it has no jti")
		}
	default:
		if !isHS256(a.APISecret, text, sig) {
			err = errors.New("another key")
		}
		if t.Issuer != a.APIKey || t.Kind != "project" {
			return t, fmt.Errorf("it is of project %q", t.Issuer)
		}
	}
	now := a.now().Unix()
	switch {
	case err != nil:
		return t, errors.New("its signature is wrong")
	case t.Iat == 0 || t.Iat > now+60:
		return t, errors.New("it was issued in the future")
	case t.Exp <= now:
		return t, errors.New("it has expired")
	case t.Exp > t.Iat+24*60*60:
		return t, errors.New("it is good for more than a day")
	}
	return t, nil
}

// may checks who asks for the REST API: an application's token has no subject.
func (a *vonageAccount) may(r *http.Request) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errors.New("there is no Bearer token")
	}
	t, err := a.read(token, "RS256")
	if err == nil && t.Sub != "" {
		err = fmt.Errorf("it is the token of user %q", t.Sub)
	}
	return err
}

// sign makes the header of a webhook: a token by HS256 that has the body's hash, if there is a body.
func (a *vonageAccount) sign(body []byte) http.Header {
	hash := ""
	if body != nil {
		sum := sha256.Sum256(body)
		hash = `,"payload_hash":"` + hex.EncodeToString(sum[:]) + `"`
	}
	claims := fmt.Sprintf(`{"iat":%d,"jti":%q,"iss":"Vonage"%s,"api_key":%q,"application_id":%q}`, a.now().Unix(), vonageID(), hash, a.APIKey, a.ApplicationID)
	h := http.Header{"Authorization": {"Bearer " + makeJWT(a.SignatureSecret, headHS256, []byte(claims))}}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	return h
}

func vonageID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// vonageError is an error body as the APIs of Vonage have it.
func vonageError(w http.ResponseWriter, status int, code, detail string) {
	answer(w, status, map[string]any{"type": "https://developer.vonage.com/api-errors", "title": http.StatusText(status), "code": code, "detail": detail, "instance": vonageID()})
}
