package core

// RoomForKeys is where the present batch's commands have their keys.
func (c *Client) RoomForKeys() []Key { return c.busy().ctx.room }
