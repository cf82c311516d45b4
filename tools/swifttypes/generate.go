package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// sources are the packages whose types cross the border, with what their names begin with in Swift.
var sources = []struct{ dir, prefix string }{
	{"callkit/wire", "System"}, {"media/remote", "Media"}, {"capi/boundary", "Engine"}, {"capi/simulator", "Simulator"},
}

// foreign are types of other packages that the messages use.
var foreign = map[string]string{
	"callkit.Handle": "SystemHandle", "callkit.PushType": "String", "callkit.AudioPort": "String", "callkit.AudioCategory": "String",
	"callkit.AudioMode": "String", "callkit.AudioOptions": "UInt", "callkit.ApplicationState": "Int", "callkit.HandleType": "Int",
	"callkit.DTMFType": "Int", "callkit.TranslationEngine": "UInt", "callkit.CallCapability": "Int",
	"media.Role": "Int", "media.MessageKind": "Int", "media.EventKind": "Int", "time.Time": "Date",
	"wire.Message": "SystemMessage", "wire.Configuration": "SystemConfiguration", "wire.Launch": "SystemLaunch", "wire.Activity": "SystemActivity",
	"remote.Message": "MediaMessage",
}

var basic = map[string]string{
	"string": "String", "bool": "Bool", "int": "Int", "int64": "Int64", "uint64": "UInt64", "float64": "Double",
}

// head is how every written file begins.
const head = `// Generated from the Go types by tools/swifttypes. Do not edit: change the Go types, then go run ./tools/swifttypes.

import Foundation

`

// handle is callkit.Handle, which has no wire type of its own.
const handle = `/// CXHandle.
public struct SystemHandle: BoundaryValue, Sendable, Hashable {
    public var type: Int
    public var value: String

    public init(type: Int = 0, value: String = "") {
        self.type = type
        self.value = value
    }

    public func write(to json: inout BoundaryWriter) {
        json.begin()
        json.field("type", type)
        json.field("value", value)
        json.end()
    }

    public static func read(from json: inout BoundaryReader) throws -> SystemHandle {
        var m = SystemHandle()
        try json.begin()
        while let key = try json.key() {
            switch key {
            case "type": try json.value(into: &m.type)
            case "value": try json.value(into: &m.value)
            default: try json.skip()
            }
        }
        return m
    }
}
`

// generate returns the Swift sources for the Go types below root: a file for each type, named after it, so that a type
// keeps its file whatever becomes of the others.
func generate(root string) (map[string]string, error) {
	files := map[string]string{"SystemHandle.swift": head + handle}
	for _, s := range sources {
		if err := packageTypes(files, filepath.Join(root, s.dir), s.prefix); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// decl is one exported type of a package.
type decl struct {
	spec   *ast.TypeSpec
	doc    string
	consts []constant // of a string type
}

type constant struct{ name, value, doc string }

// packageTypes adds to out the types of the Go package in dir.
func packageTypes(out map[string]string, dir, prefix string) error {
	files, err := parse(dir)
	if err != nil {
		return err
	}
	types := map[string]*decl{}
	var order []string
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if t, ok := s.(*ast.TypeSpec); ok && t.Name.IsExported() {
					types[t.Name.Name] = &decl{spec: t, doc: first(g.Doc.Text())}
					order = append(order, t.Name.Name)
				}
			}
		}
	}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				collect(types, g)
			}
		}
	}
	for _, name := range order {
		var b strings.Builder
		if err := write(&b, types, types[name], prefix); err != nil {
			return fmt.Errorf("%s: %s: %w", dir, name, err)
		}
		if b.Len() == 0 {
			continue // it does not cross the border
		}
		file := prefix + name + ".swift"
		if _, twice := out[file]; twice {
			return fmt.Errorf("%s: %s: another type has the Swift name %s%s", dir, name, prefix, name)
		}
		out[file] = head + b.String()
	}
	return nil
}

// collect notes the constants of string types.
func collect(types map[string]*decl, g *ast.GenDecl) {
	for _, s := range g.Specs {
		v := s.(*ast.ValueSpec)
		t, ok := v.Type.(*ast.Ident)
		if !ok || types[t.Name] == nil {
			continue
		}
		for i, n := range v.Names {
			if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING && n.IsExported() {
				value, _ := strconv.Unquote(lit.Value)
				types[t.Name].consts = append(types[t.Name].consts, constant{lower(n.Name), value, first(v.Comment.Text())})
			}
		}
	}
}

// write writes the Swift type of d, or nothing if d is no message and no set of words.
func write(b *strings.Builder, types map[string]*decl, d *decl, prefix string) error {
	name := prefix + d.spec.Name.Name
	switch t := d.spec.Type.(type) {
	case *ast.StructType:
		return writeStruct(b, types, name, d, t, prefix)
	case *ast.Ident:
		if t.Name != "string" || len(d.consts) == 0 {
			return nil
		}
		fmt.Fprintf(b, "/// %s\npublic struct %s: RawRepresentable, BoundaryValue, Sendable, Hashable {\n    public let rawValue: String\n", d.doc, name)
		b.WriteString("    public init(rawValue: String) { self.rawValue = rawValue }\n\n")
		for _, c := range d.consts {
			if c.doc != "" {
				fmt.Fprintf(b, "    /// %s\n", c.doc)
			}
			fmt.Fprintf(b, "    public static let %s = %s(rawValue: %q)\n", escape(c.name), name, c.value)
		}
		b.WriteString("}\n")
	}
	return nil
}

