package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// side is one of the two parties of a script: a live server, or a golden trace
// that stands for Redis. Clients are named by the script and opened on first use.
type side interface {
	begin(proto int) error // a clean keyspace, known configuration, no clients
	send(client string, b []byte) error
	read(client string, patience time.Duration, st *step) outcome
	drop(client string)   // closes a client's connection
	waiting() (int, bool) // how many clients are blocked; false when unknown
	end() error           // undoes what the script configured
}

// liveSide is a running server with an administrator's connection of the suite.
type liveSide struct {
	name     string
	binary   string
	extra    []string
	srv      *server
	admin    *conn
	proto    int
	clients  map[string]*conn
	baseline map[string]string // CONFIG GET * right after the start
}

func newLiveSide(name, binary string, extra ...string) (*liveSide, error) {
	l := &liveSide{name: name, binary: binary, extra: extra, clients: map[string]*conn{}}
	return l, l.restart()
}

// restart replaces the server and everything that hung on the old one.
func (l *liveSide) restart() error {
	l.stop()
	var err error
	if l.srv, err = startServer(l.name, l.binary, l.extra...); err != nil {
		return err
	}
	if l.admin, err = dial(l.srv.addr(), 2); err != nil {
		return err
	}
	l.baseline, err = l.config()
	return err
}

func (l *liveSide) stop() {
	for name := range l.clients {
		l.drop(name)
	}
	if l.admin != nil {
		l.admin.close()
	}
	if l.srv != nil {
		l.srv.stop()
	}
}

func (l *liveSide) config() (map[string]string, error) {
	v, err := l.admin.call("CONFIG", "GET", "*")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	m := map[string]string{}
	for pair := range slices.Chunk(v.elems, 2) {
		m[pair[0].str()] = pair[1].str()
	}
	return m, nil
}

// cleanState is sent before each script. Errors don't matter: a command that the
// server lacks has left no state either.
var cleanState = []string{
	"CLIENT UNPAUSE", "FLUSHALL", "SCRIPT FLUSH", "FUNCTION FLUSH", "SLOWLOG RESET", "LATENCY RESET",
	"DEBUG SET-ACTIVE-EXPIRE 1", "CONFIG RESETSTAT",
}

func (l *liveSide) begin(proto int) error {
	l.proto = proto
	if _, err := l.ensureAdmin(); err != nil {
		return err
	}
	l.settle()
	for _, c := range cleanState {
		if out := l.admin.do(strings.Fields(c)...); out.err != "" {
			log := l.srv.postMortem()
			if err := l.restart(); err != nil {
				return err
			}
			return fmt.Errorf("%s doesn't answer %s before the script starts: what went wrong is in the scripts before; its log:\n%s",
				l.name, c, log)
		}
	}
	return nil
}

// ensureAdmin replaces the administrator's connection if a script broke it, and
// the server if that can't be helped: died is then the end of the old one's log.
func (l *liveSide) ensureAdmin() (died string, err error) {
	if l.admin.do("PING").String() == "PONG" {
		return "", nil
	}
	l.admin.close()
	if c, err := dial(l.srv.addr(), 2); err == nil {
		if l.admin = c; c.do("PING").String() == "PONG" {
			return "", nil
		}
	}
	return l.srv.postMortem(), l.restart()
}

// settle waits until the connections of the script before are really gone.
func (l *liveSide) settle() {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		if n, ok := l.info("clients", "connected_clients"); !ok || n <= 1 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (l *liveSide) info(section, field string) (int, bool) {
	v, err := l.admin.call("INFO", section)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(fieldValues(v.str())[field])
	return n, err == nil
}

func (l *liveSide) waiting() (int, bool) { return l.info("clients", "blocked_clients") }

func (l *liveSide) client(name string) (*conn, error) {
	if c := l.clients[name]; c != nil {
		return c, nil
	}
	c, err := dial(l.srv.addr(), l.proto)
	if err != nil {
		return nil, fmt.Errorf("%s: client %s: %w", l.name, name, err)
	}
	l.clients[name] = c
	return c, nil
}

func (l *liveSide) send(client string, b []byte) error {
	c, err := l.client(client)
	if err != nil {
		return err
	}
	c.send(b)
	return nil
}

func (l *liveSide) read(client string, patience time.Duration, _ *step) outcome {
	c, err := l.client(client)
	if err != nil {
		return outcome{err: err.Error()}
	}
	return c.read(patience)
}

func (l *liveSide) drop(client string) {
	if c := l.clients[client]; c != nil {
		c.close()
		delete(l.clients, client)
	}
}

// end closes the script's clients and sets every changed option back.
func (l *liveSide) end() error {
	for name := range l.clients {
		l.drop(name)
	}
	died, err := l.ensureAdmin()
	if err != nil {
		return err
	}
	if died != "" {
		return fmt.Errorf("%s died, or answers no more; the end of its log:\n%s", l.name, died)
	}
	now, err := l.config()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l.baseline)) {
		if now[name] == l.baseline[name] {
			continue
		}
		if _, err := l.admin.call("CONFIG", "SET", name, l.baseline[name]); err != nil {
			return l.restart() // an option that can't be set back: start afresh
		}
	}
	return nil
}
