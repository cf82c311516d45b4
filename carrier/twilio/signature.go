package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

// signatureHeader bears Twilio's signature of a webhook.
const signatureHeader = "X-Twilio-Signature"

// bodyHash is the query parameter that Twilio adds to the URL of a webhook whose body is no form.
const bodyHash = "bodySHA256"

// Signature is what Twilio signs a webhook with (Twilio: Webhooks security): HMAC-SHA1, with the account's auth token, of the
// whole URL, followed, if the body is a form, by each key with its values, in the order of the keys. Of a key that comes
// several times each different value counts once, in order, as Twilio's own packages have it. No form: nil.
func Signature(authToken, fullURL string, form url.Values) []byte {
	m := hmac.New(sha1.New, []byte(authToken))
	m.Write([]byte(fullURL))
	for _, key := range slices.Sorted(maps.Keys(form)) {
		values := slices.Clone(form[key])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			m.Write([]byte(key))
			m.Write([]byte(v))
		}
	}
	return m.Sum(nil)
}

// verify returns carrier.ErrSignature unless the request was signed with one of the auth tokens. form is the body's, nil if
// it is none: then the URL has to say the body's hash.
func (c *Carrier) verify(r *carrier.Request, form url.Values) error {
	given := r.Header.Values(signatureHeader)
	if len(given) != 1 {
		return fmt.Errorf("%w: %d headers %s instead of one", carrier.ErrSignature, len(given), signatureHeader)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(given[0])
	if err != nil || len(signature) != sha1.Size {
		return fmt.Errorf("%w: %s is no base64 of %d bytes", carrier.ErrSignature, signatureHeader, sha1.Size)
	}
	if form == nil {
		if err := checkHash(r); err != nil {
			return err
		}
	}
	ok := false
	for _, u := range spellings(r.URL) {
		for _, token := range c.conf.AuthTokens {
			ok = hmac.Equal(signature, Signature(token.Reveal(), u, form)) || ok
		}
	}
	if !ok {
		return fmt.Errorf("%w: it was signed with another auth token, or for another URL than %.200q", carrier.ErrSignature, r.URL.String())
	}
	return nil
}

// checkHash compares the body with its hash in the URL, which the signature covers.
func checkHash(r *carrier.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("%w: the query", carrier.ErrMalformed)
	}
	if len(query[bodyHash]) != 1 {
		return fmt.Errorf("%w: the URL has %d parameters %s instead of one", carrier.ErrSignature, len(query[bodyHash]), bodyHash)
	}
	want, err := hex.DecodeString(query[bodyHash][0])
	if sum := sha256.Sum256(r.Body); err != nil || !hmac.Equal(want, sum[:]) {
		return fmt.Errorf("%w: the body is not the one that %s in the URL says", carrier.ErrSignature, bodyHash)
	}
	return nil
}

// spellings are the ways in which Twilio may have written the URL that it signed: with and without the scheme's own port, as
// Twilio's packages try, and with and without the connection override that this package puts at its end ([retries]), of which
// Twilio's documentation does not say that it is left out.
func spellings(u *url.URL) []string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	with := bare
	if port := map[string]string{"https": "443", "http": "80"}[u.Scheme]; port != "" {
		switch u.Port() {
		case "":
			with.Host = net.JoinHostPort(strings.Trim(u.Hostname(), "[]"), port)
		case port:
			bare.Host = strings.TrimSuffix(u.Host, ":"+port)
		}
	}
	out := []string{bare.String()}
	if with.Host != bare.Host {
		out = append(out, with.String())
	}
	for _, s := range slices.Clone(out) {
		out = append(out, s+retries)
	}
	return out
}
