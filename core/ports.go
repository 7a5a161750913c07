package core

import (
	"context"
	"time"
)

// What core needs from outside. The service packages implement these, cmd
// passes them in; a nil port means that the ability is absent.

// Clock is the source of time. Wall clock and monotonic clock come in one reading.
type Clock interface{ Now() time.Time }

// Conn is a client's connection, as core sees it. All methods are safe from any goroutine.
type Conn interface {
	// Push appends b to the client's output and has it written without waiting. Core
	// does not touch b afterwards, and b may be shared among connections.
	Push(b []byte)
	// Close ends the connection; with flush, after its pending output is written.
	Close(flush bool)
	// Wake tells a connection that waits for a blocked client that its wait is over.
	Wake()
	// RemoteAddr and LocalAddr are "ip:port", or "path:0" for a Unix socket.
	RemoteAddr() string
	LocalAddr() string
	// Buffers reports sizes for CLIENT LIST.
	Buffers() ConnBuffers
	FD() int
}

// Deliverer is an optional ability of a Conn: to gather what its requests publish.
type Deliverer interface {
	// Deliver is to.Push(b), but the message may be written as late as when the requests at hand are
	// answered. What is lent belongs to the caller again when it returns. Only the goroutine of this connection's client calls it.
	Deliver(to Conn, b []byte, lent bool)
}

// Yielder is an optional ability of a Conn: Yield says that the request at hand may take long, or wait for others. Whoever serves the
// connection serves no other one from here on until the request is answered. Only the goroutine that executes the request calls it,
// with any lock held.
type Yielder interface{ Yield() }

// ConnBuffers are the sizes of a connection's buffers in bytes.
type ConnBuffers struct {
	Query, QueryFree int // unprocessed input, and free space behind it
	Output           int // replies not yet written
	OutputList       int // pieces in the pending list
	Reply, ReplyPeak int // space for replies now, and its largest recent use
}

// User is who a client is authenticated as. Names are compared, contents belong to the Authorizer.
type User interface{ Name() string }

// Authorizer decides who may do what.
type Authorizer interface {
	// Default is the user of a new connection; ok is false when it must authenticate first.
	Default() (u User, ok bool)
	// Authenticate checks a password. It returns an error in Redis's words.
	Authenticate(name, password []byte) (User, error)
	// Allowed checks command, keys and channels; nil means yes.
	Allowed(u User, cmd *Command, args [][]byte, keys []KeyRef) error
}

// StatsResetter is an optional ability of a port: CONFIG RESETSTAT sets its counters back.
type StatsResetter interface{ ResetStats() }

// Persistence is what the keyspace's durability offers to commands. Every
// method answers with a client error in Redis's words.
type Persistence interface {
	Save() error
	BackgroundSave(schedule bool) (status string, err error)
	RewriteAOF() (status string, err error)
	LastSave() time.Time
	// WriteError is non-nil while writes must be refused (MISCONF).
	WriteError() error
	// WaitDurable returns once effects up to offset are as safe as appendfsync says.
	WaitDurable(offset int64)
	// MustWait reports whether replies have to wait for WaitDurable (appendfsync always).
	MustWait() bool
	// Reload saves (unless nosave) and loads everything again: DEBUG RELOAD, LOADAOF.
	Reload(aof bool, flags ReloadFlags) error
	// Shutdown makes the final save; it refuses with an error unless force.
	Shutdown(ctx context.Context, how ShutdownSave, force bool) error
	InfoSource
}

// FlushWaiter is an optional ability of Persistence: to have what FLUSHALL deleted gone from disk, too.
type FlushWaiter interface {
	// WaitFlushed returns once no file brings back what was deleted, or it could not be replaced. No lock is held.
	WaitFlushed()
}

// ReloadFlags are the options of DEBUG RELOAD.
type ReloadFlags struct{ NoSave, NoFlush, Merge bool }

// ShutdownSave says what SHUTDOWN does about the data set.
type ShutdownSave uint8

const (
	SaveAsConfigured ShutdownSave = iota
	SaveAlways
	SaveNever
)

// Replication is the role of this server and its links.
type Replication interface {
	// ReadOnlyReplica: refuse writes of ordinary clients. LinkDown: the data may be stale.
	ReadOnlyReplica() bool
	LinkDown() bool
	// GoodReplicas counts replicas for min-replicas-to-write.
	GoodReplicas() int
	InfoSource
}

// Observer sees every executed command: MONITOR, slow log, latency and metrics are observers.
type Observer interface {
	// Executed is called after the command, without locks. args are valid during the call.
	Executed(c *Client, cmd *Command, args [][]byte, db int, start time.Time, took time.Duration)
}

// ServedObserver is an Observer that wants to know how long a command took that had to wait. Executed is called for such
// a command, if all are watched, when it begins to wait.
type ServedObserver interface {
	// Served is called when another client has ended the wait; took is without the waiting. args are valid during the call.
	Served(c *Client, cmd *Command, args [][]byte, db int, start time.Time, took time.Duration)
}

// Process is what the surrounding program offers: cmd implements it.
type Process interface {
	// Shutdown stops the server: listeners, clients, persistence, exit.
	// It returns only when the shutdown could not be made.
	Shutdown(opts ShutdownOptions) error
	// AbortShutdown cancels a shutdown that waits; false when none does.
	AbortShutdown() bool
	// Rewrite is CONFIG REWRITE; the error's text is the reply.
	Rewrite() error
	// RewriteAll is Rewrite of every option, also of those that have their default.
	RewriteAll() error
	ConfigFile() string
	Executable() string
	Version() (redust, gitSHA, buildID string)
}

// ShutdownOptions are SHUTDOWN's arguments.
type ShutdownOptions struct {
	Save       ShutdownSave
	Now, Force bool
}
