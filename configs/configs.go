// Package configs holds redust.yaml, the list of every option with its default, unit, limits and status. The list is embedded in the
// program, so that a binary alone is complete. The package only reads it: what an option means is core/options' concern.
package configs

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	yaml "go.yaml.in/yaml/v3"
)

//go:embed redust.yaml
var source []byte

// Option is one entry of redust.yaml, as it is written there.
type Option struct {
	Section string `yaml:"-"` // heading it stands under
	Name    string `yaml:"-"`

	Kind      string   `yaml:"kind"` // "int" if the entry has none
	Default   string   `yaml:"default"`
	Unit      string   `yaml:"unit"`
	Min       int64    `yaml:"min"`
	Max       int64    `yaml:"max"`   // 0 means the largest there is
	Clamp     []int64  `yaml:"clamp"` // none or two numbers
	Enum      []string `yaml:"enum"`
	Aliases   []string `yaml:"aliases"`
	Set       string   `yaml:"set"` // words of "never", "protected", "loaded"
	Hidden    bool     `yaml:"hidden"`
	Sensitive bool     `yaml:"sensitive"`
	Status    string   `yaml:"status"` // "supported" if the entry has none
	Why       string   `yaml:"why"`
	Summary   string   `yaml:"summary"`
}

// Load returns all options in the order of the file. The list is the caller's own; Clamp, Enum and Aliases are shared, and not to be
// changed.
func Load() ([]Option, error) {
	options, err := parsed()
	return slices.Clone(options), err
}

// parsed reads the list once: that takes twenty times as long as to make an engine.
var parsed = sync.OnceValues(func() ([]Option, error) { return read(source) })

func read(text []byte) ([]Option, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("redust.yaml: %w", err)
	}
	if len(file.Content) != 1 || file.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("redust.yaml: sections expected")
	}
	var options []Option
	sections := file.Content[0].Content
	for i := 0; i+1 < len(sections); i += 2 {
		section, entries := sections[i], sections[i+1]
		if entries.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("redust.yaml:%d: options expected below %s", entries.Line, section.Value)
		}
		for j := 0; j+1 < len(entries.Content); j += 2 {
			o := Option{Section: section.Value, Name: entries.Content[j].Value, Kind: "int", Status: "supported"}
			if err := decode(entries.Content[j+1], &o); err != nil {
				return nil, fmt.Errorf("redust.yaml:%d: %s: %w", entries.Content[j].Line, o.Name, err)
			}
			options = append(options, o)
		}
	}
	return options, nil
}

// decode fills the option from its entry and refuses fields and values that it doesn't know, so that a misspelt one is found.
func decode(entry *yaml.Node, o *Option) error {
	text, err := yaml.Marshal(entry)
	if err != nil {
		return err
	}
	known := yaml.NewDecoder(bytes.NewReader(text))
	known.KnownFields(true)
	if err := known.Decode(o); err != nil {
		return err
	}
	if n := len(o.Clamp); n != 0 && n != 2 {
		return fmt.Errorf("clamp has %d numbers, not 2", n)
	}
	for _, word := range strings.Fields(o.Set) {
		switch word {
		case "never", "protected", "loaded":
		default:
			return fmt.Errorf("set has %q, not never, protected or loaded", word)
		}
	}
	if o.Summary == "" {
		return errors.New("has no summary")
	}
	return nil
}
