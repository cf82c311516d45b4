package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestPageIsTrueAndFresh is the promise of docs/api-coverage.md: complete, true, and not stale.
func TestPageIsTrueAndFresh(t *testing.T) {
	page, problems, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	if t.Failed() {
		return
	}
	have, err := os.ReadFile(filepath.Join(root, pagePath))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, page) {
		t.Errorf("%s is stale: run go run ./tools/coverage", pagePath)
	}
}

// TestCheckFinds holds that each thing that can be wrong with the tables is found.
func TestCheckFinds(t *testing.T) {
	r := newResolver(root)
	classes := []class{{Name: "CXHandle", Members: []string{"type"}}, {Name: "CXHandleType", Values: values{{"PhoneNumber", 2}}}}
	const right = "[CXHandle]\ntype = Handle.Type\n[CXHandleType]\nPhoneNumber = PhoneNumber\n"
	for _, c := range []struct{ name, text, want string }{
		{"all is well", right, ""},
		{"a missing row", strings.Replace(right, "type = Handle.Type\n", "", 1), "type has no row"},
		{"a missing class", "[CXHandle]\ntype = Handle.Type\n", "PhoneNumber has no row"},
		{"a row too many", right + "Pigeon = Generic\n", "has no Pigeon"},
		{"a class too many", right + "[CXDove]\n", "no class CXDove"},
		{"a Go name that is none", strings.Replace(right, "Handle.Type", "Handle.Kind", 1), "no field or method Kind"},
		{"a type that is none", strings.Replace(right, "Handle.Type", "Hundle.Type", 1), "no Hundle"},
		{"an unexported name", strings.Replace(right, "Handle.Type", "Base.settle", 1), "no field or method settle"},
		{"a wrong number", strings.Replace(right, "= PhoneNumber", "= EmailAddress", 1), "PhoneNumber is 2, and EmailAddress is 3"},
		{"no number", strings.Replace(right, "= PhoneNumber", "= Handle", 1), "PhoneNumber is 2, and Handle is"},
		{"a package that is none", strings.Replace(right, "Handle.Type", "lck.Handle.Type.x", 1), "neither Name nor Type.Member"},
	} {
		rows, err := parseRows(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(check(r, classes, rows), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRowsThatAreNone(t *testing.T) {
	for _, text := range []string{"type = Handle.Type", "[A\n", "[A]\n[A]\n", "[A]\nx\n", "[A]\nx -- \n", "[A]\nx = y\nx = z\n"} {
		if _, err := parseRows(text); err == nil || !strings.Contains(err.Error(), "go.txt:") {
			t.Errorf("%q: %v, want an error with its line", text, err)
		}
	}
}
