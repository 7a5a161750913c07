package options

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// IntValue is a handle on a numeric option: Int, Memory (bytes), Percent, Octal, Bool (0 or 1), Enum (position in the list) or
// Flags (a bit a name). Values of more than 2^63-1 bytes read as 2^63-1.
type IntValue struct{ n atomic.Int64 }

// Load returns the current value. It never blocks.
func (v *IntValue) Load() int64 { return v.n.Load() }

// BoolValue is a handle on a Bool option.
type BoolValue struct{ b atomic.Bool }

// Load returns the current value. It never blocks.
func (v *BoolValue) Load() bool { return v.b.Load() }

// StringValue is a handle on any option's text, as CONFIG GET prints it.
type StringValue struct{ s atomic.Pointer[string] }

// Load returns the current value. It never blocks.
func (v *StringValue) Load() string { return *v.s.Load() }

// Pair is a name and a value: what CONFIG GET returns and CONFIG SET takes.
type Pair struct{ Name, Value string }

// Occurrence is one appearance of a Directive in the configuration.
type Occurrence struct {
	Args   []string
	Source Source
}

// value is a parsed option value: its canonical text and its number.
type value struct {
	text string
	num  int64
}

type option struct {
	spec        Spec
	initial     value // the default, parsed
	number      IntValue
	flag        BoolValue
	text        StringValue
	source      Source
	loaded      bool // a source has given a value: the first SavePoints replace the default, later ones add
	occurrences []Occurrence
	onChange    []func(old, new string) error
}

func (o *option) current() value { return value{text: o.text.Load(), num: o.number.Load()} }

func (o *option) store(v value) {
	o.number.n.Store(v.num)
	o.flag.b.Store(v.num != 0)
	o.text.s.Store(&v.text)
}

// applyHook is a function that is run once after a change of any of its options.
type applyHook struct {
	options map[*option]bool
	fn      func() error
}

// Table holds the options of one server. The zero value is not usable: see New.
type Table struct {
	mu     sync.RWMutex // guards the maps, the sources and the hooks, not the values
	byName map[string]*option
	order  []*option
	names  []string // every name and alias of options (not of directives), in order of definition
	apply  []*applyHook

	setMu sync.Mutex // serialises Set, hooks included
}

// New returns an empty table.
func New() *Table { return &Table{byName: make(map[string]*option)} }

// Define adds an option. It fails if a name is taken, if the default doesn't fit the kind, or if what must be given isn't.
func (t *Table) Define(s Spec) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.define(s)
}

func (t *Table) define(s Spec) error {
	if s.Name == "" || s.Name != strings.ToLower(s.Name) {
		return fmt.Errorf("option %q: the name must be lower case and not empty", s.Name)
	}
	if s.Status != Supported && s.Why == "" {
		return fmt.Errorf("option %q: status %s needs a reason", s.Name, s.Status)
	}
	for _, n := range append([]string{s.Name}, s.Aliases...) {
		if t.byName[n] != nil {
			return fmt.Errorf("option %q is defined twice", n)
		}
	}
	o := &option{spec: s}
	if s.Kind != Directive {
		v, err := o.parseDefault()
		if err != nil {
			return fmt.Errorf("option %q: default %q: %w", s.Name, s.Default, err)
		}
		o.initial = v
	}
	o.store(o.initial)
	t.order = append(t.order, o)
	for _, n := range append([]string{s.Name}, s.Aliases...) {
		t.byName[n] = o
		if s.Kind != Directive {
			t.names = append(t.names, n)
		}
	}
	return nil
}

// Declare adds an option of a family, or confirms one that is defined already: kind and default must agree. Families with the
// same option thus share one value.
func (t *Table) Declare(s Spec) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.byName[s.Name]
	if o == nil {
		return t.define(s)
	}
	if o.spec.Kind != s.Kind {
		return fmt.Errorf("option %q is declared as %s and as %s", s.Name, o.spec.Kind, s.Kind)
	}
	other := &option{spec: s}
	v, err := other.parseDefault()
	if err != nil {
		return fmt.Errorf("option %q: default %q: %w", s.Name, s.Default, err)
	}
	if v != o.initial {
		return fmt.Errorf("option %q is declared with the defaults %q and %q", s.Name, o.initial.text, v.text)
	}
	return nil
}

