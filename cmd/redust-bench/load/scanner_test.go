package load

import (
	"errors"
	"strings"
	"testing"
)

// scanIn feeds the stream in chunks of n bytes, as a connection does: what isn't used stands before the next chunk.
func scanIn(t *testing.T, s *Scanner, stream string, n int) int {
	t.Helper()
	var buf []byte
	total := 0
	for len(stream) > 0 {
		k := min(n, len(stream))
		buf = append(buf, stream[:k]...)
		stream = stream[k:]
		used, replies, err := s.Scan(buf)
		if err != nil {
			t.Fatalf("chunks of %d: %v", n, err)
		}
		buf = append(buf[:0], buf[used:]...)
		total += replies
	}
	if len(buf) > 0 {
		t.Fatalf("chunks of %d: %q left over", n, buf)
	}
	return total
}

func TestScannerCountsReplies(t *testing.T) {
	tests := []struct {
		name, stream string
		replies      int
		errors       uint64
		text         string
	}{
		{name: "status and integer", stream: "+OK\r\n:42\r\n:-1\r\n", replies: 3},
		{name: "bulk", stream: "$5\r\nhello\r\n$0\r\n\r\n$-1\r\n", replies: 3},
		{name: "bulk that looks like protocol", stream: "$9\r\n*1\r\n+OK\r\n\r\n+OK\r\n", replies: 2},
		{name: "array", stream: "*2\r\n$1\r\na\r\n:1\r\n*0\r\n*-1\r\n", replies: 3},
		{name: "nested arrays", stream: "*3\r\n*2\r\n:1\r\n*1\r\n*0\r\n$2\r\nab\r\n*-1\r\n+END\r\n", replies: 2},
		{name: "errors", stream: "-ERR first one\r\n+OK\r\n-ERR second\r\n", replies: 3, errors: 2, text: "ERR first one"},
		{name: "error within EXEC", stream: "*2\r\n+OK\r\n-WRONGTYPE Operation\r\n:1\r\n", replies: 2, errors: 1, text: "WRONGTYPE Operation"},
		{name: "long error", stream: "-ERR " + strings.Repeat("x", 300) + "\r\n", replies: 1, errors: 1, text: "ERR " + strings.Repeat("x", maxErrorText-4)},
		{name: "RESP3", stream: "%1\r\n+a\r\n~2\r\n:1\r\n#t\r\n_\r\n,3.5\r\n(123\r\n=5\r\ntxt:a\r\n", replies: 5},
		{name: "attribute before a reply", stream: "|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n:1\r\n", replies: 2},
		{name: "push between replies", stream: "+OK\r\n>2\r\n+message\r\n*1\r\n:1\r\n+OK\r\n", replies: 2},
		{name: "bulk error", stream: "!5\r\nERR x\r\n", replies: 1, errors: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= len(tt.stream); n++ { // every way to split, by chunk size
				var s Scanner
				if got := scanIn(t, &s, tt.stream, n); got != tt.replies {
					t.Fatalf("chunks of %d: %d replies, want %d", n, got, tt.replies)
				}
				if s.Errors != tt.errors || s.FirstText != tt.text {
					t.Fatalf("chunks of %d: %d errors, first %q; want %d, %q", n, s.Errors, s.FirstText, tt.errors, tt.text)
				}
			}
		})
	}
}

func TestScannerRefusesWhatIsNotRESP(t *testing.T) {
	for _, stream := range []string{"HTTP/1.1 400 Bad Request\r\n", "\r\n", "\n", "$x\r\n", "$-2\r\n", "*99999999999\r\n", "+OK\n", "$\r\n"} {
		var s Scanner
		if _, _, err := s.Scan([]byte(stream)); !errors.Is(err, errReplyType) {
			t.Errorf("%q: error %v", stream, err)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	var s Scanner
	stream := []byte(strings.Repeat("$64\r\n"+strings.Repeat("v", 64)+"\r\n*2\r\n:1\r\n+OK\r\n", 100))
	if n := testing.AllocsPerRun(10, func() {
		if _, replies, err := s.Scan(stream); err != nil || replies != 200 {
			t.Fatal(replies, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	var s Scanner
	stream := []byte(strings.Repeat("$64\r\n"+strings.Repeat("v", 64)+"\r\n", 200))
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		if _, _, err := s.Scan(stream); err != nil {
			b.Fatal(err)
		}
	}
}
