package effects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func args(words ...string) [][]byte {
	out := make([][]byte, len(words))
	for i, w := range words {
		out[i] = []byte(w)
	}
	return out
}

// encoded is what a command should look like, built the slow way.
func encoded(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// rest takes all there is to read, and releases it.
func rest(t *testing.T, r *Reader) string {
	t.Helper()
	var out []byte
	for {
		b, end, err := r.TryNext()
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			r.Release(end)
			return string(out)
		}
		out = append(out, b...)
	}
}

func TestAppend(t *testing.T) {
	long := strings.Repeat("v", 3*segmentBytes)
	l := New()
	if end := l.AppendOne(0, args("SET", "unread", "1")); end != 0 || l.Active() {
		t.Fatalf("without readers: offset %d, active %v", end, l.Active())
	}
	r := l.NewReader(true)
	defer r.Close()
	want := ""
	check := func(end int64, added string) {
		t.Helper()
		want += added
		if end != int64(len(want)) || l.Offset() != end {
			t.Fatalf("offset %d and %d, want %d", end, l.Offset(), len(want))
		}
	}
	check(l.AppendOne(0, args("SET", "k", "")), encoded("SELECT", "0")+encoded("SET", "k", ""))
	check(l.AppendOne(0, args("SET", "k", strings.Repeat("v", 9))), encoded("SET", "k", "vvvvvvvvv"))
	for _, n := range []int{10, 99, 100, 12345} {
		v := strings.Repeat("w", n)
		check(l.AppendOne(0, args("SET", "k", v)), encoded("SET", "k", v))
	}
	many := strings.Fields(strings.Repeat("x ", 120))
	check(l.AppendOne(15, args(many...)), encoded("SELECT", "15")+encoded(many...))
	check(l.AppendOne(2147483647, args("SET", "k", long)), encoded("SELECT", "2147483647")+encoded("SET", "k", long))
	check(l.Append(true, []Command{{3, args("INCR", "a")}, {3, args("INCR", "b")}, {4, args("INCR", "c")}}),
		encoded("SELECT", "3")+encoded("MULTI")+encoded("INCR", "a")+encoded("INCR", "b")+encoded("SELECT", "4")+encoded("INCR", "c")+encoded("EXEC"))
	check(l.Append(false, []Command{{4, args("DEL", "a")}, {-1, args("DEL", "b")}}), encoded("DEL", "a")+encoded("DEL", "b"))
	check(l.Append(true, nil), "")
	if got := rest(t, r); got != want {
		t.Fatalf("read %d bytes, want %d; first difference at %d", len(got), len(want), differ(got, want))
	}
	second := l.NewReader(false)
	defer second.Close()
	l.AppendOne(4, args("PING"))
	if got, want := rest(t, second), encoded("SELECT", "4")+encoded("PING"); got != want {
		t.Errorf("a new reader begins with %q, want %q", got, want)
	}
}

