package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	gopath "path"
	"path/filepath"
	"strings"
)

const module = "github.com/ringtrip/ringtrip/"

// packages are where Go names are looked for: the first for names without a package.
var packages = map[string]string{"callkit": "callkit", "lck": "callkit/lck", "iossim": "iossim"}

// resolver finds Go names by type-checking our packages from source. Packages of others are empty to it, so that it
// needs no toolchain: what they would declare is not looked for, and errors about them are nobody's here.
type resolver struct {
	root  string
	fset  *token.FileSet
	known map[string]*types.Package
}

func newResolver(root string) *resolver {
	return &resolver{root: root, fset: token.NewFileSet(), known: map[string]*types.Package{}}
}

// Import is part of [types.Importer].
func (r *resolver) Import(path string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(path, module)
	if p := r.known[path]; p != nil {
		return p, nil
	}
	if !ours {
		p := types.NewPackage(path, gopath.Base(path))
		p.MarkComplete()
		r.known[path] = p
		return p, nil
	}
	info, err := build.Default.ImportDir(filepath.Join(r.root, dir), 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range info.GoFiles {
		f, err := parser.ParseFile(r.fset, filepath.Join(r.root, dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: r, Error: func(error) {}}
	p, _ := conf.Check(path, r.fset, files, nil)
	r.known[path] = p
	return p, nil
}

// find returns what a name of go.txt stands for: Name, Type.Member, or one of these after lck. or iossim.
func (r *resolver) find(name string) (types.Object, error) {
	parts := strings.Split(name, ".")
	pkg := "callkit"
	if _, ok := packages[parts[0]]; ok {
		pkg, parts = parts[0], parts[1:]
	}
	if len(parts) < 1 || len(parts) > 2 {
		return nil, fmt.Errorf("%s is neither Name nor Type.Member", name)
	}
	p, err := r.Import(module + packages[pkg])
	if err != nil {
		return nil, err
	}
	o := p.Scope().Lookup(parts[0])
	if o == nil || !o.Exported() {
		return nil, fmt.Errorf("package %s has no %s", pkg, parts[0])
	}
	if len(parts) == 1 {
		return o, nil
	}
	m, _, _ := types.LookupFieldOrMethod(types.NewPointer(o.Type()), true, p, parts[1])
	if m == nil { // an interface's method is not a method of a pointer to it
		m, _, _ = types.LookupFieldOrMethod(o.Type(), true, p, parts[1])
	}
	if m == nil || !m.Exported() {
		return nil, fmt.Errorf("%s.%s has no field or method %s", pkg, parts[0], parts[1])
	}
	return m, nil
}

// number is the value of an integer constant.
func number(o types.Object) (int64, bool) {
	c, ok := o.(*types.Const)
	if !ok {
		return 0, false
	}
	return constant.Int64Val(constant.ToInt(c.Val()))
}

// where is the file that declares o, from the root of the repository.
func (r *resolver) where(o types.Object) string {
	file, err := filepath.Rel(r.root, r.fset.Position(o.Pos()).Filename)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(file)
}
