package apns

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const whereKey = "the AuthKey_XXXXXXXXXX.p8 file from developer.apple.com, Certificates, Identifiers & Profiles, Keys"

// signer returns Signer or what Key holds, if it is fit for ES256.
func (c Config) signer() (crypto.Signer, error) {
	switch {
	case c.Signer != nil && len(c.Key) > 0:
		return nil, errors.New("apns: Config has both Key and Signer: give one of them")
	case c.Signer != nil:
		pub, ok := c.Signer.Public().(*ecdsa.PublicKey)
		if !ok || pub.Curve != elliptic.P256() {
			return nil, fmt.Errorf("apns: Config.Signer has a %T, but APNs takes ES256 only: use an ECDSA key on P-256", c.Signer.Public())
		}
		return c.Signer, nil
	case len(c.Key) == 0:
		return nil, errors.New("apns: Config.Key is empty: give the content of " + whereKey)
	}
	block, _ := pem.Decode(c.Key)
	if block == nil {
		return nil, errors.New("apns: Config.Key is not PEM: give the whole content of " + whereKey + ", with its BEGIN and END lines")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("apns: Config.Key holds a PEM %q, not a private key: give %s (certificates are not supported)", block.Type, whereKey)
	}
	if err != nil {
		return nil, fmt.Errorf("apns: Config.Key is PEM but damaged (%w): download or copy again %s", err, whereKey)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("apns: Config.Key is a %T, but APNs keys are ECDSA on P-256: give %s", key, whereKey)
	}
	if ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("apns: Config.Key is on the curve %s, but APNs keys are on P-256: give %s", ec.Curve.Params().Name, whereKey)
	}
	return ec, nil
}

// checkID checks a key or team ID: ten capital letters and digits.
func checkID(field, id, where string) error {
	if id == "" {
		return fmt.Errorf("apns: Config.%s is empty: it has ten letters and digits, see developer.apple.com, %s", field, where)
	}
	ok := len(id) == 10
	for _, c := range []byte(id) {
		ok = ok && ('A' <= c && c <= 'Z' || '0' <= c && c <= '9')
	}
	if !ok {
		return fmt.Errorf("apns: Config.%s %q is not ten capital letters and digits: see developer.apple.com, %s", field, id, where)
	}
	return nil
}
