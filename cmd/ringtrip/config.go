package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// configFile is a configuration file: a JSON object whose keys are the names of flags. A flag on the command line and
// the environment count more.
type configFile map[string]any

// loadConfig is what kong calls for a --config flag.
func loadConfig(r io.Reader) (kong.Resolver, error) {
	var c configFile
	if err := json.NewDecoder(r).Decode(&c); err != nil {
		return nil, fmt.Errorf("the configuration file is not a JSON object of flags, as {\"listen\": \"127.0.0.1:8787\"}: %w", err)
	}
	return c, nil
}

// Validate refuses keys that are no flag: a setting that nobody reads is a mistake.
func (c configFile) Validate(app *kong.Application) error {
	known := flagNames(app.Node)
	for key := range c {
		if !slices.Contains(known, key) {
			return fmt.Errorf("the configuration file has the unknown setting %q; the settings are the flags: %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

func flagNames(n *kong.Node) []string {
	var names []string
	for _, f := range n.Flags {
		names = append(names, f.Name)
	}
	for _, child := range n.Children {
		names = append(names, flagNames(child)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Resolve returns the file's value for a flag, nil if it has none.
func (c configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	return c[flag.Name], nil
}
