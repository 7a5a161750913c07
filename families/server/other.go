package server

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var otherCommands = []core.Command{
	{
		Name: "LOLWUT", Arity: -1,
		Flags:   core.ReadOnlyCmd | core.Fast,
		Group:   "server",
		Since:   "5.0.0",
		Summary: "Draws a picture and tells the version.",
		Syntax:  "[version:integer=VERSION]",
		Run:     lolwut,
	},
	{
		Name: "SHUTDOWN", Arity: -1,
		Flags:      admin | core.NoMulti | core.AllowBusy,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(N) when saving, N = all keys; else O(1)",
		Summary:    "Saves the data set if so configured or told, and ends the server.",
		Syntax:     "[nosave_save(NOSAVE|SAVE)] [NOW<7.0.0>] [FORCE<7.0.0>] [ABORT<7.0.0>]",
		History:    [][2]string{{"7.0.0", "Takes NOW, FORCE and ABORT."}},
		Run:        shutdown,
	},
	{
		Name: "TIME", Arity: 1,
		Flags:      core.Loading | core.Stale | core.Fast,
		Group:      "server",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Gives the server's time: seconds and microseconds.",
		Tips:       []string{"nondeterministic_output"},
		Run:        timeCommand,
	},
}

func timeCommand(c *core.Ctx) error {
	now := c.Engine().Now().UnixMicro()
	c.Reply.Array(2)
	c.Reply.BulkInt(now / 1e6)
	c.Reply.BulkInt(now % 1e6)
	return nil
}

// shutdownArgs are what SHUTDOWN was told.
type shutdownArgs struct {
	core.ShutdownOptions
	save, nosave, abort bool
}

func parseShutdown(args [][]byte) (o shutdownArgs, err error) {
	for _, a := range args {
		switch {
		case protocol.IsWord(a, "NOSAVE"):
			o.nosave = true
		case protocol.IsWord(a, "SAVE"):
			o.save = true
		case protocol.IsWord(a, "NOW"):
			o.Now = true
		case protocol.IsWord(a, "FORCE"):
			o.Force = true
		case protocol.IsWord(a, "ABORT"):
			o.abort = true
		default:
			return o, protocol.ErrSyntax
		}
	}
	if o.save && o.nosave || o.abort && (o.save || o.nosave || o.Now || o.Force) {
		return o, protocol.ErrSyntax
	}
	switch {
	case o.save:
		o.Save = core.SaveAlways
	case o.nosave:
		o.Save = core.SaveNever
	}
	return o, nil
}

// errShutdown answers a shutdown that could not be made; the log says why.
const errShutdown = protocol.Error("ERR Errors trying to SHUTDOWN. Check logs.")

func shutdown(c *core.Ctx) error {
	o, err := parseShutdown(c.Args[1:])
	if err != nil {
		return err
	}
	p := c.Engine().Process()
	if o.abort {
		if p == nil || !p.AbortShutdown() {
			return protocol.Error("ERR No shutdown in progress.")
		}
		c.Reply.OK()
		return nil
	}
	if p == nil {
		return errShutdown
	}
	if err := p.Shutdown(o.ShutdownOptions); err != nil {
		c.Engine().Logger().Error("shutdown refused", "error", err)
		return errShutdown
	}
	return errShutdown
}
