package core

import (
	"math"

	"github.com/redust/redust/protocol"
)

// ParseCursor reads a cursor of SCAN and its like as C's strtoul does: a sign is
// taken, a minus wraps around, the empty string is 0, bytes after a NUL are not
// seen. Anything else gives protocol.ErrInvalidCursor.
func ParseCursor(b []byte) (uint64, error) {
	neg := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		neg = b[0] == '-'
		if b = b[1:]; len(b) == 0 || b[0]-'0' > 9 {
			return 0, protocol.ErrInvalidCursor
		}
	}
	var n uint64
	for _, ch := range b {
		if ch == 0 {
			break
		}
		d := uint64(ch - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, protocol.ErrInvalidCursor
		}
		n = n*10 + d
	}
	if neg {
		n = -n
	}
	return n, nil
}
