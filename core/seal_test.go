package core_test

import (
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/families/standard"
)

// late is a family whose writes can be stopped between the checks and the locks.
type late struct {
	passed, goOn chan struct{}
}

func (*late) Name() string { return "late" }

func (l *late) Register(r *core.Registry) {
	write := core.Command{
		Arity: 2, Flags: core.Write, Keys: core.KeyAt(1, core.ReadWrite|core.Insert),
		Group: "string", Since: "1.0.0", Complexity: "O(1)", Summary: "Writes after a while.", Syntax: "key@0",
		Elsewhere: func(_ *core.Ctx, _ [][]byte, keys []core.Key) []core.Key {
			if l.passed != nil {
				l.passed <- struct{}{}
				<-l.goOn
			}
			return keys
		},
		Run: func(c *core.Ctx) error {
			c.Store(c.Key(0), core.Value{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: []byte("v")}, false)
			c.Changed(core.EventString, "late", c.Key(0))
			c.Reply.OK()
			return nil
		},
	}
	plain, all, slow := write, write, write
	plain.Name, all.Name, slow.Name = "LATE", "LATEALL", "LATESLOW"
	all.Flags |= core.AllShards
	slow.Weight = func(*core.Ctx) int { return 1 << 30 }
	r.Add([]core.Command{plain, all, slow})
}

// A write that has passed the checks when a shutdown begins to hold writes, and gets its locks afterwards, waits like the others:
// the final save would lack it. When the shutdown is called off it is done, once.
func TestLateWritesAreHeld(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before [][]string
		write  []string
		reply  string
	}{
		{"one key", nil, []string{"LATE", "k"}, "+OK\r\n"},
		{"all shards", nil, []string{"LATEALL", "k"}, "+OK\r\n"},
		{"reserved", nil, []string{"LATESLOW", "k"}, "+OK\r\n"},
		{"EXEC", [][]string{{"WATCH", "other"}, {"MULTI"}, {"LATE", "k"}, {"GET", "other"}}, []string{"EXEC"}, "*2\r\n+OK\r\n$-1\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := new(late)
			h := coretest.New(t, append(standard.All(), l)...)
			w := h.Client()
			for _, args := range tc.before {
				w.Do(args...)
			}
			l.passed, l.goOn = make(chan struct{}), make(chan struct{})
			first := make(chan core.Status)
			go func() { first <- w.Send(tc.write...) }()
			<-l.passed
			within(t, "HoldWrites", h.Engine.HoldWrites)
			h.Do("CLIENT", "UNPAUSE").OK() // has nothing to do with it
			l.goOn <- struct{}{}
			if st := <-first; st != core.Postponed {
				t.Fatalf("the write is not held: %v, %q", st, w.C.W.Buf)
			}
			h.Do("EXISTS", "k").Int(0)
			select {
			case <-w.C.Resume():
				t.Error("it goes on though writes are held")
			default:
			}
			if st := h.Client().Send("SET", "new", "v"); st != core.Postponed {
				t.Errorf("a new write: %v", st)
			}
			h.Engine.ReleaseWrites()
			<-w.C.Resume()
			l.passed = nil
			w.Do(tc.write...).Equals(tc.reply)
			h.Do("EXISTS", "k").Int(1)
			h.Do("SET", "new", "v").OK()
		})
	}
}

// A client that waits for a key is not served, though what it waits for came before: its pop would not be in the save.
func TestBlockedClientsAreServedAfterTheHold(t *testing.T) {
	l := new(late)
	h := coretest.New(t, append(standard.All(), l)...)
	waiting := []*coretest.Client{h.Client(), h.Client()}
	for _, w := range waiting {
		w.Start("BLPOP", "list", "0")
	}
	// The push is over, and about to serve them, when writes are held.
	h.Engine.OnModified(func(c *core.Ctx, keys []core.Key) {
		if string(keys[0].Name) == "list" && c.Owner() != nil {
			h.Engine.HoldWrites()
		}
	})
	h.Do("RPUSH", "list", "a", "b").Int(2)
	for _, w := range waiting {
		if !w.Waiting() {
			t.Error("a client was served")
		}
	}
	h.Do("LLEN", "list").Int(2)
	h.Engine.OnModified(nil)
	h.Engine.ReleaseWrites()
	waiting[0].Wait().Array("list", "a")
	waiting[1].Wait().Array("list", "b")
}

// What is loading when a shutdown comes is not waited for.
func TestHoldWhileLoading(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	h.Engine.SetLoading(true)
	h.Engine.WithAllShards(func() { within(t, "HoldWrites while loading", h.Engine.HoldWrites) })
	h.Engine.SetLoading(false)
	h.Engine.ReleaseWrites()
	h.Do("SET", "k", "v").OK()
}
