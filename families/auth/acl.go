package auth

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"github.com/redust/redust/auth"
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const adminFlags = core.Admin | core.NoScript | core.Loading | core.Stale

var aclCommands = []core.Command{
	{
		Name: "ACL", Arity: -2,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "That of the subcommand.",
		Summary:    "Groups the commands about users and their permissions.",
	},
	{
		Name: "ACL|CAT", Arity: -2,
		Flags:      core.NoScript | core.Loading | core.Stale,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(1), as categories and commands are fixed",
		Summary:    "Lists the ACL categories, or the commands of one.",
		Syntax:     "[categoryname]",
		Run:        aclCat,
	},
	{
		Name: "ACL|GENPASS", Arity: -2,
		Flags:      core.NoScript | core.Loading | core.Stale,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(1)",
		Summary:    "Makes up a password that nobody can guess.",
		Syntax:     "[bits:integer]",
		Run:        aclGenpass,
	},
	{
		Name: "ACL|GETUSER", Arity: 3,
		Flags:      adminFlags,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(N), N = rules of the user",
		Summary:    "Gives the rules of one user.",
		Syntax:     "username",
		History: [][2]string{
			{"6.2.0", "Shows channel patterns."},
			{"7.0.0", "Shows selectors; key and channel patterns are given as rules, no longer as lists."},
		},
		Run: aclGetuser,
	},
	{
		Name: "ACL|HELP", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(1)",
		Summary:    "Describes the subcommands of ACL.",
		Run:        aclHelp,
	},
	{
		Name: "ACL|LIST", Arity: 2,
		Flags:      adminFlags,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(N), N = users",
		Summary:    "Lists all users with their rules as an ACL file has them.",
		Run:        aclList,
	},
	{
		Name: "ACL|USERS", Arity: 2,
		Flags:      adminFlags,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(N), N = users",
		Summary:    "Lists the names of all users.",
		Run:        aclUsers,
	},
	{
		Name: "ACL|WHOAMI", Arity: 2,
		Flags:      core.NoScript | core.Loading | core.Stale,
		Group:      "server",
		Since:      "6.0.0",
		Complexity: "O(1)",
		Summary:    "Gives the name of the user that the connection is authenticated as.",
		Run:        aclWhoami,
	},
}

func aclCat(c *core.Ctx) error {
	switch len(c.Args) {
	case 2:
		c.Reply.Array(len(core.CategoryNames))
		for _, n := range core.CategoryNames {
			c.Reply.BulkString(n)
		}
		return nil
	case 3:
		return aclCatCommands(c, string(c.Args[2]))
	}
	return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
}

func aclCatCommands(c *core.Ctx, name string) error {
	i := slices.Index(core.CategoryNames, string(lower(name)))
	if i < 0 {
		return protocol.Errorf("ERR Unknown category '%s'", name)
	}
	list := c.Reply.DeferArray()
	n := 0
	for _, cmd := range c.Engine().Registry().AllCommands() {
		if cmd.Categories()&(1<<i) != 0 {
			c.Reply.BulkString(cmd.FullName())
			n++
		}
	}
	c.Reply.SetDeferred(list, n)
	return nil
}

func lower(s string) []byte {
	b := []byte(s)
	for i, ch := range b {
		if 'A' <= ch && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		}
	}
	return b
}

const (
	genpassBits    = 256 // without an argument
	genpassMaxBits = 4096
)

func aclGenpass(c *core.Ctx) error {
	bits := int64(genpassBits)
	switch len(c.Args) {
	case 2:
	case 3:
		n, ok := protocol.ParseInt(c.Args[2])
		if !ok {
			return protocol.ErrNotInt
		}
		if n <= 0 || n > genpassMaxBits {
			return protocol.Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
		}
		bits = n
	default:
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	digits := int(bits+3) / 4
	raw := make([]byte, (digits+1)/2)
	rand.Read(raw)
	c.Reply.BulkString(hex.EncodeToString(raw)[:digits])
	return nil
}

// users are those of the auth service, or the one user of a server without it.
func users(c *core.Ctx) []*auth.User {
	if a, ok := c.Engine().Auth().(*auth.Authorizer); ok {
		return a.Users()
	}
	return []*auth.User{auth.OpenUser()}
}

func aclList(c *core.Ctx) error {
	all := users(c)
	c.Reply.Array(len(all))
	for _, u := range all {
		c.Reply.BulkString("user " + u.Rules())
	}
	return nil
}

func aclUsers(c *core.Ctx) error {
	all := users(c)
	c.Reply.Array(len(all))
	for _, u := range all {
		c.Reply.BulkString(u.Name())
	}
	return nil
}

func aclGetuser(c *core.Ctx) error {
	all := users(c)
	i := slices.IndexFunc(all, func(u *auth.User) bool { return u.Name() == string(c.Args[2]) })
	if i < 0 {
		c.Reply.Null()
		return nil
	}
	u, w := all[i], c.Reply
	w.Map(6)
	w.BulkString("flags")
	if u.NoPass() {
		w.Set(2)
		w.BulkString("on")
		w.BulkString("nopass")
	} else {
		w.Set(1)
		w.BulkString("on")
	}
	w.BulkString("passwords")
	passwords := u.Passwords()
	w.Array(len(passwords))
	for _, p := range passwords {
		w.BulkString(p)
	}
	w.BulkString("commands")
	w.BulkString("+@all")
	w.BulkString("keys")
	w.BulkString("~*")
	w.BulkString("channels")
	w.BulkString("&*")
	w.BulkString("selectors")
	w.Array(0)
	return nil
}

func aclWhoami(c *core.Ctx) error {
	if u := c.Client().User(); u != nil {
		c.Reply.BulkString(u.Name())
	} else {
		c.Reply.Null()
	}
	return nil
}

func aclHelp(c *core.Ctx) error {
	c.Help(
		"CAT [<category>]",
		"    The ACL categories, or the commands that belong to <category>.",
		"GENPASS [<bits>]",
		"    A random password of 256 or <bits> bits, in hexadecimal.",
		"GETUSER <username>",
		"    The rules of one user.",
		"LIST",
		"    All users, each as a line of an ACL file.",
		"USERS",
		"    The names of all users.",
		"WHOAMI",
		"    The user of this connection.",
	)
	return nil
}
