package protocol_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redust/redust/protocol"
)

func TestParseTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "-0": 0, "1": time.Second, "0.001": time.Millisecond, "0.0001": time.Millisecond, "1e-400": time.Millisecond,
		"0.0011": 2 * time.Millisecond, "1.5": 1500 * time.Millisecond, "0x10": 16 * time.Second, ".5": 500 * time.Millisecond,
		"-0.0001": 0, "-0.001": 0, "-1e-400": 0, // more than -1 millisecond, as a long double
		"9223372036": 9223372036 * time.Second, "9223372037": 0, "9223372036854775.807": 0, // centuries
	} {
		if got, err := protocol.ParseTimeout([]byte(text)); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"-0.002": protocol.ErrTimeoutNegative, "-0.00100000001": protocol.ErrTimeoutNegative, "-1": protocol.ErrTimeoutNegative,
		"9223372036854775.808": protocol.ErrTimeoutNegative, "1e400": protocol.ErrTimeoutNegative, "-1e400": protocol.ErrTimeoutNegative,
		"inf": protocol.ErrTimeoutNegative, "-inf": protocol.ErrTimeoutNegative, "": protocol.ErrTimeoutFloat, "nan": protocol.ErrTimeoutFloat,
		"abc": protocol.ErrTimeoutFloat, " 1": protocol.ErrTimeoutFloat, "1e-5000": protocol.ErrTimeoutFloat,
	} {
		if _, err := protocol.ParseTimeout([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestParseTimeoutMs(t *testing.T) {
	if ms, err := protocol.ParseTimeoutMs([]byte("1500")); ms != 1500 || err != nil {
		t.Errorf("%d, %v", ms, err)
	}
	for text, want := range map[string]error{
		"-1": protocol.ErrTimeoutNegative, "1.5": protocol.ErrTimeoutInt, "": protocol.ErrTimeoutInt, "9223372036854775808": protocol.ErrTimeoutInt,
	} {
		if _, err := protocol.ParseTimeoutMs([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
