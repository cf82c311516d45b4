package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// class is what Apple's documentation says of one class, protocol or enumeration: names, or names with numbers.
type class struct {
	Name      string   `json:"name"`
	Framework string   `json:"framework"`
	Since     string   `json:"since"` // version of iOS
	Members   []string `json:"members"`
	Values    values   `json:"values"`
}

// values are an enumeration's cases, in the order of the file.
type values []value

type value struct {
	name   string
	number int64
}

// UnmarshalJSON keeps the order, which a map would lose.
func (v *values) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("an enumeration has %v for a name", key)
		}
		var n int64
		if err := d.Decode(&n); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*v = append(*v, value{name, n})
	}
	return nil
}

// names are the class's members and cases.
func (c class) names() []string {
	names := append([]string(nil), c.Members...)
	for _, v := range c.Values {
		names = append(names, v.name)
	}
	return names
}

// row is a line of go.txt: Go names with a note, or a reason without names.
type row struct {
	line   int
	names  []string
	note   string
	reason string
}

// readApple reads apple.json.
func readApple(dir string) ([]class, error) {
	b, err := os.ReadFile(filepath.Join(dir, "apple.json"))
	if err != nil {
		return nil, err
	}
	var classes []class
	if err := json.Unmarshal(b, &classes); err != nil {
		return nil, fmt.Errorf("apple.json: %w", err)
	}
	return classes, nil
}

// readRows reads go.txt: for each class its rows by Apple's name.
func readRows(dir string) (map[string]map[string]row, error) { return readTable(dir, "go.txt") }

func readTable(dir, file string) (map[string]map[string]row, error) {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	return parseTable(file, string(b))
}

func parseRows(text string) (map[string]map[string]row, error) { return parseTable("go.txt", text) }

func parseTable(file, text string) (map[string]map[string]row, error) {
	rows := map[string]map[string]row{}
	var in map[string]row
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		fail := func(want string) error { return fmt.Errorf("%s:%d: %q: %s", file, i+1, line, want) }
		switch {
		case line == "", strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			name, ok := strings.CutSuffix(line[1:], "]")
			if !ok || rows[name] != nil {
				return nil, fail("want a [class] that was not before")
			}
			in = map[string]row{}
			rows[name] = in
			continue
		case in == nil:
			return nil, fail("no [class] before it")
		}
		r := row{line: i + 1}
		name, rest, ok := strings.Cut(line, " = ")
		if ok {
			names, note, _ := strings.Cut(rest, " ; ")
			r.names, r.note = strings.Split(names, ", "), strings.TrimSpace(note)
		} else if name, rest, ok = strings.Cut(line, " -- "); ok {
			r.reason = strings.TrimSpace(rest)
		}
		if _, twice := in[name]; !ok || twice || r.reason == "" && len(r.names) == 0 {
			return nil, fail("want a name that was not before, and \" = Name ; note\" or \" -- reason\"")
		}
		in[name] = r
	}
	return rows, nil
}
