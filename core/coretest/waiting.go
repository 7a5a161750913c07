package coretest

import "github.com/redust/redust/core"

// DoOrWait runs a command and returns its reply, for which it waits if the command blocks.
func (c *Client) DoOrWait(args ...string) *Reply {
	c.t.Helper()
	if c.Send(args...) == core.Blocked {
		return c.Wait()
	}
	return c.reply(args)
}
