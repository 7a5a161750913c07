package core

import (
	"strings"

	"github.com/redust/redust/protocol"
)

// Status tells a connection how to go on after a request.
type Status uint8

const (
	// Continue: the reply, if any, is in the client's writer.
	Continue Status = iota
	// Blocked: the client waits; see Client.FinishBlocked.
	Blocked
	// Postponed: flush, wait on Client.Resume, give the same request again.
	Postponed
	// CloseAfter: flush and close.
	CloseAfter
)

// Handle executes one request of a client, or queues it inside MULTI. The
// reply is appended to c.W. It is called by the client's own goroutine.
func (e *Engine) Handle(c *Client, args [][]byte) Status {
	w := c.busy()
	ctx := &w.ctx
	startNs, ms := e.clock.since(w.lastNs)
	if c.lastSeen.Load() != ms { // most requests of a pipeline come in the same one
		c.lastSeen.Store(ms)
	}
	last := &w.last[rememberedSlot(args[0])]
	cmd := last.cmd
	if !last.matches(args[0]) {
		var unknownSub bool
		if cmd, unknownSub = e.reg.find(args, c.Has(FlagFake)); cmd == nil || unknownSub {
			return e.rejectUnknown(c, cmd, args)
		}
		last.set(cmd, args[0])
	}
	if !cmd.ArityOK(len(args)) {
		return e.reject(c, cmd, protocol.WrongArgs(cmd.lower))
	}
	ctx.begin(e, c, cmd, args, ms)
	if g := c.gates | e.gates.Load()<<8; g == gateMulti && cmd.Flags&NoMulti == 0 {
		if cmd.Flags&NoQueue == 0 { // no other check has anything to say
			return e.queue(ctx)
		}
	} else if g != 0 {
		if st, done := e.checked(ctx); done {
			return st
		}
	}
	return e.execute(ctx, startNs)
}

// HandleRaw is Handle for a request of which the bytes are at hand, as [protocol.Parser.Raw] gives them: the effect log then needs not encode
// it again.
func (e *Engine) HandleRaw(c *Client, args [][]byte, raw []byte) Status {
	c.raw = raw
	st := e.Handle(c, args)
	c.raw = nil
	return st
}

// rememberedSlot is where a name is remembered.
func rememberedSlot(name []byte) uint {
	if len(name) == 0 {
		return 0
	}
	return (uint(len(name)) + uint(name[0])>>1 + uint(name[len(name)-1])) & 7
}

// remembered is one command of a client's look-up cache: clients tend to repeat themselves.
type remembered struct {
	cmd  *Command
	n    int
	name [16]byte
}

func (r *remembered) matches(name []byte) bool {
	return r.n != 0 && string(r.name[:r.n]) == string(name)
}

// set remembers a plain command under the name as sent.
func (r *remembered) set(cmd *Command, name []byte) {
	r.n = 0
	if cmd.parent == nil && cmd.sub == nil && len(name) <= len(r.name) {
		r.cmd, r.n = cmd, copy(r.name[:], name)
	}
}

// begin readies the context for a command. What the last one left was cleared by finish.
func (c *Ctx) begin(e *Engine, cl *Client, cmd *Command, args [][]byte, ms int64) {
	c.eng, c.client, c.cmd, c.Args, c.Reply = e, cl, cmd, args, &cl.W
	c.db, c.nowMs = int(cl.db.Load()), ms
	c.mode, c.serving, c.blocking, c.errReply = lockNone, nil, nil, false
}

// check is one reason to refuse a command. It reads flags, never names.
type check func(e *Engine, c *Ctx) error

// checks run in Redis's order (processCommand of 7.0).
var checks = []check{
	checkAuth, checkNoMulti, checkACL, checkMemory, checkDisk, checkReplicas, checkReadOnly,
	checkSubscribed, checkStale, checkLoading, checkReplicaClient,
}

