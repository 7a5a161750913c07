package rdb

import (
	"bytes"
	"testing"
)

func TestCRC64(t *testing.T) {
	// The check value of the algorithm, and what Redis's own test prints for it.
	if got := CRC64(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("%016x", got)
	}
	p := bytes.Repeat([]byte("abcdefghijklm"), 50)
	want, byBytes := CRC64(0, p), uint64(0)
	for _, b := range p {
		byBytes = crc64Tables[0][byte(byBytes)^b] ^ byBytes>>8
	}
	if want != byBytes {
		t.Errorf("%016x, byte by byte %016x", want, byBytes)
	}
	for cut := range p {
		if got := CRC64(CRC64(0, p[:cut]), p[cut:]); got != want {
			t.Fatalf("cut at %d: %016x, want %016x", cut, got, want)
		}
	}
}

func BenchmarkCRC64(b *testing.B) {
	p := make([]byte, 64<<10)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		CRC64(0, p)
	}
}
