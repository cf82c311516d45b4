package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
)

// scenarioCmd runs scenario files on the simulated iPhone.
type scenarioCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Scenario files, or folders of them (*.txt); none: the scenarios that ringtrip brings."`
	Only  []string `help:"Play only the scenarios with these names." placeholder:"ID"`
	Seed  uint64   `help:"The seed of the simulated world." default:"1"`
	Log   bool     `help:"Print the whole system log of each scenario."`
	JSON  bool     `help:"Print JSON, for machines."`
}

// Run plays all scenarios and fails if one did not go as it says.
func (c *scenarioCmd) Run(o out) error {
	options := callkittest.Options{Seed: c.Seed, Only: c.Only}
	var reports []callkittest.Report
	if len(c.Files) == 0 {
		builtin := callkittest.Builtin()
		names, err := fs.Glob(builtin, "*.txt")
		if err != nil {
			return err
		}
		for _, name := range names {
			f, err := builtin.Open(name)
			if err != nil {
				return err
			}
			r, err := callkittest.Run(f, name, options)
			_ = f.Close()
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
	}
	for _, path := range c.Files {
		files, err := scenarioFiles(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			r, err := callkittest.RunFile(file, options)
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
	}
	return c.print(o, reports)
}

// scenarioFiles returns the file, or the scenario files of a folder.
func scenarioFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading scenarios: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files, err := filepath.Glob(filepath.Join(path, "*.txt"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("the folder %s has no scenario files (*.txt)", path)
	}
	return files, err
}

func (c *scenarioCmd) print(o out, reports []callkittest.Report) error {
	// A file in which --only names nothing is no failure.
	reports = slices.DeleteFunc(reports, func(r callkittest.Report) bool { return len(c.Only) > 0 && len(r.Results) == 0 })
	ok := len(reports) > 0
	for _, r := range reports {
		ok = ok && r.OK()
	}
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		if err := enc.Encode(reports); err != nil {
			return err
		}
	} else {
		c.text(o, reports)
	}
	switch {
	case len(reports) == 0:
		return fmt.Errorf("no scenario is named %s", strings.Join(c.Only, " or "))
	case !ok:
		return errFailed
	}
	return nil
}

func (c *scenarioCmd) text(o out, reports []callkittest.Report) {
	for _, r := range reports {
		fmt.Fprintf(o, "%s\n%s", r.File, r)
		if !c.Log {
			continue
		}
		for _, x := range r.Results {
			fmt.Fprintf(o, "\n%s %s\n%s", x.Name(), x.Title, x.Log)
		}
	}
}
