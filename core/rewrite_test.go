package core_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/redust/redust/core"
)

func TestRewriteBatchCutsAfter64Elements(t *testing.T) {
	for _, c := range []struct{ elements, width, commands, last int }{
		{0, 1, 0, 0}, {1, 1, 1, 3}, {64, 1, 1, 66}, {65, 1, 2, 3}, {1, 2, 1, 4}, {64, 2, 1, 130}, {130, 2, 3, 6},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.elements, c.width), func(t *testing.T) {
			var got [][]byte
			commands, last := 0, 0
			b := core.NewRewriteBatch(func(args ...[]byte) {
				commands, last = commands+1, len(args)
				if string(args[0]) != "CMD" || string(args[1]) != "key" {
					t.Errorf("it begins with %q", args[:2])
				}
				for _, a := range args[2:] {
					got = append(got, bytes.Clone(a))
				}
			}, "CMD", []byte("key"), c.width)
			part := make([]byte, 1) // the caller uses it again
			for i := range c.elements {
				parts := make([][]byte, c.width)
				for p := range parts {
					part[0] = byte(i)
					parts[p] = part
				}
				b.Add(parts...)
			}
			b.Flush()
			if commands != c.commands || last != c.last || len(got) != c.elements*c.width {
				t.Errorf("%d commands, the last of %d words, %d parts", commands, last, len(got))
			}
			for i, p := range got {
				if p[0] != byte(i/c.width) {
					t.Fatalf("part %d is of element %d", i, p[0])
				}
			}
		})
	}
}
