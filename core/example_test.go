package core_test

import (
	"strconv"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/keyspace"
	strfamily "github.com/redust/redust/families/strings"
)

// example is a family of one command, as another module would write it.
type example struct{}

func (example) Name() string { return "example" }

func (example) Register(r *core.Registry) {
	r.Add([]core.Command{{
		Name: "LONGEST", Arity: -2,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyRange(1, -1, 1, core.ReadOnly|core.AccessData),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(N), N = keys",
		Summary:    "Returns the longest of the strings stored at several keys.",
		Syntax:     "key@0...",
		Run:        longest,
	}})
}

func longest(c *core.Ctx) error {
	var best []byte
	for _, k := range c.Keys() {
		v, ok, err := c.Value(k, keyspace.String)
		if err != nil {
			return err
		}
		text := v.Packed // the keys are locked until the handler returns
		if ok && v.Enc == keyspace.EncInt {
			text = strconv.AppendInt(nil, v.Int, 10)
		}
		if len(text) > len(best) {
			best = text
		}
	}
	if best == nil {
		c.Reply.Null()
	} else {
		c.Reply.Bulk(best)
	}
	return nil
}

func TestExampleFamily(t *testing.T) {
	h := coretest.New(t, example{}, strfamily.New())
	h.Do("LONGEST", "a", "b").Nil()
	h.Do("MSET", "a", "pear", "b", "banana", "c", "fig").OK()
	h.Do("LONGEST", "a", "b", "c", "nosuch").Bulk("banana")
	h.Do("SET", "n", "12345678").OK()
	h.Do("LONGEST", "a", "n", "b").Bulk("12345678")
	h.Do("LONGEST").Error("ERR wrong number of arguments for 'longest' command")
}
