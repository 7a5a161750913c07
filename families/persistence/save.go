package persistence

import (
	"bytes"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the family.
func New() core.Family { return family{} }

// Name implements core.Family.
func (family) Name() string { return "persistence" }

// Register implements core.Family.
func (family) Register(r *core.Registry) { r.Add(commands) }

var commands = []core.Command{
	{
		Name: "SAVE", Arity: 1,
		Flags:      core.Admin | core.NoScript | core.NoAsyncLoading | core.NoMulti,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(N), N = keys in all databases",
		Summary:    "Saves the data set to the RDB file and waits for it.",
		Run:        save,
	},
	{
		Name: "BGSAVE", Arity: -1,
		Flags:      core.Admin | core.NoScript | core.NoAsyncLoading,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Begins to save the data set to the RDB file.",
		Syntax:     "[SCHEDULE<3.2.2>]",
		History:    [][2]string{{"3.2.2", "The option SCHEDULE came."}},
		Run:        bgsave,
	},
	{
		Name: "LASTSAVE", Arity: 1,
		Flags:      core.Loading | core.Stale | core.Fast,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Tells when the data set was saved last, in seconds since the Unix epoch.",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatAdmin | core.CatDangerous,
		Run:        lastsave,
	},
	{
		Name: "BGREWRITEAOF", Arity: 1,
		Flags:      core.Admin | core.NoScript | core.NoAsyncLoading,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Begins to rewrite the append-only file in its shortest form.",
		Run:        bgrewriteaof,
	},
}

// errNone answers in a server that was built without durability.
const errNone = protocol.Error("ERR this server keeps its data in memory alone")

func service(c *core.Ctx) (core.Persistence, error) {
	if p := c.Engine().Persistence(); p != nil {
		return p, nil
	}
	return nil, errNone
}

func save(c *core.Ctx) error {
	p, err := service(c)
	if err != nil {
		return err
	}
	if err := p.Save(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// scheduler is a service that can begin a save or a rewrite once the present command has released its
// locks: EXEC holds some while its commands run.
type scheduler interface {
	ScheduleSave() (status string, err error)
	ScheduleRewrite() (status string, err error)
}

func bgsave(c *core.Ctx) error {
	schedule := false
	if c.NArgs() > 1 {
		if c.NArgs() != 2 || !bytes.EqualFold(c.Args[1], []byte("schedule")) {
			return protocol.ErrSyntax
		}
		schedule = true
	}
	p, err := service(c)
	if err != nil {
		return err
	}
	var status string
	if s, ok := p.(scheduler); ok && c.InTransaction() {
		status, err = s.ScheduleSave()
	} else {
		status, err = p.BackgroundSave(schedule)
	}
	if err != nil {
		return err
	}
	c.Reply.SimpleString(status)
	return nil
}

func lastsave(c *core.Ctx) error {
	at := c.Engine().Started()
	if p := c.Engine().Persistence(); p != nil {
		at = p.LastSave()
	}
	c.Reply.Int(at.Unix())
	return nil
}

func bgrewriteaof(c *core.Ctx) error {
	p, err := service(c)
	if err != nil {
		return err
	}
	var status string
	if s, ok := p.(scheduler); ok && c.InTransaction() {
		status, err = s.ScheduleRewrite()
	} else {
		status, err = p.RewriteAOF()
	}
	if err != nil {
		return err
	}
	c.Reply.SimpleString(status)
	return nil
}
