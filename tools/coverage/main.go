// Command coverage writes docs/api-coverage.md: what of Apple's documented API stands in Go, under which name, and why
// the rest is left out. apple.json lists Apple's names and numbers, go.txt what stands for them. It is no judge of
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

// run writes the page of the repository at root.
func run(root string) error {
	page, problems, err := render(root)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems; the page was not written", len(problems))
	}
	return os.WriteFile(filepath.Join(root, pagePath), page, 0o644)
}
