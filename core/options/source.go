package options

import "strconv"

// SourceKind says what sort of place an option's value comes from.
type SourceKind int

// The kinds of source, weakest first.
const (
	FromDefault SourceKind = iota
	FromFile
	FromEnv
	FromFlag
	FromConfigSet
)

// Source is where an option's value comes from, for error messages and CONFIG REWRITE.
type Source struct {
	Kind SourceKind
	Name string // file path or "standard input", environment variable, flag
	Line int    // of a file, from 1; 0 if not known
}

// String says it to a person: "redis.conf:12", "environment variable REDUST_PORT", "flag --port", "CONFIG SET", "default".
func (s Source) String() string {
	switch s.Kind {
	case FromFile:
		if s.Line > 0 {
			return s.Name + ":" + strconv.Itoa(s.Line)
		}
		return s.Name
	case FromEnv:
		return "environment variable " + s.Name
	case FromFlag:
		return "flag " + s.Name
	case FromConfigSet:
		return "CONFIG SET"
	default:
		return "default"
	}
}
