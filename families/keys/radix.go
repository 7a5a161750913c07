package keysfamily

import (
	"cmp"
	"math/bits"
	"slices"
)

// ranked is an element with the number that it is sorted by first.
type ranked struct {
	rank uint64
	i    int32
}

// ranking is a list to sort by rank, then by tie; what is equal in both is in order of i.
type ranking struct {
	list []ranked             // in order of i
	flip uint64               // all ones if the order is descending, for which ranks are inverted already; else 0
	next func(i int32) uint64 // orders as tie does, as far as it tells elements of one rank apart
	tie  func(a, b int32) int
}

const (
	// radixFrom is the number of elements from which counting beats comparing.
	radixFrom = 48
	// The first elements are selected without sorting the others if they are at most this part of all, and so many.
	selectPart = 8
	selectMost = 1024
)

// sort puts the first n elements at their places; the others may be in any order. O(N) for the ranks, of which only the bits that differ
// cost passes, and O(m log m) for each m elements of one rank. spare is memory, returned for the next time.
func (k *ranking) sort(n int, spare []ranked) []ranked {
	list := k.list
	switch {
	case n == 0:
		return spare
	case n <= len(list)/selectPart && n <= selectMost:
		k.choose(n)
		list = list[:n]
	}
	if len(list) < radixFrom {
		slices.SortFunc(list, k.compare)
		return spare
	}
	spare = radixSort(list, spare)
	for from := 0; from < n; {
		to := from + 1
		for to < len(list) && list[to].rank == list[from].rank {
			to++
		}
		if run := list[from:to]; len(run) > 1 {
			spare = k.sortRun(run, spare)
		}
		from = to
	}
	return spare
}

// sortRun sorts elements of one rank.
func (k *ranking) sortRun(run, spare []ranked) []ranked {
	for n := range run { // the rank has done its work
		run[n].rank = k.next(run[n].i) ^ k.flip
	}
	if len(run) >= radixFrom {
		spare = radixSort(run, spare)
	}
	slices.SortFunc(run, k.compare)
	return spare
}

func (k *ranking) compare(a, b ranked) int {
	if a.rank != b.rank {
		return cmp.Compare(a.rank, b.rank)
	}
	if order := k.tie(a.i, b.i); order != 0 {
		if k.flip != 0 {
			return -order
		}
		return order
	}
	return int(a.i - b.i) // by place at last: faster than a stable sort
}

// choose moves the n elements that come first in the order to the front, unsorted. They are a heap with the last of them on top, which
// all others are compared with: O(N) as a rule, O(N log n) if each is before those that it has seen.
func (k *ranking) choose(n int) {
	heap := k.list[:n]
	for i := n/2 - 1; i >= 0; i-- {
		k.sink(heap, i)
	}
	for i := n; i < len(k.list); i++ {
		if e := k.list[i]; e.rank <= heap[0].rank && k.compare(e, heap[0]) < 0 {
			k.list[i], heap[0] = heap[0], e
			k.sink(heap, 0)
		}
	}
}

// sink moves heap[i] below those that come after it in the order.
func (k *ranking) sink(heap []ranked, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && k.compare(heap[child], heap[child+1]) < 0 {
			child++
		}
		if k.compare(heap[i], heap[child]) >= 0 {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// radixSort sorts by rank, a digit of eight bits at a time from the lowest bit that differs, and is stable. A list in order is found so
// in one pass. spare is memory, returned for the next time.
func radixSort(list, spare []ranked) []ranked {
	differ, sorted := uint64(0), true
	for i := 1; i < len(list); i++ {
		differ |= list[i-1].rank ^ list[i].rank
		sorted = sorted && list[i-1].rank <= list[i].rank
	}
	if sorted {
		return spare
	}
	spare = room(spare, len(list))
	src, dst := list, spare
	for shift := bits.TrailingZeros64(differ); shift < bits.Len64(differ); shift += 8 {
		if differ>>shift&0xFF == 0 {
			continue
		}
		var at [256]int32
		for i := range src {
			at[byte(src[i].rank>>shift)]++
		}
		sum := int32(0)
		for v, n := range at {
			at[v] = sum
			sum += n
		}
		for i := range src {
			v := byte(src[i].rank >> shift)
			dst[at[v]] = src[i]
			at[v]++
		}
		src, dst = dst, src
	}
	if &src[0] != &list[0] {
		copy(list, src)
	}
	return spare
}
