package packed

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// buildZiplist makes a ziplist of entries given as encoding and data, without the size of the previous entry.
func buildZiplist(entries ...[]byte) []byte {
	b := make([]byte, ziplistHeader)
	prev, last := 0, ziplistHeader
	for _, e := range entries {
		last = len(b)
		if prev < ziplistBigPrev {
			b = append(b, byte(prev))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, ziplistBigPrev), uint32(prev))
		}
		b = append(b, e...)
		prev = len(b) - last
	}
	b = append(b, ziplistEnd)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	binary.LittleEndian.PutUint32(b[4:], uint32(last))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(entries)))
	return b
}

var zipCases = []struct {
	entry []byte
	want  string
}{
	{[]byte("\x03abc"), "abc"},
	{[]byte("\x00"), ""},
	{append([]byte{0x41, 0x2C}, strings.Repeat("m", 300)...), strings.Repeat("m", 300)},
	{append([]byte{0x80, 0, 0, 0x40, 1}, strings.Repeat("l", 16385)...), strings.Repeat("l", 16385)},
	{[]byte{0xF1}, "0"},
	{[]byte{0xFD}, "12"},
	{[]byte{0xFE, 0x80}, "-128"},
	{[]byte{0xC0, 0x00, 0x80}, "-32768"},
	{[]byte{0xF0, 0xFF, 0xFF, 0x7F}, "8388607"},
	{[]byte{0xF0, 0x00, 0x00, 0x80}, "-8388608"},
	{[]byte{0xD0, 0x00, 0x00, 0x00, 0x80}, "-2147483648"},
	{[]byte{0xE0, 0, 0, 0, 0, 0, 0, 0, 0x80}, "-9223372036854775808"},
}

func TestZiplist(t *testing.T) {
	var entries, want [][]byte
	for _, c := range zipCases {
		entries, want = append(entries, c.entry), append(want, []byte(c.want))
	}
	b := buildZiplist(entries...)
	zl, err := ValidateZiplist(b)
	if err != nil {
		t.Fatal(err)
	}
	if zl.Len() != len(want) {
		t.Fatalf("Len %d", zl.Len())
	}
	i := 0
	for it := zl.Iter(); it.Next(); i++ {
		if got := it.AppendTo(nil); !bytes.Equal(got, want[i]) {
			t.Errorf("entry %d: %q, want %q", i, got, want[i])
		}
	}
	sameContents(t, zl.AppendListpack(NewListpack(nil)), want)

	// Redis says 65535 for "many", whatever the number is.
	binary.LittleEndian.PutUint16(b[8:], countUnknown)
	if zl, err = ValidateZiplist(b); err != nil || zl.Len() != len(want) {
		t.Fatalf("unknown count: %v", err)
	}
}

func TestZiplistKnownBytes(t *testing.T) {
	// The example of two integers that the format is commonly explained with: [2, 5].
	b := []byte{0x0f, 0, 0, 0, 0x0c, 0, 0, 0, 2, 0, 0, 0xf3, 2, 0xf6, 0xff}
	zl, err := ValidateZiplist(b)
	if err != nil {
		t.Fatal(err)
	}
	sameContents(t, zl.AppendListpack(NewListpack(nil)), [][]byte{[]byte("2"), []byte("5")})
	if _, err := ValidateZiplist(buildZiplist()); err != nil {
		t.Errorf("empty: %v", err)
	}
}

func TestValidateZiplistDamaged(t *testing.T) {
	var entries [][]byte
	for _, c := range zipCases[4:] {
		entries = append(entries, c.entry)
	}
	good := buildZiplist(append(entries, zipCases[0].entry)...)
	for i := range good {
		if _, err := ValidateZiplist(good[:i]); err == nil {
			t.Errorf("cut at %d accepted", i)
		}
		for x := 1; x < 256; x++ {
			bad := bytes.Clone(good)
			bad[i] ^= byte(x)
			if zl, err := ValidateZiplist(bad); err == nil {
				zl.AppendListpack(NewListpack(nil))
			}
		}
	}
	for i := range ziplistHeader {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := ValidateZiplist(bad); err == nil {
			t.Errorf("changed header byte %d accepted", i)
		}
	}
}

func FuzzValidateZiplist(f *testing.F) {
	for _, c := range zipCases {
		f.Add(buildZiplist(c.entry, []byte("\x01a")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		zl, err := ValidateZiplist(b)
		if err != nil {
			return
		}
		if lp := zl.AppendListpack(NewListpack(nil)); lp.Len() != zl.Len() {
			t.Fatalf("%d elements, %d entries", lp.Len(), zl.Len())
		}
	})
}
