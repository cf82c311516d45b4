package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// swiftIndex is what the simulated modules declare: the names of Swift, as "CXHandle.init(type:value:)".
type swiftIndex struct {
	names   map[string]swiftName
	parents map[string][]string // what a type inherits from and conforms to
}

// swiftName is where a name is declared, and its number if it is a case with one.
type swiftName struct {
	file   string
	number *int64
}

// readSwift reads the sources below swift/Simulated.
func readSwift(root string) (*swiftIndex, error) {
	x := &swiftIndex{names: map[string]swiftName{}, parents: map[string][]string{}}
	files, err := filepath.Glob(filepath.Join(root, "swift", "Simulated", "*", "*.swift"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no swift/Simulated", root)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(filepath.Join(root, "swift", "Simulated"), f)
		if err != nil {
			return nil, err
		}
		x.scan(filepath.ToSlash(rel), string(b))
	}
	return x, nil
}

// find looks a name up, also in what its type inherits from.
func (x *swiftIndex) find(name string) (swiftName, bool) {
	if n, ok := x.names[name]; ok {
		return n, true
	}
	i := strings.LastIndex(strings.SplitN(name, "(", 2)[0], ".")
	if i < 0 {
		return swiftName{}, false
	}
	for _, p := range x.parents[name[:i]] {
		if n, ok := x.find(p + name[i:]); ok {
			return n, true
		}
	}
	return swiftName{}, false
}

var (
	swiftComment = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	swiftString  = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)
	swiftDecl    = regexp.MustCompile(`\b(func|init|var|let|case|class|struct|enum|protocol|extension|typealias)\b([?!]?)`)
	swiftWord    = regexp.MustCompile("^[\\s]*`?([A-Za-z_][\\w.]*)`?")
	swiftNumber  = regexp.MustCompile(`^\s*=\s*(-?[0-9][0-9a-fA-Fx_]*)`)
)

// scan notes the declarations of a file. It knows as much of Swift's grammar as these sources need.
func (x *swiftIndex) scan(file, src string) {
	src = swiftComment.ReplaceAllString(src, "")
	src = swiftString.ReplaceAllStringFunc(src, func(s string) string { return `"` + strings.Repeat("_", len(s)-2) + `"` })
	type scope struct {
		name   string // of a type; empty for other braces
		isType bool
		open   bool // members are public of themselves: protocols, public enums and extensions
	}
	stack := []scope{{isType: true}}
	var pending *scope // a type whose brace comes next
	next := swiftDecl.FindAllStringSubmatchIndex(src, -1)
	for i := 0; i < len(src); i++ {
		for len(next) > 0 && next[0][0] < i {
			next = next[1:]
		}
		switch {
		case src[i] == '{':
			if pending != nil {
				stack = append(stack, *pending)
				pending = nil
			} else {
				stack = append(stack, scope{})
			}
		case src[i] == '}' && len(stack) > 1:
			stack = stack[:len(stack)-1]
		}
		top := stack[len(stack)-1]
		if len(next) == 0 || next[0][0] != i || !top.isType {
			continue
		}
		m := next[0]
		word, rest := src[m[2]:m[3]], src[m[1]:]
		head := src[strings.LastIndexAny(src[:i], "\n{};")+1 : i]
		public := strings.Contains(head, "public") || strings.Contains(head, "open")
		name := word
		if w := swiftWord.FindStringSubmatch(rest); w != nil && word != "init" {
			name = w[1]
		}
		switch word {
		case "class", "struct", "enum", "protocol", "extension":
			if slices.Contains([]string{"func", "var", "let"}, name) {
				continue // class func
			}
			full := name
			if top.name != "" && word != "extension" {
				full = top.name + "." + name
			}
			brace := strings.IndexByte(rest, '{')
			if brace < 0 {
				continue
			}
			if _, list, ok := strings.Cut(rest[:brace], ":"); ok && !strings.Contains(name, "<") {
				for _, p := range strings.Split(list, ",") {
					x.parents[full] = append(x.parents[full], strings.TrimSpace(p))
				}
			}
			if public && word != "extension" {
				x.add(full, swiftName{file: file})
			}
			pending = &scope{name: full, isType: true, open: word == "protocol" || word == "enum" && public || word == "extension" && public}
			i = m[1] + brace - 1
		case "typealias":
			if public {
				x.add(join(top.name, name), swiftName{file: file})
			}
		case "case":
			for _, c := range cases(rest) {
				if top.open {
					x.add(join(top.name, c.name), swiftName{file, c.number})
				}
			}
		case "var", "let":
			if public || top.open {
				x.add(join(top.name, name), swiftName{file, raw(rest)})
			}
		case "func", "init":
			if public || top.open {
				labels, types := signature(rest)
				x.add(join(top.name, name+labels), swiftName{file: file})
				for _, t := range types { // tells functions apart that differ in types alone
					x.add(join(top.name, name+labels+"@"+t), swiftName{file: file})
				}
			}
		}
	}
}

func (x *swiftIndex) add(name string, n swiftName) {
	if _, ok := x.names[name]; !ok {
		x.names[name] = n
	}
}

func join(typ, name string) string {
	if typ == "" {
		return name
	}
	return typ + "." + name
}

type swiftCase struct {
	name   string
	number *int64
}

// cases reads what follows the word case: names with numbers or associated values.
func cases(rest string) (all []swiftCase) {
	line, _, _ := strings.Cut(rest, "\n")
	depth := 0
	for _, part := range strings.FieldsFunc(line, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ',' && depth == 0
	}) {
		w := swiftWord.FindStringSubmatch(part)
		if w == nil {
			continue
		}
		c := swiftCase{name: w[1]}
		after := strings.TrimLeft(strings.TrimSpace(part), "`")[len(w[1]):]
		c.number = parseNumber(strings.TrimLeft(after, "`"))
		all = append(all, c)
	}
	return all
}

func parseNumber(s string) *int64 {
	m := swiftNumber.FindStringSubmatch(s)
	if m == nil {
		return nil
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(m[1], "_", ""), 0, 64)
	if err != nil {
		return nil
	}
	return &n
}

var swiftRaw = regexp.MustCompile(`^[^\n=]*=\s*\w+\(rawValue:(\s*-?[0-9][0-9a-fA-Fx_]*)\)`)

// raw is the number of a static constant of an option set; nil for others.
func raw(rest string) *int64 {
	if m := swiftRaw.FindStringSubmatch(rest); m != nil {
		return parseNumber("=" + m[1])
	}
	return nil
}

// signature is the labels of a function, as (with:update:), and the types of its parameters. The isolation of an async function is not Apple's, and left out.
func signature(rest string) (labels string, types []string) {
	start := strings.IndexByte(rest, '(')
	if start < 0 {
		return "()", nil
	}
	depth, from := 0, start+1
	labels = "("
	for i := start; i < len(rest); i++ {
		end := false
		switch rest[i] {
		case '(', '[', '<':
			depth++
		case ']', '>':
			if i > 0 && rest[i-1] != '-' {
				depth--
			}
		case ')':
			depth--
			end = depth == 0
		case ',':
			end = depth == 1
		}
		if !end {
			continue
		}
		if w := swiftWord.FindStringSubmatch(rest[from:i]); w != nil && !strings.Contains(rest[from:i], "isolated (any Actor)?") {
			labels += w[1] + ":"
			_, t, _ := strings.Cut(rest[from:i], ":")
			t, _, _ = strings.Cut(t, "=")
			types = append(types, strings.TrimSpace(t))
		}
		from = i + 1
		if depth == 0 {
			break
		}
	}
	return labels + ")", types
}
