package redustcmd

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/redust/redust/configs"
	"github.com/redust/redust/core/options"
)

// NewTable returns the table of all options with the defaults that are embedded in the program.
func NewTable() (*options.Table, error) {
	list, err := configs.Load()
	if err != nil {
		return nil, err
	}
	table := options.New()
	var faults []error
	for _, o := range list {
		s, err := specOf(o)
		if err == nil {
			err = table.Define(s)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("redust.yaml: %w", err))
		}
	}
	return table, errors.Join(faults...)
}

// specOf turns the words of redust.yaml into a spec.
func specOf(o configs.Option) (options.Spec, error) {
	kind, err := options.ParseKind(o.Kind)
	if err != nil {
		return options.Spec{}, fmt.Errorf("%s: %w", o.Name, err)
	}
	status, err := options.ParseStatus(o.Status)
	if err != nil {
		return options.Spec{}, fmt.Errorf("%s: %w", o.Name, err)
	}
	s := options.Spec{
		Name: o.Name, Aliases: o.Aliases, Kind: kind, Default: o.Default, Unit: o.Unit,
		Min: o.Min, Max: o.Max, Enum: o.Enum, Hidden: o.Hidden, Sensitive: o.Sensitive,
		Immutable: o.Set == "never", Protected: o.Set == "protected", DenyLoading: o.Set == "loaded",
		Status: status, Why: o.Why, Summary: o.Summary,
	}
	if len(o.Clamp) == 2 {
		s.Clamp = [2]int64{o.Clamp[0], o.Clamp[1]}
	}
	if s.Name == "dir" {
		// CONFIG GET tells the directory wherever the process was started.
		s.Canonical = func(dir string) string {
			if path, err := filepath.Abs(dir); err == nil {
				return path
			}
			return dir
		}
	}
	return s, nil
}
