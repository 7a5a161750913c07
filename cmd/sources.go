package redustcmd

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"

	"github.com/redust/redust/core/options"
)

// envPrefix begins the environment variables that are options: REDUST_MAXMEMORY is maxmemory.
const envPrefix = "REDUST_"

// Inputs is what a program is started with.
type Inputs struct {
	Args    []string // after the program's name
	Environ []string // NAME=value
	Stdin   io.Reader
}

// Warning is an option that was given and has no effect.
type Warning struct {
	Option string
	Source options.Source
	Why    string
	Quiet  bool // what was given is the default, so nothing was asked for that will not happen
}

// Config is a configuration that was read.
type Config struct {
	Table    *options.Table
	File     string // absolute path of the configuration file; empty if there is none
	Warnings []Warning
}

// Configure fills the table from all sources. Later ones win: the embedded defaults, which the table has already, the configuration file,
// standard input, the environment, flags. Options that repeat, such as save, are added to by flags as redis-server does, but
// replaced by the environment. The error is one line that names the option, its source and what is allowed.
func Configure(table *options.Table, in Inputs) (*Config, error) {
	line, err := parseArgs(in.Args)
	if err != nil {
		return nil, err
	}
	c := &Config{Table: table}
	l := &loader{table: table, k: koanf.New("\x00")}
	if line.file != "" {
		if c.File, err = filepath.Abs(line.file); err != nil {
			return nil, cannotOpen(line.file, err)
		}
		if err := l.file(line.file); err != nil {
			return nil, err
		}
	}
	if line.stdin {
		if err := l.stdin(in.Stdin); err != nil {
			return nil, err
		}
	}
	if err := l.environment(in.Environ); err != nil {
		return nil, err
	}
	if err := l.flags(line.options); err != nil {
		return nil, err
	}
	c.Warnings, err = l.apply()
	return c, err
}

// loader brings the sources together in koanf. Its keys are option names, its values []Setting.
type loader struct {
	table *options.Table
	k     *koanf.Koanf
	next  int
}

func (l *loader) file(name string) error {
	provider := file.Provider(name)
	text, err := provider.ReadBytes()
	if err != nil {
		return cannotOpen(name, err)
	}
	return l.load(rawbytes.Provider(text), parserFor(name, text, l.table, &l.next))
}

func (l *loader) stdin(r io.Reader) error {
	if r == nil {
		return errors.New("there is no standard input to read the configuration from")
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("can't read the configuration from standard input: %s", reason(err))
	}
	return l.load(rawbytes.Provider(text), parserFor("standard input", text, l.table, &l.next))
}

// environment takes the variables that begin with REDUST_. Values are written as CONFIG SET takes them.
func (l *loader) environment(environ []string) error {
	names := make(map[string]string)
	for _, s := range l.table.Specs() {
		for _, n := range append([]string{s.Name}, s.Aliases...) {
			names[envName(n)] = n
		}
	}
	s := newSettings(&l.next)
	environ = slices.Clone(environ)
	sort.Strings(environ)
	var fault error
	transform := func(variable, text string) (string, any) {
		if injectedByCluster(variable, text) {
			return "", nil
		}
		source := options.Source{Kind: options.FromEnv, Name: variable}
		name, ok := names[strings.ToUpper(variable)]
		if !ok {
			name = strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, envPrefix)), "_", "-")
		}
		spec, _ := l.table.Spec(name)
		words, err := envWords(&spec, text)
		if spec.Kind == options.SavePoints {
			s.add(name, []string{""}, source) // the variable replaces what a file says
		}
		if err == nil {
			err = s.directive(name, words, source, 0)
		}
		if err != nil && fault == nil {
			fault = fmt.Errorf("option '%s' (%s): %w", name, source, err)
		}
		return "", nil
	}
	provider := env.Provider("", env.Opt{Prefix: envPrefix, TransformFunc: transform, EnvironFunc: func() []string { return environ }})
	if _, err := provider.Read(); err != nil {
		return err
	}
	if fault != nil {
		return fault
	}
	return l.load(confmap.Provider(s.byName, ""), nil)
}

