package keysfamily

import (
	"cmp"
	"slices"
)

// ranked is an element with the number that it is sorted by first.
type ranked struct {
	rank uint64
	i    int32
}

// radixFrom is the number of elements from which counting beats comparing.
const radixFrom = 512

// sortRanked sorts a list in order of i by rank, then by next, then by tie; what is equal in all keeps its order. O(n) for the
// ranks, of which only the bytes that differ cost a pass, and O(m log m) for each m elements of one rank. next may
// be any number that orders as tie does, as far as it tells elements of one rank apart.
func sortRanked(list []ranked, next func(i int32) uint64, tie func(a, b int32) int) {
	byRank := func(a, b ranked) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		if order := tie(a.i, b.i); order != 0 {
			return order
		}
		return int(a.i - b.i) // by place at last: faster than a stable sort
	}
	if len(list) < radixFrom {
		slices.SortFunc(list, byRank)
		return
	}
	radixSort(list)
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].rank == list[from].rank {
			to++
		}
		if run := list[from:to]; len(run) > 1 {
			for n := range run { // the rank has done its work
				run[n].rank = next(run[n].i)
			}
			if len(run) >= radixFrom {
				radixSort(run)
			}
			slices.SortFunc(run, byRank)
		}
		from = to
	}
}

// radixSort sorts by rank, byte by byte from the lowest, and is stable.
func radixSort(list []ranked) {
	var counts [8][256]int32
	for i := range list {
		for b, r := 0, list[i].rank; b < 8; b, r = b+1, r>>8 {
			counts[b][byte(r)]++
		}
	}
	src, dst := list, make([]ranked, len(list))
	for b := range counts {
		count, shift := &counts[b], 8*b
		if int(count[byte(src[0].rank>>shift)]) == len(src) {
			continue // all alike
		}
		at := int32(0)
		for v, n := range count {
			count[v] = at
			at += n
		}
		for i := range src {
			v := byte(src[i].rank >> shift)
			dst[count[v]] = src[i]
			count[v]++
		}
		src, dst = dst, src
	}
	if &src[0] != &list[0] {
		copy(list, src)
	}
}
