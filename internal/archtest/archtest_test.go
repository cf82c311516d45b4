// Package archtest is the architecture as a test: who may import whom, with a reason. A package that has no row
// fails, so a new room of the house is built on purpose. See docs/ARCHITECTURE.md for the picture.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/ringtrip/ringtrip"

// row says what one package may import of ours and of others, and why it stands where it stands.
type row struct {
	why     string
	ours    []string // packages of this module, without the module path; "x/..." is a whole subtree
	others  []string // third-party modules or packages by prefix; "*" is any
	testing []string // more of ours for its tests
}

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
	CgoFiles     []string
	GoFiles      []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,TestImports,XTestImports,CgoFiles,GoFiles", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	return pkgs
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		r, ok := table[name]
		if !ok {
			t.Errorf("%s has no row in internal/archtest/table_test.go: decide where it belongs, write the row with a reason, and put it into docs/ARCHITECTURE.md", name)
			continue
		}
		seen[name] = true
		for _, imp := range p.Imports {
			if why := refused(name, imp, r.ours, r.others); why != "" {
				t.Errorf("%s must not import %s: %s (%s)", name, imp, why, r.why)
			}
		}
		tests := append(slices.Clone(p.TestImports), p.XTestImports...)
		for _, imp := range tests {
			if rest, ours := strings.CutPrefix(imp, module+"/"); ours && !allowed(rest, append(slices.Concat(r.ours, r.testing), name, name+"/...")) {
				t.Errorf("tests of %s must not import %s (%s)", name, rest, r.why)
			}
		}
		if len(p.CgoFiles) > 0 && name != "capi" {
			t.Errorf("%s uses cgo: only capi may, so that everything else builds anywhere", name)
		}
	}
	var names []string
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !seen[name] {
			t.Errorf("the table has a row for %s, which is no package: remove it", name)
		}
	}
}

// refused returns why name may not import imp, or "".
func refused(name, imp string, ours, others []string) string {
	if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
		if allowed(rest, append(ours, name+"/internal/...")) {
			return ""
		}
		return "imports go only the way of the table"
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return "" // standard library
	}
	for _, o := range others {
		if o == "*" || imp == o || strings.HasPrefix(imp, o+"/") {
			return ""
		}
	}
	return "a third-party package that its row does not name"
}

func allowed(name string, list []string) bool {
	for _, l := range list {
		if name == l {
			return true
		}
		if root, ok := strings.CutSuffix(l, "/..."); ok && (name == root || strings.HasPrefix(name, root+"/")) {
			return true
		}
	}
	return false
}

// TestRefused shows that the check can fail.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		imp  string
		want bool
	}{
		{module + "/server", true},
		{module + "/callkit", false},
		{"github.com/pion/webrtc/v4", true},
		{"connectrpc.com/connect", false},
		{"net/http", false},
	} {
		if got := refused("phone", c.imp, table["phone"].ours, table["phone"].others) != ""; got != c.want {
			t.Errorf("phone importing %s: refused = %v, want %v", c.imp, got, c.want)
		}
	}
}
