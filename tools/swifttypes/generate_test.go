package main

import (
	"maps"
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
	have, err := written(filepath.Join(root, out))
	if err != nil {
		t.Fatal(err)
	}
	const run = "run: go run ./tools/swifttypes"
	for name, text := range want {
		if have[name] != text {
			t.Errorf("%s/%s is stale; %s", out, name, run)
		}
		if lines := strings.Count(text, "\n"); lines > 600 {
			t.Errorf("%s has %d lines, and a file has at most 600: its Go type is too large", name, lines)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("%s/%s is of no type that there is; %s", out, name, run)
		}
	}
	for _, must := range []string{"SystemHandle", "SystemMessage", "MediaMessage", "EngineOut", "EngineIn", "EngineSnapshot", "SimulatorIn"} {
		if !strings.Contains(want[must+".swift"], "public struct "+must+":") {
			t.Errorf("the Swift types lack %s", must)
		}
	}
}

// The folder has what the types are now, and no file of a type that is gone; what is not Swift is left alone.
func TestReplace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Boundary")
	for _, files := range []map[string]string{
		{"EngineIn.swift": "in", "EngineOut.swift": "out"},
		{"EngineIn.swift": "in, changed", "EngineLog.swift": "log"},
	} {
		if err := replace(dir, files); err != nil {
			t.Fatal(err)
		}
		have, err := written(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(have, files) {
			t.Errorf("the folder has %v, want %v", have, files)
		}
		if err := os.WriteFile(filepath.Join(dir, "README.md"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Error(err)
	}
}