type field struct{ name, typ, value, doc string }

func writeStruct(b *strings.Builder, types map[string]*decl, name string, d *decl, t *ast.StructType, prefix string) error {
	var fields []field
	for _, f := range t.Fields.List {
		if len(f.Names) == 0 || !f.Names[0].IsExported() {
			return nil // not a message
		}
		if f.Tag == nil {
			return nil
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		json, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if json == "" || json == "-" {
			return nil
		}
		typ, value, err := swiftType(types, f.Type, prefix)
		if err != nil {
			return fmt.Errorf("%s: %w", json, err)
		}
		doc := first(f.Doc.Text())
		if doc == "" {
			doc = first(f.Comment.Text())
		}
		fields = append(fields, field{json, typ, value, doc})
	}
	fmt.Fprintf(b, "/// %s\npublic struct %s: BoundaryValue, Sendable, Hashable {\n", d.doc, name)
	for _, f := range fields {
		if f.doc != "" {
			fmt.Fprintf(b, "    /// %s\n", f.doc)
		}
		fmt.Fprintf(b, "    public var %s: %s\n", escape(f.name), f.typ)
	}
	b.WriteString("\n    public init(")
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%s: %s = %s", escape(f.name), f.typ, f.value)
	}
	b.WriteString(") {\n")
	for _, f := range fields {
		fmt.Fprintf(b, "        self.%s = %s\n", f.name, escape(f.name))
	}
	b.WriteString("    }\n\n    /// Zero is left out, as in Go.\n    public func write(to json: inout BoundaryWriter) {\n        json.begin()\n")
	for _, f := range fields {
		switch {
		case strings.HasSuffix(f.typ, "?"):
			fmt.Fprintf(b, "        if let v = self.%s { json.field(%q, v) }\n", f.name, f.name)
		case strings.HasPrefix(f.typ, "["):
			fmt.Fprintf(b, "        if !self.%s.isEmpty { json.field(%q, self.%s) }\n", f.name, f.name, f.name)
		default:
			fmt.Fprintf(b, "        if self.%s != %s { json.field(%q, self.%s) }\n", f.name, f.value, f.name, f.name)
		}
	}
	fmt.Fprintf(b, "        json.end()\n    }\n\n    /// Absent is zero, as in Go.\n    public static func read(from json: inout BoundaryReader) throws -> %s {\n", name)
	fmt.Fprintf(b, "        var m = %s()\n        try json.begin()\n        while let key = try json.key() {\n            switch key {\n", name)
	for _, f := range fields {
		fmt.Fprintf(b, "            case %q: try json.value(into: &m.%s)\n", f.name, f.name)
	}
	b.WriteString("            default: try json.skip()\n            }\n        }\n        return m\n    }\n}\n")
	return nil
}

// swiftType is the Swift type of a Go type and its zero value.
func swiftType(types map[string]*decl, e ast.Expr, prefix string) (typ, zero string, err error) {
	switch t := e.(type) {
	case *ast.StarExpr:
		typ, _, err = swiftType(types, t.X, prefix)
		return typ + "?", "nil", err
	case *ast.ArrayType:
		if id, ok := t.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return "Data?", "nil", nil
		}
		typ, _, err = swiftType(types, t.Elt, prefix)
		return "[" + typ + "]", "[]", err
	case *ast.MapType:
		key, _, err := swiftType(types, t.Key, prefix)
		if err != nil {
			return "", "", err
		}
		value, _, err := swiftType(types, t.Value, prefix)
		return "[" + key + ": " + value + "]", "[:]", err
	case *ast.SelectorExpr:
		name := t.X.(*ast.Ident).Name + "." + t.Sel.Name
		typ, ok := foreign[name]
		if !ok {
			return "", "", fmt.Errorf("no Swift type is known for %s; add it to tools/swifttypes", name)
		}
		return typ, zeroOf(typ), nil
	case *ast.Ident:
		if typ, ok := basic[t.Name]; ok {
			return typ, zeroOf(typ), nil
		}
		d := types[t.Name]
		if d == nil {
			return "", "", fmt.Errorf("no Swift type is known for %s", t.Name)
		}
		if _, isStruct := d.spec.Type.(*ast.StructType); isStruct {
			return prefix + t.Name, prefix + t.Name + "()", nil
		}
		return prefix + t.Name, prefix + t.Name + `(rawValue: "")`, nil
	}
	return "", "", fmt.Errorf("no Swift type is known for %T", e)
}

func zeroOf(typ string) string {
	switch typ {
	case "String":
		return `""`
	case "Bool":
		return "false"
	case "Int", "Int64", "UInt", "UInt64", "Double":
		return "0"
	case "Date":
		return "Date(timeIntervalSince1970: 0)"
	}
	return typ + "()"
}

// parse reads the Go files of a folder, without tests, in the order of their names.
func parse(dir string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// first is the first line of a comment.
func first(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// lower makes a Go name a Swift one: PushCompletion is pushCompletion.
func lower(s string) string {
	for i, r := range s {
		if r < 'A' || r > 'Z' {
			if i > 1 {
				i--
			}
			return strings.ToLower(s[:i]) + s[i:]
		}
	}
	return strings.ToLower(s)
}

// escape puts Swift's own words in backquotes.
func escape(s string) string {
	switch s {
	case "continue", "extension", "in", "do", "init", "case", "default", "self", "is", "as":
		return "`" + s + "`"
	}
	return s
}
