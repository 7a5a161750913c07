package keysfamily_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redust/redust/protocol"
)

// target is a server that takes what MIGRATE sends. It answers each request as answer says: "" is silence, "close" an end.
type target struct {
	port   string
	answer func(args []string) string

	mu       sync.Mutex
	accepted int
	got      []string
}

func startTarget(t *testing.T, answer func(args []string) string) *target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{answer: answer}
	_, tg.port, _ = net.SplitHostPort(l.Addr().String())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tg.mu.Lock()
			tg.accepted++
			tg.mu.Unlock()
			serving.Go(func() { tg.serve(c) })
			t.Cleanup(func() { _ = c.Close() })
		}
	})
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { _ = l.Close() })
	return tg
}

func (tg *target) serve(c net.Conn) {
	defer c.Close()
	in := protocol.NewReplyReader(c, protocol.ReplyLimits{})
	for {
		r, err := in.Read()
		if err != nil {
			return
		}
		var args []string
		for _, e := range r.Elems {
			args = append(args, string(e.Str))
		}
		shown := args
		if args[0] == "RESTORE" {
			shown = append([]string{args[0], args[1], args[2]}, args[4:]...)
		}
		tg.mu.Lock()
		tg.got = append(tg.got, strings.Join(shown, " "))
		tg.mu.Unlock()
		switch answer := tg.answer(args); answer {
		case "":
		case "close":
			return
		default:
			fmt.Fprintf(c, "%s\r\n", answer)
		}
	}
}

// took returns what has come since the last call.
func (tg *target) took() string {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	got := strings.Join(tg.got, "|")
	tg.got = nil
	return got
}

func (tg *target) connections() int {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	return tg.accepted
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestMigrate(t *testing.T) {
	tg := startTarget(t, func(args []string) string {
		switch {
		case args[0] == "RESTORE" && args[1] == "taken" && len(args) < 5:
			return "-BUSYKEY Target key name already exists."
		case args[0] == "SELECT" && (args[1] == "99" || args[1] == "-1"):
			return "-ERR DB index is out of range"
		case args[0] == "AUTH" && args[len(args)-1] == "wrong":
			return "-WRONGPASS invalid"
		}
		return "+OK"
	})
	h := start(t)
	h.Do("MSET", "a", "1", "b", "2", "c", "3", "taken", "4")
	h.Do("PLAIN", "list", "l", "x", "y")
	h.Effects()

	h.Do("MIGRATE", "127.0.0.1", tg.port, "a", "0", "1000").OK()
	expect(t, "one key", tg.took(), "SELECT 0|RESTORE a 0")
	expect(t, "its effect", strings.Join(h.Effects(), "|"), "DEL a")
	h.Do("EXISTS", "a").Int(0)

	h.Do("MIGRATE", "127.0.0.1", tg.port, "b", "0", "1000", "COPY").OK()
	expect(t, "a copy", tg.took(), "RESTORE b 0")
	h.Do("EXISTS", "b").Int(1)
	if e := h.Effects(); len(e) != 0 {
		t.Errorf("a copy has the effect %q", e)
	}

	h.Do("MIGRATE", "127.0.0.1", tg.port, "", "0", "1000", "KEYS", "none", "b", "taken", "l").
		Error("ERR Target instance replied with error: BUSYKEY Target key name already exists.")
	expect(t, "several", tg.took(), "RESTORE b 0|RESTORE taken 0|RESTORE l 0")
	expect(t, "their effect", strings.Join(h.Effects(), "|"), "DEL b l")
	h.Do("EXISTS", "b", "taken", "l").Int(1)

	h.Do("MIGRATE", "127.0.0.1", tg.port, "taken", "0", "1000", "REPLACE").OK()
	expect(t, "REPLACE, after an error", tg.took(), "SELECT 0|RESTORE taken 0 REPLACE")

	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "99", "1000").Error("ERR Target instance replied with error: ERR DB index is out of range")
	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "-1", "1000").Error("ERR Target instance replied with error: ERR DB index is out of range")
	h.Do("EXISTS", "c").Int(1)
	if tg.connections() != 1 {
		t.Errorf("there were %d connections to one target", tg.connections())
	}
	tg.took()

	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "0", "1000", "COPY", "AUTH", "wrong").Error("ERR Target instance replied with error: WRONGPASS invalid")
	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "0", "1000", "COPY", "AUTH", "right").OK()
	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "3", "1000", "COPY", "AUTH2", "me", "right").OK()
	h.Do("MIGRATE", "127.0.0.1", tg.port, "c", "3", "1000", "AUTH2", "me", "right").OK()
	expect(t, "passwords", tg.took(),
		"AUTH wrong|SELECT 0|RESTORE c 0|AUTH right|SELECT 0|RESTORE c 0|AUTH me right|SELECT 3|RESTORE c 0|RESTORE c 0")
	h.Do("DBSIZE").Int(0)
}

