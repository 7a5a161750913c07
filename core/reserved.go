package core

// Reserved reports whether the command runs with its keys reserved and no shard locked,
// because its Weight asked for it: only value style access is allowed then.
func (c *Ctx) Reserved() bool { return c.mode == lockReserved }
