package keysfamily

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var flushHistory = [][2]string{
	{"4.0.0", "The mode `ASYNC` came."},
	{"6.2.0", "The mode `SYNC` came."},
}

var databaseCommands = []core.Command{
	{
		Name: "DBSIZE", Arity: 1,
		Flags:      core.ReadOnlyCmd | core.Fast | core.AllKeys,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Tells how many keys the database has.",
		Tips:       []string{"request_policy:all_shards", "response_policy:agg_sum"},
		ACL:        core.CatKeyspace,
		Run:        dbsize,
	},
	{
		Name: "FLUSHDB", Arity: -1,
		Flags:      core.Write | core.AllShards,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1); memory is freed in the background",
		Summary:    "Removes all keys of the database.",
		Syntax:     "[async(ASYNC<4.0.0>|SYNC<6.2.0>)]",
		History:    flushHistory,
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		ACL:        core.CatKeyspace | core.CatDangerous,
		Run:        func(c *core.Ctx) error { return flush(c, c.DB()) },
	},
	{
		Name: "FLUSHALL", Arity: -1,
		Flags:      core.Write | core.AllShards,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1); memory is freed in the background",
		Summary:    "Removes all keys of all databases.",
		Syntax:     "[async(ASYNC<4.0.0>|SYNC<6.2.0>)]",
		History:    flushHistory,
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		ACL:        core.CatKeyspace | core.CatDangerous,
		Run:        func(c *core.Ctx) error { return flush(c, -1) },
	},
	{
		Name: "SWAPDB", Arity: 3,
		Flags:      core.Write | core.Fast | core.AllShards,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(N), N = clients that watch or wait for keys of either database",
		Summary:    "Exchanges two databases: every client sees the other one from then on.",
		Syntax:     "index1:integer index2:integer",
		ACL:        core.CatKeyspace | core.CatDangerous,
		Run:        swapdb,
	},
}

func dbsize(c *core.Ctx) error {
	c.Reply.Int(int64(c.DBSize(c.DB())))
	return nil
}

// flush empties a database, or all with db -1. Both modes do the same: nobody waits for memory to be freed.
func flush(c *core.Ctx, db int) error {
	if len(c.Args) > 2 || len(c.Args) == 2 && !protocol.IsWord(c.Args[1], "SYNC") && !protocol.IsWord(c.Args[1], "ASYNC") {
		return protocol.ErrSyntax
	}
	if c.FlushDB(db) == 0 {
		c.Propagate(c.Args...) // as Redis does, though nothing was there
	}
	c.Reply.OK()
	return nil
}

const (
	errFirstDB  = protocol.Error("ERR invalid first DB index")
	errSecondDB = protocol.Error("ERR invalid second DB index")
)

func swapdb(c *core.Ctx) error {
	var db [2]int64
	for i, refusal := range []protocol.Error{errFirstDB, errSecondDB} {
		n, ok := protocol.ParseInt(c.Args[i+1])
		if !ok || n < math.MinInt32 || n > math.MaxInt32 {
			return refusal
		}
		db[i] = n
	}
	for _, n := range db {
		if n < 0 || n >= int64(c.Engine().Keyspace().Databases()) {
			return protocol.ErrDBIndex
		}
	}
	if db[0] == db[1] {
		c.Dirty(1)
	} else {
		c.SwapDB(int(db[0]), int(db[1]))
	}
	c.Reply.OK()
	return nil
}
