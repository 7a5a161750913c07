package options

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/redust/redust/configs"
)

// Standard returns a table with every option of configs/redust.yaml at its default.
func Standard() (*Table, error) {
	list, err := configs.Load()
	if err != nil {
		return nil, err
	}
	t := New()
	for _, o := range list {
		s, err := fromConfig(o)
		if err == nil {
			err = t.Define(s)
		}
		if err != nil {
			return nil, fmt.Errorf("redust.yaml: %s: %w", o.Name, err)
		}
	}
	return t, nil
}

func fromConfig(o configs.Option) (Spec, error) {
	s := Spec{
		Name: o.Name, Aliases: o.Aliases, Default: o.Default, Unit: o.Unit, Min: o.Min, Max: o.Max, Enum: o.Enum,
		Hidden: o.Hidden, Sensitive: o.Sensitive, Why: o.Why, Summary: o.Summary,
	}
	var err error
	if s.Kind, err = ParseKind(o.Kind); err != nil {
		return s, err
	}
	if s.Status, err = ParseStatus(o.Status); err != nil {
		return s, err
	}
	if len(o.Clamp) == 2 {
		s.Clamp = [2]int64{o.Clamp[0], o.Clamp[1]}
	}
	if s.Name == "dir" {
		s.Canonical = absolute // CONFIG GET tells the directory, wherever the process was started
	}
	for _, word := range strings.Fields(o.Set) {
		switch word {
		case "never":
			s.Immutable = true
		case "protected":
			s.Protected = true
		case "loaded":
			s.DenyLoading = true
		default:
			return s, fmt.Errorf("set: %s", strconv.Quote(word))
		}
	}
	s.Check = checks[o.Name]
	return s, nil
}

// checks are what Redis demands of single options beyond their kind, in its words.
var checks = map[string]func(string) error{
	"activedefrag": func(v string) error {
		if v == "yes" {
			return errors.New("Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution") //nolint:staticcheck // Redis's text
		}
		return nil
	},
	"cluster-announce-hostname": func(v string) error {
		if len(v) >= 256 {
			return errors.New("Hostnames must be less than 256 characters") //nolint:staticcheck // Redis's text
		}
		for _, c := range []byte(v) {
			if c != '-' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return errors.New("Hostnames may only contain alphanumeric characters, hyphens or dots") //nolint:staticcheck // Redis's text
			}
		}
		return nil
	},
}

func absolute(dir string) string {
	if dir == "" { // no directory, and not the present one
		return ""
	}
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}
