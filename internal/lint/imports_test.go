// Package lint holds checks of the repository itself.
package lint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/redust/redust/"

// imports is the order of the house: which packages of ours a package may
// import. A trailing "/*" covers every package below. Test files may also use what
// tests need. Changing this table is a design decision: it gets an ADR.
var imports = map[string][]string{
	"protocol":                    {},
	"configs":                     {},
	"conformance":                 {},
	"conformance/clients":         {},
	"core/keyspace":               {},
	"core/packed":                 {},
	"core/rdb":                    {"core/packed"},
	"core/effects":                {"protocol"},
	"core/options":                {"configs", "protocol"},
	"core":                        {"core/effects", "core/keyspace", "core/options", "core/rdb", "core/packed", "protocol"},
	"core/sockets":                {},
	"core/server":                 {"core", "core/options", "core/sockets", "protocol"},
	"core/coretest":               {"core", "core/effects", "core/keyspace", "core/options", "core/rdb", "protocol"},
	"auth":                        {"core", "core/options", "protocol"},
	"observability":               {"core", "core/options", "protocol"},
	"persistence":                 {"core", "core/effects", "core/keyspace", "core/options", "core/rdb", "protocol"},
	"replication":                 {"core", "core/effects", "core/keyspace", "core/options", "core/rdb", "protocol"},
	"families/auth":               {"auth", "core", "core/options", "protocol"},
	"families/standard":           {"core", "families/*"},
	"families/*":                  {"core", "core/keyspace", "core/options", "core/packed", "core/rdb", "protocol"},
	"cmd":                         {"auth", "configs", "core", "core/effects", "core/keyspace", "core/options", "core/rdb", "core/server", "observability", "persistence", "protocol", "replication"},
	"cmd/redust":                  {"cmd", "families/standard"},
	"cmd/redust-bench":            {"cmd/redust-bench/load"},
	"cmd/redust-bench/load":       {"core/sockets", "protocol"},
	"internal/tools/pgo/profiled": {"cmd", "families/standard"},
	"internal/*":                  {"core", "core/sockets", "cmd/redust-bench/load", "protocol"},
}

// forTests are what test files may import beside.
var forTests = []string{"core/coretest", "core/options", "core/keyspace", "core/rdb", "core/packed", "families/*", "protocol", "core", "core/server", "auth", "configs"}

func TestImportsGoDown(t *testing.T) {
	root := repositoryRoot(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, _ := filepath.Rel(root, filepath.Dir(path))
		allowed, known := rule(filepath.ToSlash(rel))
		if !known {
			t.Errorf("%s: the package is not in the table of imports", rel)
			return nil
		}
		if strings.HasSuffix(name, "_test.go") {
			allowed = append(append([]string{filepath.ToSlash(rel)}, allowed...), forTests...)
		}
		check(t, path, rel, allowed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, path, rel string, allowed []string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, imp := range f.Imports {
		p := strings.Trim(imp.Path.Value, `"`)
		ours, ok := strings.CutPrefix(p, module)
		if ok && !matches(ours, allowed) {
			t.Errorf("%s (package %s) imports %s", filepath.Base(path), rel, ours)
		}
	}
}

func rule(pkg string) ([]string, bool) {
	if a, ok := imports[pkg]; ok {
		return a, true
	}
	for dir := pkg; strings.Contains(dir, "/"); {
		dir = dir[:strings.LastIndexByte(dir, '/')]
		if a, ok := imports[dir+"/*"]; ok {
			return a, true
		}
	}
	return nil, false
}

func matches(pkg string, allowed []string) bool {
	for _, a := range allowed {
		if a == pkg || strings.HasSuffix(a, "/*") && strings.HasPrefix(pkg, strings.TrimSuffix(a, "*")) {
			return true
		}
	}
	return false
}

// repositoryRoot is the folder that holds go.mod.
func repositoryRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}
