package strfamily

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

const (
	// maxIntLen is the longest text that may be kept as an integer.
	maxIntLen = 20
	// maxEmbstr is the length in bytes up to which Redis keeps a string in one piece with its object.
	maxEmbstr = 44
)

var stringType = core.TypeInfo{
	ID:       keyspace.String,
	Name:     "string",
	Encoding: encodingName,
	RDBTypes: []rdb.Type{rdb.TypeString},
	RDBType:  func(core.Value) rdb.Type { return rdb.TypeString },
	Save: func(e *rdb.Encoder, v core.Value) error {
		if v.Enc == keyspace.EncInt {
			e.Int(v.Int)
		} else {
			e.String(v.Packed)
		}
		return e.Err()
	},
	Load: func(d *rdb.Decoder, _ rdb.Type) (core.Stored, error) {
		b, err := d.ReadString()
		if err != nil {
			return core.Stored{}, err
		}
		return encode(b), nil
	},
	Rewrite: func(key []byte, v core.Value, emit func(args ...[]byte)) {
		emit(setWord, key, text(v))
	},
	Copy:   copyString,
	Digest: func(d *core.Digest, v core.Value) { d.Mix(text(v)) },
}

// sharedIntegers is how many small integers Redis keeps once for all keys.
const sharedIntegers = 10000

// copyString makes a copy for COPY, which is the one command after which Redis does not share a small integer: OBJECT
// REFCOUNT tells.
func copyString(v core.Value) core.Stored {
	if v.Enc == keyspace.EncInt && v.Int >= 0 && v.Int < sharedIntegers {
		return core.Stored{Type: keyspace.String, Enc: core.EncOwnInt, Packed: text(v)}
	}
	return v
}

// encodingName is OBJECT ENCODING's answer, by Redis's rules: integers, strings in one piece while short and never
// changed in place, raw ones.
func encodingName(v core.Value) string {
	switch {
	case v.Enc == keyspace.EncInt, v.Enc == core.EncOwnInt && len(v.Packed) <= maxIntLen:
		return "int"
	case v.Enc == core.EncGrown || len(v.Packed) > maxEmbstr:
		return "raw"
	}
	return "embstr"
}

// encode is the value that the bytes become: an integer if they are the text of one. It aliases b.
func encode(b []byte) core.Stored {
	if n, ok := asInt(b); ok {
		return core.Stored{Type: keyspace.String, Enc: keyspace.EncInt, Int: n}
	}
	return core.Stored{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: b}
}

// asInt reports whether b is what printing an integer gives back.
func asInt(b []byte) (int64, bool) {
	if len(b) > maxIntLen {
		return 0, false
	}
	return protocol.ParseInt(b)
}

// text is the string's bytes: aliasing v, or fresh if it is an integer.
func text(v core.Value) []byte {
	if v.Enc == keyspace.EncInt {
		return strconv.AppendInt(nil, v.Int, 10)
	}
	return v.Packed
}

// entryText is the string's bytes, aliasing the entry or buf.
func entryText(e keyspace.Entry, buf *[maxIntLen]byte) []byte {
	if e.Encoding() == keyspace.EncInt {
		return strconv.AppendInt(buf[:0], e.Int(), 10)
	}
	return e.Bytes()
}

// intLen is the length of n's text.
func intLen(n int64) int {
	size, u := 1, uint64(n)
	if n < 0 {
		size, u = 2, -u
	}
	for u >= 10 {
		u /= 10
		size++
	}
	return size
}
