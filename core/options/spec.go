package options

import (
	"fmt"
	"math"
	"strings"
)

// Kind says how an option's value is parsed, checked and printed.
type Kind int

const (
	// Int is a decimal integer, written as CONFIG GET would print it: no plus sign, no leading zeros.
	Int Kind = iota
	// Memory is a number of bytes with an optional unit: k, m, g are powers of 1000; kb, mb, gb powers of 1024. Printed in bytes.
	Memory
	// Percent is a Memory or a percentage ("5%"). Int handles read a percentage as a negative number.
	Percent
	// Octal is a file mode such as 700. Int handles read its value.
	Octal
	// Bool is yes or no.
	Bool
	// String is any text.
	String
	// Filename is a String without a slash. Spec.Min is its shortest length, Spec.Unit what it is: filename or dirname.
	Filename
	// Enum is one of Spec.Enum, in any case. Int handles read its position in that list.
	Enum
	// Flags is a set of Spec.Enum joined by spaces; the first name of the list stands for the empty set. Int handles read a
	// bit for each name, the second name being bit 0.
	Flags
	// List is words joined by spaces, at most Spec.Max of them: bind.
	List
	// SavePoints is pairs of seconds and changes: save.
	SavePoints
	// BufferLimits is class, hard limit, soft limit, seconds for each client class: client-output-buffer-limit.
	BufferLimits
	// Events is the classes of keyspace events, a letter each: notify-keyspace-events.
	Events
	// Percentiles is numbers from 0 to 100: latency-tracking-info-percentiles.
	Percentiles
	// Scores is three integers that must not decrease: oom-score-adj-values.
	Scores
	// Title is a String with {variables}: proc-title-template.
	Title
	// Address is "host port", or nothing: replicaof.
	Address
	// Directive is not a value but an instruction of the configuration file, such as user or rename-command. It is loaded, each
	// occurrence kept with its source, and neither printed by CONFIG GET nor changed by CONFIG SET. It takes Spec.Min to Spec.Max words.
	Directive
)

var kindNames = [...]string{
	"int", "memory", "percent", "octal", "bool", "string", "filename", "enum", "flags", "list", "save-points", "buffer-limits",
	"events", "percentiles", "scores", "title", "address", "directive",
}

// String returns the name that ParseKind takes.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kindNames[k]
}

// ParseKind returns the kind of that name, as configs/redust.yaml spells it.
func ParseKind(name string) (Kind, error) {
	for i, n := range kindNames {
		if n == name {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("unknown kind of option %q", name)
}

// Status says what an option does in this server.
type Status int

const (
	// Supported options do what Redis's documentation says.
	Supported Status = iota
	// NoEffect options are accepted, kept and printed, and change nothing; Spec.Why says why.
	NoEffect
	// Refused options stop the start when set to anything but their default; Spec.Why says why.
	Refused
)

// String returns the name that ParseStatus takes.
func (s Status) String() string {
	switch s {
	case NoEffect:
		return "no-effect"
	case Refused:
		return "refused"
	default:
		return "supported"
	}
}

// ParseStatus returns the status of that name, as configs/redust.yaml spells it.
func ParseStatus(name string) (Status, error) {
	for _, s := range []Status{Supported, NoEffect, Refused} {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown status of option %q", name)
}

// Spec describes one option. The zero value of every field but Name and Summary means the ordinary case.
type Spec struct {
	Name    string   // lower case, as redis.conf writes it
	Aliases []string // older names of the same value; CONFIG GET lists them too
	Kind    Kind
	Default string   // in any form the kind accepts
	Unit    string   // of the number: bytes, seconds, milliseconds, microseconds, percent, entries, ...
	Min     int64    // smallest number of Int, Memory and Octal
	Max     int64    // largest number; 0 means the largest there is; of Percent: the largest percentage
	Clamp   [2]int64 // if not zero, numbers outside are silently moved to the nearer end, as Redis does with hz
	Enum    []string // names of Enum and Flags

	Immutable   bool // CONFIG SET refuses it
	Protected   bool // CONFIG SET refuses it unless enable-protected-configs allows it
	Hidden      bool // CONFIG GET shows it only when asked by its full name
	Sensitive   bool // its value must not reach a log
	DenyLoading bool // CONFIG SET refuses it while the data set loads

	Status  Status
	Why     string // reason of NoEffect and Refused
	Summary string

	// Check refuses a value that fits the kind and still can't be taken; its error's text is what the client reads. May be nil.
	Check func(value string) error
	// Canonical gives the form in which a text that fits is kept and printed. May be nil.
	Canonical func(value string) string
}

// Repeats reports whether the option may be given several times in one configuration, each time adding to the last.
func (s *Spec) Repeats() bool {
	return s.Kind == SavePoints || s.Kind == BufferLimits || s.Kind == Directive
}

// mayBeBare reports whether the option may stand in a file without any word, which is then an empty one.
func (s *Spec) mayBeBare() bool {
	return s.Kind == List || s.Kind == Percentiles || s.Kind == Flags || s.adds()
}

// adds reports whether a file's line for the option says what is added to the lines before it, so that a bare one adds nothing.
func (s *Spec) adds() bool { return s.Kind == SavePoints || s.Kind == BufferLimits }

// Multi reports whether the configuration file gives the option more than one word, or repeats it.
func (s *Spec) Multi() bool {
	switch s.Kind {
	case List, SavePoints, BufferLimits, Percentiles, Scores, Flags, Address, Directive:
		return true
	default:
		return false
	}
}

func (s *Spec) max() int64 {
	if s.Max == 0 {
		return math.MaxInt64
	}
	return s.Max
}

// Allowed says in a few words which values the option takes, for messages to a person.
func (s *Spec) Allowed() string {
	switch s.Kind {
	case Int, Octal:
		return s.allowedNumber()
	case Memory:
		return "a number of bytes, with k, kb, m, mb, g or gb if wanted: 100mb"
	case Percent:
		return fmt.Sprintf("a number of bytes such as 100mb, or a percentage up to %d%%", s.max())
	case Bool:
		return "yes or no"
	case Filename:
		return "a file name without a path"
	case Enum:
		return "one of " + strings.Join(s.Enum, ", ")
	case Flags:
		return "one or more of " + strings.Join(s.Enum, ", ")
	case List:
		return "words separated by spaces"
	case SavePoints:
		return `pairs of seconds and changes such as 3600 1, or "" for none`
	case BufferLimits:
		return "<normal|replica|pubsub> <hard limit> <soft limit> <soft seconds>"
	case Events:
		return "letters of Ag$lshzxeKEtmdn"
	case Percentiles:
		return "numbers from 0 to 100"
	case Scores:
		return "three numbers from -2000 to 2000 in ascending order"
	case Address:
		return "<host> <port>, or no one"
	case Title:
		return "text with {title}, {listen-addr}, {server-mode}, {port}, {tls-port}, {unixsocket} and {config-file}"
	default:
		return "a text"
	}
}

func (s *Spec) allowedNumber() string {
	unit := s.Unit
	if unit != "" {
		unit = " (" + unit + ")"
	}
	if s.Kind == Octal {
		return fmt.Sprintf("an octal number from %o to %o%s", s.Min, s.max(), unit)
	}
	if s.max() == math.MaxInt64 {
		return fmt.Sprintf("a whole number of at least %d%s", s.Min, unit)
	}
	return fmt.Sprintf("a whole number from %d to %d%s", s.Min, s.max(), unit)
}