// checked runs all checks, then the pause and the transaction queue. done means
// that the request is dealt with.
func (e *Engine) checked(c *Ctx) (Status, bool) {
	cl := c.client
	cl.nextReplyMode(c.cmd)
	for _, check := range checks {
		if err := check(e, c); err != nil {
			return e.reject(cl, c.cmd, err), true
		}
	}
	if cl.dying() { // it was over maxmemory-clients itself
		return CloseAfter, true
	}
	if e.paused(c) { // before queueing: a write in MULTI is held, too
		return Postponed, true
	}
	if cl.multi != nil && c.cmd.Flags&NoQueue == 0 {
		return e.queue(c), true
	}
	return Continue, false
}

func checkAuth(e *Engine, c *Ctx) error {
	if c.client.Has(FlagAuthenticated) || c.cmd.Flags&NoAuth != 0 {
		return nil
	}
	if _, open := e.auth.Default(); open { // no password any more: as Redis, it may go on as it is
		return nil
	}
	return protocol.ErrNoAuth
}

func checkNoMulti(_ *Engine, c *Ctx) error {
	if c.client.multi != nil && c.cmd.Flags&NoMulti != 0 {
		return protocol.Error("ERR Command not allowed inside a transaction")
	}
	return nil
}

func checkACL(e *Engine, c *Ctx) error {
	if !e.restricted(c.client) || c.client.Has(FlagFake) {
		return nil
	}
	c.refs, _ = c.cmd.AppendKeys(c.refs[:0], c.Args)
	return e.auth.Allowed(c.client.User(), c.cmd, c.Args, c.refs)
}

func checkMemory(e *Engine, c *Ctx) error {
	limit := e.set.maxMemory.Load()
	if limit == 0 || c.client.Has(FlagPrimary|FlagFake) {
		return nil
	}
	if !e.makeRoom(limit) {
		return nil
	}
	// Whatever would be queued is refused, as a queue takes memory; EXEC by what it would run.
	m := c.client.multi
	deny := c.cmd.Flags&DenyOOM != 0 || m != nil && (c.cmd.Flags&EndsMulti == 0 || c.cmd.Flags&InnerCommands != 0 && m.denyOOM)
	if deny {
		return protocol.ErrOOM
	}
	return nil
}

func checkDisk(e *Engine, c *Ctx) error {
	if !c.writesData() && !c.isPing() || c.client.Has(FlagPrimary|FlagFake) {
		return nil
	}
	if p := e.Persistence(); p != nil {
		return p.WriteError()
	}
	return nil
}

// writesData reports whether the request is a command that writes, or EXEC of one.
func (c *Ctx) writesData() bool {
	m := c.client.multi
	return c.cmd.Flags&Write != 0 || m != nil && c.cmd.Flags&InnerCommands != 0 && m.writes
}

// isPing: PING is refused with the writes when the disk fails, so that health checks see it.
func (c *Ctx) isPing() bool { return c.cmd.Flags&RefusedWithWrites != 0 }

func checkReplicas(e *Engine, c *Ctx) error {
	want := e.set.minReplicas.Load()
	if want == 0 || !c.writesData() || c.client.Has(FlagPrimary|FlagFake) {
		return nil
	}
	if r := e.Replication(); !e.isReplica() && (r == nil || int64(r.GoodReplicas()) < want) {
		return protocol.ErrNoReplicas
	}
	return nil
}

func checkReadOnly(e *Engine, c *Ctx) error {
	if c.writesData() && e.isReplica() && !c.client.Has(FlagPrimary|FlagFake) {
		return protocol.ErrReadOnly
	}
	return nil
}