// Int returns the handle of a numeric option. It panics if there is no such option: that is a mistake in the program, found at start.
func (t *Table) Int(name string) *IntValue { return &t.must(name).number }

// Bool returns the handle of a Bool option. It panics if there is no such option or it is of another kind.
func (t *Table) Bool(name string) *BoolValue {
	o := t.must(name)
	if o.spec.Kind != Bool {
		panic(fmt.Sprintf("option %q is %s, not bool", name, o.spec.Kind))
	}
	return &o.flag
}

// String returns the handle of any option's text. It panics if there is no such option.
func (t *Table) String(name string) *StringValue { return &t.must(name).text }

// Spec returns the description of the option of that name or alias.
func (t *Table) Spec(name string) (Spec, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o := t.byName[strings.ToLower(name)]
	if o == nil {
		return Spec{}, false
	}
	return o.spec, true
}

// Specs returns all options and directives in order of definition, without aliases.
func (t *Table) Specs() []Spec {
	t.mu.RLock()
	defer t.mu.RUnlock()
	specs := make([]Spec, 0, len(t.order))
	for _, o := range t.order {
		specs = append(specs, o.spec)
	}
	return specs
}

// IsDefault reports whether the option has its default value.
func (t *Table) IsDefault(name string) bool {
	o := t.must(name)
	return o.text.Load() == o.initial.text
}

// Source returns where the option's value comes from.
func (t *Table) Source(name string) Source {
	o := t.must(name)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return o.source
}

// Occurrences returns the appearances of a Directive in the configuration, in order. The caller must not change them.
func (t *Table) Occurrences(name string) []Occurrence {
	o := t.must(name)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return o.occurrences
}

// Assign gives an option the value that the server itself decided on, such as a replicaof that a command has changed: limits and Check
// hold, the ban on changing it doesn't, and no hook is run. The option's source becomes CONFIG SET's.
func (t *Table) Assign(name, text string) error {
	o := t.must(name)
	t.setMu.Lock()
	defer t.setMu.Unlock()
	v, err := o.parse(splitArgs(&o.spec, text), o.current())
	if err != nil {
		return err
	}
	o.store(v)
	t.mu.Lock()
	o.source = Source{Kind: FromConfigSet}
	t.mu.Unlock()
	return nil
}

// Get returns the options whose name is one of the patterns, as CONFIG GET does: a pattern without *, ? or [ is a name and is returned
// as it was written, hidden or not; others are globs, in any case, over the names that are not hidden. An option that fits several
// patterns is returned once. Unknown names are left out. The cost is O(patterns * options).
func (t *Table) Get(patterns ...string) []Pair {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var pairs []Pair
	seen := make(map[string]bool)
	add := func(asked, name string) {
		if key := strings.ToLower(name); !seen[key] {
			seen[key] = true
			pairs = append(pairs, Pair{Name: asked, Value: t.byName[key].text.Load()})
		}
	}
	for _, p := range patterns {
		if !strings.ContainsAny(p, "[*?") {
			if o := t.byName[strings.ToLower(p)]; o != nil && o.spec.Kind != Directive {
				add(p, p)
			}
			continue
		}
		for _, n := range t.names {
			if !t.byName[n].spec.Hidden && globMatch(p, n) {
				add(n, n)
			}
		}
	}
	return pairs
}

// OnChange registers a function that CONFIG SET runs after the named option's value has changed. Its error's text is what the client
// reads; the old values are then restored, and the hooks that had already run are run again with them.
func (t *Table) OnChange(name string, fn func(old, new string) error) {
	o := t.must(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	o.onChange = append(o.onChange, fn)
}

// OnApply registers a function that CONFIG SET runs once after it has changed one or several of the named options, such as a
// listener's address and port. Errors are treated as those of OnChange.
func (t *Table) OnApply(fn func() error, names ...string) {
	h := &applyHook{options: make(map[*option]bool), fn: fn}
	for _, n := range names {
		h.options[t.must(n)] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apply = append(t.apply, h)
}

// must returns the option of that name or alias and panics if there is none.
func (t *Table) must(name string) *option {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o := t.byName[name]
	if o == nil {
		panic(fmt.Sprintf("there is no option %q", name))
	}
	return o
}
