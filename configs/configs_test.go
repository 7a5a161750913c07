package configs

import (
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	options, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, o := range options {
		for _, name := range append([]string{o.Name}, o.Aliases...) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if o.Status != "supported" && o.Why == "" {
			t.Errorf("%s is %s and doesn't say why", o.Name, o.Status)
		}
		if !strings.HasSuffix(o.Summary, ".") && o.Kind != "directive" {
			t.Errorf("the summary of %s is no sentence: %q", o.Name, o.Summary)
		}
	}
	if !seen["maxmemory"] || !seen["slaveof"] || !seen["loadmodule"] {
		t.Errorf("of %d options some that must be there are missing", len(options))
	}
}

func TestFaultsOfTheFileAreFound(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no yaml", "a: [", "redust.yaml: "},
		{"no sections", "- a", "sections expected"},
		{"no options", "a: b", "redust.yaml:1: options expected below a"},
		{"misspelt field", "a:\n  port: {summary: x, mix: 1}", "redust.yaml:2: port: "},
		{"misspelt set", "a:\n  port: {summary: x, set: nevr}", `set has "nevr"`},
		{"half a range", "a:\n  hz: {summary: x, clamp: [1]}", "clamp has 1 numbers"},
		{"no summary", "a:\n  port: {max: 1}", "has no summary"},
	} {
		if _, err := read([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
