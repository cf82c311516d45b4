package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// replace makes files, text by name, all that dir has in Swift: it writes them and removes the others.
func replace(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := written(dir)
	if err != nil {
		return err
	}
	for name := range old {
		if _, ok := files[name]; ok {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for name, text := range files {
		if old[name] == text {
			continue // Swift's build goes by the file's time
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// written is what dir has in Swift, text by name.
func written(dir string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.swift"))
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("what was written before: %w", err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files, nil
}
