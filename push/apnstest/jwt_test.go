package apnstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestRFC7515A3 verifies the ES256 example of RFC 7515 A.3.
func TestRFC7515A3(t *testing.T) {
	b64 := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	x, y := b64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), b64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		t.Fatal(err)
	}
	const signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	sig := b64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
	if err := verifyES256(pub, signed, sig); err != nil {
		t.Error(err)
	}
	for i := range sig {
		sig[i] ^= 1
		if verifyES256(pub, signed, sig) == nil {
			t.Errorf("byte %d of the signature does not matter", i)
		}
		sig[i] ^= 1
	}
	if verifyES256(pub, signed+"A", sig) == nil {
		t.Error("the message does not matter")
	}
	if verifyES256(pub, signed, sig[:63]) == nil {
		t.Error("a short signature passes")
	}
}

// signForTest makes a provider token with another implementation of JWT than the server's.
func signForTest(t testing.TB, p8 []byte, kid, iss string, iat time.Time) string {
	t.Helper()
	key, err := jwt.ParseECPrivateKeyFromPEM(p8)
	if err != nil {
		t.Fatal(err)
	}
	tok := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": iss, "iat": iat.Unix()})
	tok.Header["kid"] = kid
	raw, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
