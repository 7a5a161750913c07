package packed

import (
	"bytes"
	"strings"
	"testing"
)

func zipmapGolden() []byte {
	b := []byte("\x03\x03foo\x03\x00bar\x05hello\x05\x02world__\x00\x00\x00")
	big := strings.Repeat("v", 300)
	b[0] = 4
	b = append(b, "\x03big\xFE\x2C\x01\x00\x00\x00"...)
	return append(append(b, big...), zipmapEnd)
}

func TestZipmap(t *testing.T) {
	zm, err := ValidateZipmap(zipmapGolden())
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("foo"), []byte("bar"), []byte("hello"), []byte("world"), {}, {}, []byte("big"), bytes.Repeat([]byte("v"), 300)}
	sameContents(t, zm.AppendListpack(NewListpack(nil)), want)
	if _, err := ValidateZipmap([]byte{0, 255}); err == nil {
		t.Error("one without pairs is valid, and Redis refuses it")
	}
}

func TestValidateZipmapDamaged(t *testing.T) {
	good := zipmapGolden()
	for i := range good {
		if _, err := ValidateZipmap(good[:i]); err == nil {
			t.Errorf("cut at %d accepted", i)
		}
		for x := 1; x < 256; x++ {
			bad := bytes.Clone(good)
			bad[i] ^= byte(x)
			if zm, err := ValidateZipmap(bad); err == nil {
				zm.AppendListpack(NewListpack(nil))
			}
		}
	}
}

func FuzzValidateZipmap(f *testing.F) {
	f.Add(zipmapGolden())
	f.Fuzz(func(t *testing.T, b []byte) {
		if zm, err := ValidateZipmap(b); err == nil {
			zm.AppendListpack(NewListpack(nil))
		}
	})
}
