package core_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/standard"
)

// longCounter is a process that counts what it is told of long work.
type longCounter struct {
	core.Process
	begun, ended atomic.Int64
}

func (p *longCounter) BeginLong() { p.begun.Add(1) }
func (p *longCounter) EndLong()   { p.ended.Add(1) }

type quietSnapshot struct{}

func (quietSnapshot) Before(int, keyspace.Entry)                {}
func (quietSnapshot) Big(int, []byte, core.Value, core.KeyMeta) {}
func (quietSnapshot) Disturbed()                                {}

// Whatever keeps a processor for long says so, and says when it is over.
func TestLongWorkIsAnnounced(t *testing.T) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	p := new(longCounter)
	e, err := core.New(core.Config{Families: standard.All(), Options: table, Process: p})
	if err != nil {
		t.Fatal(err)
	}
	c := e.NewClient(nil)
	do := func(args ...string) {
		words := make([][]byte, len(args))
		for i, a := range args {
			words[i] = []byte(a)
		}
		e.Handle(c, words)
		if b := c.W.Buf; len(b) > 0 && b[0] == '-' {
			t.Errorf("%q: %s", args[0], b)
		}
		c.W.Reset()
	}
	many := []string{"SADD", "s"}
	for i := range 30_000 {
		many = append(many, fmt.Sprint(i))
	}
	expect := func(what string, want int64) {
		t.Helper()
		if n := p.begun.Swap(0); n != want {
			t.Errorf("%s: long work began %d times, want %d", what, n, want)
		}
		if n := p.ended.Swap(0); n != want {
			t.Errorf("%s: long work ended %d times, want %d", what, n, want)
		}
	}
	do("SET", "k", "v")
	do("SADD", "few", "1", "2")
	do("SUNION", "few", "none")
	do("KEYS", "*")
	expect("small commands", 0)
	do(many...)
	expect("SADD of 30,000", 1)
	do("SUNION", "s", "few")
	expect("SUNION", 1)
	e.SetLoading(true)
	e.SetLoading(true)
	e.SetLoading(false)
	e.SetLoading(false)
	expect("loading", 1)
	e.WithAllShards(func() { e.BeginSnapshot(quietSnapshot{}) })
	e.EndSnapshot(false)
	expect("a snapshot", 1)
	for i := range 21_000 {
		do("SET", fmt.Sprint(i), "v")
	}
	do("KEYS", "1*")
	expect("KEYS", 1)
	e.Run()
	do("DEL", "s")
	for pending, _ := e.LazyFree(); pending > 0; pending, _ = e.LazyFree() {
		runtime.Gosched()
	}
	do("FLUSHALL")
	e.CloseClient(c)
	if err := e.Close(); err != nil { // waits for what is in the background
		t.Fatal(err)
	}
	if b, n := p.begun.Load(), p.ended.Load(); b < 2 || b != n { // housekeeping may be long, too
		t.Errorf("freeing a large set and a large database: long work began %d and ended %d times, want 2", b, n)
	}
}
