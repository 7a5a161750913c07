package auth

import (
	"testing"

	"github.com/redust/redust/core/coretest"
)

func TestAuthWithoutPassword(t *testing.T) {
	h := coretest.New(t, New())
	h.Do("AUTH", "x").Error("ERR AUTH <password> called without any password configured for the default user. " +
		"Are you sure your configuration is correct?")
	h.Do("AUTH", "a", "b", "c").Error("ERR syntax error")
	h.Do("ACL", "WHOAMI").Bulk("default")
	h.Do("ACL", "USERS").Array("default")
	h.Do("ACL", "LIST").Array("user default on nopass ~* &* +@all")
}

func TestGenpass(t *testing.T) {
	h := coretest.New(t, New())
	for bits, digits := range map[string]int{"1": 1, "5": 2, "8": 2, "256": 64, "4096": 1024} {
		if got := h.Do("ACL", "GENPASS", bits).Text(); len(got) != digits {
			t.Errorf("%s bits: %d digits, want %d", bits, len(got), digits)
		}
	}
	if a, b := h.Do("ACL", "GENPASS").Text(), h.Do("ACL", "GENPASS").Text(); len(a) != 64 || a == b {
		t.Errorf("%q and %q", a, b)
	}
	for _, bits := range []string{"0", "-1", "4097"} {
		h.Do("ACL", "GENPASS", bits).Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
	}
}

func TestCategories(t *testing.T) {
	h := coretest.New(t, New())
	h.Do("ACL", "CAT", "nosuch").Error("ERR Unknown category 'nosuch'")
	h.Do("ACL", "CAT", "CONNECTION").Array("auth")
	if n := len(h.Do("ACL", "CAT").Elems); n != 21 {
		t.Errorf("%d categories", n)
	}
}
