package options

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnknown is the reason of a LoadError for a name that is no option.
var ErrUnknown = errors.New("there is no such option")

// LoadError says why a source's value for an option can't be taken. Its text is one line that names the option, where it was given, the
// reason and what is allowed.
type LoadError struct {
	Option  string
	Value   string // as given; empty for options whose value is secret
	Source  Source
	Reason  error
	Allowed string
}

func (e *LoadError) Error() string {
	text := fmt.Sprintf("option '%s' (%s): ", oneLine(e.Option), e.Source)
	if e.Value != "" {
		text += fmt.Sprintf("'%s': ", oneLine(e.Value))
	}
	text += e.Reason.Error()
	if e.Allowed != "" {
		text += "; allowed: " + e.Allowed
	}
	return text
}

func (e *LoadError) Unwrap() error { return e.Reason }

// Load gives an option the words that a source of the configuration has for it, before the server runs: no hook is called and
// immutable options are set too. A single word for an option of several is cut at its spaces. The first SavePoints of all sources
// replace the default and later ones add to them; an empty text removes all, and no word at all adds none. The error is a *LoadError.
func (t *Table) Load(name string, args []string, source Source) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.byName[name]
	if o == nil {
		return &LoadError{Option: name, Source: source, Reason: ErrUnknown}
	}
	s := &o.spec
	fault := func(reason error, allowed string) error {
		e := &LoadError{Option: name, Source: source, Reason: reason, Allowed: allowed}
		if !s.Sensitive {
			e.Value = strings.Join(args, " ")
		}
		return e
	}
	if s.Kind == Directive {
		if s.Status == Refused {
			return fault(errors.New(s.Why), "")
		}
		if int64(len(args)) < s.Min || int64(len(args)) > s.max() {
			return fault(errWords, s.Summary)
		}
		o.occurrences = append(o.occurrences, Occurrence{Args: args, Source: source})
		return nil
	}
	if len(args) == 0 && s.adds() && (o.loaded || s.Kind == BufferLimits) {
		o.loaded, o.source = true, source
		return nil
	}
	if len(args) == 0 && s.mayBeBare() {
		args = []string{""}
	}
	if len(args) == 0 {
		return fault(errWords, s.Allowed())
	}
	if len(args) == 1 {
		args = splitArgs(s, args[0])
	}
	v, err := o.parse(args, o.current())
	if err != nil {
		return fault(err, s.Allowed())
	}
	if s.Kind == SavePoints && o.loaded && v.text != "" && o.text.Load() != "" {
		v = value{text: o.text.Load() + " " + v.text, num: o.number.Load() + v.num}
	}
	if s.Status == Refused && v != o.initial {
		return fault(errors.New(s.Why), "")
	}
	o.store(v)
	o.loaded = true
	o.source = source
	return nil
}
