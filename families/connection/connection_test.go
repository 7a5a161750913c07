package connection

import (
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/protocol"
)

// waiting is a family with one command that blocks on its key.
type waiting struct{}

func (waiting) Name() string { return "waiting" }
func (waiting) Register(r *core.Registry) {
	r.Add([]core.Command{{
		Name: "AWAIT", Arity: 2, Flags: core.Blocking, Keys: core.KeyAt(1, core.ReadWrite),
		Group: "generic", Since: "7.0.0", Summary: "Waits for a key that never comes.",
		Run: func(c *core.Ctx) error { return c.Block(core.Block{Timeout: time.Hour}) },
	}})
}

func TestErrors(t *testing.T) {
	h := coretest.New(t, New())
	for _, tt := range []struct{ line, want string }{
		{"PING a b", "ERR wrong number of arguments for 'ping' command"},
		{"SELECT x", "ERR value is not an integer or out of range"},
		{"SELECT 99999999999", "ERR value is out of range, value must between -2147483648 and 2147483647"},
		{"SELECT 16", "ERR DB index is out of range"},
		{"HELLO 4", "NOPROTO unsupported protocol version"},
		{"HELLO x", "ERR Protocol version is not an integer or out of range"},
		{"HELLO 3 SETNAME", "ERR Syntax error in HELLO option 'SETNAME'"},
		{"CLIENT FOO", "ERR unknown subcommand 'FOO'. Try CLIENT HELP."},
		{"CLIENT LIST TYPE foo", "ERR Unknown client type 'foo'"},
		{"CLIENT LIST ID a", "ERR Invalid client ID"},
		{"CLIENT LIST ID", "ERR syntax error"},
		{"CLIENT KILL 1.2.3.4:5", "ERR No such client"},
		{"CLIENT KILL ID 0 TYPE foo", "ERR client-id should be greater than 0"},
		{"CLIENT KILL USER nobody SKIPME no", "ERR No such user 'nobody'"},
		{"CLIENT KILL SKIPME maybe", "ERR syntax error"},
		{"CLIENT PAUSE 1 SOME", "ERR CLIENT PAUSE mode must be WRITE or ALL"},
		{"CLIENT PAUSE -1", "ERR timeout is negative"},
		{"CLIENT PAUSE 1 ALL x", "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."},
		{"CLIENT UNBLOCK x", "ERR value is not an integer or out of range"},
		{"CLIENT UNBLOCK x NOW", "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"},
		{"CLIENT REPLY maybe", "ERR syntax error"},
		{"CLIENT SETINFO lib-color red", "ERR Unrecognized option 'lib-color'"},
	} {
		h.Do(strings.Fields(tt.line)...).Error(tt.want)
	}
	h.Do("CLIENT", "SETNAME", "a b").Error("ERR Client names cannot contain spaces, newlines or special characters.")
}

func TestHelloAppliesOptionsInOrder(t *testing.T) {
	h := coretest.New(t, New())
	h.Do("HELLO", "3", "SETNAME", "first", "SETNAME", "a b").
		Error("ERR Client names cannot contain spaces, newlines or special characters.")
	h.Do("CLIENT", "GETNAME").Bulk("first")
	r := h.Do("HELLO", "3", "SETNAME", "second")
	if r.Kind != protocol.KindMap {
		t.Fatalf("reply %q", r.Raw)
	}
	for _, f := range []struct{ name, want string }{{"server", "redis"}, {"version", "7.0.15"}, {"proto", "3"}, {"role", "master"}} {
		if v, _ := r.Get(f.name); v.Text() != f.want {
			t.Errorf("%s is %q", f.name, v.Text())
		}
	}
	h.Do("CLIENT", "GETNAME").Bulk("second")
}