func envName(option string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(option))
}

// injectedByCluster knows the variables that Kubernetes and linked containers give every program beside a service called
// "redust": REDUST_PORT=tcp://10.0.0.11:6379, REDUST_SERVICE_HOST and so on. They are not meant as options.
func injectedByCluster(variable, text string) bool {
	return strings.HasPrefix(variable, "REDUST_SERVICE_") || strings.HasPrefix(variable, "REDUST_PORT_") ||
		variable == "REDUST_PORT" && (strings.HasPrefix(text, "tcp://") || strings.HasPrefix(text, "udp://"))
}

// envWords cuts a directive, such as user, as a line of redis.conf is; other values are one text.
func envWords(spec *options.Spec, text string) ([]string, error) {
	if spec.Kind == options.Directive {
		return splitWords(text)
	}
	return []string{text}, nil
}

func (l *loader) flags(list []flagOption) error {
	s := newSettings(&l.next)
	for _, f := range list {
		source := options.Source{Kind: options.FromFlag, Name: "--" + f.name}
		if err := s.directive(strings.ToLower(f.name), f.args, source, 0); err != nil {
			return err
		}
	}
	return l.load(confmap.Provider(s.byName, ""), nil)
}

// load merges one source into koanf. What sources say of an option is lined up, not overwritten, so that a bad value is found even
// where a later one wins; apply lets the later ones win.
func (l *loader) load(p koanf.Provider, parser koanf.Parser) error {
	return l.k.Load(p, parser, koanf.WithMergeFunc(func(src, dest map[string]any) error {
		for name, v := range src {
			before, _ := dest[name].([]Setting)
			list, _ := v.([]Setting)
			dest[name] = append(before, list...)
		}
		return nil
	}))
}

// apply loads the merged settings into the table, in the order in which they were given.
func (l *loader) apply() ([]Warning, error) {
	type named struct {
		name string
		Setting
	}
	var all []named
	for name, v := range l.k.All() {
		list, _ := v.([]Setting)
		for _, s := range list {
			all = append(all, named{name, s})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Order < all[j].Order })
	for _, s := range all {
		if err := l.table.Load(s.name, s.Args, s.Source); err != nil {
			return nil, l.explain(err)
		}
	}
	var warnings []Warning
	for _, spec := range l.table.Specs() {
		if spec.Status != options.NoEffect {
			continue
		}
		for _, o := range l.table.Occurrences(spec.Name) {
			warnings = append(warnings, Warning{Option: spec.Name, Source: o.Source, Why: spec.Why})
		}
		if source := l.table.Source(spec.Name); source.Kind != options.FromDefault {
			warnings = append(warnings, Warning{Option: spec.Name, Source: source, Why: spec.Why, Quiet: l.table.IsDefault(spec.Name)})
		}
	}
	return warnings, nil
}

// explain adds to the fault of an unknown option which one may have been meant.
func (l *loader) explain(err error) error {
	var fault *options.LoadError
	if !errors.As(err, &fault) || !errors.Is(fault.Reason, options.ErrUnknown) {
		return err
	}
	fault.Allowed = "the options of redis.conf, see --help"
	if guess := closest(fault.Option, l.table); guess != "" {
		fault.Allowed = "'" + guess + "'?"
	}
	return fault
}

// closest returns the option whose name is at most two changes from the given one, or nothing.
func closest(name string, table *options.Table) string {
	best, guess := 3, ""
	for _, s := range table.Specs() {
		for _, n := range append([]string{s.Name}, s.Aliases...) {
			if d := editDistance(name, n); d < best {
				best, guess = d, n
			}
		}
	}
	return guess
}

// editDistance counts the insertions, deletions and replacements between two texts (Wagner and Fischer, 1974). O(len(a)*len(b)); names
// longer than any option's are far from all of them.
func editDistance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
