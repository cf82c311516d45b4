package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// roots are what dist is built from: the same list as in sources.js.
var roots = []string{"index.html", "package.json", "package-lock.json", "public", "sources.js", "src", "svelte.config.js", "tsconfig.json", "vite.config.ts"}

// TestDistIsBuiltFromTheseSources compares the tree with what the build wrote down about it.
func TestDistIsBuiltFromTheseSources(t *testing.T) {
	const rebuild = "run npm ci && npm run build in web, and commit dist"
	listing, err := os.ReadFile("dist/sources.sha256")
	if err != nil {
		t.Fatalf("%v; %s", err, rebuild)
	}
	built := map[string]string{}
	for line := range strings.Lines(string(listing)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			t.Fatalf("dist/sources.sha256 has the line %q; %s", line, rebuild)
		}
		built[name] = sum
	}
	if len(built) < len(roots) {
		t.Fatalf("dist/sources.sha256 names %d files only; %s", len(built), rebuild)
	}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			name = filepath.ToSlash(name)
			sum := sha256.Sum256(content)
			switch {
			case built[name] == "":
				t.Errorf("%s is not in dist; %s", name, rebuild)
			case built[name] != hex.EncodeToString(sum[:]):
				t.Errorf("%s has changed since dist was built; %s", name, rebuild)
			}
			delete(built, name)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range built {
		t.Errorf("dist was built from %s, which is gone; %s", name, rebuild)
	}
}
