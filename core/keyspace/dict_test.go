package keyspace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func newTestDict(t testing.TB) (*Keyspace, *Dict) {
	ks := New(Config{Shards: 1, Databases: 1})
	t.Cleanup(ks.Close)
	return ks, ks.NewDict()
}

func TestDictModel(t *testing.T) {
	seeds, rounds := uint64(4), 40
	if testing.Short() {
		seeds, rounds = 2, 12
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			ks, d := newTestDict(t)
			rnd := rand.New(rand.NewPCG(seed, 2))
			want := map[string][]byte{}
			refs := map[string]Ref{}
			for round := range rounds {
				keys := []int{20, 2000, 30000}[rnd.IntN(3)]
				for range 1500 {
					k := fmt.Appendf(nil, "%d", rnd.IntN(keys))
					if rnd.IntN(100) == 0 {
						k = append(k, bytes.Repeat([]byte("k"), rnd.IntN(70000))...)
					}
					v := bytes.Repeat([]byte{byte(rnd.Uint32())}, []int{0, 8, 3, 200, 300, 9000}[rnd.IntN(6)])
					switch old, had := want[string(k)]; rnd.IntN(6) {
					case 0, 1:
						if d.Delete(k) != had {
							t.Fatal("Delete")
						}
						delete(want, string(k))
						delete(refs, string(k))
					case 2:
						if had {
							refs[string(k)] = d.SetValue(refs[string(k)], v)
							want[string(k)] = v
						}
					default:
						r, created := d.Set(k, v)
						if created == had || had && len(old) == len(v) && r != refs[string(k)] {
							t.Fatal("Set")
						}
						want[string(k)], refs[string(k)] = v, r
					}
				}
				checkDict(t, d, want, refs)
				if round%10 == 9 {
					for k := range want {
						if rnd.IntN(10) > 0 {
							d.Delete([]byte(k))
							delete(want, k)
							delete(refs, k)
						}
					}
					checkDict(t, d, want, refs)
				}
			}
			clone, cloned := d.Clone(), map[string]Ref{}
			d.Free()
			clone.Each(func(r Ref, k, _ []byte) bool {
				cloned[string(k)] = r
				return true
			})
			checkDict(t, clone, want, cloned)
			clone.Free()
			if n := ks.Heap().Stats().InUse; n != 0 {
				t.Fatalf("%d bytes leaked", n)
			}
		})
	}
}

func checkDict(t *testing.T, d *Dict, want map[string][]byte, refs map[string]Ref) {
	t.Helper()
	if err := d.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
	if d.Len() != len(want) {
		t.Fatalf("Len = %d, want %d", d.Len(), len(want))
	}
	for k, v := range want {
		r, ok := d.Find([]byte(k))
		if !ok || r != refs[k] || !bytes.Equal(d.Value(r), v) || string(d.Key(r)) != k {
			t.Fatalf("%.20q is lost", k)
		}
	}
	seen := 0
	d.Each(func(r Ref, k, v []byte) bool {
		seen++
		if refs[string(k)] != r || !bytes.Equal(want[string(k)], v) {
			t.Fatalf("Each: %.20q", k)
		}
		return true
	})
	scanned := map[string]bool{}
	for c := uint64(0); ; {
		if c = d.Scan(c, 10, func(k, _ []byte) { scanned[string(k)] = true }); c == 0 {
			break
		}
	}
	if seen != len(want) || len(scanned) != len(want) {
		t.Fatalf("%d by Each, %d by Scan, want %d", seen, len(scanned), len(want))
	}
}

// Each element must be as likely as any other, also when leaves differ in how full they are.
func TestDictRandomIsUniform(t *testing.T) {
	_, d := newTestDict(t)
	const n, draws = 1000, 400_000
	for i := range n {
		d.Set(fmt.Appendf(nil, "member:%d", i), nil)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	counts := map[Ref]int{}
	for range draws {
		counts[d.Random(rnd.Uint64)]++
	}
	// Chi-squared with 999 degrees of freedom: mean 999, standard deviation 45.
	chi, expected := 0.0, float64(draws)/n
	d.Each(func(r Ref, _, _ []byte) bool {
		diff := float64(counts[r]) - expected
		chi += diff * diff / expected
		return true
	})
	if chi > 999+6*45 {
		t.Fatalf("chi-squared %.0f", chi)
	}
}

func TestDictMemory(t *testing.T) {
	for _, c := range []struct {
		name       string
		key, value int
		limit      float64 // bytes an element
	}{
		{"set of short members", 7, 0, 17},
		{"set of 8-byte members", 8, 0, 25},
		{"zset of 16-byte members", 16, 8, 42},
		{"hash of 16+24", 16, 24, 57},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, d := newTestDict(t)
			const n = 100_000
			for i := range n {
				d.Set(fmt.Appendf(nil, "%0*d", c.key, i), make([]byte, c.value))
			}
			per := float64(d.MemoryUsage()) / n
			t.Logf("%.1f bytes an element", per)
			if per > c.limit {
				t.Fatalf("%.1f bytes an element, want at most %.1f", per, c.limit)
			}
		})
	}
}
