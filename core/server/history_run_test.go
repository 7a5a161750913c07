package server_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redust/redust/protocol"
)

// historyRounds is how many histories a test makes: SOAK_HISTORIES, or few.
func historyRounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("SOAK_HISTORIES")); err == nil {
		return n
	}
	if testing.Short() {
		return max(1, few/4)
	}
	return few
}

// TestHistoriesAreLinearizable checks that what concurrent clients see has a sequential
// explanation: single commands, transactions with and without WATCH, and blocking pops.
func TestHistoriesAreLinearizable(t *testing.T) {
	checkHistories(t, historyRounds(12), 0)
}

// Nor is the explanation lost when connections end in the middle of it all: by CLIENT KILL, alone or in a transaction, by
// CLIENT UNBLOCK, or because the client has gone. A request whose reply did not come has happened, or not, but
// never in part.
func TestHistoriesWithKilledClientsAreLinearizable(t *testing.T) {
	checkHistories(t, historyRounds(12), 6)
}

func checkHistories(t *testing.T, rounds, kills int) {
	addr, _ := startServer(t)
	unknown, unchecked := 0, 0
	for round := range rounds {
		seed := uint64(time.Now().UnixNano())
		h := &history{t: t, addr: addr, prefix: fmt.Sprintf("k%dr%d:", kills, round), seed: seed, begin: time.Now()}
		h.run(kills)
		unknown += h.unknown
		switch porcupine.CheckOperationsTimeout(historyModel, h.ops, 20*time.Second) {
		case porcupine.Illegal:
			t.Fatalf("round %d, seed %d: history of %d operations is not linearizable", round, seed, len(h.ops))
		case porcupine.Unknown:
			unchecked++
		}
	}
	t.Logf("%d histories, %d requests of killed clients, %d histories not checked to the end", rounds, unknown, unchecked)
	if unchecked > rounds/2 {
		t.Errorf("%d of %d histories took too long to check", unchecked, rounds)
	}
}

// history is one round: six clients, their operations, and who kills them.
type history struct {
	t      *testing.T
	addr   string
	prefix string
	seed   uint64
	begin  time.Time

	mu      sync.Mutex
	ops     []porcupine.Operation
	unknown int
	workers [6]historyClient
}

func (h *history) run(kills int) {
	var work, end sync.WaitGroup
	over := make(chan struct{})
	for id := range h.workers {
		w := &h.workers[id]
		*w = historyClient{h: h, id: id, rnd: rand.New(rand.NewPCG(h.seed, uint64(id)))}
		w.dial()
		work.Go(w.work)
	}
	if kills > 0 {
		end.Go(func() { h.kill(kills, over) })
	}
	work.Wait()
	close(over)
	end.Wait()
	h.readAll()
}

// readAll ends the history with what is there: an effect that nobody saw on the way is seen now.
func (h *history) readAll() {
	w := &historyClient{h: h, id: len(h.workers)}
	w.dial()
	for i := range historyKeys {
		for _, key := range []string{h.key('s', i), h.key('n', i), h.key('l', i)} {
			call := h.now()
			out, err := w.do(reading(key)...)
			if err != nil {
				h.t.Fatal(err)
			}
			h.add(w.id, call, operation{steps: []step{{reading(key), out}}})
		}
	}
}

func (h *history) now() int64 { return int64(time.Since(h.begin)) }

func (h *history) key(kind byte, i int) string { return h.prefix + string(kind) + strconv.Itoa(i) }

func (h *history) add(id int, call int64, op operation) {
	ret := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if op.unknown {
		ret = math.MaxInt64
		h.unknown++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: id, Input: op, Call: call, Return: ret})
}

// reading is the command that reads a key of a history.
func reading(key string) []string {
	if listKey(key) {
		return []string{"LRANGE", key, "0", "-1"}
	}
	return []string{"GET", key}
}

func listKey(key string) bool { return key[len(key)-2] == 'l' }

// absent is what reading an absent key gives.
func absent(key string) string {
	if listKey(key) {
		return ""
	}
	return "(nil)"
}

// historyClient is a client that comes back when its connection ends.
type historyClient struct {
	h    *history
	id   int
	rnd  *rand.Rand
	conn *testConn
	// For who kills it:
	clientID atomic.Int64
	socket   atomic.Pointer[net.Conn]
}

func (w *historyClient) dial() {
	for {
		w.conn = dial(w.h.t, w.h.addr)
		w.socket.Store(&w.conn.nc)
		w.conn.send("CLIENT", "ID")
		if r, err := w.conn.recv(); err == nil {
			w.clientID.Store(r.Int)
			return
		}
	}
}

// do sends a command and renders its reply.
func (w *historyClient) do(args ...string) (string, error) {
	w.conn.send(args...)
	r, err := w.conn.recv()
	return text(args, r), err
}

// text renders a reply as the model does.
func text(args []string, r protocol.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case args[0] == "BLPOP" && len(r.Elems) == 2:
		return r.Elems[1].Text()
	case args[0] == "LRANGE":
		var parts []string
		for _, e := range r.Elems {
			parts = append(parts, e.Text())
		}
		return strings.Join(parts, " ")
	}
	return r.Text()
}

