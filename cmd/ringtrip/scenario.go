package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/iossim"
)

// scenarioCmd runs scenario files on the simulated iPhone.
type scenarioCmd struct {
	Files  []string          `arg:"" optional:"" name:"file" help:"Scenario files, or folders of them (*.txt); none: the scenarios that ringtrip brings."`
	Only   []string          `help:"Play only the scenarios with these names." placeholder:"ID"`
	OS     string            `name:"os" help:"The version of iOS to play on; left out: the newest that each scenario applies to." placeholder:"VERSION"`
	Knob   map[string]string `help:"A setting of the simulated iPhone, before those of the scenarios; may be given several times." placeholder:"NAME=VALUE" mapsep:"none"`
	Seed   uint64            `help:"The seed of the simulated world." default:"1"`
	All    bool              `help:"Play everything on every version of iOS and print a table." xor:"what"`
	Rules  bool              `help:"Print the rules of the iOS call system with the scenarios that prove them, as Markdown." xor:"what"`
	Knobs  bool              `help:"List the settings of the simulated iPhone." xor:"what"`
	Record string            `help:"Write what happened in the one scenario that --only names as a call log." placeholder:"FILE" xor:"what"`
	Replay string            `help:"Play a call log's inputs again and compare what follows." placeholder:"FILE" xor:"what"`
	Log    bool              `help:"Print the whole system log of each scenario."`
	JSON   bool              `help:"Print JSON, for machines."`
}

// Run plays all scenarios and fails if one did not go as it says.
func (c *scenarioCmd) Run(o out) error {
	if err := c.check(); err != nil {
		return err
	}
	switch {
	case c.Rules:
		doc, err := callkittest.RulesDoc()
		if err == nil {
			_, err = fmt.Fprint(o, doc)
		}
		return err
	case c.Knobs:
		return c.listKnobs(o)
	case c.Replay != "":
		return c.replay(o)
	}
	options := callkittest.Options{Seed: c.Seed, Only: c.Only, OS: c.OS, Knobs: c.Knob, AllProfiles: c.All}
	reports, err := c.play(options)
	switch {
	case err != nil:
		return err
	case c.Record != "":
		return c.record(o, reports)
	case c.All && !c.JSON:
		return c.table(o, reports)
	}
	return c.print(o, reports)
}

// check refuses settings that there are not, before anything is played.
func (c *scenarioCmd) check() error {
	if c.OS != "" {
		if _, err := iossim.Profile(c.OS); err != nil {
			return fmt.Errorf("--os: %w", err)
		}
		if c.All {
			return errors.New("--all is every version of iOS: leave out --os")
		}
	}
	for name, value := range c.Knob {
		k := iossim.DefaultKnobs()
		if err := k.Set(name, value); err != nil {
			return fmt.Errorf("--knob %s=%s: %w", name, value, err)
		}
	}
	return nil
}

func (c *scenarioCmd) play(options callkittest.Options) (reports []callkittest.Report, err error) {
	if len(c.Files) == 0 {
		builtin := callkittest.Builtin()
		names, err := fs.Glob(builtin, "*.txt")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			f, err := builtin.Open(name)
			if err != nil {
				return nil, err
			}
			r, err := callkittest.Run(f, name, options)
			_ = f.Close()
			if err != nil {
				return nil, err
			}
			reports = append(reports, r)
		}
	}
	for _, path := range c.Files {
		files, err := scenarioFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			r, err := callkittest.RunFile(file, options)
			if err != nil {
				return nil, err
			}
			reports = append(reports, r)
		}
	}
	// A file in which --only names nothing, or nothing applies to --os, is no failure.
	reports = slices.DeleteFunc(reports, func(r callkittest.Report) bool {
		return len(r.Results) == 0 && (len(c.Only) > 0 || len(r.Skipped) > 0)
	})
	if len(reports) == 0 && c.OS != "" {
		return nil, fmt.Errorf("no scenario is left that applies to iOS %s", c.OS)
	}
	if len(reports) == 0 {
		return nil, fmt.Errorf("no scenario is named %s", strings.Join(c.Only, " or "))
	}
	return reports, nil
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
	ok := true
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
	if !ok {
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

// listKnobs prints what can be set.
func (c *scenarioCmd) listKnobs(o out) error {
	list := iossim.KnobList()
	slices.SortFunc(list, func(x, y iossim.KnobInfo) int { return strings.Compare(x.Name, y.Name) })
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	for _, k := range list {
		values := strings.Join(k.Values, " | ")
		if values == "" && k.Most != "" {
			values = k.Least + " to " + k.Most
		}
		fmt.Fprintf(o, "%s = %s", k.Name, k.Default)
		if values != "" {
			fmt.Fprintf(o, "  (%s)", values)
		}
		fmt.Fprintf(o, "\n    %s\n    %s: %s\n", k.Doc, k.Confidence, k.Source)
	}
	return nil
}
