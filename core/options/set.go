package options

import (
	"errors"
	"fmt"
	"strings"
)

// Permit says what the client that sends CONFIG SET may do at this moment.
type Permit struct {
	Protected bool // protected options may be changed: enable-protected-configs allows it for this client
	Loading   bool // the data set is being loaded
}

// ErrLoading is the answer to CONFIG SET of an option that must wait until the data set is loaded.
var ErrLoading = errors.New("LOADING Redis is loading the dataset in memory")

func setFailed(name string, reason error) error {
	return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %w", name, reason)
}

// change is one option of a CONFIG SET.
type change struct {
	name     string // as defined: the option's name or the alias that was used
	option   *option
	value    string
	old, new value
}

// Set changes options as CONFIG SET does: all of them or, if one can't be changed, none. Values are stored first and hooks run
// then, so a hook sees all new values. The error's text is Redis's, with its code. Set must not be called from a hook.
func (t *Table) Set(pairs []Pair, permit Permit) error {
	t.setMu.Lock()
	defer t.setMu.Unlock()

	changes, err := t.resolve(pairs, permit)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		c.old = c.option.current()
		c.new, err = c.option.parse(splitArgs(&c.option.spec, c.value), c.old)
		if err == nil && c.option.spec.Status == Refused && c.new != c.option.initial {
			err = errors.New(c.option.spec.Why)
		}
		if err != nil {
			restore(changes[:i])
			return setFailed(c.name, err)
		}
		c.option.store(c.new)
	}
	if err := t.runHooks(changes); err != nil {
		return err
	}
	t.mu.Lock()
	for _, c := range changes {
		c.option.source = Source{Kind: FromConfigSet}
	}
	t.mu.Unlock()
	return nil
}

// resolve finds the options and refuses what may not be changed. As in Redis the first fault decides, except that a name which
// doesn't exist is always reported, if no other fault comes before it, without a look at the values.
func (t *Table) resolve(pairs []Pair, permit Permit) ([]change, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	changes := make([]change, 0, len(pairs))
	seen := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		name := strings.ToLower(p.Name)
		o := t.byName[name]
		switch {
		case o == nil || o.spec.Kind == Directive:
			return nil, fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", oneLine(p.Name))
		case o.spec.Immutable:
			return nil, setFailed(p.Name, errors.New("can't set immutable config"))
		case o.spec.Protected && !permit.Protected:
			return nil, setFailed(p.Name, errors.New("can't set protected config"))
		case o.spec.DenyLoading && permit.Loading:
			return nil, ErrLoading
		case seen[name]:
			return nil, setFailed(p.Name, errors.New("duplicate parameter"))
		}
		seen[name] = true
		changes = append(changes, change{name: name, option: o, value: p.Value})
	}
	return changes, nil
}

// restore puts the old values back, the last change first: an option can be there twice, by its name and by an alias.
func restore(changes []change) {
	for i := len(changes) - 1; i >= 0; i-- {
		changes[i].option.store(changes[i].old)
	}
}

// runHooks runs the hooks of the options that changed. If one fails, the old values are restored and the hooks that had succeeded
// are run once more; what they say then can't be helped.
func (t *Table) runHooks(changes []change) error {
	var undo []func()
	rollBack := func(name string, err error) error {
		restore(changes)
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
		return setFailed(name, err)
	}
	applied := make(map[*applyHook]bool)
	for _, c := range changes {
		if c.old.text == c.new.text {
			continue
		}
		t.mu.RLock()
		onChange, apply := c.option.onChange, t.apply
		t.mu.RUnlock()
		for _, fn := range onChange {
			if err := fn(c.old.text, c.new.text); err != nil {
				return rollBack(c.name, err)
			}
			undo = append(undo, func() { _ = fn(c.new.text, c.old.text) })
		}
		for _, h := range apply {
			if !h.options[c.option] || applied[h] {
				continue
			}
			applied[h] = true
			if err := h.fn(); err != nil {
				return rollBack(c.name, err)
			}
			undo = append(undo, func() { _ = h.fn() })
		}
	}
	return nil
}

// splitArgs cuts a value given as one text into the words of an option that has several. Only single spaces separate, as in
// Redis, so two spaces make an empty word, which most kinds refuse.
func splitArgs(s *Spec, text string) []string {
	if s.Multi() {
		return strings.Split(text, " ")
	}
	return []string{text}
}

// oneLine keeps what a client sent from breaking the error reply that quotes it.
func oneLine(s string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
}