func (w *historyClient) work() {
	for n := range 40 {
		call := w.h.now()
		op, err := w.operation(fmt.Sprintf("%d.%d", w.id, n))
		if err != nil {
			op.unknown = !op.nothing
			w.dial()
		}
		w.h.add(w.id, call, op)
	}
}

// operation does something. With an error it may have happened, unless it says that it is nothing.
func (w *historyClient) operation(unique string) (operation, error) {
	switch n := w.rnd.IntN(10); {
	case n < 6:
		args := w.command(unique, true)
		out, err := w.do(args...)
		ended := args[0] == "BLPOP" && (out == "(nil)" || strings.HasPrefix(out, "UNBLOCKED"))
		return operation{steps: []step{{args, out}}, nothing: ended && err == nil}, err
	case n < 7:
		return w.pipelined(unique)
	default:
		return w.transaction(unique, n >= 8)
	}
}

func (w *historyClient) someKey(kind byte) string { return w.h.key(kind, w.rnd.IntN(historyKeys)) }

func (w *historyClient) command(unique string, block bool) []string {
	str, num, list := w.someKey('s'), w.someKey('n'), w.someKey('l')
	switch w.rnd.IntN(8) {
	case 0:
		return []string{"GET", str}
	case 1:
		return []string{"SET", str, unique}
	case 2:
		return []string{"DEL", str}
	case 3, 4:
		return []string{"INCRBY", num, strconv.Itoa(1 + w.rnd.IntN(9))}
	case 5:
		return []string{"RPUSH", list, unique}
	case 6:
		return []string{"LPOP", list}
	}
	if block {
		return []string{"BLPOP", list, "0.05"}
	}
	return []string{"GET", num}
}

func (w *historyClient) queue(unique string) (steps []step) {
	for i := range 2 + w.rnd.IntN(3) {
		steps = append(steps, step{args: w.command(unique+"x"+strconv.Itoa(i), false)})
	}
	return steps
}

// transaction runs MULTI ... EXEC as one operation, with a WATCH of two keys and a read of both before it or without.
func (w *historyClient) transaction(unique string, watch bool) (operation, error) {
	op := operation{watched: map[string]string{}}
	none := operation{nothing: true} // until EXEC is sent
	if watch {
		one, two := w.someKey('s'), w.someKey("nl"[w.rnd.IntN(2)])
		if _, err := w.do("WATCH", one, two); err != nil {
			return none, err
		}
		for _, key := range []string{one, two} {
			v, err := w.do(reading(key)...)
			if err != nil {
				return none, err
			}
			op.watched[key] = v
		}
	}
	op.steps = w.queue(unique)
	if _, err := w.do("MULTI"); err != nil {
		return none, err
	}
	for _, s := range op.steps {
		if _, err := w.do(s.args...); err != nil {
			return none, err
		}
	}
	w.conn.send("EXEC")
	return w.executed(op)
}

// pipelined is a transaction sent in one piece.
func (w *historyClient) pipelined(unique string) (operation, error) {
	op := operation{steps: w.queue(unique)}
	b := protocol.AppendCommandStrings(nil, "MULTI")
	for _, s := range op.steps {
		b = protocol.AppendCommandStrings(b, s.args...)
	}
	w.conn.nc.Write(protocol.AppendCommandStrings(b, "EXEC"))
	for range len(op.steps) + 1 {
		if _, err := w.conn.recv(); err != nil {
			return op, err
		}
	}
	return w.executed(op)
}

// executed reads the reply to EXEC.
func (w *historyClient) executed(op operation) (operation, error) {
	r, err := w.conn.recv()
	if err != nil {
		return op, err
	}
	if r.Null {
		return operation{nothing: true}, nil
	}
	if len(r.Elems) != len(op.steps) {
		w.h.t.Errorf("EXEC of %d commands: %+v", len(op.steps), r)
		return operation{nothing: true}, nil
	}
	for i := range op.steps {
		op.steps[i].out = text(op.steps[i].args, r.Elems[i])
	}
	return op, nil
}

// kill ends n connections of the clients, one after the other.
func (h *history) kill(n int, over <-chan struct{}) {
	rnd := rand.New(rand.NewPCG(h.seed, 99))
	admin := dial(h.t, h.addr)
	for range n {
		select {
		case <-over:
			return
		case <-time.After(time.Duration(rnd.IntN(8000)) * time.Microsecond):
		}
		killSomehow(admin, rnd, &h.workers[rnd.IntN(len(h.workers))].clientID, &h.workers[rnd.IntN(len(h.workers))].socket)
	}
}

// killSomehow ends a connection at the server or its socket at the client, or just a wait.
func killSomehow(admin *testConn, rnd *rand.Rand, clientID *atomic.Int64, socket *atomic.Pointer[net.Conn]) {
	id := strconv.FormatInt(clientID.Load(), 10)
	switch rnd.IntN(6) {
	case 0, 1:
		admin.do("CLIENT", "KILL", "ID", id)
	case 2:
		admin.do("MULTI")
		admin.do("CLIENT", "KILL", "ID", id)
		admin.do("EXEC")
	case 3:
		(*socket.Load()).Close()
	case 4:
		(*socket.Load()).(*net.TCPConn).SetLinger(0) // a reset
		(*socket.Load()).Close()
	case 5:
		admin.do("CLIENT", "UNBLOCK", id, []string{"TIMEOUT", "ERROR"}[rnd.IntN(2)])
	}
}
