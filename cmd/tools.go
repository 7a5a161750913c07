package redustcmd

import "github.com/redust/redust/persistence"

// tools are the subcommands of the stock program.
func tools() []Subcommand {
	return []Subcommand{
		{Name: "check-rdb", Summary: "Examines an RDB file: check-rdb FILE", Run: func(inv Invocation) int {
			return persistence.CheckRDB(inv.Args, inv.Stdout, inv.Stderr)
		}},
		{Name: "check-aof", Summary: "Examines or mends an AOF: check-aof [--fix] DIR|FILE", Run: func(inv Invocation) int {
			return persistence.CheckAOF(inv.Args, inv.Stdout, inv.Stderr)
		}},
	}
}
