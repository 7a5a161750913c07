package core

import "github.com/redust/redust/core/options"

// Family is a set of commands and the value types they work on. A server is a
// list of families; see cmd/redust.
type Family interface {
	// Name is unique among the loaded families.
	Name() string
	// Register declares commands and types. It starts and opens nothing.
	Register(*Registry)
}

// Starter is a family that needs the running engine: it is called once, in
// order of registration, before the first client is served.
type Starter interface{ Start(*Engine) error }

// Closer is a family that holds something to release at shutdown.
type Closer interface{ Close() error }

// Configurable is a family with options of its own. It declares those that the
// option table does not have yet and keeps handles to those it reads.
type Configurable interface{ Configure(*options.Table) error }

// InfoSource contributes a section to INFO.
type InfoSource interface {
	// InfoSections lists lower-case section names in order of appearance.
	InfoSections() []string
	// Info appends "field:value\r\n" lines of the section to dst.
	Info(section string, dst []byte) []byte
}