func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Readers come and go, take and release as they like, while bytes that they have not released are looked at again: the memory that is used
// again must be nobody's.
func TestReaders(t *testing.T) {
	type tracked struct {
		r     *Reader
		held  []taken
		check func(b []byte) error
	}
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		l := New()
		next := 0 // the number of the next command
		var all []*tracked
		add := func() {
			all = append(all, &tracked{r: l.NewReader(rnd.IntN(2) == 0), check: counter(next)})
		}
		add()
		for range 1500 {
			switch rnd.IntN(10) {
			default:
				for range rnd.IntN(60) {
					l.AppendOne(0, args("N", strconv.Itoa(next), strings.Repeat(".", rnd.IntN(1000))))
					next++
				}
			case 6, 7:
				x := all[rnd.IntN(len(all))]
				b, end, err := x.r.TryNext()
				if err == nil {
					err = x.check(b)
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if b != nil {
					x.held = append(x.held, taken{b, bytes.Clone(b), end})
				}
			case 8:
				x := all[rnd.IntN(len(all))]
				if n := len(x.held); n > 0 {
					for _, h := range x.held {
						if !bytes.Equal(h.b, h.copy) {
							t.Fatalf("seed %d: bytes before %d changed before they were released", seed, h.end)
						}
					}
					k := rnd.IntN(n) + 1
					x.r.Release(x.held[k-1].end)
					x.held = x.held[k:]
				}
			case 9:
				switch n := len(all); {
				case n < 4 && rnd.IntN(8) == 0:
					add()
				case n > 1 && rnd.IntN(20) == 0:
					all[0].r.Close()
					all = all[1:]
				case rnd.IntN(20) == 0:
					l.Trim()
				}
			}
		}
		for _, x := range all {
			if err := x.check([]byte(rest(t, x.r))); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		l.Trim()
		l.Trim()
		if got := l.Buffered(); got > 2*segmentBytes {
			t.Errorf("seed %d: %d bytes are kept for nobody", seed, got)
		}
	}
}

type taken struct {
	b, copy []byte
	end     int64
}

// counter checks that commands come whole and in order, from a number on.
func counter(next int) func(b []byte) error {
	return func(b []byte) error {
		s := string(b)
		for {
			s = strings.TrimPrefix(s, encoded("SELECT", "0")) // each new reader makes one due
			if s == "" {
				return nil
			}
			n := strconv.Itoa(next)
			head := fmt.Sprintf("*3\r\n$1\r\nN\r\n$%d\r\n%s\r\n$", len(n), n)
			if !strings.HasPrefix(s, head) {
				return fmt.Errorf("want command %d, got %.60q", next, s)
			}
			number, _, _ := strings.Cut(s[len(head):], "\r\n")
			size, err := strconv.Atoi(number)
			if err != nil {
				return err
			}
			s = s[len(head)+len(number)+2+size+2:]
			next++
		}
	}
}

func TestMemoryIsUsedAgain(t *testing.T) {
	l := New()
	r := l.NewReader(true)
	defer r.Close()
	value := strings.Repeat("v", 1000)
	round := func() {
		for range 4 * segmentBytes / 1000 {
			l.AppendOne(0, args("SET", "k", value))
		}
		rest(t, r)
	}
	round()
	round()
	if n := testing.AllocsPerRun(20, func() {
		for range 4 * segmentBytes / 1000 {
			l.AppendOne(0, nil)
		}
		for b, end, _ := r.TryNext(); b != nil; b, end, _ = r.TryNext() {
			r.Release(end)
		}
	}); n > 0 {
		t.Errorf("%v allocations to append and read with memory to spare", n)
	}
	most := l.Buffered()
	for range 10 {
		round()
		l.Trim()
	}
	if got := l.Buffered(); got > most {
		t.Errorf("%d bytes kept, %d at first", got, most)
	}
	l.Trim()
	if l.Trim(); l.Buffered() > 2*segmentBytes {
		t.Errorf("%d bytes kept by a log at rest", l.Buffered())
	}
}

func TestWake(t *testing.T) {
	l := New()
	r := l.NewReader(true)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	const n = 20_000
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range n {
				l.AppendOne(0, args("N", strconv.Itoa(w), strconv.Itoa(i)))
				if i%100 == 0 {
					time.Sleep(time.Microsecond)
				}
			}
		})
	}
	for count := 0; count < 2*n; {
		b, end, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %d commands: %v", count, err)
		}
		count += bytes.Count(b, []byte("*3\r\n"))
		r.Release(end)
	}
	writers.Wait()
	go func() { time.Sleep(10 * time.Millisecond); r.Close() }()
	if _, _, err := r.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("a reader that is closed while it waits: %v", err)
	}
	if _, _, err := r.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed reader: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	l := New()
	slow, free := l.NewReader(true), l.NewReader(false)
	value := strings.Repeat("v", 16<<20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range maxLag>>24 + 2 {
			l.AppendOne(0, args("SET", "k", value))
			l.Throttle()
		}
	}()
	select {
	case <-done:
		t.Fatal("nothing held the writer back")
	case <-time.After(50 * time.Millisecond):
	}
	for i := 0; ; i++ {
		select {
		case <-done:
			if i == 0 {
				t.Error("the writer went on before anything was read")
			}
			slow.Close()
			l.AppendOne(0, args("SET", "k", strings.Repeat("v", 1<<20)))
			l.Throttle() // the other reader holds nobody
			free.Close()
			return
		case <-time.After(time.Millisecond):
		}
		if _, _, err := slow.TryNext(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkAppendOne(b *testing.B) {
	l := New()
	r := l.NewReader(true)
	defer r.Close()
	set := args("SET", "key:000000012345", strings.Repeat("v", 64))
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			l.AppendOne(0, set)
			if i%1000 == 0 {
				_, end, _ := r.TryNext()
				r.Release(end)
			}
		}
	})
}
