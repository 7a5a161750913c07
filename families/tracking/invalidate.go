package tracking

import (
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// read enters a read command of a tracking client. The shards of its keys are locked.
func (f *family) read(c *core.Ctx) {
	if !remembered(c) {
		return
	}
	cl := c.Client()
	if s := of(cl); len(s.due) != 0 && !c.InTransaction() {
		clear(s.due) // somebody else has written the key before it could be deleted
	}
	due := c.FoundExpired()
	for _, k := range c.Keys() {
		fresh := f.table.add(k.Name, cl.ID())
		if len(due) != 0 && slices.ContainsFunc(due, func(d core.Key) bool { return string(d.Name) == string(k.Name) }) {
			of(cl).foundDue(k.Name, fresh)
		}
	}
	f.limit(origin{cl, c})
}

// remembered reports whether what the command reads enters the table.
func remembered(c *core.Ctx) bool {
	cl := c.Client()
	s := of(cl)
	switch {
	case s == nil || s.has(bcast) || c.Command().Flags&core.PubSub != 0:
		return false
	case s.has(optIn):
		return cl.Caching()
	case s.has(optOut):
		return !cl.Caching()
	}
	return true
}

// limitEffort is how many keys one read may evict from the table.
const limitEffort = 100

// limit evicts keys, announcing them as changed, while the table holds more than
// tracking-table-max-keys. It reports whether there may be more to evict.
func (f *family) limit(o origin) (more bool) {
	most := f.maxKeys.Load().Load()
	for range limitEffort {
		if most == 0 || f.table.keys.Load() <= most {
			return false
		}
		key, ok := f.table.some(rand.Uint64())
		if !ok {
			return false
		}
		f.invalidate(o, []byte(key), everyone)
	}
	return true
}

// shrink evicts all that is over the limit: after CONFIG SET, readers might be long in coming.
func (f *family) shrink() {
	f.shrinking.Lock()
	defer f.shrinking.Unlock()
	for f.limit(origin{}) {
		runtime.Gosched()
	}
}

// modified announces keys that a command, or the server itself, has changed.
func (f *family) modified(c *core.Ctx, keys []core.Key) {
	o := origin{c.Client(), c}
	prefixes := *f.prefixes.Load()
	for _, k := range keys {
		if len(prefixes) != 0 {
			by := o.client
			if k.Expired() {
				by = nil
			}
			note(prefixes, by, k.Name)
		}
		if !k.Expired() || !f.expired(o, k.Name) {
			f.invalidate(o, k.Name, butNoLoop)
		}
	}
	if len(prefixes) == 0 {
		return
	}
	if own := c.Owner(); own != nil && own.Conn() != nil {
		own.AtBatchEnd(f.atEnd)
		return
	}
	f.broadcast(o)
}

// expired announces a key that a read has found expired and the server has deleted, unless it was found by somebody else: then it
// reports false. The reader hears of it if it had read the key before, and stays in the table, since it has now read that the key isn't there.
func (f *family) expired(o origin, key []byte) bool {
	if o.client == nil {
		return false
	}
	s := of(o.client)
	if s == nil {
		return false
	}
	fresh, found := s.due[string(key)]
	if !found {
		return false
	}
	delete(s.due, string(key))
	to := butNoLoop
	if fresh {
		to = butSelf
	}
	f.invalidate(o, key, to)
	f.table.add(key, o.client.ID())
	return true
}

// foundDue notes that a read of the client has found the key expired; fresh tells that it had not read it before. The key's shard is
// locked. Owner only.
func (s *state) foundDue(key []byte, fresh bool) {
	if s.due == nil {
		s.due = map[string]bool{}
	}
	if _, known := s.due[string(key)]; !known {
		s.due[string(key)] = fresh
	}
}

// origin is who has caused invalidations.
type origin struct {
	client *core.Client // nil for the server
	ctx    *core.Ctx    // its command; nil between commands, when this is the client's goroutine
}

// push sends b: behind the reply if the client itself has caused it.
func (o origin) push(to *core.Client, b []byte) {
	switch {
	case to == o.client && o.ctx != nil:
		o.ctx.PushAfterReply(b)
	case to == o.client:
		to.PushAfterReply(b)
	case o.ctx != nil:
		to.Push(o.ctx.Owner(), b)
	default:
		to.Push(o.client, b)
	}
}

// audience is which readers of a key hear of its change.
type audience int

const (
	everyone  audience = iota
	butNoLoop          // not the one who has changed it, if it asks for NOLOOP
	butSelf            // not the one by whom it was changed
)

// invalidate tells the readers of a key.
func (f *family) invalidate(o origin, key []byte, to audience) {
	var m message
	for _, id := range f.table.take(key) {
		s := f.target(id)
		if s == nil || s.has(bcast) || s.client == o.client && (to == butSelf || to == butNoLoop && s.has(noLoop)) {
			continue
		}
		if m.value == nil {
			w := protocol.Writer{}
			w.Array(1)
			w.Bulk(key)
			m.value = w.Buf
		}
		f.send(o, s, &m)
	}
}

// flushed tells every tracking client that nothing it has cached is valid.
func (f *family) flushed(from *core.Client) {
	f.mu.Lock()
	all := make([]*state, 0, len(f.clients))
	for _, s := range f.clients {
		all = append(all, s)
	}
	f.mu.Unlock()
	if len(all) == 0 {
		return
	}
	f.table.clear()
	null := [2]message{{value: []byte("$-1\r\n")}, {value: []byte("_\r\n")}}
	for _, s := range all { // the null is that of the client who tracks, whoever receives it
		f.send(origin{client: from}, s, &null[s.client.Proto()-2])
	}
}

// message is an invalidation with its encodings, each made when it is first needed.
type message struct {
	value   []byte // the array of keys, or a null
	encoded [2][]byte
}

func (m *message) forProto(proto int) []byte {
	if b := m.encoded[proto-2]; b != nil {
		return b
	}
	w := protocol.Writer{Proto: proto, Buf: make([]byte, 0, len(m.value)+64)}
	if proto == 3 {
		w.Push(2)
		w.BulkString("invalidate")
	} else {
		w.Array(3)
		w.BulkString("message")
		w.BulkString("__redis__:invalidate")
	}
	w.Raw(m.value)
	m.encoded[proto-2] = w.Buf
	return w.Buf
}

// send gives an invalidation to a tracking client or to the client it redirects to. In RESP2 only
// the latter can take one, while it is subscribed to something.
func (f *family) send(o origin, s *state, m *message) {
	to := s.client
	if id := s.redirect.Load(); id != 0 {
		if to = f.eng.Clients().Get(id); to == nil {
			f.brokenRedirect(o, s, id)
			return
		}
	}
	proto := to.Proto()
	if proto == 2 && (s.redirect.Load() == 0 || !to.Has(core.FlagSubscribed)) {
		return
	}
	o.push(to, m.forProto(proto))
}

// brokenRedirect tells a RESP3 client that the one it redirects to has gone.
func (f *family) brokenRedirect(o origin, s *state, id int64) {
	s.broken.Store(true)
	if s.client.Proto() != 3 {
		return
	}
	w := protocol.Writer{Proto: 3}
	w.Push(2)
	w.BulkString("tracking-redir-broken")
	w.Int(id)
	o.push(s.client, w.Buf)
}
