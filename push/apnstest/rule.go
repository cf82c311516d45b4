package apnstest

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

const (
	tokenLife    = time.Hour        // Establishing a token-based connection to APNs: at most one hour old
	tokenChange  = 20 * time.Minute // same page: no more than one update every 20 minutes
	maxCollapse  = 64               // Sending notification requests to APNs: apns-collapse-id
	maxTokenHex  = 200              // Apple: token lengths vary, do not hard-code; 100 bytes are announced as the maximum
	devicePrefix = "/3/device/"
)

// answer is what APNs says.
type answer struct {
	status    int
	reason    string
	timestamp time.Time // 410 only
}

var accepted = answer{status: 200}

// identity is what a connection is bound to by its first authenticated push. Only the connection's reader touches it.
type identity struct {
	keyID       string
	bearer      string        // the token in use
	token       providerToken // what it says
	changedAt   time.Time     // when it replaced another; zero if it never did
	blockedTill time.Time     // after TooManyProviderTokenUpdates
	apps        int           // Server.appsSeen at its first push
}

// expiration is the apns-expiration header.
type expiration struct {
	given bool
	at    time.Time // zero: 0, deliver now or never
}

// checked is what a request turned out to be about.
type checked struct {
	token      string // lower case; empty if the path has none
	bundleID   string
	kind       pushType
	expiration expiration
}

// single are the headers that may be given once only.
var single = []string{"Authorization", "Apns-Id", "Apns-Expiration", "Apns-Priority", "Apns-Topic", "Apns-Push-Type", "Apns-Collapse-Id"}

// judgeLocked checks a request against every rule except those about the device. s.mu must be held.
func (s *Server) judgeLocked(id *identity, r *Request) (checked, answer) {
	var ck checked
	rest, ok := strings.CutPrefix(r.Path, devicePrefix)
	if !ok {
		return ck, answer{status: 404, reason: "BadPath"}
	}
	if r.Method != "POST" {
		return ck, answer{status: 405, reason: "MethodNotAllowed"}
	}
	if rest == "" {
		return ck, answer{status: 400, reason: "MissingDeviceToken"}
	}
	if strings.ContainsAny(rest, "/?#") {
		return ck, answer{status: 404, reason: "BadPath"}
	}
	ck.token = strings.ToLower(rest)
	for _, name := range single {
		if len(r.Header[name]) > 1 {
			return ck, answer{status: 400, reason: "DuplicateHeaders"}
		}
	}
	key, a := s.authenticateLocked(id, r.Environment, r.Header.Get("Authorization"))
	if a != accepted {
		return ck, a
	}
	if a := ck.checkHeaders(r); a != accepted {
		return ck, a
	}
	owner, known := s.apps[ck.bundleID]
	if !known && s.cfg.AdmitAll {
		owner, known = key.team, true
	}
	switch {
	case !known:
		return ck, answer{status: 400, reason: "BadTopic"}
	case owner != key.team, key.topics != nil && !key.topics[r.Header.Get("Apns-Topic")]:
		return ck, answer{status: 400, reason: "TopicDisallowed"}
	case s.cfg.BindTopics && s.appSince[ck.bundleID] > id.apps:
		return ck, answer{status: 400, reason: "TopicDisallowed"}
	case len(r.Payload) == 0:
		return ck, answer{status: 400, reason: "PayloadEmpty"}
	case len(r.Payload) > ck.kind.limit:
		return ck, answer{status: 413, reason: "PayloadTooLarge"}
	case !json.Valid(r.Payload):
		return ck, answer{status: 400, reason: "PayloadEmpty"}
	}
	if _, err := hex.DecodeString(ck.token); err != nil || len(ck.token) > maxTokenHex {
		return ck, answer{status: 400, reason: "BadDeviceToken"}
	}
	return ck, accepted
}

