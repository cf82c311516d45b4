package apns

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"
)

// The schedule of provider tokens. Apple ("Establishing a token-based connection to APNs"): refresh no more than once
// every 20 minutes and no less than once every 60. A token is issued at a multiple of tokenPeriod since 1970, so that
// every replica mints the same one, and used from tokenGuard to tokenGuard + tokenPeriod of age, so that a clock that is
// off by up to tokenGuard either way breaks nothing.
const (
	tokenPeriod = 50 * time.Minute
	tokenGuard  = 5 * time.Minute
	tokenMinAge = 20 * time.Minute // no renewal before this age
)

// errTooYoung says that a token was refused as expired although it is younger than APNs' limits.
var errTooYoung = errors.New("apns: the provider token was refused as expired although it is young: check this machine's clock")

// providerToken is the value of an authorization header.
type providerToken struct {
	authorization string
	issuedAt      time.Time
}

// minter makes the team's one provider token and renews it on schedule.
type minter struct {
	signer        crypto.Signer
	keyID, teamID string
	now           func() time.Time

	mu      sync.Mutex
	cur     providerToken
	changed time.Time // when cur replaced another token; zero for the first one
}

// scheduled is when the token that is in use at now was issued.
func scheduled(now time.Time) time.Time {
	period := int64(tokenPeriod / time.Second)
	t := now.Add(-tokenGuard).Unix()
	return time.Unix(t-((t%period)+period)%period, 0)
}

// token is the token to use now.
func (m *minter) token() (providerToken, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	due := scheduled(now)
	if m.cur.authorization != "" {
		if m.cur.issuedAt.Equal(due) {
			return m.cur, nil
		}
		if m.changedRecently(now) { // off schedule: the schedule has to wait
			return m.cur, nil
		}
		if due.Add(tokenGuard+tokenPeriod).Sub(now) < tokenMinAge { // the next change is too near to make one now for it
			due = now.Truncate(time.Minute)
		}
	}
	return m.mintLocked(due, now)
}

// renew replaces a token that APNs called expired. It fails with errTooYoung if that can't help.
func (m *minter) renew(refused providerToken) (providerToken, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cur.authorization != refused.authorization {
		return m.cur, nil // someone else was faster
	}
	now := m.now()
	if age := now.Sub(m.cur.issuedAt); age <= tokenMinAge || m.changedRecently(now) {
		return providerToken{}, errTooYoung
	}
	return m.mintLocked(now.Truncate(time.Minute), now)
}

// mintLocked signs a token. m.mu must be held.
func (m *minter) mintLocked(issuedAt, now time.Time) (providerToken, error) {
	jwt, err := signJWT(m.signer, m.keyID, m.teamID, issuedAt)
	if err != nil {
		return providerToken{}, err
	}
	if m.cur.authorization != "" {
		m.changed = now
	}
	m.cur = providerToken{authorization: "bearer " + jwt, issuedAt: issuedAt}
	return m.cur, nil
}

// changedRecently says whether another change now would be too soon for APNs. A clock that was set back does not make
// it so. m.mu must be held.
func (m *minter) changedRecently(now time.Time) bool {
	since := now.Sub(m.changed)
	return !m.changed.IsZero() && since >= 0 && since < tokenMinAge
}

// signJWT makes an ES256 JWT (RFC 7515, RFC 7518 §3.4) with the header and claims that APNs asks for. The ids were checked
// to be letters and digits, so they need no escaping.
func signJWT(signer crypto.Signer, keyID, teamID string, issuedAt time.Time) (string, error) {
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString([]byte(`{"alg":"ES256","kid":"`+keyID+`"}`)) + "." +
		b64.EncodeToString(fmt.Appendf(nil, `{"iss":"%s","iat":%d}`, teamID, issuedAt.Unix()))
	sum := sha256.Sum256([]byte(signed))
	var random io.Reader // nil: crypto/ecdsa then signs deterministically (RFC 6979), so replicas mint the same bytes
	if _, inMemory := signer.(*ecdsa.PrivateKey); !inMemory {
		random = rand.Reader
	}
	der, err := signer.Sign(random, sum[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("apns: signing the provider token: %w", err)
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &rs); err != nil || len(rest) > 0 || tooLong(rs.R) || tooLong(rs.S) {
		return "", errors.New("apns: signing the provider token: Config.Signer did not return an ASN.1 ECDSA signature on P-256")
	}
	raw := make([]byte, 64)
	rs.R.FillBytes(raw[:32])
	rs.S.FillBytes(raw[32:])
	return signed + "." + b64.EncodeToString(raw), nil
}

// tooLong says that n is no number of 32 bytes.
func tooLong(n *big.Int) bool { return n == nil || n.Sign() < 0 || n.BitLen() > 256 }
