package vonage

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ"`
}

var (
	rs256 = header{"RS256", "JWT"}
	hs256 = header{"HS256", "JWT"}
)

// appClaims are of a token without a user: it may do whatever the application may.
type appClaims struct {
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	App      string `json:"application_id"`
}

// userClaims are of the token of one user of the Client SDK. The order is that of Vonage's own SDK for Node.
type userClaims struct {
	User string `json:"sub"`
	ACL  acl    `json:"acl"`
	appClaims
}

type acl struct {
	Paths json.RawMessage `json:"paths"`
}

// The paths that Vonage's guide for the Client SDK lists. An object's order is part of a known answer, so it is text.
var (
	userPaths = json.RawMessage(`{"/*/users/**":{},"/*/conversations/**":{},"/*/sessions/**":{},"/*/devices/**":{},"/*/image/**":{},` +
		`"/*/media/**":{},"/*/applications/**":{},"/*/push/**":{},"/*/knocking/**":{},"/*/legs/**":{}}`)
	videoPaths = json.RawMessage(`{"/session/**":{}}`)
)

// videoClaims are of a token for one session of the unified Video API.
type videoClaims struct {
	Scope    string `json:"scope"`
	Session  string `json:"session_id"`
	Role     string `json:"role"`
	Classes  string `json:"initial_layout_class_list"`
	Expires  int64  `json:"exp"`
	Sub      string `json:"sub"`
	ACL      acl    `json:"acl"`
	Data     string `json:"connection_data,omitempty"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	App      string `json:"application_id"`
}

// openTokClaims are of a token for one session of the older OpenTok API.
type openTokClaims struct {
	Issuer   string      `json:"iss"`
	Kind     string      `json:"ist"`
	IssuedAt int64       `json:"iat"`
	Expires  int64       `json:"exp"`
	Session  string      `json:"session_id"`
	Created  int64       `json:"create_time"`
	Nonce    json.Number `json:"nonce"`
	Role     string      `json:"role"`
	ExpireAt int64       `json:"expire_time"`
	Data     string      `json:"connection_data,omitempty"`
	Classes  string      `json:"initial_layout_class_list"`
	Scope    string      `json:"scope"`
}

// projectClaims are of a token for OpenTok's REST API.
type projectClaims struct {
	Issuer   string `json:"iss"`
	Kind     string `json:"ist"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

// parseKey reads an RSA key of at least 2048 bits in PEM, PKCS #8 as Vonage hands it out or PKCS #1. No error tells it.
func parseKey(s carrier.Secret) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(s.Reveal()))
	if block == nil {
		return nil, errors.New(`it is no PEM text ("-----BEGIN PRIVATE KEY-----" …); give the file's whole content, with its line breaks`)
	}
	var key *rsa.PrivateKey
	switch block.Type {
	case "PRIVATE KEY":
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("its PKCS #8 content cannot be read")
		}
		var ok bool
		if key, ok = k.(*rsa.PrivateKey); !ok {
			return nil, fmt.Errorf("it is a %T; Vonage signs by RSA", k)
		}
	case "RSA PRIVATE KEY":
		k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("its PKCS #1 content cannot be read")
		}
		key = k
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("it is the public key; the private one was downloaded once, when the application was made")
	default:
		return nil, fmt.Errorf("it is a %.40q, not a private key", block.Type)
	}
	if bits := key.N.BitLen(); bits < 2048 {
		return nil, fmt.Errorf("it has %d bits; 2048 at least", bits)
	}
	return key, nil
}

func (c *Carrier) appClaims(now time.Time, life time.Duration) appClaims {
	return appClaims{ID: c.id(), IssuedAt: now.Unix(), Expires: now.Add(life).Unix(), App: c.cfg.ApplicationID}
}

// authorize signs one of our requests.
func (c *Carrier) authorize(r *http.Request) {
	now := c.now()
	if c.cfg.openTok() {
		claims := projectClaims{c.cfg.APIKey, "project", now.Unix(), now.Add(adminLife).Unix(), c.id()}
		if token, err := carrier.SignHS256(hs256, claims, []byte(c.cfg.APISecret.Reveal())); err == nil {
			r.Header.Set("X-OPENTOK-AUTH", token)
		}
		return
	}
	if token, err := carrier.SignRS256(rs256, c.appClaims(now, adminLife), c.key); err == nil {
		r.Header.Set("Authorization", "Bearer "+token)
	}
}

func (c *Carrier) userToken(user string, now time.Time) (string, error) {
	return carrier.SignRS256(rs256, userClaims{UserName(user), acl{userPaths}, c.appClaims(now, c.cfg.TokenLife)}, c.key)
}

// sessionToken is good for joining a session, by either API. data comes back in webhooks.
func (c *Carrier) sessionToken(session, data string, now time.Time) (string, error) {
	iat, exp := now.Unix(), now.Add(c.cfg.TokenLife).Unix()
	if c.cfg.openTok() {
		return carrier.SignHS256(hs256, openTokClaims{Issuer: c.cfg.APIKey, Kind: "project", IssuedAt: iat, Expires: exp, Session: session,
			Created: iat, Nonce: nonce(), Role: "publisher", ExpireAt: exp, Data: data, Scope: "session.connect"}, []byte(c.cfg.APISecret.Reveal()))
	}
	return carrier.SignRS256(rs256, videoClaims{Scope: "session.connect", Session: session, Role: "publisher", Expires: exp, Sub: "video",
		ACL: acl{videoPaths}, Data: data, ID: c.id(), IssuedAt: iat, App: c.cfg.ApplicationID}, c.key)
}

func nonce() json.Number {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return json.Number(strconv.FormatUint(binary.BigEndian.Uint64(b[:])>>12, 10))
}
