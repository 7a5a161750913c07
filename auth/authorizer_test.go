package auth

import (
	"testing"

	"github.com/redust/redust/core/options"
)

func table(t *testing.T, pass string) *options.Table {
	t.Helper()
	tab := options.New()
	if err := tab.Define(options.Spec{Name: "requirepass", Kind: options.String, Default: pass, Sensitive: true}); err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestAuthenticate(t *testing.T) {
	const wrong = "WRONGPASS invalid username-password pair or user is disabled."
	for _, tt := range []struct {
		name, pass string
		user       []byte
		given      string
		want       string
	}{
		{"no password set, one argument", "", nil, "x", errNoPassword.Error()},
		{"no password set, named", "", []byte("default"), "x", ""},
		{"no password set, unknown user", "", []byte("bob"), "x", wrong},
		{"right", "secret", nil, "secret", ""},
		{"right, named", "secret", []byte("default"), "secret", ""},
		{"wrong", "secret", nil, "secre", wrong},
		{"empty", "secret", nil, "", wrong},
		{"empty name", "secret", []byte{}, "secret", wrong},
		{"unknown user", "secret", []byte("Default"), "secret", wrong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := New(table(t, tt.pass)).Authenticate(tt.user, []byte(tt.given))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Fatalf("error %q, want %q", got, tt.want)
			}
			if err == nil && u.Name() != "default" {
				t.Errorf("user %q", u.Name())
			}
		})
	}
}

func TestRequirepassChangesWhileRunning(t *testing.T) {
	tab := table(t, "")
	a := New(tab)
	if _, ok := a.Default(); !ok {
		t.Error("without a password, a new connection isn't authenticated")
	}
	if err := tab.Set([]options.Pair{{Name: "requirepass", Value: "abc"}}, options.Permit{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.Default(); ok {
		t.Error("with a password, a new connection is authenticated")
	}
	const rules = "default on #ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ~* &* +@all"
	if got := a.Users()[0].Rules(); got != rules {
		t.Errorf("rules %q", got)
	}
	if err := tab.Set([]options.Pair{{Name: "requirepass", Value: ""}}, options.Permit{}); err != nil {
		t.Fatal(err)
	}
	if got := a.Users()[0].Rules(); got != "default on nopass ~* &* +@all" {
		t.Errorf("rules %q", got)
	}
}
