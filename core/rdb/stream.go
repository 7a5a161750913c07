package rdb

import (
	"bytes"
	"encoding/binary"

	"github.com/redust/redust/core/packed"
)

// A StreamID is the ID of a stream's entry.
type StreamID struct {
	Ms, Seq uint64 // milliseconds since the Unix epoch, and the number within
}

// A Stream is a whole stream, as the format has it. TypeStreamListpacks knows no FirstID, MaxDeletedID, EntriesAdded
// and EntriesRead, and only TypeStreamListpacks3 knows ActiveMs; what is not known is zero, EntriesRead -1.
type Stream struct {
	Nodes        []StreamNode
	Length       uint64 // entries that are not deleted
	LastID       StreamID
	FirstID      StreamID
	MaxDeletedID StreamID
	EntriesAdded uint64
	Groups       []StreamGroup
}

// A StreamNode is a listpack of entries: a master entry, then entries whose IDs are relative to Key.
type StreamNode struct {
	Key     StreamID
	Entries packed.Listpack
}

// A StreamGroup is a consumer group.
type StreamGroup struct {
	Name        []byte
	LastID      StreamID
	EntriesRead int64 // -1 if not known
	Pending     []StreamPending
	Consumers   []StreamConsumer
}

// A StreamPending is an entry delivered and not acknowledged.
type StreamPending struct {
	ID          StreamID
	DeliveryMs  int64 // milliseconds since the Unix epoch
	DeliveryCnt uint64
}

// A StreamConsumer is a consumer of a group. Each of its pending IDs is one of the group's, and each of those belongs
// to one consumer.
type StreamConsumer struct {
	Name     []byte
	SeenMs   int64 // milliseconds since the Unix epoch
	ActiveMs int64
	Pending  []StreamID
}

// streamNodeKeySize is the length of the key of a node: an ID, big endian.
const streamNodeKeySize = 16

// streamVersion returns 1, 2 or 3, or 0 if t is not a stream.
func streamVersion(t Type) int {
	switch t {
	case TypeStreamListpacks:
		return 1
	case TypeStreamListpacks2:
		return 2
	case TypeStreamListpacks3:
		return 3
	}
	return 0
}

// Stream appends the body of a stream of type t, dropping what that doesn't know.
func (e *Encoder) Stream(t Type, s *Stream) {
	version := streamVersion(t)
	if version == 0 {
		panic("rdb: " + t.String() + " is not a stream")
	}
	e.Length(uint64(len(s.Nodes)))
	for _, n := range s.Nodes {
		var key [streamNodeKeySize]byte
		binary.BigEndian.PutUint64(key[:], n.Key.Ms)
		binary.BigEndian.PutUint64(key[8:], n.Key.Seq)
		e.String(key[:])
		e.String(n.Entries)
	}
	e.Length(s.Length)
	e.lengthID(s.LastID)
	if version >= 2 {
		e.lengthID(s.FirstID)
		e.lengthID(s.MaxDeletedID)
		e.Length(s.EntriesAdded)
	}
	e.Length(uint64(len(s.Groups)))
	for i := range s.Groups {
		e.streamGroup(version, &s.Groups[i])
	}
}

func (e *Encoder) streamGroup(version int, g *StreamGroup) {
	e.String(g.Name)
	e.lengthID(g.LastID)
	if version >= 2 {
		e.Length(uint64(g.EntriesRead))
	}
	e.Length(uint64(len(g.Pending)))
	for _, p := range g.Pending {
		e.rawID(p.ID)
		e.fixed64(uint64(p.DeliveryMs))
		e.Length(p.DeliveryCnt)
	}
	e.Length(uint64(len(g.Consumers)))
	for _, c := range g.Consumers {
		e.String(c.Name)
		e.fixed64(uint64(c.SeenMs))
		if version >= 3 {
			e.fixed64(uint64(c.ActiveMs))
		}
		e.Length(uint64(len(c.Pending)))
		for _, id := range c.Pending {
			e.rawID(id)
		}
	}
}

// lengthID appends an ID as two lengths.
func (e *Encoder) lengthID(id StreamID) {
	e.Length(id.Ms)
	e.Length(id.Seq)
}

// rawID appends an ID as sixteen bytes, big endian.
func (e *Encoder) rawID(id StreamID) {
	e.buf = binary.BigEndian.AppendUint64(e.buf, id.Ms)
	e.buf = binary.BigEndian.AppendUint64(e.buf, id.Seq)
	e.chunk()
}

