package server

import (
	"fmt"

	"github.com/redust/redust/core"
)

// What follows ends the process, each in a way of its own, so that the report of a crash can be tried out.

func debugPanic(_ *family, c *core.Ctx, _ [][]byte) error {
	panic(fmt.Sprintf("DEBUG PANIC called at Unix time %d", c.Now()/1000))
}

func debugAssert(_ *family, c *core.Ctx, _ [][]byte) error {
	panic(fmt.Sprintf("assertion failed: DEBUG ASSERT by client %d", c.Client().ID()))
}

func debugOOM(*family, *core.Ctx, [][]byte) error {
	panic("out of memory: DEBUG OOM")
}

func debugSegfault(*family, *core.Ctx, [][]byte) error {
	var nowhere *int
	*nowhere = 1
	return nil
}
