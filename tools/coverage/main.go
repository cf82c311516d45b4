// Command coverage writes docs/api-coverage.md and docs/swift-coverage.md: what of Apple's documented API stands in Go, and
// in the Swift modules for Linux, under which name, and why the rest is left out. apple.json lists Apple's names and numbers, go.txt and
// swift.txt what stands for them. It is no judge of
// behaviour: that a name exists says nothing about how it behaves, which is what the scenarios prove.
//
//	go run ./tools/coverage
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

// run writes the pages of the repository at root.
func run(root string) error {
	for path, render := range map[string]func(string) ([]byte, []string, error){pagePath: render, swiftPagePath: renderSwift} {
		page, problems, err := render(root)
		if err != nil {
			return err
		}
		for _, p := range problems {
			fmt.Fprintln(os.Stderr, p)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%d problems; %s was not written", len(problems), path)
		}
		if err := os.WriteFile(filepath.Join(root, path), page, 0o644); err != nil {
			return err
		}
	}
	return nil
}
