package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/ringtrip/ringtrip/server"
)

// A configFile is a configuration file: YAML (so JSON too) whose keys are the names of serve's flags, and "apps", which
// has no flag. What the command line or the environment says counts more.
type configFile struct {
	name   string
	values map[string]any
	apps   []appConfig
	root   *ast.MappingNode // nil: the file is empty
}

// loadConfig is what kong calls for a --config flag.
func loadConfig(r io.Reader) (kong.Resolver, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	name := "the configuration file"
	if f, ok := r.(interface{ Name() string }); ok {
		name = f.Name()
	}
	return parseConfig(name, b)
}

// parseConfig reads a file's text. It does not know the flags yet: see Validate.
func parseConfig(name string, text []byte) (*configFile, error) {
	c := &configFile{name: name, values: map[string]any{}}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %s", name, yaml.FormatError(err, false, true))
	}
	docs := slices.DeleteFunc(tree.Docs, func(d *ast.DocumentNode) bool { return d == nil || d.Body == nil || isComment(d.Body) })
	switch {
	case len(docs) == 0:
		return c, nil
	case len(docs) > 1:
		return nil, fmt.Errorf("%s has %d YAML documents: one is read, take the others and their --- out", name, len(docs))
	}
	switch body := docs[0].Body.(type) {
	case *ast.MappingNode:
		c.root = body
	case *ast.NullNode:
		return c, nil
	default:
		return nil, fmt.Errorf("%s is not a list of settings, as: listen: 127.0.0.1:8787", name)
	}
	for _, pair := range c.root.Values {
		key := keyOf(pair)
		if key == "apps" {
			if err := c.checkKeys(pair.Value, reflect.TypeFor[[]appConfig](), "apps"); err != nil {
				return nil, err
			}
			if err := yaml.NodeToValue(pair.Value, &c.apps, yaml.Strict()); err != nil {
				return nil, fmt.Errorf("%s: apps: %s", name, yaml.FormatError(err, false, true))
			}
			continue
		}
		var v any
		if err := yaml.NodeToValue(pair.Value, &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %s", name, lineOf(pair), key, yaml.FormatError(err, false, false))
		}
		if c.values[key], err = flagValue(v); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", name, lineOf(pair), key, err)
		}
	}
	return c, nil
}

func isComment(n ast.Node) bool { _, is := n.(*ast.CommentGroupNode); return is }

func keyOf(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

func lineOf(pair *ast.MappingValueNode) int { return pair.Key.GetToken().Position.Line }

// flagValue turns a YAML value into what kong takes for a flag.
func flagValue(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool, string:
		return v, nil
	case []any:
		for i := range v {
			if _, isMap := v[i].(map[string]any); isMap {
				return nil, errors.New("it is a list of plain values")
			}
			v[i] = fmt.Sprint(v[i])
		}
		return v, nil
	case map[string]any: // a flag that wants JSON
		b, err := json.Marshal(v)
		return string(b), err
	}
	return fmt.Sprint(v), nil
}

// Validate refuses keys that are no setting: a setting that nobody reads is a mistake.
func (c *configFile) Validate(app *kong.Application) error {
	if c.root == nil {
		return nil
	}
	known := append(settings(app), "apps")
	for _, pair := range c.root.Values {
		if key := keyOf(pair); !slices.Contains(known, key) {
			return c.unknown(lineOf(pair), key, known)
		}
	}
	return nil
}

// settings are the names of serve's flags.
func settings(app *kong.Application) []string {
	var names []string
	for _, child := range app.Children {
		if child.Name != "serve" {
			continue
		}
		for _, f := range child.Flags {
			if f.Name != "config" {
				names = append(names, f.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (c *configFile) unknown(line int, key string, known []string) error {
	hint := "known are: " + strings.Join(known, ", ")
	if near := nearest(key, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("%s:%d: the unknown setting %q; %s", c.name, line, key, hint)
}

// checkKeys refuses keys below apps that their struct does not have.
func (c *configFile) checkKeys(n ast.Node, t reflect.Type, path string) error {
	switch n := n.(type) {
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			return fmt.Errorf("%s:%d: %s is not a list", c.name, n.GetToken().Position.Line, path)
		}
		for _, one := range n.Values {
			if err := c.checkKeys(one, t.Elem(), path); err != nil {
				return err
			}
		}
	case *ast.MappingNode:
		if t.Kind() == reflect.Slice {
			return fmt.Errorf("%s:%d: %s is a list: begin each entry with a dash", c.name, n.Values[0].Key.GetToken().Position.Line, path)
		}
		if t.Kind() != reflect.Struct {
			return nil // the decoder says what is wrong
		}
		fields := yamlFields(t)
		for _, pair := range n.Values {
			f, ok := fields[keyOf(pair)]
			if !ok {
				return c.unknown(lineOf(pair), path+": "+keyOf(pair), keysOf(fields, path))
			}
			if err := c.checkKeys(pair.Value, f, path+"."+keyOf(pair)); err != nil {
				return err
			}
		}
	}
	return nil
}

// yamlFields are the types of a struct's fields by their key.
func yamlFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

func keysOf(fields map[string]reflect.Type, path string) []string {
	var keys []string
	for k := range fields {
		keys = append(keys, path+": "+k)
	}
	slices.Sort(keys)
	return keys
}

// Resolve returns the file's value for a flag, nil if it has none or the environment has one.
func (c *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	return c.values[flag.Name], nil
}

// nearest returns the known word that is most like word, empty if none is.
func nearest(word string, known []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be added, taken away or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := last
			if a[i] != b[j] {
				d++
			}
			last = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// configOf reads the file that --config names; nil if it names none.
func configOf(flag kong.ConfigFlag) (*configFile, error) {
	if flag == "" {
		return nil, nil
	}
	text, err := os.ReadFile(kong.ExpandPath(string(flag)))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return parseConfig(string(flag), bytes.TrimPrefix(text, []byte("\ufeff")))
}

// configCmd looks at configuration files.
type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Read a configuration as serve does, with the files that it names, and say what is wrong. Nothing is started or connected to."`
	Example configExampleCmd `cmd:"" help:"Print a configuration with every setting, its meaning and its default."`
}

type configCheckCmd struct {
	File string `arg:"" help:"The configuration file." type:"existingfile"`
}

// Run parses the file with serve's own command line.
func (c *configCheckCmd) Run(o out) error {
	parsed, _, err := parse([]string{"serve", "--config", c.File}, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	apps, err := parsed.Serve.apps()
	if err != nil {
		return err
	}
	b, err := parsed.Serve.build(apps, nil, nil)
	if err != nil {
		return err
	}
	defer b.close()
	if err := server.CheckApps(b.apps); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o, "%s: ok, %d app(s)\n", c.File, len(apps))
	return err
}
