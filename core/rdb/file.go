package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// An Op says what a Record is.
type Op int

const (
	OpKey       Op = iota // Key, Type and Meta are set; the body follows and must be read or skipped before the next Next
	OpAux                 // Key and Value are set
	OpSelectDB            // DB is set
	OpResizeDB            // Keys and Expires are set
	OpFunction            // Value is the source of a library
	OpModuleAux           // data of a module, which has been skipped
	OpEOF                 // the end; the checksum was right, or there is none
)

// A Record is one element of a file. Key is valid until the next Next, Value until the next call.
type Record struct {
	Op     Op
	Offset int64 // where it starts
	DB     int   // the database of a key, or the one selected
	Type   Type
	Key    []byte
	Value  []byte
	Meta   KeyMeta

	Keys, Expires uint64 // how many keys the database has, and how many with a TTL
}

// ReadHeader reads the start of a file and returns its version.
func (d *Decoder) ReadHeader() (int, error) {
	start := d.Offset()
	p, err := d.take(len(magic) + 4)
	if err != nil {
		return 0, err
	}
	if string(p[:len(magic)]) != magic {
		return 0, fail(start, "wrong signature: not an RDB file")
	}
	version := leadingNumber(p[len(magic):])
	plain := fmt.Sprintf("%04d", version) == string(p[len(magic):])
	// Versions without a checksum are believed only as they were written: one flipped bit would turn it off.
	if version < 1 || version > MaxVersion || version < checksumSince && !plain {
		return 0, fail(start, "can't handle RDB format version %q", p[len(magic):])
	}
	d.version = version
	return version, nil
}

// leadingNumber reads a number as C's atoi does: after white space and a sign, up to the first byte that is no digit.
func leadingNumber(b []byte) (n int) {
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, b = b[0] == '-', b[1:]
	}
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		n, b = 10*n+int(b[0]-'0'), b[1:]
	}
	if negative {
		return -n
	}
	return n
}

// Next reads the next element of a file into r, after the header if that has not been read yet. After OpEOF, Buffered
// returns what follows.
func (d *Decoder) Next(r *Record) error {
	if d.version == 0 {
		if _, err := d.ReadHeader(); err != nil {
			return err
		}
	}
	meta := r.Meta
	if r.Op == OpKey {
		meta = KeyMeta{}
	}
	*r = Record{DB: r.DB, Offset: d.Offset(), Meta: meta} // what stands before SELECTDB or AUX is for the key after it, as in Redis
	for {
		start := d.Offset()
		op, err := d.readByte()
		if err != nil {
			return err
		}
		if Type(op).Kind() != KindUnknown {
			r.Op, r.Type = OpKey, Type(op)
			r.Key, err = d.keyString()
			return err
		}
		done, err := d.opcode(op, r, start)
		if done || err != nil {
			return err
		}
	}
}

// noExpire stands for no TTL.
const noExpire = -1

// keyString reads a string that stays valid while a value is read.
func (d *Decoder) keyString() ([]byte, error) {
	b, err := d.ReadString()
	if err != nil {
		return nil, err
	}
	if cap(d.key) > keepScratch {
		d.key = nil
	}
	d.key = append(d.key[:0], b...)
	return d.key, nil
}

// opcode reads what op introduces. Not done is what belongs to the key that follows.
func (d *Decoder) opcode(op byte, r *Record, start int64) (done bool, err error) {
	switch op {
	case opExpireMs:
		v, err := d.fixed64()
		r.Meta.HasExpire, r.Meta.ExpireMs = int64(v) != noExpire, int64(v)
		return false, err
	case opExpire:
		p, err := d.take(4)
		if err == nil {
			r.Meta.HasExpire, r.Meta.ExpireMs = true, int64(int32(binary.LittleEndian.Uint32(p)))*1000
		}
		return false, err
	case opIdle:
		r.Meta.HasIdle = true
		r.Meta.IdleSec, err = d.ReadLength()
		return false, err
	case opFreq:
		r.Meta.HasFreq = true
		r.Meta.Freq, err = d.readByte()
		return false, err
	case opAux:
		r.Op = OpAux
		if r.Key, err = d.keyString(); err == nil {
			r.Value, err = d.ReadString()
		}
	case opSelectDB:
		r.Op = OpSelectDB
		var db uint64
		if db, err = d.ReadLength(); err == nil && db > 1<<31-1 {
			err = fail(start, "impossible database number %d", db)
		}
		r.DB = int(db)
	case opResizeDB:
		r.Op = OpResizeDB
		if r.Keys, err = d.ReadLength(); err == nil {
			r.Expires, err = d.ReadLength()
		}
	case opFunction2:
		r.Op = OpFunction
		r.Value, err = d.ReadString()
	case opModuleAux:
		r.Op = OpModuleAux
		err = d.skipModule()
	case opEOF:
		r.Op = OpEOF
		err = d.checkSum()
	case opFunctionPreGA:
		err = fail(start, "functions of a pre-release of Redis 7 are not supported")
	default:
		err = fail(start, "unknown type or opcode %d", op)
	}
	return true, err
}

// checksumSince is the version from which on files have a checksum.
const checksumSince = 5

// checkSum reads the checksum and compares it.
func (d *Decoder) checkSum() error {
	if d.version < checksumSince {
		return nil
	}
	d.sum()
	crc, start := d.crc, d.Offset()
	want, err := d.fixed64()
	if err != nil {
		return err
	}
	if want != 0 && want != crc && !d.opts.SkipChecksum {
		return fail(start, "RDB CRC error: the file says %016x, its content has %016x", want, crc)
	}
	return nil
}