// checkHeaders reads the apns- headers ("Sending notification requests to APNs", table 1).
func (ck *checked) checkHeaders(r *Request) answer {
	if id, given := one(r, "Apns-Id"); given && !isUUID(id) {
		return answer{status: 400, reason: "BadMessageId"}
	}
	if v, given := one(r, "Apns-Expiration"); given {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > 1<<40 {
			return answer{status: 400, reason: "BadExpirationDate"}
		}
		ck.expiration.given = true
		if n > 0 {
			ck.expiration.at = time.Unix(n, 0)
		}
	}
	priority, given := one(r, "Apns-Priority")
	if given && priority != "10" && priority != "5" && priority != "1" {
		return answer{status: 400, reason: "BadPriority"}
	}
	if v, _ := one(r, "Apns-Collapse-Id"); len(v) > maxCollapse {
		return answer{status: 400, reason: "BadCollapseId"}
	}
	name, _ := one(r, "Apns-Push-Type")
	kind, known := pushTypes[name]
	if !known {
		return answer{status: 400, reason: "InvalidPushType"}
	}
	if kind.never10 && priority == "10" {
		return answer{status: 400, reason: "BadPriority"}
	}
	topic, given := one(r, "Apns-Topic")
	if !given || topic == "" {
		return answer{status: 400, reason: "MissingTopic"}
	}
	bundleID, fits := strings.CutSuffix(topic, kind.suffix)
	if !fits || bundleID == "" {
		return answer{status: 400, reason: "BadTopic"}
	}
	ck.bundleID, ck.kind = bundleID, kind
	return accepted
}

// authenticateLocked checks the provider token and what the connection is bound to. s.mu must be held.
func (s *Server) authenticateLocked(id *identity, env push.Environment, authorization string) (teamKey, answer) {
	now := s.cfg.Now()
	if now.Before(id.blockedTill) {
		return teamKey{}, answer{status: 429, reason: "TooManyProviderTokenUpdates"}
	}
	if authorization == "" {
		return teamKey{}, answer{status: 403, reason: "MissingProviderToken"}
	}
	const scheme = "bearer "
	if len(authorization) < len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return teamKey{}, answer{status: 403, reason: "InvalidProviderToken"}
	}
	bearer := authorization[len(scheme):]
	tok := id.token
	if bearer != id.bearer {
		var err error
		if tok, err = parseToken(bearer); err != nil {
			return teamKey{}, answer{status: 403, reason: "InvalidProviderToken"}
		}
	}
	key, known := s.keys[tok.keyID]
	if !known || key.team != tok.teamID {
		return teamKey{}, answer{status: 403, reason: "InvalidProviderToken"}
	}
	if key.env != 0 && key.env != env {
		return teamKey{}, answer{status: 403, reason: "BadEnvironmentKeyIdInToken"}
	}
	if bearer != id.bearer && verifyES256(key.pub, tok.signed, tok.sig) != nil {
		return teamKey{}, answer{status: 403, reason: "InvalidProviderToken"}
	}
	switch age := now.Sub(tok.issuedAt); {
	case age > tokenLife:
		return teamKey{}, answer{status: 403, reason: "ExpiredProviderToken"}
	case age < -s.cfg.Leeway:
		return teamKey{}, answer{status: 403, reason: "InvalidProviderToken"}
	}
	if id.keyID != "" && id.keyID != tok.keyID {
		return teamKey{}, answer{status: 403, reason: "UnrelatedKeyIdInToken"}
	}
	if id.bearer != "" && bearer != id.bearer {
		if !id.changedAt.IsZero() && now.Sub(id.changedAt) < tokenChange {
			id.blockedTill = now.Add(tokenChange)
			return teamKey{}, answer{status: 429, reason: "TooManyProviderTokenUpdates"}
		}
		id.changedAt = now
	}
	if id.keyID == "" {
		id.apps = s.appsSeen
	}
	id.keyID, id.bearer, id.token = tok.keyID, bearer, tok
	return key, accepted
}

// one is the value of a header that is given at most once.
func one(r *Request, name string) (value string, given bool) {
	v := r.Header[name]
	if len(v) == 0 {
		return "", false
	}
	return v[0], true
}

// isUUID says whether s has the form 8-4-4-4-12 of hexadecimal digits, which apns-id must have.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}
