package redustcmd

import "testing"

// However small the heap, gcRoom may come together before it is collected, and not much more; a large one keeps gcPercent.
func TestPercentFor(t *testing.T) {
	for _, live := range []uint64{0, 1 << 20, 2 << 20, leastHeap, 5 << 20, 16 << 20, 32 << 20, 100 << 20, 10 << 30} {
		p := uint64(percentFor(live))
		garbage := max(live*p/100, leastHeap*p/100-min(live, leastHeap*p/100)) // as the runtime's pacer counts
		if live < 32<<20 {
			if garbage < gcRoom*3/4 || garbage > gcRoom*5/4 {
				t.Errorf("%d bytes live: GOGC %d, %d bytes of garbage", live, p, garbage)
			}
		} else if p != gcPercent {
			t.Errorf("%d bytes live: GOGC %d", live, p)
		}
	}
}
