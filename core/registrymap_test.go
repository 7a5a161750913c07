package core

import "testing"

// What was deleted stays deleted, and a name can come back: haxmap v1.4.0 fails here.
func TestRegistryMapForgetsWhatWasDeleted(t *testing.T) {
	var r registryMap[int64, int64]
	for base := int64(0); base < 3000; base += 3 {
		for k := base; k < base+3; k++ {
			r.Set(k, k)
		}
		for k := base; k < base+3; k++ {
			r.Del(k)
			if _, ok := r.Get(k); ok {
				t.Fatalf("%d is found after its deletion", k)
			}
		}
	}
	r.Set(5, 50)
	if v, ok := r.Get(5); !ok || v != 50 || r.Len() != 1 {
		t.Errorf("5: %d, %v; %d keys", v, ok, r.Len())
	}
}
