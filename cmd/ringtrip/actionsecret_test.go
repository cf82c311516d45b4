package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/store/sqlite"
)

func TestActionSecret(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	first, err := actionSecret(t.Context(), st, dir)
	if err != nil || len(first) != 64 {
		t.Fatalf("the first start made %q, %v", first, err)
	}
	if again, err := actionSecret(t.Context(), st, ""); err != nil || !bytes.Equal(again, first) {
		t.Errorf("the next start, or another node, has %q, %v; want %q", again, err, first)
	}
}

func TestActionSecretOfAnEarlierVersion(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	old := strings.Repeat("ab", 32)
	file := filepath.Join(dir, "action.secret")
	for _, text := range []string{"short", old} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := actionSecret(t.Context(), st, dir)
		if text == old && (err != nil || string(got) != old) {
			t.Errorf("with the old file the secret is %q, %v", got, err)
		}
		if text != old && (err == nil || !strings.Contains(err.Error(), file)) {
			t.Errorf("with a damaged file: %q, %v", got, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got, err := actionSecret(t.Context(), st, dir); err != nil || string(got) != old {
		t.Errorf("it was not taken over: %q, %v", got, err)
	}
}
