package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"
)

// User is somebody a client can be authenticated as. All methods are safe from any goroutine.
type User struct {
	name   string
	secret atomic.Pointer[secret]
}

// secret is replaced as a whole, never changed.
type secret struct {
	noPass    bool
	passwords [][sha256.Size]byte
}

// Name is what AUTH and CLIENT LIST call the user.
func (u *User) Name() string { return u.name }

// Unrestricted reports whether the user may run every command on every key and
// channel: core then skips Authorizer.Allowed.
func (u *User) Unrestricted() bool { return true }

// NoPass reports whether the user is taken without a password.
func (u *User) NoPass() bool { return u.secret.Load().noPass }

// Passwords are the SHA-256 sums of the user's passwords in hexadecimal.
func (u *User) Passwords() []string {
	s := u.secret.Load()
	out := make([]string, len(s.passwords))
	for i := range s.passwords {
		out[i] = hex.EncodeToString(s.passwords[i][:])
	}
	return out
}

// setRequirepass gives the user this password alone, or none at all if it is empty.
func (u *User) setRequirepass(pass string) {
	if pass == "" {
		u.secret.Store(&secret{noPass: true})
		return
	}
	u.secret.Store(&secret{passwords: [][sha256.Size]byte{sha256.Sum256([]byte(pass))}})
}

// accepts compares the sum of a password with all of the user's.
func (u *User) accepts(sum *[sha256.Size]byte) bool {
	s := u.secret.Load()
	found := s.noPass
	for i := range s.passwords {
		found = equal(&s.passwords[i], sum) || found
	}
	return found
}

// Rules describes the user as a line of an ACL file, without the leading "user".
func (u *User) Rules() string {
	s := u.secret.Load()
	out := u.name + " on"
	if s.noPass {
		out += " nopass"
	}
	for _, p := range u.Passwords() {
		out += " #" + p
	}
	return out + " ~* &* +@all"
}

// OpenUser is the default user of a server that asks nobody for a password.
func OpenUser() *User {
	u := &User{name: DefaultName}
	u.setRequirepass("")
	return u
}
