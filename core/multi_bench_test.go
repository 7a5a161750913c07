package core_test

import (
	"fmt"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/standard"
)

// benchClient returns an engine and a client of it with nobody listening to effects.
func benchClient(b *testing.B) (*core.Engine, *core.Client) {
	b.Helper()
	table, err := options.Standard()
	if err != nil {
		b.Fatal(err)
	}
	e, err := core.New(core.Config{Families: standard.All(), Options: table})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	c := e.NewClient(coretest.NoConn{})
	b.Cleanup(func() { e.CloseClient(c) })
	return e, c
}

func request(args ...string) [][]byte {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	return raw
}

// Ten SETs: alone, in one transaction whose requests come together, and one whose requests come one by one.
func BenchmarkTransaction(b *testing.B) {
	e, c := benchClient(b)
	multi, exec := request("MULTI"), request("EXEC")
	var sets [10][][]byte
	for i := range sets {
		sets[i] = request("SET", fmt.Sprintf("key:%012d", i*7919), "value:000000012345")
	}
	run := func(name string, each func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.W.Reset()
				each()
				c.Flush()
			}
		})
	}
	run("alone", func() {
		for i := range sets {
			e.Handle(c, sets[i])
		}
	})
	run("together", func() {
		e.Handle(c, multi)
		for i := range sets {
			e.Handle(c, sets[i])
		}
		e.Handle(c, exec)
	})
	run("one by one", func() {
		e.Handle(c, multi)
		for i := range sets {
			c.Flush()
			c.Idle()
			e.Handle(c, sets[i])
		}
		c.Flush()
		c.Idle()
		e.Handle(c, exec)
	})
}

// Others' watches of many keys, and of none, beside a writer of one more key.
func BenchmarkWriteBesideWatches(b *testing.B) {
	for _, watched := range []int{0, 10_000} {
		b.Run(fmt.Sprint(watched), func(b *testing.B) {
			e, c := benchClient(b)
			other := e.NewClient(coretest.NoConn{})
			b.Cleanup(func() { e.CloseClient(other) })
			for i := range watched {
				e.Handle(other, request("WATCH", fmt.Sprintf("watched:%d", i)))
			}
			writeKeys(b, e, c)
		})
	}
}

// A writer while nobody tracks, while somebody does in BCAST mode with a prefix of other keys, and while a hundred clients
// get every key.
func BenchmarkWriteBesideTracking(b *testing.B) {
	for _, mode := range []struct {
		name    string
		clients int
		args    []string
	}{
		{"off", 0, nil},
		{"other prefix", 100, []string{"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "other:"}},
		{"every key", 100, []string{"CLIENT", "TRACKING", "ON", "BCAST"}},
	} {
		b.Run(mode.name, func(b *testing.B) {
			e, c := benchClient(b)
			for range mode.clients {
				t := e.NewClient(coretest.NoConn{})
				b.Cleanup(func() { e.CloseClient(t) })
				e.Handle(t, request("HELLO", "3"))
				e.Handle(t, request(mode.args...))
			}
			writeKeys(b, e, c)
		})
	}
}

// writeKeys sets a thousand keys in turn, sixteen a batch.
func writeKeys(b *testing.B, e *core.Engine, c *core.Client) {
	var sets [1000][][]byte
	for i := range sets {
		sets[i] = request("SET", fmt.Sprintf("key:%d", i), "value:000000012345")
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Handle(c, sets[i%len(sets)])
		if i%16 == 15 {
			c.W.Reset()
			c.Flush()
		}
	}
}
