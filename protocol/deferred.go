package protocol

import "strconv"

// aggregateKind is the type byte of an aggregate in RESP3.
type aggregateKind byte

const (
	kindArray aggregateKind = '*'
	kindMap   aggregateKind = '%'
	kindSet   aggregateKind = '~'
	kindPush  aggregateKind = '>'
)

// aggregate opens an aggregate of n elements, or n pairs of a map.
func (w *Writer) aggregate(kind aggregateKind, n int) {
	c, count := w.header(kind, n)
	w.Buf = appendHeader(w.Buf, c, count)
}

// header is the type byte and count of an aggregate in the client's protocol.
func (w *Writer) header(kind aggregateKind, n int) (c byte, count int64) {
	if w.Proto == 3 {
		return byte(kind), int64(n)
	}
	if kind == kindMap {
		return '*', 2 * int64(n)
	}
	return '*', int64(n)
}

// Deferred is an aggregate whose length comes later. It is a position in the Writer's buffer: if several are open,
// the last one is set first, and no mark taken before is truncated to in between.
type Deferred struct {
	at   int
	kind aggregateKind
}

// deferredRoom is kept free for the header: it fits counts of two digits, which most replies have.
const deferredRoom = len("*10\r\n")

// DeferArray opens an array whose length [Writer.SetDeferred] fills in.
func (w *Writer) DeferArray() Deferred { return w.deferred(kindArray) }

// DeferMap is DeferArray for a map; its length is in pairs.
func (w *Writer) DeferMap() Deferred { return w.deferred(kindMap) }

// DeferSet is DeferArray for a set.
func (w *Writer) DeferSet() Deferred { return w.deferred(kindSet) }

// DeferPush is DeferArray for an out-of-band message.
func (w *Writer) DeferPush() Deferred { return w.deferred(kindPush) }

func (w *Writer) deferred(kind aggregateKind) Deferred {
	d := Deferred{at: len(w.Buf), kind: kind}
	w.Buf = append(w.Buf, "     "[:deferredRoom]...)
	return d
}

// SetDeferred gives the aggregate its length: n elements, or n pairs of a map. What was written since is moved by a few
// bytes unless the header has exactly the room kept for it.
func (w *Writer) SetDeferred(d Deferred, n int) {
	var text [24]byte
	c, count := w.header(d.kind, n)
	head := append(text[:0], c)
	head = strconv.AppendInt(head, count, 10)
	head = append(head, '\r', '\n')
	body := d.at + deferredRoom
	size := len(w.Buf) - body
	if grow := len(head) - deferredRoom; grow > 0 {
		w.Buf = append(w.Buf, text[:grow]...) // any bytes: they are overwritten
	}
	copy(w.Buf[d.at+len(head):], w.Buf[body:body+size])
	copy(w.Buf[d.at:], head)
	w.Buf = w.Buf[:d.at+len(head)+size]
}