func TestMigrateTTL(t *testing.T) {
	tg := startTarget(t, func([]string) string { return "+OK" })
	h := start(t)
	h.Do("SET", "k", "v", "PX", "1500")
	h.Do("MIGRATE", "127.0.0.1", tg.port, "k", "0", "1000").OK()
	expect(t, "the rest of its time", tg.took(), "SELECT 0|RESTORE k 1500")
	h.Do("SET", "k", "v", "PX", "1500")
	h.Advance(1500 * time.Millisecond)
	h.Do("MIGRATE", "127.0.0.1", tg.port, "k", "0", "1000").Equals("+NOKEY\r\n")
}

// A key is deleted only when the target has said that it has it.
func TestMigrateBroken(t *testing.T) {
	h := start(t)
	h.Do("MSET", "a", "1", "b", "2", "c", "3")
	silent := startTarget(t, func([]string) string { return "" })
	h.Do("MIGRATE", "127.0.0.1", silent.port, "a", "0", "20").Error("IOERR error or timeout reading to target instance")
	if silent.connections() != 1 {
		t.Error("a target that was too slow was asked again")
	}
	h.Effects()

	half := startTarget(t, func(args []string) string {
		if args[0] == "RESTORE" && args[1] == "b" {
			return "close"
		}
		return "+OK"
	})
	h.Do("MIGRATE", "127.0.0.1", half.port, "", "0", "1000", "KEYS", "a", "b", "c").Error("IOERR error or timeout reading to target instance")
	expect(t, "the effect", strings.Join(h.Effects(), "|"), "DEL a")
	h.Do("EXISTS", "a", "b", "c").Int(2)

	noise := startTarget(t, func([]string) string { return "$1000000000" })
	h.Do("MIGRATE", "127.0.0.1", noise.port, "b", "0", "1000").Error("IOERR error or timeout reading to target instance")
	h.Do("MIGRATE", "127.0.0.1", "1", "b", "0", "1000").Error("IOERR error or timeout writing to target instance")
	h.Do("MIGRATE", "nohost.invalid", "1", "b", "0", "1000").Error("IOERR error or timeout connecting to the client")
	h.Do("EXISTS", "b", "c").Int(2)
}

// A connection that was kept, and that the target has closed since, is replaced by another one.
func TestMigrateReconnects(t *testing.T) {
	var calls atomic.Int32
	tg := startTarget(t, func(args []string) string {
		if args[0] == "RESTORE" {
			if calls.Add(1) == 2 {
				return "close"
			}
		}
		return "+OK"
	})
	h := start(t)
	h.Do("MSET", "a", "1", "b", "2")
	h.Do("MIGRATE", "127.0.0.1", tg.port, "a", "0", "1000").OK()
	h.Do("MIGRATE", "127.0.0.1", tg.port, "b", "0", "1000").OK()
	expect(t, "all that came", tg.took(), "SELECT 0|RESTORE a 0|RESTORE b 0|SELECT 0|RESTORE b 0")
	h.Do("DBSIZE").Int(0)
}

// Who works on other keys doesn't wait for the target; who wants a key that is on its way waits until it is gone.
func TestMigrateHoldsItsKeysOnly(t *testing.T) {
	asked, answer := make(chan bool), make(chan bool)
	tg := startTarget(t, func(args []string) string {
		if args[0] == "RESTORE" {
			asked <- true
			<-answer
		}
		return "+OK"
	})
	h := start(t)
	h.Do("MSET", "a", "1", "b", "2")
	var clients sync.WaitGroup
	mover, reader := h.Client(), h.Client()
	clients.Go(func() { mover.Do("MIGRATE", "127.0.0.1", tg.port, "a", "0", "10000").OK() })
	<-asked
	for i := range 600 { // some on the shard of a
		h.Do("SET", fmt.Sprint("other", i), "v").OK()
	}
	h.Do("GET", "b").Bulk("2")
	read := make(chan bool)
	clients.Go(func() { reader.Do("GET", "a").Nil(); close(read) })
	select {
	case <-read:
		t.Error("a key was read while it was on its way")
	case <-time.After(20 * time.Millisecond):
	}
	close(answer)
	clients.Wait()
}

// A shutdown doesn't wait for the target.
func TestMigrateEndsAtShutdown(t *testing.T) {
	asked := make(chan bool, 2)
	tg := startTarget(t, func(args []string) string {
		if args[0] == "RESTORE" {
			asked <- true
		}
		return ""
	})
	h := start(t)
	h.Do("SET", "a", "1")
	var mover sync.WaitGroup
	c := h.Client()
	mover.Go(func() {
		c.Do("MIGRATE", "127.0.0.1", tg.port, "a", "0", "3600000").Error("IOERR error or timeout reading to target instance")
	})
	<-asked
	h.Engine.HoldWrites()
	mover.Wait()
	h.Engine.ReleaseWrites()
	h.Do("GET", "a").Bulk("1")
	if n := len(asked); n != 0 {
		t.Error("the target was asked again")
	}
}
