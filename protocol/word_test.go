package protocol

import "testing"

func TestIsWord(t *testing.T) {
	for _, tc := range []struct {
		arg  string
		want bool
	}{{"COUNT", true}, {"count", true}, {"CoUnT", true}, {"", false}, {"COUN", false}, {"COUNTS", false}, {"C\x4funt", true}, {"CO\xd5NT", false}} {
		if got := IsWord([]byte(tc.arg), "COUNT"); got != tc.want {
			t.Errorf("IsWord(%q, COUNT) = %v", tc.arg, got)
		}
	}
}
