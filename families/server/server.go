package server

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"sync/atomic"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// RedisVersion is the version whose behaviour this server has, and what it tells clients.
const RedisVersion = "7.0.15"

// family is the server family of one engine.
type family struct {
	opts   handles
	replID atomic.Pointer[string] // while no replication service has one
	pid    int

	buffers largestBuffers
}

// handles are the options that the family reads.
type handles struct {
	table       *options.Table
	percentiles *options.StringValue
	enableDebug *options.StringValue
	protected   *options.StringValue
}

var (
	_ core.Family       = (*family)(nil)
	_ core.Configurable = (*family)(nil)
	_ core.Starter      = (*family)(nil)
)

// New returns the family.
func New() core.Family { return new(family) }

func (*family) Name() string { return "server" }

func (f *family) Register(r *core.Registry) {
	r.Add(f.infoCommands(), commandCommands, f.configCommands(), memoryCommands, f.debugCommands(), otherCommands)
}

func (f *family) Configure(t *options.Table) error {
	f.opts = handles{
		table:       t,
		percentiles: t.String("latency-tracking-info-percentiles"),
		enableDebug: t.String("enable-debug-command"),
		protected:   t.String("enable-protected-configs"),
	}
	return nil
}

func (f *family) Start(*core.Engine) error {
	f.pid = os.Getpid()
	f.newReplID()
	return nil
}

// newReplID makes up a replication id.
func (f *family) newReplID() {
	var b [20]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	f.replID.Store(&id)
}

// admin are the flags of commands for administrators.
const admin = core.Admin | core.NoScript | core.Loading | core.Stale

// isLocal reports whether the client's connection comes from this machine.
func isLocal(cl *core.Client) bool {
	if cl.Has(core.FlagUnixSocket) || cl.Conn() == nil {
		return true
	}
	return loopback(cl.Conn().RemoteAddr())
}

// permits evaluates an option whose values are yes, local and no.
func permits(value string, cl *core.Client) bool {
	return value == "yes" || value == "local" && isLocal(cl)
}

// positive parses a number from 0 to the largest int64.
func positive(arg []byte) (int64, error) {
	n, ok := protocol.ParseInt(arg)
	if !ok || n < 0 {
		return 0, protocol.ErrNotPositive
	}
	return n, nil
}
