package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
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
	seen := func() int { s := &v.table.Load().seen; return len(s.recent) + len(s.earlier) }
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

// What is remembered is bounded, and what is asked for again stays.
func TestSeenIsBounded(t *testing.T) {
	var s seen
	now := time.Now()
	often := sha256.Sum256([]byte("often"))
	s.keep(often, Claims{User: "often", Expires: now.Add(time.Hour)})
	for i := range 3 * maxSeen {
		s.keep(sha256.Sum256(fmt.Append(nil, i)), Claims{Expires: now.Add(time.Hour)})
		if i%(maxSeen/4) == 0 {
			if c, ok := s.find(often, now, 0); !ok || c.User != "often" {
				t.Fatalf("after %d others: %+v, %v", i, c, ok)
			}
		}
		if n := len(s.recent) + len(s.earlier); n > maxSeen {
			t.Fatalf("%d tokens are remembered", n)
		}
	}
	if _, ok := s.find(sha256.Sum256([]byte("0")), now, 0); ok {
		t.Error("the first of many is still remembered")
	}
}
