package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"
)

// KeyPrefix begins every API key, so that scanners for leaked secrets find one wherever it was committed.
const KeyPrefix = "rtk_"

const (
	keyIDLength  = 8
	secretLength = 43 // 256 bits in base 62
	sumLength    = 6  // a CRC-32 in base 62: a scanner can tell a key from a lookalike without asking the server
	keyLength    = len(KeyPrefix) + keyIDLength + 1 + secretLength + sumLength
)

// APIKey is what a server keeps of a backend's API key: enough to check one, not to make one. A plain SHA-256 is the
// right hash here. bcrypt and its like slow down guessing of what people choose; 256 random bits cannot be guessed at
// any speed, and a slow hash on each request would only help those who want to keep the server busy.
type APIKey struct {
	ID      string            // 8 letters and digits, as in the key
	Scope   Scope             // Backend, Ops or Admin
	Hash    [sha256.Size]byte // of the whole key
	Expires time.Time         // zero: never
}

// held is an API key and whose it is.
type held struct {
	APIKey
	app string
}

// NewAPIKey makes an API key. The string is the key itself, which nobody can show a second time; the [APIKey] is what
// the server is given. expires may be zero.
func NewAPIKey(scope Scope, expires time.Time) (string, APIKey, error) {
	k := APIKey{ID: randomWord(keyIDLength), Scope: scope, Expires: expires}
	text := KeyPrefix + k.ID + "_" + randomWord(secretLength)
	text += checksum(text)
	k.Hash = sha256.Sum256([]byte(text))
	if err := k.check(); err != nil {
		return "", APIKey{}, fmt.Errorf("auth: %w", err)
	}
	return text, k, nil
}

// String returns k as one line of configuration: "id:scope:hash" or "id:scope:hash:2027-01-31T00:00:00Z". It holds no
// secret.
func (k APIKey) String() string {
	line := k.ID + ":" + string(k.Scope) + ":" + hex.EncodeToString(k.Hash[:])
	if !k.Expires.IsZero() {
		line += ":" + k.Expires.UTC().Format(time.RFC3339)
	}
	return line
}

// ParseAPIKey reads what [APIKey.String] wrote.
func ParseAPIKey(line string) (APIKey, error) {
	if strings.HasPrefix(line, KeyPrefix) {
		return APIKey{}, errors.New("auth: this is an API key itself, which a configuration must not hold: give the line that `ringtrip key new` printed with it, or that `ringtrip key hash` makes of it")
	}
	parts := strings.SplitN(strings.TrimSpace(line), ":", 4)
	if len(parts) < 3 {
		return APIKey{}, errors.New("auth: an API key is configured as id:scope:hash, as `ringtrip key new` prints it")
	}
	k := APIKey{ID: parts[0], Scope: Scope(parts[1])}
	hash, err := hex.DecodeString(parts[2])
	if err != nil || len(hash) != len(k.Hash) {
		return APIKey{}, fmt.Errorf("auth: the hash of API key %.20q is not %d bytes in hexadecimal digits", k.ID, len(k.Hash))
	}
	copy(k.Hash[:], hash)
	if len(parts) == 4 {
		if k.Expires, err = time.Parse(time.RFC3339, parts[3]); err != nil || k.Expires.Year() < 2000 {
			return APIKey{}, fmt.Errorf("auth: API key %.20q expires %.40q, which is not like 2027-01-31T00:00:00Z", k.ID, parts[3])
		}
	}
	if err := k.check(); err != nil {
		return APIKey{}, fmt.Errorf("auth: %w", err)
	}
	return k, nil
}

// HashAPIKey returns what a server is given of a key that exists already.
func HashAPIKey(key string, scope Scope, expires time.Time) (APIKey, error) {
	id, err := keyID(key)
	if err != nil {
		return APIKey{}, err
	}
	k := APIKey{ID: id, Scope: scope, Hash: sha256.Sum256([]byte(key)), Expires: expires}
	if err := k.check(); err != nil {
		return APIKey{}, fmt.Errorf("auth: %w", err)
	}
	return k, nil
}

func (k APIKey) check() error {
	if len(k.ID) != keyIDLength || !isBase62(k.ID) {
		return fmt.Errorf("%.20q is no id of an API key: it has %d letters and digits", k.ID, keyIDLength)
	}
	if !slices.Contains([]Scope{Backend, Ops, Admin}, k.Scope) {
		return fmt.Errorf("API key %q has the scope %.20q: it is backend, ops or admin; users get tokens", k.ID, string(k.Scope))
	}
	if k.Hash == [sha256.Size]byte{} {
		return fmt.Errorf("API key %q has no hash", k.ID)
	}
	return nil
}

// keyID returns the id in an API key, whose form and checksum it checks. Its errors never hold the key.
func keyID(key string) (string, error) {
	bad := func(hint, text string) (string, error) { return "", refuse("key_malformed", nil, hint, "%s", text) }
	rest, ok := strings.CutPrefix(key, KeyPrefix)
	if !ok || len(key) != keyLength || rest[keyIDLength] != '_' || !isBase62(rest[:keyIDLength]) || !isBase62(rest[keyIDLength+1:]) {
		return bad("copy all of it", fmt.Sprintf("this is no API key: one has %d characters, as %s%s_…", keyLength, KeyPrefix, strings.Repeat("x", keyIDLength)))
	}
	if body := key[:keyLength-sumLength]; checksum(body) != key[keyLength-sumLength:] {
		return bad("copy it again", "the API key has a typing error: its checksum does not fit")
	}
	return rest[:keyIDLength], nil
}

// verifyKey checks an API key.
func (t *table) verifyKey(key string, now time.Time) (Claims, error) {
	id, err := keyID(key)
	if err != nil {
		return Claims{}, err
	}
	k, ok := t.keys[id]
	sum := sha256.Sum256([]byte(key))
	// The id is no secret; the secret is compared without telling by time how much of it is right.
	if subtle.ConstantTimeCompare(sum[:], k.Hash[:]) != 1 || !ok {
		return Claims{}, refuse("key_unknown", nil, "make one with `ringtrip key new` and give the server its line", "the server has no API key %s, or it was taken away", id)
	}
	if !k.Expires.IsZero() && now.After(k.Expires) {
		return Claims{}, refuse("key_expired", nil, "make a new one with `ringtrip key new`", "the API key %s expired %s ago", id, about(now.Sub(k.Expires)))
	}
	return Claims{App: k.app, Scope: k.Scope, Expires: k.Expires, Key: id}, nil
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func isBase62(s string) bool { return strings.Trim(s, base62) == "" }

// randomWord returns n random letters and digits, each as likely as any other.
func randomWord(n int) string {
	word := make([]byte, n)
	for i := range word {
		x, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		word[i] = base62[x.Int64()]
	}
	return string(word)
}

func checksum(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var word [sumLength]byte
	for i := sumLength - 1; i >= 0; i-- {
		word[i] = base62[n%62]
		n /= 62
	}
	return string(word[:])
}
