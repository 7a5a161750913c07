package lists

import (
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/keys"
)

// benchEngine returns a function that runs a command of an engine with nobody listening to its effects.
func benchEngine(b *testing.B) func(args ...string) func() {
	table, err := options.Standard()
	if err != nil {
		b.Fatal(err)
	}
	fams := []core.Family{New(), keysfamily.New()}
	e, err := core.New(core.Config{Families: fams, Options: table})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	c := e.NewClient(nil)
	return func(args ...string) func() {
		var raw [][]byte
		for _, a := range args {
			raw = append(raw, []byte(a))
		}
		return func() {
			c.W.Reset()
			e.Handle(c, raw)
		}
	}
}

func BenchmarkCommands(b *testing.B) {
	cmd := benchEngine(b)
	push, pop := cmd("LPUSH", "k", "value:000000012345"), cmd("LPOP", "k")
	b.Run("LPUSH", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			push()
		}
	})
	b.Run("LPUSH+LPOP", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			push()
			pop()
		}
	})
	small, smallPop := cmd("RPUSH", "s", "abc"), cmd("RPOP", "s")
	b.Run("small", func(b *testing.B) {
		b.ReportAllocs()
		small()
		for b.Loop() {
			small()
			smallPop()
		}
	})
	lrange := cmd("LRANGE", "k", "100000", "100499")
	b.Run("LRANGE", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lrange()
		}
	})
}