func TestClientLine(t *testing.T) {
	h := coretest.New(t, New())
	h.Do("CLIENT", "SETNAME", "me")
	h.Do("SELECT", "3")
	line := h.Do("CLIENT", "INFO").Text()
	for _, field := range []string{" name=me ", " flags=N ", " db=3 ", " multi=-1 ", " argv-mem=10 ", " cmd=client|info ", " user=default ", " redir=-1 resp=2\n"} {
		if !strings.Contains(line, field) {
			t.Errorf("no %q in %q", field, line)
		}
	}
	h.Do("CLIENT", "NO-EVICT", "on").OK()
	h.Do("CLIENT", "SETINFO", "LIB-NAME", "tester").OK()
	if line = h.Do("CLIENT", "LIST").Text(); !strings.Contains(line, " flags=e ") || !strings.Contains(line, " lib-name=tester lib-ver=\n") {
		t.Errorf("line %q", line)
	}
	h.Do("RESET").Equals("+RESET\r\n")
	if line = h.Do("CLIENT", "INFO").Text(); !strings.Contains(line, " name= ") || !strings.Contains(line, " db=0 ") {
		t.Errorf("after RESET: %q", line)
	}
}

func TestKillByFilter(t *testing.T) {
	h := coretest.New(t, New())
	others := []*coretest.Client{h.Client(), h.Client()}
	h.Do("CLIENT", "KILL", "TYPE", "replica").Int(0)
	h.Do("CLIENT", "KILL", "ID", "999").Int(0)
	h.Do("CLIENT", "KILL", "TYPE", "normal", "USER", "default").Int(2)
	for _, c := range others {
		if !c.C.Killed() {
			t.Error("a client is left")
		}
	}
	h.Do("CLIENT", "KILL", "SKIPME", "no").Int(1)
}

func TestReplyModes(t *testing.T) {
	h := coretest.New(t, New())
	for _, step := range []struct{ line, want string }{
		{"CLIENT REPLY SKIP", ""},
		{"PING", ""},
		{"PING", "+PONG\r\n"},
		{"CLIENT REPLY OFF", ""},
		{"PING", ""},
		{"CLIENT REPLY SKIP", ""},
		{"CLIENT REPLY ON", "+OK\r\n"},
		{"CLIENT REPLY SKIP", ""},
		{"CLIENT REPLY ON", "+OK\r\n"},
		{"PING", "+PONG\r\n"},
	} {
		if got := h.Do(strings.Fields(step.line)...).Raw; got != step.want {
			t.Errorf("%s: %q, want %q", step.line, got, step.want)
		}
	}
}

func TestUnblock(t *testing.T) {
	for _, tt := range []struct{ how, want string }{
		{"TIMEOUT", "*-1\r\n"},
		{"ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"},
	} {
		t.Run(tt.how, func(t *testing.T) {
			h := coretest.New(t, New(), waiting{})
			c := h.Client()
			id := c.Do("CLIENT", "ID").Text()
			h.Do("CLIENT", "UNBLOCK", id).Int(0)
			c.Start("AWAIT", "k")
			h.Do("CLIENT", "UNBLOCK", id, tt.how).Int(1)
			c.Wait().Equals(tt.want)
			h.Do("CLIENT", "UNBLOCK", id).Int(0)
			unblocked := false
			for _, e := range h.Engine.Stats().Errors() {
				unblocked = unblocked || e.Code == "UNBLOCKED" && e.Count == 1
			}
			if unblocked != (tt.how == "ERROR") {
				t.Errorf("counted as an error: %v", unblocked)
			}
		})
	}
}

// observer keeps the database that MONITOR would show for the last command.
type observer struct{ db int }

func (o *observer) Executed(_ *core.Client, _ *core.Command, _ [][]byte, db int, _ time.Time, _ time.Duration) {
	o.db = db
}

func TestObserversSeeTheDatabaseAfterTheCommand(t *testing.T) {
	h := coretest.New(t, New())
	o := &observer{db: -1}
	h.Engine.AddObserver(o)
	h.Engine.SetObserving(true, 0)
	for _, tt := range []struct {
		line string
		db   int
	}{{"SELECT 3", 3}, {"PING", 3}, {"RESET", 0}, {"PING", 0}} {
		h.Do(strings.Fields(tt.line)...)
		if o.db != tt.db {
			t.Errorf("%s: database %d, want %d", tt.line, o.db, tt.db)
		}
	}
}
