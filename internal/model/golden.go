package model

import (
	"os"
	"path/filepath"
	"testing"
)

// Golden compares a document that is written from a machine's rows with the file in docs/model of that name, which
// update rewrites. It fails the test if the file is stale.
func Golden(t *testing.T, machine, document string, update bool) {
	t.Helper()
	root := ".."
	for _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil; _, err = os.Stat(filepath.Join(root, "go.mod")) {
		if len(root) > 32 {
			t.Fatal("no go.mod above the package: where is docs/model?")
		}
		root = filepath.Join("..", root)
	}
	path := filepath.Join(root, "docs", "model", machine+".md")
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with: go test -run Docs -update, in the package of the machine", err)
	}
	if string(got) != document {
		t.Errorf("%s is stale; rewrite it with: go test -run Docs -update, in the package of the machine", path)
	}
}
