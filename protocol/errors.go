package protocol

import (
	"bytes"
	"fmt"
	"strings"
)

// Error is the text of an error reply: a code in capitals, a space, and words for a person, without the minus sign and
// the line end. It is comparable, and a constant of it costs nothing to return.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }

// Code is the first word: "ERR", "WRONGTYPE". INFO's errorstats are kept by it.
func (e Error) Code() string {
	code, _, _ := strings.Cut(string(e), " ")
	return code
}

// Errorf formats an Error. What clients sent may be among the arguments: it ends before its first NUL byte, and line
// breaks at the end are cut, as Redis does with every text that it formats. [Writer.Error] replaces those inside.
func Errorf(format string, args ...any) Error {
	for i, a := range args {
		switch a := a.(type) {
		case []byte:
			args[i] = cut(a, len(a))
		case string:
			args[i], _, _ = strings.Cut(a, "\x00")
		}
	}
	return Error(strings.TrimRight(fmt.Sprintf(format, args...), "\r\n"))
}

// Errors about arguments and values.
const (
	ErrWrongType       = Error("WRONGTYPE Operation against a key holding the wrong kind of value")
	ErrSyntax          = Error("ERR syntax error")
	ErrNotInt          = Error("ERR value is not an integer or out of range")
	ErrNotFloat        = Error("ERR value is not a valid float")
	ErrOutOfRange      = Error("ERR value is out of range")
	ErrNotPositive     = Error("ERR value is out of range, must be positive")
	ErrNoSuchKey       = Error("ERR no such key")
	ErrIndexRange      = Error("ERR index out of range")
	ErrOffsetRange     = Error("ERR offset is out of range")
	ErrSameObject      = Error("ERR source and destination objects are the same")
	ErrOverflow        = Error("ERR increment or decrement would overflow")
	ErrDecrOverflow    = Error("ERR decrement would overflow")
	ErrIncrNaN         = Error("ERR increment would produce NaN or Infinity")
	ErrStringTooLong   = Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
	ErrMinMaxFloat     = Error("ERR min or max is not a float")
	ErrMinMaxString    = Error("ERR min or max not valid string range item")
	ErrTimeoutFloat    = Error("ERR timeout is not a float or out of range")
	ErrTimeoutInt      = Error("ERR timeout is not an integer or out of range")
	ErrTimeoutNegative = Error("ERR timeout is negative")
	ErrInvalidCursor   = Error("ERR invalid cursor")
	ErrDBIndex         = Error("ERR DB index is out of range")
	ErrBusyKey         = Error("BUSYKEY Target key name already exists.")
)

// Errors about the client and what it may do.
const (
	ErrNoAuth      = Error("NOAUTH Authentication required.")
	ErrWrongPass   = Error("WRONGPASS invalid username-password pair or user is disabled.")
	ErrNoPermKey   = Error("NOPERM this user has no permissions to access one of the keys used as arguments")
	ErrNoPermChan  = Error("NOPERM this user has no permissions to access one of the channels used as arguments")
	ErrNoProto     = Error("NOPROTO unsupported protocol version")
	ErrMaxClients  = Error("ERR max number of clients reached")
	ErrUnblocked   = Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
	ErrExecAbort   = Error("EXECABORT Transaction discarded because of previous errors.")
	ErrNoScript    = Error("NOSCRIPT No matching script. Please use EVAL.")
	ErrNotBusy     = Error("NOTBUSY No scripts in execution right now.")
	ErrNestedMulti = Error("ERR MULTI calls can not be nested")
)

// Errors about the state of the server.
const (
	ErrLoading      = Error("LOADING Redis is loading the dataset in memory")
	ErrReadOnly     = Error("READONLY You can't write against a read only replica.")
	ErrMasterDown   = Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
	ErrNoReplicas   = Error("NOREPLICAS Not enough good replicas to write.")
	ErrOOM          = Error("OOM command not allowed when used memory > 'maxmemory'.")
	ErrBusyScript   = Error("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
	ErrBusyFunction = Error("BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.")
	ErrMisconfRDB   = Error("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
		"Commands that may modify the data set are disabled, because this instance is configured to report errors during " +
		"writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details " +
		"about the RDB error.")
)

// MisconfAOF refuses a write because the AOF could not be written; cause is the system's text.
func MisconfAOF(cause string) Error { return Error("MISCONF Errors writing to the AOF file: " + cause) }

// NoPermCommand refuses a command to a user; name is the full name in lower case ("config|get").
func NoPermCommand(name string) Error {
	return Error("NOPERM this user has no permissions to run the '" + name + "' command")
}

// WrongArgs is the arity error; name is the full name in lower case ("config|get").
func WrongArgs(name string) Error {
	return Error("ERR wrong number of arguments for '" + name + "' command")
}

// InvalidExpire refuses a TTL that is not positive or overflows; name is the command in lower case.
func InvalidExpire(name string) Error {
	return Error("ERR invalid expire time in '" + name + "' command")
}

// quotedMax is how many bytes of what a client sent an error quotes.
const quotedMax = 128

// UnknownCommand is the reply to a request whose first argument names no command. It quotes the name and the
// arguments, each up to its first NUL byte, as far as 128 bytes go. args has at least one element.
func UnknownCommand(args [][]byte) Error {
	var quoted []byte
	for _, arg := range args[1:] {
		if len(quoted) >= quotedMax {
			break
		}
		arg = cut(arg, quotedMax-len(quoted))
		quoted = append(quoted, '\'')
		quoted = append(quoted, arg...)
		quoted = append(quoted, "' "...)
	}
	return oneLine(fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", cut(args[0], quotedMax), quoted))
}

// UnknownSubcommand is the reply to a container command with a subcommand it hasn't got. The command's name is quoted
// in capitals.
func UnknownSubcommand(command, sub []byte) Error {
	return oneLine(fmt.Sprintf("ERR unknown subcommand '%s'. Try %s HELP.", cut(sub, quotedMax), bytes.ToUpper(cut(command, len(command)))))
}

// SubcommandSyntax is the reply of a container command's handler to arguments that it can't make sense of.
func SubcommandSyntax(command, sub []byte) Error {
	return oneLine(fmt.Sprintf("ERR unknown subcommand or wrong number of arguments for '%s'. Try %s HELP.",
		cut(sub, quotedMax), bytes.ToUpper(cut(command, len(command)))))
}

// cut ends b after n bytes or before its first NUL byte, as C prints strings.
func cut(b []byte, n int) []byte {
	b = b[:min(n, len(b))]
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		b = b[:nul]
	}
	return b
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

func oneLine(s string) Error { return Error(lineBreaks.Replace(s)) }
