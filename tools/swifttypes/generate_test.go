package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBoundaryIsFresh(t *testing.T) {
	root := filepath.Join("..", "..")
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(root, out))
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is stale; run: go run ./tools/swifttypes", out)
	}
	for _, must := range []string{"struct SystemMessage", "struct MediaMessage", "struct EngineOut", "struct EngineIn", "struct EngineSnapshot", "struct SimulatorIn"} {
		if !strings.Contains(want, must) {
			t.Errorf("the Swift types lack %s", must)
		}
	}
}
