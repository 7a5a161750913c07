package strfamily_test

import (
	"strconv"
	"strings"
	"testing"
)

// BenchmarkCommand runs commands on 100,000 keys through the engine, without a socket.
func BenchmarkCommand(b *testing.B) {
	value := strings.Repeat("x", 64)
	for _, bm := range []struct {
		name string
		cmd  []string
	}{
		{"GET", []string{"GET", "@"}},
		{"SET", []string{"SET", "@", value}},
		{"SET EX", []string{"SET", "@", value, "EX", "100"}},
		{"SET new", []string{"SET", "#", value}},
		{"INCR", []string{"INCR", "n:@"}},
		{"INCRBYFLOAT", []string{"INCRBYFLOAT", "n:@", "1.5"}},
		{"APPEND", []string{"APPEND", "a:@", "xyz"}},
		{"MGET", []string{"MGET", "@", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			h := start(b).WithoutReplay()
			for i := range 100_000 {
				h.Do("SET", strconv.Itoa(i), value)
			}
			h.Effects()
			c := h.Client()
			args := make([][]byte, len(bm.cmd))
			for i, a := range bm.cmd {
				args[i] = []byte(a)
			}
			form := bm.cmd[1]
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				switch i := n * 7919; form[len(form)-1] {
				case '@':
					args[1] = strconv.AppendInt(append(args[1][:0], form[:len(form)-1]...), int64(i%100_000), 10)
				case '#':
					args[1] = strconv.AppendInt(append(args[1][:0], "new:"...), int64(i), 10)
				}
				c.C.W.Reset()
				h.Engine.Handle(c.C, args)
			}
		})
	}
}
