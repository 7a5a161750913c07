package core

import (
	"strconv"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
)

// TypeInfo declares a value type: how TYPE and OBJECT ENCODING name it, and how its
// values are saved, loaded, rewritten as commands, copied and weighed. Its
// functions work on a Value alone, without a client, so that snapshots, DUMP, COPY,
// AOF rewrite and DEBUG DIGEST share them.
type TypeInfo struct {
	ID   keyspace.Type
	Name string // TYPE's answer: "hash"
	// Encoding gives OBJECT ENCODING's answer.
	Encoding func(v Value) string
	// Save writes the value's body (neither type nor key) in RDB form, as RDBType says.
	Save func(e *rdb.Encoder, v Value) error
	// RDBTypes are the RDB type numbers that Load understands.
	RDBTypes []rdb.Type
	// Load reads a body of the given RDB type number.
	Load func(d *rdb.Decoder, rdbType rdb.Type) (Stored, error)
	// RDBType is the number that Save will write for v.
	RDBType func(v Value) rdb.Type
	// Rewrite emits commands that rebuild the value at key.
	Rewrite func(key []byte, v Value, emit func(args ...[]byte))
	// Copy duplicates v for COPY; nil means that packed bytes are copied and
	// objects go through Save and Load.
	Copy func(v Value) Stored
	// Len counts elements: the effort to free, or copy, a value. Nil means 1.
	Len func(v Value) int
	// DebugInfo is what DEBUG OBJECT adds for the type ("ql_nodes:1 ..."); nil for nothing.
	DebugInfo func(v Value) string
	// Digest folds the value's logical content for DEBUG DIGEST, the same for every
	// encoding, as Redis does: ordered types chain, unordered ones XOR.
	Digest func(d *Digest, v Value)

	// Each calls yield with the elements in the value's own order (a sorted set's:
	// ascending) until it returns false: what SORT sorts. elem is valid during
	// the call only. Nil means that SORT refuses the type.
	Each func(v Value, yield func(elem []byte) bool)
	// EachElement is Each for a type that keeps integers as numbers, which then
	// needn't become text. Nil means that Each does.
	EachElement func(v Value, yield func(elem Element) bool)
	// Field appends the value of a hash's field to dst, for SORT's key->field
	// patterns; false when the field is absent. O(1) for an indexed value.
	Field func(dst []byte, v Value, field []byte) ([]byte, bool)
	// FromElements builds a value of n elements in order, which elem(0) to elem(n-1)
	// return, valid until the next call: the list of SORT ... STORE. n > 0.
	FromElements func(n int, elem func(i int) Element) Stored
}

// Element is one of a value: a text, or an integer in its canonical form (IsInt,
// Text is nil then). An integer may also come as a text.
type Element struct {
	Text  []byte
	Int   int64
	IsInt bool
}

// AppendTo appends the element as text to dst.
func (e Element) AppendTo(dst []byte) []byte {
	if e.IsInt {
		return strconv.AppendInt(dst, e.Int, 10)
	}
	return append(dst, e.Text...)
}

// Value is a stored value as handlers and type functions see it: exactly one
// of the forms, by Enc. Packed aliases the keyspace's memory while the shard lock is
// held (it is a copy when the key is only reserved): don't keep it, don't
// change it in place.
type Value struct {
	Type   keyspace.Type
	Enc    keyspace.Encoding
	Packed []byte          // packed forms and strings
	Int    int64           // keyspace.EncInt
	Object keyspace.Object // indexed forms
}

// Stored is a value on its way into the keyspace. The keyspace copies Packed and
// takes Object over.
type Stored = Value

// Free frees the object of a value that the keyspace does not take.
func (v *Value) Free() {
	if v.Object != nil {
		v.Object.Free()
	}
}
