package core

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/redust/redust/core/options"
)

// rename applies rename-command: clients find a command by its new name alone, or not at all where that is empty. What
// is shown of a command keeps its own name, as in Redis, and so does what is logged of it.
func (r *Registry) rename(list []options.Occurrence) error {
	if len(list) == 0 {
		return nil
	}
	r.names = maps.Clone(r.commands)
	var faults []error
	for _, o := range list {
		from, to := strings.ToUpper(o.Args[0]), strings.ToUpper(o.Args[1])
		cmd, fault := r.names[from], ""
		switch {
		case cmd == nil || cmd.parent != nil:
			fault = "No such command in rename-command"
		case to != "" && to != from && r.names[to] != nil:
			fault = "Target command name already exists"
		default:
			delete(r.names, from)
			if to != "" {
				r.names[to] = cmd
			}
			cmd.renamed = true
			for _, sub := range cmd.subs {
				sub.renamed = true
			}
			continue
		}
		faults = append(faults, fmt.Errorf("option 'rename-command' (%v): '%s': %s", o.Source, strings.Join(o.Args, " "), fault))
	}
	return errors.Join(faults...)
}

// logName is the first word under which a command is logged.
func (c *Command) logName() []byte {
	if c.parent != nil {
		return []byte(c.parent.Name)
	}
	return []byte(c.Name)
}
