package rdb

import (
	"bytes"
	"testing"
)

// FuzzValue decodes any bytes as every type. What passes must also pass when it comes in pieces, and be the same.
func FuzzValue(f *testing.F) {
	for _, c := range valueCases {
		f.Add(byte(c.typ), c.body)
	}
	for _, body := range streamSamples() {
		f.Add(byte(TypeStreamListpacks3), body)
	}
	f.Fuzz(func(t *testing.T, typ byte, body []byte) {
		typ %= 23
		for _, sanitize := range []Sanitize{SanitizeNo, SanitizeYes} {
			opts := DecoderOptions{Sanitize: sanitize, MaxStringBytes: 1 << 20}
			inMemory, err := decode(t, NewBytesDecoder(body, opts), Type(typ))
			streamed, streamErr := decode(t, NewDecoder(bytes.NewReader(body), opts), Type(typ))
			if (err == nil) != (streamErr == nil) {
				t.Fatalf("in memory: %v, from a reader: %v", err, streamErr)
			}
			if err != nil {
				continue
			}
			if len(inMemory.elems) != len(streamed.elems) {
				t.Fatal("elements differ")
			}
			raw, err := NewBytesDecoder(body, opts).ReadRaw(Type(typ))
			if err == nil && !bytes.HasPrefix(body, raw) {
				t.Fatal("raw bytes differ")
			}
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add(sampleFile(f, EncoderOptions{})[:400])
	f.Add([]byte("REDIS0011\xFE\x00\xFB\x01\x00\x00\x01k\x01v\xFF\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := DecoderOptions{MaxStringBytes: 1 << 20, SkipChecksum: true}
		err := walk(NewBytesDecoder(b, opts))
		if streamErr := walk(NewDecoder(bytes.NewReader(b), opts)); (err == nil) != (streamErr == nil) {
			t.Fatalf("in memory: %v, from a reader: %v", err, streamErr)
		}
	})
}
