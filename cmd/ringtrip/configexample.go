package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// configExampleCmd prints the configuration that ringtrip.example.yaml is.
type configExampleCmd struct{}

// Run prints it.
func (configExampleCmd) Run(o out) error {
	text, err := exampleConfig()
	if err != nil {
		return err
	}
	_, err = io.WriteString(o, text)
	return err
}

const exampleHead = `# The configuration of "ringtrip serve --config FILE": every setting, its meaning and its default.
# A flag on the command line counts most, then the environment (RINGTRIP_ and the name in capitals, as RINGTRIP_PUBLIC_URL),
# then this file. Settings without a default are commented out. "ringtrip config check FILE" says what is wrong.
#
# SIGHUP makes a running server read it again: apps with their keys and senders, and log-level, are taken over at once;
# whatever else changed is said in the log and waits for a restart. If anything is wrong, all stays as it was.
`

const exampleApps = `
# Several apps in one deployment: their users, devices and calls never meet. With this list, the settings app, key,
# bundle, apns-key and so on above are not used, and key and apns-key must be empty. Keys are named, never written here.
`

// exampleConfig writes the example from the flags and from the fields of appConfig, so that it can't miss one.
func exampleConfig() (string, error) {
	parser, err := kong.New(&cli{}, kong.Name("ringtrip"), kong.Configuration(loadConfig))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(exampleHead)
	for _, child := range parser.Model.Children {
		if child.Name != "serve" {
			continue
		}
		for _, f := range child.Flags {
			if f.Name == "config" || f.Name == "help" || f.Hidden {
				continue
			}
			comment(&b, "", f.Help)
			value := f.Default
			switch {
			case value == "" && f.IsBool():
				value = "false"
			case value == "":
				fmt.Fprintf(&b, "#%s: %s\n", f.Name, quoted(placeholder(f)))
				continue
			}
			fmt.Fprintf(&b, "%s: %s\n", f.Name, quoted(value))
		}
	}
	b.WriteString(exampleApps + "#apps:\n")
	fields(&b, reflect.TypeFor[appConfig](), "  ")
	return b.String(), nil
}

// placeholder is what stands where a setting has no default.
func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Name)
}

func comment(b *strings.Builder, indent, text string) {
	fmt.Fprintf(b, "\n%s# %s\n", indent, text)
}

// fields writes one entry of a list of structs, commented out.
func fields(b *strings.Builder, t reflect.Type, indent string) { entry(b, t, indent, "- ") }

// entry writes the fields of a struct, commented out; mark stands before the first.
func entry(b *strings.Builder, t reflect.Type, indent, mark string) {
	others := strings.Repeat(" ", len(mark))
	for f := range t.Fields() {
		name, help, example := f.Tag.Get("yaml"), f.Tag.Get("help"), f.Tag.Get("example")
		name, _, _ = strings.Cut(name, ",")
		switch {
		case name == "": // no setting
			continue
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			fmt.Fprintf(b, "#%s%s%s: # %s\n", indent, mark, name, help)
			fields(b, f.Type.Elem(), indent+"    ")
		case f.Type.Kind() == reflect.Slice:
			fmt.Fprintf(b, "#%s%s%s: [%s] # %s\n", indent, mark, name, example, help)
		case f.Type.Kind() == reflect.Struct:
			fmt.Fprintf(b, "#%s%s%s: # %s\n", indent, mark, name, help)
			entry(b, f.Type, indent+"    ", "")
		case f.Type == reflect.TypeFor[time.Duration]() || f.Type.Kind() == reflect.Bool || f.Type.Kind() == reflect.Int || f.Type.Kind() == reflect.Float64:
			fmt.Fprintf(b, "#%s%s%s: %s # %s\n", indent, mark, name, example, help)
		default:
			fmt.Fprintf(b, "#%s%s%s: %s # %s\n", indent, mark, name, quoted(example), help)
		}
		mark = others
	}
}

// quoted is a value as YAML takes it for text, where it would take it for something else.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, ":#{}[],&*!|>'\"%@`") || strings.TrimSpace(s) != s {
		return fmt.Sprintf("%q", s)
	}
	return s
}
