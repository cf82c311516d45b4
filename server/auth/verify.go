package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxToken is the longest token that is looked at, in bytes.
	MaxToken = 8 << 10
	// Leeway is how far the clocks of the minting backend and the server may be apart.
	Leeway = 30 * time.Second
	// MaxLeeway is the most that [Verifier.SetLeeway] takes.
	MaxLeeway = 5 * time.Minute

	maxID   = 128
	maxName = 256
)

// App is one app of the deployment and the keys of its backend.
type App struct {
	ID string
	// Keys check the app's tokens. Several are taken at once, so that a new one can be brought in before the old one
	// goes; the order does not matter, except that the first HS256 key makes the action secret if none is given.
	Keys []Key
	// APIKeys are the hashes of the app's API keys.
	APIKeys []APIKey
	// Audience must be in the tokens' "aud" if it is not empty.
	Audience string
	// ActionSecret signs the app's action tokens, at least [MinSecret] bytes, the same on every node. Empty: derived
	// from the first HS256 key; an app that only has public keys must give one.
	ActionSecret []byte
}

type app struct {
	App
	action Key
}

// table is all apps and keys of one moment.
type table struct {
	apps map[string]app
	keys map[string]held // API keys by id
	seen seen
}

// Verifier checks tokens and API keys. It is safe for concurrent use and never blocks.
type Verifier struct {
	table  atomic.Pointer[table]
	now    func() time.Time
	leeway time.Duration
}

// NewVerifier returns a Verifier for apps. now is the clock; nil means time.Now.
func NewVerifier(now func() time.Time, apps ...App) (*Verifier, error) {
	if now == nil {
		now = time.Now
	}
	v := &Verifier{now: now, leeway: Leeway}
	return v, v.Replace(apps...)
}

// SetLeeway sets how far the clocks of whoever mints and of this server may be apart, 0 to [MaxLeeway]; it is
// [Leeway] before. It must be called before the first Verify.
func (v *Verifier) SetLeeway(d time.Duration) error {
	if d < 0 || d > MaxLeeway {
		return fmt.Errorf("auth: a leeway of %s is not 0 to %s: more would let tokens live on that have long expired", d, MaxLeeway)
	}
	v.leeway = d
	return nil
}

// Leeway returns how far clocks may be apart.
func (v *Verifier) Leeway() time.Duration { return v.leeway }

// Replace exchanges all apps and their keys at once: from now on tokens and API keys are checked against these. It
// changes nothing if it returns an error, which says what is wrong with apps.
func (v *Verifier) Replace(apps ...App) error {
	next := &table{apps: map[string]app{}, keys: map[string]held{}, seen: newSeen()}
	for _, a := range apps {
		if _, ok := next.apps[a.ID]; ok {
			return fmt.Errorf("auth: there are two apps %q", a.ID)
		}
		if !isID(a.ID) {
			return fmt.Errorf("auth: %.40q is no app id: it has 1-%d printable bytes", a.ID, maxID)
		}
		action, err := a.actionKey()
		if err != nil {
			return err
		}
		a.Keys, a.APIKeys = slices.Clone(a.Keys), slices.Clone(a.APIKeys)
		next.apps[a.ID] = app{App: a, action: action}
		for _, k := range a.APIKeys {
			if err := k.check(); err != nil {
				return fmt.Errorf("auth: app %q: %w", a.ID, err)
			}
			if other, ok := next.keys[k.ID]; ok {
				return fmt.Errorf("auth: apps %q and %q have an API key with the same id %q: make a new one with `ringtrip key new`", other.app, a.ID, k.ID)
			}
			next.keys[k.ID] = held{app: a.ID, APIKey: k}
		}
	}
	v.table.Store(next)
	return nil
}

func (a App) actionKey() (Key, error) {
	if len(a.Keys) == 0 && len(a.APIKeys) == 0 {
		return Key{}, fmt.Errorf("auth: app %q has no key: nobody could log in", a.ID)
	}
	for i, k := range a.Keys {
		if k.method == nil {
			return Key{}, fmt.Errorf("auth: app %q has an empty key: make keys with HS256, ES256, EdDSA or ParseKey", a.ID)
		}
		same := func(o Key) bool { return o.id == k.id && o.method.Alg() == k.method.Alg() }
		if k.id != "" && slices.ContainsFunc(a.Keys[:i], same) {
			return Key{}, fmt.Errorf("auth: app %q has two %s keys with the id %q: give the new one an id of its own", a.ID, k.Algorithm(), k.id)
		}
	}
	if len(a.ActionSecret) > 0 {
		return HS256("action", a.ActionSecret)
	}
	for _, k := range a.Keys {
		if secret, ok := k.sign.([]byte); ok {
			return HS256("action", deriveAction(a.ID, secret))
		}
	}
	return Key{}, fmt.Errorf("auth: app %q only has public keys, so ActionSecret must be given: %d random bytes or more, the same on every node", a.ID, MinSecret)
}

// Verify checks a token or an API key and returns what it says. Its errors are [*Error]s. It takes any input without
// panicking, and never says in an error what it was given.
func (v *Verifier) Verify(token string) (Claims, error) {
	if token == "" {
		return Claims{}, refuse("token_missing", nil, `send the header "Authorization: Bearer <token>"`, "there is no token")
	}
	if len(token) > MaxToken {
		return Claims{}, refuse("token_malformed", nil, "", "the token has %d bytes, more than %d", len(token), MaxToken)
	}
	t := v.table.Load()
	if strings.HasPrefix(token, KeyPrefix) {
		return t.verifyKey(token, v.now())
	}
	hash := sha256.Sum256([]byte(token))
	if c, ok := t.seen.find(hash, v.now(), v.leeway); ok {
		return c, nil
	}
	c, err := v.verifyToken(t, token)
	if err == nil {
		t.seen.Put(hash, c)
	}
	return c, err
}

