package server

import (
	"errors"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

func (f *family) configCommands() []core.Command {
	return []core.Command{
		{
			Name: "CONFIG", Arity: -2,
			Group:      "server",
			Since:      "2.0.0",
			Complexity: "That of the subcommand.",
			Summary:    "Groups the commands about options.",
		},
		{
			Name: "CONFIG|GET", Arity: -3,
			Flags:      admin,
			Group:      "server",
			Since:      "2.0.0",
			Complexity: "O(N*M), N = patterns, M = options",
			Summary:    "Gives the values of options by name or pattern.",
			Syntax:     "parameter(parameter)...",
			History:    [][2]string{{"7.0.0", "Takes several patterns."}},
			Run:        f.configGet,
		},
		{
			Name: "CONFIG|HELP", Arity: 2,
			Flags:      core.Loading | core.Stale,
			Group:      "server",
			Since:      "5.0.0",
			Complexity: "O(1)",
			Summary:    "Describes the subcommands of CONFIG.",
			Run:        configHelp,
		},
		{
			Name: "CONFIG|RESETSTAT", Arity: 2,
			Flags:      admin,
			Group:      "server",
			Since:      "2.0.0",
			Complexity: "O(N), N = all commands",
			Summary:    "Sets the counters of INFO back to zero.",
			Run:        configResetstat,
		},
		{
			Name: "CONFIG|REWRITE", Arity: 2,
			Flags:      admin,
			Group:      "server",
			Since:      "2.8.0",
			Complexity: "O(N), N = options and lines of the file",
			Summary:    "Writes the options as they are now into the configuration file.",
			Run:        configRewrite,
		},
		{
			Name: "CONFIG|SET", Arity: -4,
			Flags:      admin,
			Group:      "server",
			Since:      "2.0.0",
			Complexity: "O(N), N = options given",
			Summary:    "Changes options: all that are given, or none.",
			Syntax:     "parameter_value(parameter value)...",
			History:    [][2]string{{"7.0.0", "Takes several options."}},
			Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			Secrets:    f.configSecrets,
			Run:        f.configSet,
		},
	}
}

func (f *family) configGet(c *core.Ctx) error {
	patterns := make([]string, len(c.Args)-2)
	for i, a := range c.Args[2:] {
		patterns[i] = string(a)
	}
	pairs := f.opts.table.Get(patterns...)
	c.Reply.Map(len(pairs))
	for _, p := range pairs {
		c.Reply.BulkString(p.Name)
		c.Reply.BulkString(p.Value)
	}
	return nil
}

// configSecrets are the values of options such as requirepass.
func (f *family) configSecrets(args [][]byte) (out []int) {
	for i := 2; i+1 < len(args); i += 2 {
		if spec, ok := f.opts.table.Spec(string(args[i])); ok && spec.Sensitive {
			out = append(out, i+1)
		}
	}
	return out
}

func (f *family) configSet(c *core.Ctx) error {
	if len(c.Args)%2 != 0 {
		return protocol.ErrSyntax
	}
	pairs := make([]options.Pair, 0, len(c.Args)/2-1)
	for i := 2; i < len(c.Args); i += 2 {
		pairs = append(pairs, options.Pair{Name: string(c.Args[i]), Value: string(c.Args[i+1])})
	}
	permit := options.Permit{Protected: permits(f.opts.protected.Load(), c.Client()), Loading: c.Engine().Loading()}
	if err := f.opts.table.Set(pairs, permit); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func configResetstat(c *core.Ctx) error {
	c.Engine().ResetStats()
	c.Engine().ResetPeak()
	c.Reply.OK()
	return nil
}

func configRewrite(c *core.Ctx) error { return rewriteConfig(c, core.Process.Rewrite) }

func rewriteConfig(c *core.Ctx, write func(core.Process) error) error {
	p := c.Engine().Process()
	if p == nil || p.ConfigFile() == "" {
		return protocol.Error("ERR The server is running without a config file")
	}
	if err := write(p); err != nil { // which it has logged
		var known protocol.Error
		if errors.As(err, &known) {
			return known
		}
		return protocol.Errorf("%v", err)
	}
	c.Reply.OK()
	return nil
}

func configHelp(c *core.Ctx) error {
	c.Help(
		"GET <pattern> [<pattern> ...]",
		"    Names and values of the options that fit a glob-like <pattern>.",
		"SET <option> <value> [<option> <value> ...]",
		"    Changes options: all of them or, if one can't be, none.",
		"RESETSTAT",
		"    Sets the counters of INFO back to zero.",
		"REWRITE",
		"    Writes the options as they are now into the configuration file.",
	)
	return nil
}
