package rdb

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/redust/redust/core/packed"
)

// A counter is a sink that does next to nothing.
type counter struct{ n int }

func (c *counter) Begin(int) error                   { return nil }
func (c *counter) Pair(f, v []byte) error            { c.n += len(f) + len(v); return nil }
func (c *counter) Listpack(lp packed.Listpack) error { c.n += len(lp); return nil }

// benchFile is a file of n keys, strings of 64 bytes or hashes of 8 fields.
func benchFile(n int, typ Type) []byte {
	var out bytes.Buffer
	e := NewEncoder(&out, EncoderOptions{Checksum: true})
	e.Header()
	value := bytes.Repeat([]byte("v"), 64)
	fields := packed.NewListpack(nil)
	for i := range 8 {
		fields = fields.AppendPair(fmt.Appendf(nil, "field:%02d", i), []byte("a value of 16 by"))
	}
	for i := range n {
		e.Key(typ, fmt.Appendf(nil, "key:%012d", i), KeyMeta{})
		switch typ {
		case TypeString:
			e.String(value)
		case TypeHashListpack:
			e.String(fields)
		case TypeHash:
			e.Length(8)
			for it := fields.Iter(fields.First()); it.Next(); {
				e.String(it.Str)
			}
		}
	}
	_ = e.EOF()
	return out.Bytes()
}

func BenchmarkDecodeFile(b *testing.B) {
	const keys = 10_000
	for _, typ := range []Type{TypeString, TypeHashListpack, TypeHash} {
		file := benchFile(keys, typ)
		b.Run(typ.String(), func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				d := NewDecoder(bytes.NewReader(file), DecoderOptions{Size: int64(len(file))})
				var r Record
				var c counter
				for r.Op = OpAux; r.Op != OpEOF; {
					if err := d.Next(&r); err != nil {
						b.Fatal(err)
					}
					if r.Op != OpKey {
						continue
					}
					var err error
					if typ == TypeString {
						_, err = d.ReadString()
					} else {
						err = d.ReadHash(typ, &c)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	value := []byte("a value of some forty bytes, not an integer")
	for _, opts := range []EncoderOptions{{}, {Checksum: true}, {Compress: true, Checksum: true}} {
		b.Run(fmt.Sprintf("%+v", opts), func(b *testing.B) {
			e := NewEncoder(io.Discard, opts)
			b.ReportAllocs()
			for b.Loop() {
				e.Key(TypeString, []byte("key:000000000001"), KeyMeta{HasExpire: true, ExpireMs: 1})
				e.String(value)
			}
		})
	}
}