// verifyToken is Verify of a token that is looked at for the first time.
func (v *Verifier) verifyToken(t *table, token string) (Claims, error) {
	var w wire
	var kid string
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"HS256", "ES256", "EdDSA"}),
		jwt.WithExpirationRequired(), jwt.WithLeeway(v.leeway), jwt.WithTimeFunc(v.now), jwt.WithStrictDecoding())
	_, err := parser.ParseWithClaims(token, &w, func(j *jwt.Token) (any, error) {
		kid, _ = j.Header["kid"].(string)
		return t.candidates(j)
	})
	if err != nil {
		return Claims{}, v.explain(err, &w)
	}
	if err := w.check(); err != nil {
		return Claims{}, err
	}
	if aud := t.apps[w.Issuer].Audience; aud != "" && w.Scope != Action && !slices.Contains(w.Audience, aud) {
		return Claims{}, refuse("token_bad_audience", nil, fmt.Sprintf(`mint it with "aud": %q`, aud), "the token is meant for %.80q", w.Audience)
	}
	c := Claims{App: w.Issuer, User: w.Subject, Name: w.Name, Scope: w.Scope, Expires: w.ExpiresAt.Time, Key: kid}
	if w.Scope == Action {
		c.Call = w.Call
	}
	if w.Scope == Action || w.Scope == Device {
		c.Device = w.Device // in other tokens these claims are the backend's own business
	}
	if c.Scope == "" {
		c.Scope = User
	}
	if w.NotBefore != nil {
		c.NotBefore = w.NotBefore.Time
	}
	if len(w.Audience) > 0 {
		c.Audience = w.Audience[0]
	}
	return c, nil
}

// candidates returns the keys that may have signed j: those of its app with its algorithm and, if it names one, its id.
func (t *table) candidates(j *jwt.Token) (any, error) {
	w := j.Claims.(*wire)
	a, ok := t.apps[w.Issuer]
	if !ok {
		return nil, refuse("token_unknown_app", nil, `"iss" must be the id of an app that the server knows`, "the token is of the app %.80q", w.Issuer)
	}
	all := a.Keys
	if w.Scope == Action {
		all = []Key{a.action}
	}
	kid, _ := j.Header["kid"].(string)
	var set jwt.VerificationKeySet
	for _, k := range all {
		if k.method.Alg() == j.Method.Alg() && (kid == "" || k.id == "" || kid == k.id) {
			set.Keys = append(set.Keys, k.check)
		}
	}
	if len(set.Keys) == 0 {
		return nil, refuse("token_bad_signature", nil, "sign with a key that the server was given for this app",
			"the app %q has no key for the algorithm %s with the id %.80q", w.Issuer, j.Method.Alg(), kid)
	}
	return set, nil
}

// explain turns what the parser found wrong into what people can act on.
func (v *Verifier) explain(err error, w *wire) error {
	if own := (*Error)(nil); errors.As(err, &own) {
		return own
	}
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse("token_bad_signature", err, "sign with a key that the server was given for this app", "the token's signature does not fit the app %.80q", w.Issuer)
	case errors.Is(err, jwt.ErrTokenExpired) && w.ExpiresAt != nil:
		return refuse("token_expired", err, "check the clock or mint a new one", "the token expired %s ago", about(v.now().Sub(w.ExpiresAt.Time)))
	case errors.Is(err, jwt.ErrTokenNotValidYet) && w.NotBefore != nil:
		return refuse("token_early", err, "check the clock", "the token is valid in %s only", about(w.NotBefore.Sub(v.now())))
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return refuse("token_bad_claims", err, `mint it with "exp"`, "the token never expires")
	}
	return refuse("token_malformed", err, "it must be a signed JWT of three parts", "the token cannot be read")
}

// check is what must hold of claims, whoever signed them.
func (w *wire) check() error {
	bad := func(hint, format string, args ...any) error {
		return refuse("token_bad_claims", nil, hint, format, args...)
	}
	if w.Scope != "" && !slices.Contains(Scopes(), w.Scope) {
		return bad(`the scopes are "user", "device", "backend", "ops" and "admin"`, "the token has the scope %.80q", string(w.Scope))
	}
	if w.Scope.IsPerson() && !isID(w.Subject) {
		return bad(fmt.Sprintf(`"sub" is the user's id, 1-%d printable bytes`, maxID), "the token is for the user %.80q", w.Subject)
	}
	if w.Subject != "" && !isID(w.Subject) {
		return bad(fmt.Sprintf(`"sub" has 1-%d printable bytes, or is left out`, maxID), "the token is for the user %.80q", w.Subject)
	}
	if (w.Scope == Action) != (w.Call != "" && w.Device != "") {
		return bad("", `a token has "call" and "dev" just when its scope is "action"`)
	}
	if w.Scope == Device && w.Device == "" {
		return bad(`"dev" is the device's id`, `the token is for one device and names none`)
	}
	if len(w.Name) > maxName || !utf8.ValidString(w.Name) {
		return bad(fmt.Sprintf(`"name" is UTF-8 of at most %d bytes`, maxName), "the token's name has %d bytes", len(w.Name))
	}
	return nil
}

// isID reports whether s can name an app or a user.
func isID(s string) bool {
	if len(s) == 0 || len(s) > maxID || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// about writes d for people.
func about(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
