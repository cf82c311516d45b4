package auth

import (
	"errors"
	"fmt"
	"slices"
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

	maxID   = 128
	maxName = 256
)

// App is one app of the deployment and the keys of its backend.
type App struct {
	ID   string
	Keys []Key
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

// Verifier checks tokens. It is safe for concurrent use and never blocks.
type Verifier struct {
	apps   map[string]app
	now    func() time.Time
	parser *jwt.Parser
}

// NewVerifier returns a Verifier for apps. now is the clock; nil means time.Now.
func NewVerifier(now func() time.Time, apps ...App) (*Verifier, error) {
	if now == nil {
		now = time.Now
	}
	v := &Verifier{apps: map[string]app{}, now: now}
	v.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{"HS256", "ES256", "EdDSA"}),
		jwt.WithExpirationRequired(), jwt.WithLeeway(Leeway), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())
	for _, a := range apps {
		if _, ok := v.apps[a.ID]; ok {
			return nil, fmt.Errorf("auth: there are two apps %q", a.ID)
		}
		if !isID(a.ID) {
			return nil, fmt.Errorf("auth: %.40q is no app id: it has 1-%d printable bytes", a.ID, maxID)
		}
		action, err := a.actionKey()
		if err != nil {
			return nil, err
		}
		v.apps[a.ID] = app{App: a, action: action}
	}
	return v, nil
}

func (a App) actionKey() (Key, error) {
	if len(a.Keys) == 0 {
		return Key{}, fmt.Errorf("auth: app %q has no key: nobody could log in", a.ID)
	}
	var zero = slices.ContainsFunc(a.Keys, func(k Key) bool { return k.method == nil })
	if zero {
		return Key{}, fmt.Errorf("auth: app %q has an empty key: make keys with HS256, ES256, EdDSA or ParseKey", a.ID)
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

// Verify checks a token and returns what it says. Its errors are [*Error]s. It takes any input without panicking.
func (v *Verifier) Verify(token string) (Claims, error) {
	if token == "" {
		return Claims{}, refuse("token_missing", nil, `send the header "Authorization: Bearer <token>"`, "there is no token")
	}
	if len(token) > MaxToken {
		return Claims{}, refuse("token_malformed", nil, "", "the token has %d bytes, more than %d", len(token), MaxToken)
	}
	var w wire
	if _, err := v.parser.ParseWithClaims(token, &w, v.keys); err != nil {
		return Claims{}, v.explain(err, &w)
	}
	if err := w.check(); err != nil {
		return Claims{}, err
	}
	if aud := v.apps[w.Issuer].Audience; aud != "" && w.Scope != Action && !slices.Contains(w.Audience, aud) {
		return Claims{}, refuse("token_bad_audience", nil, fmt.Sprintf(`mint it with "aud": %q`, aud), "the token is meant for %.80q", w.Audience)
	}
	c := Claims{App: w.Issuer, User: w.Subject, Name: w.Name, Scope: w.Scope, Expires: w.ExpiresAt.Time, Call: w.Call, Device: w.Device}
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

// keys returns the keys that may have signed t: those of its app with its algorithm and, if it names one, its id.
func (v *Verifier) keys(t *jwt.Token) (any, error) {
	w := t.Claims.(*wire)
	a, ok := v.apps[w.Issuer]
	if !ok {
		return nil, refuse("token_unknown_app", nil, `"iss" must be the id of an app that the server knows`, "the token is of the app %.80q", w.Issuer)
	}
	all := a.Keys
	if w.Scope == Action {
		all = []Key{a.action}
	}
	kid, _ := t.Header["kid"].(string)
	var set jwt.VerificationKeySet
	for _, k := range all {
		if k.method.Alg() == t.Method.Alg() && (kid == "" || k.id == "" || kid == k.id) {
			set.Keys = append(set.Keys, k.check)
		}
	}
	if len(set.Keys) == 0 {
		return nil, refuse("token_bad_signature", nil, "sign with a key that the server was given for this app",
			"the app %q has no key for the algorithm %s with the id %.80q", w.Issuer, t.Method.Alg(), kid)
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
	switch w.Scope {
	case "", User, Action:
		if !isID(w.Subject) {
			return bad(fmt.Sprintf(`"sub" is the user's id, 1-%d printable bytes`, maxID), "the token is for the user %.80q", w.Subject)
		}
	case Ops:
		if w.Subject != "" && !isID(w.Subject) {
			return bad(fmt.Sprintf(`"sub" has 1-%d printable bytes, or is left out`, maxID), "the token is for the user %.80q", w.Subject)
		}
	default:
		return bad(`the scopes are "user" and "ops"`, "the token has the scope %.80q", string(w.Scope))
	}
	if (w.Scope == Action) != (w.Call != "" && w.Device != "") {
		return bad("", `a token has "call" and "dev" just when its scope is "action"`)
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
