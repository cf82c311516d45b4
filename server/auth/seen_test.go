package auth

import (
	"errors"
	"testing"
	"time"
)

// A token that was found good is not good any more when its key is gone, when it expires, and when the clock is set back
// to before it was valid.
func TestSeenTokens(t *testing.T) {
	old, err := HS256("old", []byte("a secret that is long enough for this, old"))
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := HS256("new", []byte("a secret that is long enough for this, new"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	v, err := NewVerifier(func() time.Time { return now }, App{ID: "app", Keys: []Key{old}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := Mint(old, Claims{App: "app", User: "bob", Expires: now.Add(time.Hour), NotBefore: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		for range 2 {
			c, err := v.Verify(token)
			got := ""
			if why := (*Error)(nil); errors.As(err, &why) {
				got = why.Code
			}
			if got != want || want == "" && (c.User != "bob" || c.Key != "old") {
				t.Errorf("it is taken as %+v, %v; want %q", c, err, want)
			}
		}
	}
	seen := func() int { return v.table.Load().seen.Len() }
	check("")
	if seen() != 1 {
		t.Errorf("%d tokens are remembered", seen())
	}
	now = now.Add(-2 * time.Hour)
	check("token_early")
	now = now.Add(2*time.Hour + time.Hour + Leeway - time.Second)
	check("")
	now = now.Add(time.Second)
	check("token_expired")
	now = now.Add(-time.Hour)
	check("")
	if err := v.Replace(App{ID: "app", Keys: []Key{old, fresh}}); err != nil {
		t.Fatal(err)
	}
	check("")
	if err := v.Replace(App{ID: "app", Keys: []Key{fresh}}); err != nil {
		t.Fatal(err)
	}
	check("token_bad_signature")
	if seen() != 0 {
		t.Errorf("%d tokens are remembered that are not good", seen())
	}
	if err := v.Replace(App{ID: "app", Keys: []Key{old}, Audience: "elsewhere"}); err != nil {
		t.Fatal(err)
	}
	check("token_bad_audience")
}
