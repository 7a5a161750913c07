package lint

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docPath = regexp.MustCompile("`([a-z][a-z0-9_./-]*/[A-Za-z0-9_.*-]+\\.(?:go|md|yaml|txt|sh))`|\\]\\(([^)#:]+)\\)")
	docTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
)

// What the texts for people name is there: files, the targets of links, and tests.
func TestDocsNameWhatExists(t *testing.T) {
	root := filepath.Join("..", "..")
	tests := testNames(t, root)
	for _, doc := range documents(t, root) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docPath.FindAllSubmatch(text, -1) {
			if path := string(m[1]) + string(m[2]); !exists(root, path) && !exists(filepath.Dir(doc), path) {
				t.Errorf("%s names %s, which is not there", doc, path)
			}
		}
		for _, m := range docTest.FindAllSubmatch(text, -1) {
			if !tests[string(m[1])] {
				t.Errorf("%s names %s, which is no test", doc, m[1])
			}
		}
	}
}

// Every package of ours has its map in doc.go, or, if it is one file, there.
func TestEveryPackageHasADoc(t *testing.T) {
	root := filepath.Join("..", "..")
	docs, files := map[string]bool{}, map[string]int{}
	walk(t, root, func(path string) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		files[dir]++
		if bytes.Contains(text, []byte("\n// Package ")) || bytes.HasPrefix(text, []byte("// Package ")) || bytes.Contains(text, []byte("// Command ")) {
			docs[dir] = true
		}
	})
	for dir := range files {
		if !docs[dir] {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

func exists(dir, path string) bool {
	found, err := filepath.Glob(filepath.Join(dir, path))
	return err == nil && len(found) > 0
}

func documents(t *testing.T, root string) (docs []string) {
	t.Helper()
	walk(t, root, func(path string) {
		if strings.HasSuffix(path, ".md") {
			docs = append(docs, path)
		}
	})
	return docs
}

func testNames(t *testing.T, root string) map[string]bool {
	t.Helper()
	names, declared := map[string]bool{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	walk(t, root, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	})
	return names
}

// walk visits the files of the repository, without those of tools and builds.
func walk(t *testing.T, root string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "bin" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && d.Name() != "."):
			return filepath.SkipDir
		case !d.IsDir():
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
