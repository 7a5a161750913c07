package rdb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func lzfSamples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 1))
	random := make([]byte, 100_000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	text := []byte{}
	for i := range 3000 {
		text = fmt.Appendf(text, "user:%d:name=somebody-%d;", i, r.IntN(50))
	}
	return map[string][]byte{
		"empty": {}, "one": {'a'}, "three": []byte("aaa"), "four": []byte("aaaa"), "run": bytes.Repeat([]byte{'x'}, 100_000),
		"pairs": bytes.Repeat([]byte("ab"), 500), "random": random, "text": text,
		"far":   append(append(bytes.Clone(random[:100]), random[1000:9100]...), random[:100]...),
		"mixed": append(append(bytes.Clone(random[:5000]), bytes.Repeat([]byte("xyz"), 3000)...), random[:5000]...),
	}
}

func TestLZFRoundTrip(t *testing.T) {
	var z LZF // one for all: what it remembers of earlier calls must not matter
	for round := range 3 {
		for name, data := range lzfSamples() {
			packed, ok := z.Compress([]byte("before"), data, 2*len(data)+10)
			if !ok || !bytes.HasPrefix(packed, []byte("before")) {
				t.Fatalf("%s: gave up", name)
			}
			packed = packed[6:]
			if roomy, _ := z.Compress(make([]byte, 0, 2*len(data)+100), data, 2*len(data)+10); !bytes.Equal(roomy, packed) {
				t.Fatalf("round %d, %s: with room for all it is different", round, name)
			}
			got := make([]byte, len(data))
			if err := DecompressLZF(got, packed); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("round %d, %s: %v", round, name, err)
			}
			if name == "run" && len(packed) > 1300 || name == "text" && len(packed) > len(data)/2 {
				t.Errorf("%s: %d bytes to %d", name, len(data), len(packed))
			}
		}
	}
	z.base = 1<<31 - 5 // the remembered positions come to their limit and start again
	for range 3 {
		data := []byte(strings.Repeat("hello ", 20))
		packed, _ := z.Compress(nil, data, 200)
		got := make([]byte, len(data))
		if err := DecompressLZF(got, packed); err != nil || !bytes.Equal(got, data) {
			t.Fatal(err)
		}
	}
}

func TestLZFGivesUp(t *testing.T) {
	var z LZF
	random := lzfSamples()["random"]
	dst, ok := z.Compress([]byte("before"), random, len(random)-4)
	if ok || string(dst) != "before" {
		t.Errorf("%v, %d bytes", ok, len(dst))
	}
}

func TestDecompressLZFDamaged(t *testing.T) {
	cases := map[string]string{
		"literal past the end": "\x05ab", "no length": "\xE0", "no offset": "\x20", "before the start": "\x00a\x20\x05",
		"too much": "\x0Aaaaaaaaaaaa", "too little": "\x00a",
	}
	for name, src := range cases {
		if err := DecompressLZF(make([]byte, 5), []byte(src)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzLZF(f *testing.F) {
	f.Add([]byte("aaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaa"), uint16(20))
	f.Fuzz(func(t *testing.T, data []byte, n uint16) {
		_ = DecompressLZF(make([]byte, n), data)
		var z LZF
		packed, ok := z.Compress(nil, data, len(data)+len(data)/16+32)
		if !ok {
			t.Fatal("gave up")
		}
		got := make([]byte, len(data))
		if err := DecompressLZF(got, packed); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%v", err)
		}
	})
}

func BenchmarkLZF(b *testing.B) {
	for _, name := range []string{"text", "random"} {
		data := lzfSamples()[name]
		var z LZF
		dst, _ := z.Compress(nil, data, 2*len(data))
		plain := make([]byte, len(data))
		b.Run("compress/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			buf := make([]byte, 0, 2*len(data))
			for b.Loop() {
				z.Compress(buf, data, len(data)-4)
			}
			b.ReportMetric(float64(len(dst))/float64(len(data)), "ratio")
		})
		b.Run("decompress/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := DecompressLZF(plain, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("compress/short", func(b *testing.B) {
		data := []byte("a string of some forty characters, no more")
		b.SetBytes(int64(len(data)))
		var z LZF
		buf := make([]byte, 0, 100)
		for b.Loop() {
			z.Compress(buf, data, len(data)-4)
		}
	})
}
