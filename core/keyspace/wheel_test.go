package keyspace

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"
)

func wheelKeyspace(t testing.TB, now int64) *Keyspace {
	ks := New(Config{Shards: 1, Databases: 2})
	t.Cleanup(ks.Close)
	ks.ExpireDue(0, now, 1, nil)
	return ks
}

func putDue(ks *Keyspace, i int, at int64) {
	k := fmt.Appendf(nil, "key:%d", i)
	ks.PutExpire(0, ks.Hash(k), k, String, EncRaw, nil, at)
}

// However the deadlines lie, a key goes within two ticks of its time, in the order of the ticks, when time runs steadily.
func TestWheelOrder(t *testing.T) {
	const start, n = 1_700_000_000_123, 3000
	for _, span := range []int64{100, 600, 5_000, 100_000, 3_000_000} {
		t.Run(fmt.Sprint(span), func(t *testing.T) {
			ks := wheelKeyspace(t, start)
			rnd := rand.New(rand.NewPCG(uint64(span), 3))
			var want []int64
			for i := range n {
				at := start + rnd.Int64N(span)
				want = append(want, at)
				putDue(ks, i, at)
			}
			sort.Slice(want, func(i, j int) bool { return want[i] < want[j] })
			done := 0
			for now := int64(start); done < n && now < start+span+100; now += 8 {
				for ks.ExpireDue(0, now, 1<<20, func(_ int, e Entry) bool {
					at, _ := e.ExpireAt()
					if at > now || now-at > 24 || at>>tickShift != want[done]>>tickShift {
						t.Fatalf("due %d, next %d, now %d", at, want[done], now)
					}
					done++
					return true
				}) {
				}
			}
			if done != n || ks.Len(0) != 0 || ks.Expires(0) != 0 {
				t.Fatalf("%d of %d", done, n)
			}
		})
	}
}

// A hundred thousand keys that share one slot of a high level neither stall a call nor delay others.
func TestWheelCascadeIsBounded(t *testing.T) {
	const start, many = 1_700_000_000_000, 100_000
	ks := wheelKeyspace(t, start)
	for i := range many {
		putDue(ks, i, start+3_000_000+int64(i%30_000))
	}
	for i := range 200 {
		putDue(ks, many+i, start+2_950_000+int64(i)*500)
	}
	late, expired, calls := int64(0), 0, 0
	for now := int64(start); now < start+3_052_000; now += 10 {
		for rounds := 0; rounds < 8; rounds++ { // a budget of 512 entries every 10 ms
			calls++
			n := 0
			more := ks.ExpireDue(0, now, stepEntries, func(_ int, e Entry) bool {
				at, _ := e.ExpireAt()
				late = max(late, now-at)
				expired++
				n++
				return true
			})
			if n > stepEntries {
				t.Fatalf("%d in one step", n)
			}
			if !more {
				break
			}
		}
	}
	if late > 100 || expired != many+200 {
		t.Fatalf("%d expired, the latest by %d ms", expired, late)
	}
}

func TestWheelClockJumps(t *testing.T) {
	const start, year = 1_700_000_000_000, int64(366 * 86_400_000)
	gone := func(ks *Keyspace, now int64) (n int) {
		calls := 0
		for ks.ExpireDue(0, now, stepEntries, func(int, Entry) bool { n++; return true }) {
			if calls++; calls > 20_000 {
				panic("no end")
			}
		}
		return n
	}
	t.Run("forward", func(t *testing.T) {
		ks := wheelKeyspace(t, start)
		for i := range 10_000 {
			putDue(ks, i, start+int64(i)*(year/10_000))
		}
		putDue(ks, 10_000, start+20*year)
		if n := gone(ks, start+year+10); n != 10_000 {
			t.Fatalf("%d gone", n)
		}
		if n := gone(ks, start+21*year); n != 1 {
			t.Fatalf("%d gone of the last", n)
		}
	})
	t.Run("backward", func(t *testing.T) {
		ks := wheelKeyspace(t, start)
		for i := range 5000 {
			putDue(ks, i, start+int64(i)*1000)
		}
		now := start - 10*year
		if n := gone(ks, now); n != 0 {
			t.Fatalf("%d gone", n)
		}
		for i := range 100 {
			putDue(ks, 5000+i, now+int64(i))
		}
		if n := gone(ks, now+108); n != 100 {
			t.Fatalf("%d gone after the jump, want 100", n)
		}
		if n := gone(ks, start+5_000_000); n != 5000 {
			t.Fatalf("%d gone in the end", n)
		}
	})
	t.Run("drifting back", func(t *testing.T) {
		ks := wheelKeyspace(t, start)
		putDue(ks, 0, start+1e6)
		now := int64(start)
		for range 1000 {
			now -= 3
			gone(ks, now)
		}
		putDue(ks, 1, now+200)
		if n := gone(ks, now+300); n != 1 {
			t.Fatalf("%d gone", n)
		}
	})
	t.Run("extremes", func(t *testing.T) {
		ks := wheelKeyspace(t, start)
		for i, at := range []int64{-1 << 63, -1, 0, 1, start, 1<<63 - 1, 1 << 62} {
			putDue(ks, i, at)
		}
		if n := gone(ks, start+8); n != 5 {
			t.Fatalf("%d gone, want 5", n)
		}
		if err := ks.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOverdueLag(t *testing.T) {
	const start = 1_700_000_000_000
	ks := wheelKeyspace(t, start)
	putDue(ks, 1, start+1000)
	if lag := ks.OverdueLag(start + 900); lag != 0 {
		t.Fatalf("lag %d before the time", lag)
	}
	if lag := ks.OverdueLag(start + 6000); lag < 4480 || lag > 5000 {
		t.Fatalf("lag %d, want at most 5000 and at least a slot less", lag)
	}
}

// Who sleeps until the next expiry is woken by an earlier one, and only by that.
func TestNextExpiryRings(t *testing.T) {
	const now = 1_700_000_000_000
	ks := wheelKeyspace(t, now)
	at, sooner := ks.NextExpiry(now + 100)
	if at != now+100 {
		t.Fatalf("nothing is due, but wake at %d", at-now)
	}
	rung := func() bool {
		select {
		case <-sooner:
			return true
		default:
			return false
		}
	}
	putDue(ks, 1, now+3_600_000)
	if rung() {
		t.Error("a key of an hour rings")
	}
	putDue(ks, 2, now+40)
	if !rung() {
		t.Error("a key of 40 ms does not ring")
	}
	if at, _ = ks.NextExpiry(now + 100); at > now+40+2<<tickShift || at <= now {
		t.Errorf("wake after %d ms for a key of 40 ms", at-now)
	}
	putDue(ks, 3, now+60)
	if rung() {
		t.Error("a later key rings")
	}
}
