package keysfamily

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const (
	// linkKept is how long a connection to a target is kept for the next MIGRATE, and linksKept how many are.
	linkKept  = 10 * time.Second
	linksKept = 64
	// linkChunk is how many bytes are sent at a time: the timeout is that of each.
	linkChunk = 64 << 10
)

// linkReplies are the longest replies of a target: one line each.
var linkReplies = protocol.ReplyLimits{MaxBulk: 1, MaxElements: 1}

// migrateTarget is a server, and who one is there.
type migrateTarget struct {
	host, port     string
	user, password string
	auth           bool
}

// migrateLink is a connection to a target.
type migrateLink struct {
	net.Conn
	timeout time.Duration
	in      *protocol.ReplyReader
	db      int64 // selected there; noDB: unknown
	authed  bool
	expiry  *time.Timer // while it is kept
}

// noDB is no number that a client can ask for with success.
const noDB = math.MinInt64

// Write sends p whole, each chunk within the timeout.
func (l *migrateLink) Write(p []byte) (n int, err error) {
	for chunk := range slices.Chunk(p, linkChunk) {
		if err = l.SetWriteDeadline(time.Now().Add(l.timeout)); err != nil {
			return n, err
		}
		m, err := l.Conn.Write(chunk)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Read waits for the timeout at most.
func (l *migrateLink) Read(p []byte) (int, error) {
	if err := l.SetReadDeadline(time.Now().Add(l.timeout)); err != nil {
		return 0, err
	}
	return l.Conn.Read(p)
}

// migrateLinks keeps connections to targets for a while. The zero value is ready.
type migrateLinks struct {
	mu   sync.Mutex
	kept map[migrateTarget][]*migrateLink
	n    int
}

// take returns a kept connection, or a new one.
func (ls *migrateLinks) take(ctx context.Context, o *migrateOptions) (*migrateLink, error) {
	ls.mu.Lock()
	var l *migrateLink
	if kept := ls.kept[o.target]; len(kept) > 0 {
		l = kept[len(kept)-1]
		ls.forget(o.target, l)
		l.expiry.Stop()
	}
	ls.mu.Unlock()
	if l == nil {
		dialer := net.Dialer{Timeout: o.timeout}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(o.target.host, o.target.port))
		if err != nil {
			return nil, err
		}
		l = &migrateLink{Conn: conn, db: noDB}
		l.in = protocol.NewReplyReader(l, linkReplies)
	}
	l.timeout = o.timeout
	return l, nil
}

// keep keeps a connection on which nothing is outstanding.
func (ls *migrateLinks) keep(t migrateTarget, l *migrateLink) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.n >= linksKept {
		_ = l.Close()
		return
	}
	if ls.kept == nil {
		ls.kept = map[migrateTarget][]*migrateLink{}
	}
	ls.kept[t] = append(ls.kept[t], l)
	ls.n++
	l.expiry = time.AfterFunc(linkKept, func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		if ls.forget(t, l) {
			_ = l.Close()
		}
	})
}

// drop closes those that are kept.
func (ls *migrateLinks) drop(t migrateTarget) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for len(ls.kept[t]) > 0 {
		l := ls.kept[t][0]
		ls.forget(t, l)
		l.expiry.Stop()
		_ = l.Close()
	}
}

// forget takes a connection out of those that are kept, if it is there. mu is held.
func (ls *migrateLinks) forget(t migrateTarget, l *migrateLink) bool {
	i := slices.Index(ls.kept[t], l)
	if i < 0 {
		return false
	}
	if ls.kept[t] = slices.Delete(ls.kept[t], i, i+1); len(ls.kept[t]) == 0 {
		delete(ls.kept, t)
	}
	ls.n--
	return true
}

// move sends the keys, of which restore adds the commands, and returns those that the target has acknowledged. Where the connection breaks
// before it has acknowledged any, as one that was kept may have done long ago, it tries once more; it gives up when ctx ends. The error is
// what the client is told.
func (ls *migrateLinks) move(ctx context.Context, o *migrateOptions, values []migrating, restore restorer) (moved []core.Key, err error) {
	moved, err, broken := ls.attempt(ctx, o, values, restore)
	if broken && len(moved) == 0 && ctx.Err() == nil {
		ls.drop(o.target)
		moved, err, _ = ls.attempt(ctx, o, values, restore)
	}
	return moved, err
}

// attempt is one try of move. broken tells that another one may succeed.
func (ls *migrateLinks) attempt(ctx context.Context, o *migrateOptions, values []migrating, restore restorer) (moved []core.Key, told error, broken bool) {
	l, err := ls.take(ctx, o)
	if err != nil {
		return nil, dialError(err), false
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	m := moving{migrateLink: l, o: o}
	if err := m.send(values, restore); err != nil {
		_ = l.Close()
		var e protocol.Error // a value can't be dumped
		if errors.As(err, &e) {
			return nil, e, false
		}
		return nil, errMigrateSend, !isTimeout(err)
	}
	moved, told, err = m.receive()
	if err == nil {
		ls.keep(o.target, l)
		return moved, told, false
	}
	_ = l.Close()
	if told != nil {
		return moved, told, false
	}
	return moved, errMigrateRead, !isTimeout(err)
}

// restorer adds the command that makes a key, nothing if the key has expired.
type restorer func(b []byte, m *migrating) ([]byte, error)

// moving is one attempt at a MIGRATE.
type moving struct {
	*migrateLink
	o      *migrateOptions
	before int        // replies that come before those for the keys
	sent   []core.Key // in order
}

// send sends all commands.
func (m *moving) send(values []migrating, restore restorer) error {
	t := &m.o.target
	var b []byte
	if t.auth && !m.authed {
		args := []string{"AUTH", t.user, t.password}
		if t.user == "" {
			args = []string{"AUTH", t.password}
		}
		b = protocol.AppendCommandStrings(b, args...)
		m.before++
	}
	if m.db != m.o.db {
		b = protocol.AppendCommandStrings(b, "SELECT", strconv.FormatInt(m.o.db, 10))
		m.before++
	}
	for i := range values {
		n := len(b)
		var err error
		if b, err = restore(b, &values[i]); err != nil {
			return err
		}
		if len(b) == n {
			continue
		}
		m.sent = append(m.sent, values[i].key)
		if len(b) >= linkChunk {
			if _, err := m.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := m.Write(b)
	return err
}

// receive reads the replies. told is the first error among them. Nothing counts as moved if AUTH or SELECT failed: who knows where it is.
func (m *moving) receive() (moved []core.Key, told, err error) {
	m.db, m.authed = m.o.db, true
	for i := range m.before + len(m.sent) {
		r, err := m.in.Read()
		if err != nil {
			return moved, told, err
		}
		if refusal := r.Err(); refusal != nil {
			m.db = noDB
			m.authed = m.authed && i >= m.before
			if told == nil {
				told = protocol.Error("ERR Target instance replied with error: " + refusal.Error())
			}
		} else if i >= m.before && m.authed {
			moved = append(moved, m.sent[i-m.before])
		}
	}
	return moved, told, nil
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// dialError is what Redis says: that nobody listens it notices when it writes.
func dialError(err error) error {
	var unknown *net.DNSError
	if errors.As(err, &unknown) || isTimeout(err) {
		return errMigrateDial
	}
	return errMigrateSend
}
