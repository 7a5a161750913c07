package auth

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// DefaultName is the user of a connection that has not said who it is.
const DefaultName = "default"

// errNoPassword answers AUTH with one argument where no password is set: most likely
// the client is configured for another server.
const errNoPassword = protocol.Error("ERR AUTH <password> called without any password configured for the default user. " +
	"Are you sure your configuration is correct?")

// Authorizer knows the users of one server. All methods are safe from any goroutine.
type Authorizer struct {
	users map[string]*User // fixed after New; their contents change
	def   *User
}

var _ core.Authorizer = (*Authorizer)(nil)

// New returns an Authorizer whose default user has the password of the option
// requirepass, now and after each CONFIG SET.
func New(t *options.Table) *Authorizer {
	def := &User{name: DefaultName}
	def.setRequirepass(t.String("requirepass").Load())
	t.OnChange("requirepass", func(_, pass string) error {
		def.setRequirepass(pass)
		return nil
	})
	return &Authorizer{users: map[string]*User{DefaultName: def}, def: def}
}

// Default is the user of a new connection; ok is false when it must authenticate first.
func (a *Authorizer) Default() (core.User, bool) { return a.def, a.def.NoPass() }

// Authenticate checks a password. A nil name is AUTH's form with one argument, for
// the default user. O(passwords of the user).
func (a *Authorizer) Authenticate(name, password []byte) (core.User, error) {
	if name == nil {
		if a.def.NoPass() {
			return nil, errNoPassword
		}
		name = []byte(DefaultName)
	}
	sum := sha256.Sum256(password) // also for a name that nobody has: the time must not tell
	u := a.users[string(name)]
	if u == nil || !u.accepts(&sum) {
		return nil, protocol.ErrWrongPass
	}
	return u, nil
}

// Allowed lets every user do everything: the only one so far is the default user.
func (a *Authorizer) Allowed(core.User, *core.Command, [][]byte, []core.KeyRef) error { return nil }

// Lookup finds a user by name.
func (a *Authorizer) Lookup(name []byte) (core.User, bool) {
	u := a.users[string(name)]
	return u, u != nil
}

// Users lists all users in order of name.
func (a *Authorizer) Users() []*User { return []*User{a.def} }

// equal compares two sums in constant time.
func equal(a, b *[sha256.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
