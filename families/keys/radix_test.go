package keysfamily

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRanking compares the first n of a sorted list with those of a plain sort, for ranks and ties of many kinds.
func TestRanking(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	kinds := []func(i, size int) string{
		func(i, _ int) string { return fmt.Sprintf("%08d", i) },             // in order
		func(i, size int) string { return fmt.Sprintf("%08d", size-i) },     // the other way round
		func(int, int) string { return fmt.Sprint(r.IntN(1e6)) },            // random
		func(int, int) string { return fmt.Sprint(r.IntN(5)) },              // few different ones
		func(i, _ int) string { return fmt.Sprintf("prefix..%d", i*7%100) }, // alike for eight bytes
		func(int, int) string { return fmt.Sprintf("prefix..and more of it%03d", r.IntN(300)) },
		func(int, int) string { return "" },
		func(int, int) string { return string([]byte{byte(r.IntN(3)), 0, byte(r.IntN(256))}[:r.IntN(4)]) },
	}
	for _, size := range []int{0, 1, 2, 3, 9, 47, 48, 49, 300, 2000, 9000} {
		for kind, text := range kinds {
			texts := make([][]byte, size)
			for i := range texts {
				texts[i] = []byte(text(i, size))
			}
			for _, flip := range []uint64{0, ^uint64(0)} {
				for _, n := range []int{0, 1, 2, size / 20, size / 8, size / 2, size} {
					if n = min(n, size); !rankedAsPlain(texts, flip, n) {
						t.Errorf("the first %d of %d of kind %d, flip %x", n, size, kind, flip)
					}
				}
			}
		}
	}
}

func rankedAsPlain(texts [][]byte, flip uint64, n int) bool {
	k := ranking{
		flip: flip,
		next: func(i int32) uint64 { return head(behind(texts[i])) },
		tie:  func(a, b int32) int { return bytes.Compare(texts[a], texts[b]) },
	}
	want := make([]int32, len(texts))
	for i := range texts {
		k.list = append(k.list, ranked{head(texts[i]) ^ flip, int32(i)})
		want[i] = int32(i)
	}
	slices.SortStableFunc(want, func(a, b int32) int {
		if flip != 0 {
			return bytes.Compare(texts[b], texts[a])
		}
		return bytes.Compare(texts[a], texts[b])
	})
	k.sort(n, nil)
	got := make([]int32, n)
	for i := range got {
		got[i] = k.list[i].i
	}
	return slices.Equal(got, want[:n])
}