// ReadStream reads the body of a stream of type t. The result belongs to the caller. A stream without entries is
// not empty in the sense of ErrEmptyKey: it exists.
func (d *Decoder) ReadStream(t Type) (*Stream, error) {
	start := d.Offset()
	version := streamVersion(t)
	if version == 0 {
		return nil, wrongType(start, t, KindStream)
	}
	r := streamReader{d: d}
	s := &Stream{}
	for n := r.count(streamNodeKeySize + 2); n > 0 && r.err == nil; n-- {
		r.node(s)
	}
	s.Length, s.LastID = r.length(), r.lengthID()
	if version >= 2 {
		s.FirstID, s.MaxDeletedID, s.EntriesAdded = r.lengthID(), r.lengthID(), r.length()
	}
	if r.err == nil && s.Length > 0 && len(s.Nodes) == 0 {
		r.fail("stream has a length but no entries")
	}
	names := map[string]struct{}{}
	for n := r.count(5); n > 0 && r.err == nil; n-- {
		g := r.group(version)
		if _, dup := names[string(g.Name)]; dup {
			r.fail("consumer group twice")
		}
		names[string(g.Name)] = struct{}{}
		s.Groups = append(s.Groups, g)
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// A streamReader reads until the first error, after which everything is zero.
type streamReader struct {
	d   *Decoder
	err error
}

func (r *streamReader) fail(reason string) {
	if r.err == nil {
		r.err = fail(r.d.Offset(), "%s", reason)
	}
}

func (r *streamReader) length() (n uint64) {
	if r.err == nil {
		n, r.err = r.d.ReadLength()
	}
	return n
}

// count reads a number of items of at least each bytes. Where the size of the input is unknown it may be any: callers
// must append as data arrives.
func (r *streamReader) count(each int64) uint64 {
	start := r.d.Offset()
	n := r.length()
	if r.err == nil {
		_, r.err = r.d.count(n, each, start)
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *streamReader) lengthID() StreamID { return StreamID{Ms: r.length(), Seq: r.length()} }

func (r *streamReader) rawID() (id StreamID) {
	if r.err != nil {
		return id
	}
	var p []byte
	if p, r.err = r.d.take(streamNodeKeySize); r.err == nil {
		id = parseID(p)
	}
	return id
}

func parseID(p []byte) StreamID {
	return StreamID{Ms: binary.BigEndian.Uint64(p), Seq: binary.BigEndian.Uint64(p[8:])}
}

func (r *streamReader) ms() (ms int64) {
	if r.err == nil {
		var v uint64
		v, r.err = r.d.fixed64()
		ms = int64(v)
	}
	return ms
}

// string reads a string into memory of its own.
func (r *streamReader) string() (b []byte) {
	if r.err == nil {
		if b, r.err = r.d.ReadString(); r.err == nil {
			b = bytes.Clone(b)
		}
	}
	return b
}

// node reads a listpack of entries and its key, which must be above the one before.
func (r *streamReader) node(s *Stream) {
	key := r.string()
	if r.err != nil {
		return
	}
	if len(key) != streamNodeKeySize {
		r.fail("key of a stream's node is not 16 bytes")
		return
	}
	n := StreamNode{Key: parseID(key)}
	if k := len(s.Nodes); k > 0 && !s.Nodes[k-1].Key.less(n.Key) {
		r.fail("keys of a stream's nodes not ascending")
		return
	}
	start := r.d.Offset()
	b := r.string()
	if r.err != nil {
		return
	}
	lp, err := packed.ValidateListpack(b, packed.Deep)
	if err == nil && !validEntries(lp) {
		err = errEntries
	}
	if err != nil {
		r.err = at(start, err)
		return
	}
	n.Entries = lp
	s.Nodes = append(s.Nodes, n)
}

func (id StreamID) less(other StreamID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// group reads a consumer group. Each pending entry must have exactly one consumer.
func (r *streamReader) group(version int) (g StreamGroup) {
	g.Name, g.LastID, g.EntriesRead = r.string(), r.lengthID(), -1
	if version >= 2 {
		g.EntriesRead = int64(r.length())
	}
	owned := map[StreamID]bool{}
	for n := r.count(streamNodeKeySize + 9); n > 0 && r.err == nil; n-- {
		p := StreamPending{ID: r.rawID(), DeliveryMs: r.ms(), DeliveryCnt: r.length()}
		if _, dup := owned[p.ID]; dup {
			r.fail("pending entry twice in a group")
		}
		owned[p.ID] = false
		g.Pending = append(g.Pending, p)
	}
	free := len(g.Pending)
	names := map[string]struct{}{}
	for n := r.count(10); n > 0 && r.err == nil; n-- {
		c := StreamConsumer{Name: r.string(), SeenMs: r.ms()}
		if version >= 3 {
			c.ActiveMs = r.ms()
		}
		if _, dup := names[string(c.Name)]; dup {
			r.fail("consumer twice in a group")
		}
		names[string(c.Name)] = struct{}{}
		for k := r.count(streamNodeKeySize); k > 0 && r.err == nil; k-- {
			id := r.rawID()
			if taken, known := owned[id]; r.err == nil && (!known || taken) {
				r.fail("pending entry of a consumer is not the group's, or has another consumer")
			}
			owned[id] = true
			c.Pending = append(c.Pending, id)
			free--
		}
		g.Consumers = append(g.Consumers, c)
	}
	if r.err == nil && free > 0 {
		r.fail("pending entry without a consumer")
	}
	return g
}
