package carriertest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// The emulators read and make tokens by code of their own, so that a mistake of ringtrip's is not theirs.

// readJWT reads a compact JSON Web Token (RFC 7519) into head and claims, and returns what was signed, and its signature. It
// verifies nothing.
func readJWT(token string, head, claims any) (text, signature []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("it is no JWT")
	}
	for i, into := range []any{head, claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, nil, errors.New("it cannot be read: it is no base64url")
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, nil, fmt.Errorf("it cannot be read: %w", err)
		}
	}
	if signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return nil, nil, errors.New("it cannot be read: its signature is no base64url")
	}
	return []byte(parts[0] + "." + parts[1]), signature, nil
}

// isHS256 reports whether a signature is that of a key.
func isHS256(key string, text, signature []byte) bool {
	return hmac.Equal(signature, digest(sha256.New, []byte(key), text))
}

// makeJWT makes a token that is signed by HMAC-SHA256, whatever its header says.
func makeJWT(key, head string, claims []byte) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(digest(sha256.New, []byte(key), []byte(text)))
}

const headHS256 = `{"alg":"HS256","typ":"JWT"}`

// digest is an HMAC.
func digest(of func() hash.Hash, key, text []byte) []byte {
	m := hmac.New(of, key)
	m.Write(text)
	return m.Sum(nil)
}