func checkSubscribed(_ *Engine, c *Ctx) error {
	if c.client.Has(FlagSubscribed) && c.client.Proto() == 2 && c.cmd.Flags&SubscribedOK == 0 {
		return protocol.Error("ERR Can't execute '" + c.cmd.lower +
			"': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	}
	return nil
}

func checkStale(e *Engine, c *Ctx) error {
	if r := e.Replication(); r != nil && r.LinkDown() && !e.set.serveStale.Load() && c.cmd.Flags&Stale == 0 {
		return protocol.ErrMasterDown
	}
	return nil
}

func checkLoading(e *Engine, c *Ctx) error {
	if e.loading.Load() && c.cmd.Flags&Loading == 0 && !c.client.Has(FlagFake) {
		return protocol.ErrLoading
	}
	return nil
}

// checkReplicaClient keeps replicas and monitors, which no pause holds, away from the data.
func checkReplicaClient(_ *Engine, c *Ctx) error {
	if c.client.Has(FlagReplica|FlagMonitor) && c.cmd.Flags&(Write|ReadOnlyCmd|MayReplicate) != 0 {
		return protocol.Error("ERR Replica can't interact with the keyspace")
	}
	return nil
}

// rejectUnknown answers a name that no command has.
func (e *Engine) rejectUnknown(c *Client, container *Command, args [][]byte) Status {
	c.lastSeen.Store(e.NowMs())
	if container == nil && speaksHTTP(args[0]) {
		return e.abortHTTP(c)
	}
	c.nextReplyMode(nil)
	if container != nil {
		return e.rejectWith(c, nil, protocol.UnknownSubcommand(args[0], args[1]))
	}
	return e.rejectWith(c, nil, protocol.UnknownCommand(args))
}

// reject refuses a known command before it ran.
func (e *Engine) reject(c *Client, cmd *Command, err error) Status {
	cmd.stats.rejected.Add(1)
	return e.rejectWith(c, cmd, err)
}

func (e *Engine) rejectWith(c *Client, cmd *Command, err error) Status {
	if c.multi != nil {
		c.Set(FlagDirtyExec)
	}
	if cmd != nil && cmd.Flags&NoQueue != 0 && cmd.Flags&InnerCommands != 0 {
		err = execAbort(err)
		e.discard(c)
	}
	mark := c.W.Mark()
	c.W.Error(err.Error())
	e.stats.countError(err.Error())
	c.endReply(mark)
	c.endCaching(cmd)
	return c.after()
}

// execAbort is EXEC's own refusal: its transaction is dropped.
func execAbort(err error) error {
	return protocol.Error("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(err.Error(), "ERR "))
}

// after tells whether the connection goes on.
func (c *Client) after() Status {
	if c.Has(FlagCloseAfterReply) || c.killed.Load() {
		return CloseAfter
	}
	return Continue
}

// nextReplyMode begins a request: SKIP asked for by the last one takes effect.
func (c *Client) nextReplyMode(*Command) {
	if c.replySkipNext {
		c.replySkipNext, c.replySkip = false, true
	}
}

// endReply drops what was written since mark when CLIENT REPLY says so.
func (c *Client) endReply(mark int) {
	if c.gates&gateChecks == 0 && (c.work == nil || len(c.work.own)+len(c.work.after) == 0) {
		return
	}
	if c.replyOff || c.replySkip {
		c.W.Truncate(mark)
	}
	if c.replySkip {
		c.replySkip = false
		c.updateGates()
	}
	if c.work != nil {
		c.placeOwn(mark)
	}
}

// restricted reports whether c's user may not do everything.
func (e *Engine) restricted(c *Client) bool {
	u := c.User()
	if u == nil {
		return false
	}
	f, ok := u.(interface{ Unrestricted() bool })
	return ok && !f.Unrestricted()
}

// openAuth lets everybody do everything.
type openAuth struct{}

type openUser struct{}

func (openUser) Name() string          { return "default" }
func (openAuth) Default() (User, bool) { return openUser{}, true }
func (openAuth) Authenticate(name, _ []byte) (User, error) {
	return nil, protocol.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
}
func (openAuth) Allowed(User, *Command, [][]byte, []KeyRef) error { return nil }
