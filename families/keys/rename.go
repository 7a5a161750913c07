package keysfamily

import (
	"bytes"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var renameCommands = []core.Command{
	{
		Name: "RENAME", Arity: 3,
		Flags: core.Write,
		Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
			core.KeyAt(2, core.Overwrite|core.Update),
		),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Gives a key another name; a key that has that name already is replaced.",
		Syntax:     "key@0 newkey@1",
		ACL:        core.CatKeyspace,
		Run:        rename,
	},
	{
		Name: "RENAMENX", Arity: 3,
		Flags: core.Write | core.Fast,
		Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
			core.KeyAt(2, core.Overwrite|core.Insert),
		),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Gives a key another name, unless a key has it already.",
		Syntax:     "key@0 newkey@1",
		History:    [][2]string{{"3.2.0", "Both names being the same is no error any more."}},
		ACL:        core.CatKeyspace,
		Run:        renamenx,
	},
	{
		Name: "MOVE", Arity: 3,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Elsewhere:  moveTarget,
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Moves a key to another database, unless it exists there.",
		Syntax:     "key@0 db:integer",
		ACL:        core.CatKeyspace,
		Run:        move,
	},
}

// renameGeneric renames the key to the second one; with nx only if that is absent. It reports whether it did.
func renameGeneric(c *core.Ctx, nx bool) (renamed bool, err error) {
	from, to := c.Key(0), c.Key(1)
	if _, ok := c.FindWrite(from); !ok {
		return false, protocol.ErrNoSuchKey
	}
	if bytes.Equal(from.Name, to.Name) {
		return false, nil
	}
	if there := c.Exists(to); there && nx { // an expired one is deleted first, as Redis does
		return false, nil
	}
	relocate(c, from, to)
	c.Changed(core.EventGeneric, "rename_from", from)
	c.Modified(to)
	c.Notify(core.EventGeneric, "rename_to", to)
	return true, nil
}

// relocate puts the value of from, which exists, with its TTL and access time under to.
func relocate(c *core.Ctx, from, to core.Key) {
	if t, ok := c.Take(from); ok {
		c.Place(to, t)
	}
}

func rename(c *core.Ctx) error {
	if _, err := renameGeneric(c, false); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func renamenx(c *core.Ctx) error {
	renamed, err := renameGeneric(c, true)
	if err != nil {
		return err
	}
	if renamed {
		c.Reply.Int(1)
	} else {
		c.Reply.Int(0)
	}
	return nil
}

// moveTarget adds the key in MOVE's target database, if that exists.
func moveTarget(c *core.Ctx, args [][]byte, keys []core.Key) []core.Key {
	if db, err := database(c, args[2]); err == nil {
		keys = append(keys, keys[0].In(db))
	}
	return keys
}

func move(c *core.Ctx) error {
	db, err := database(c, c.Args[2])
	if err != nil {
		return err
	}
	if db == c.DB() {
		return protocol.ErrSameObject
	}
	from, to := c.Key(0), c.Key(1)
	if _, ok := c.FindWrite(from); !ok || c.Exists(to) {
		c.Reply.Int(0)
		return nil
	}
	relocate(c, from, to)
	c.Changed(core.EventGeneric, "move_from", from)
	c.Modified(to)
	c.Notify(core.EventGeneric, "move_to", to)
	c.Reply.Int(1)
	return nil
}
