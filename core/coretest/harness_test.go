package coretest

import (
	"testing"
	"time"

	"github.com/redust/redust/core"
)

type empty struct{}

func (empty) Name() string { return "empty" }
func (empty) Register(r *core.Registry) {
	r.Add([]core.Command{{
		Name: "NOTHING", Arity: 1, Group: "server", Since: "7.0.0", Summary: "Answers OK.",
		Run: func(c *core.Ctx) error { c.Reply.OK(); return nil },
	}})
}

func TestHarnessRunsAFamily(t *testing.T) {
	h := New(t, empty{})
	h.Do("nothing").OK()
	h.Do("NOTHING", "x").Error("ERR wrong number of arguments for 'nothing' command")
	h.Do("none", "x").Error("ERR unknown command 'none', with args beginning with: 'x' ")
	h.Advance(time.Hour)
	if got := h.Effects(); len(got) != 0 {
		t.Errorf("effects %q", got)
	}
}
