package server

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/sockets"
	"github.com/redust/redust/protocol"
)

// Server accepts connections for an engine.
type Server struct {
	eng *core.Engine
	log hclog.Logger

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*conn]struct{}
	closed    bool
	wg        sync.WaitGroup
	stop      chan struct{}
	flush     flushers
	swept     []*conn      // space for sweep; cron only
	evicting  sync.Mutex   // one evictClients at a time; taken before mu
	leftOver  atomic.Int64 // see relieveClients
	loopSet

	maxClients *options.IntValue
	timeout    *options.IntValue
	keepAlive  *options.IntValue
	maxBulk    *options.IntValue
	protected  *options.BoolValue
	password   *options.StringValue
	queryLimit *options.IntValue
	// clientMemory is maxmemory-clients, maxMemory what a percentage there refers to.
	clientMemory *options.IntValue
	maxMemory    *options.IntValue
	outLimits    atomic.Pointer[[options.ClassCount]options.BufferLimit]
	limOpen      atomic.Pointer[protocol.Limits]
	limClosed    atomic.Pointer[protocol.Limits]
}

// New prepares a server; Listen opens its ports.
func New(eng *core.Engine, log hclog.Logger) *Server {
	o := eng.Options()
	s := &Server{
		eng: eng, log: log, conns: map[*conn]struct{}{}, stop: make(chan struct{}),
		maxClients: o.Int("maxclients"), timeout: o.Int("timeout"), keepAlive: o.Int("tcp-keepalive"),
		maxBulk: o.Int("proto-max-bulk-len"), protected: o.Bool("protected-mode"), password: o.String("requirepass"),
		queryLimit: o.Int("client-query-buffer-limit"), clientMemory: o.Int("maxmemory-clients"), maxMemory: o.Int("maxmemory"),
	}
	s.ioURing = o.Bool("io-uring")
	s.readLimits()
	for _, name := range []string{"proto-max-bulk-len", "client-output-buffer-limit"} {
		o.OnApply(func() error { s.readLimits(); return nil }, name)
	}
	o.OnApply(func() error { s.evictClients(); return nil }, "maxmemory-clients")
	eng.SetRelief(s.relieve)
	s.startLoops(runtime.GOMAXPROCS(0))
	s.flush.start(s.newMulti)
	s.wg.Add(1)
	go s.cron()
	return s
}

// readLimits takes over the options that are kept in another form.
func (s *Server) readLimits() {
	open := &protocol.Limits{MaxBulk: s.maxBulk.Load()}
	closed := *open
	closed.Unauthenticated = true
	s.limOpen.Store(open)
	s.limClosed.Store(&closed)
	out := options.ParseBufferLimits(s.eng.Options().String("client-output-buffer-limit").Load())
	s.outLimits.Store(&out)
}

func (s *Server) limits(c *core.Client) *protocol.Limits {
	if c.Has(core.FlagAuthenticated) {
		return s.limOpen.Load()
	}
	return s.limClosed.Load()
}

// Serve accepts connections from l until the server is closed. The server owns l.
func (s *Server) Serve(l net.Listener) error {
	if !s.own(l) {
		return net.ErrClosed
	}
	return s.acceptFrom(l)
}

// Start is Serve in the background. When it returns, Relisten and Close know of l.
func (s *Server) Start(l net.Listener) {
	if s.own(l) {
		go func() { _ = s.acceptFrom(l) }() // it logs its troubles
	}
}

// own takes l over, or closes it if the server has been closed.
func (s *Server) own(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.Close()
		return false
	}
	s.listeners = append(s.listeners, l)
	return true
}

// StartWhen is Start, but nobody is accepted before ready is closed: who connects waits in the listener's backlog.
func (s *Server) StartWhen(ready <-chan struct{}, l net.Listener) {
	if !s.own(l) {
		return
	}
	go func() {
		select {
		case <-ready:
			_ = s.acceptFrom(l)
		case <-s.stop:
		}
	}()
}

func (s *Server) acceptFrom(l net.Listener) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			s.log.Warn("error accepting a client connection", "error", err)
			select {
			case <-time.After(50 * time.Millisecond): // out of descriptors: don't spin
			case <-s.stop:
				return nil
			}
			continue
		}
		s.accept(nc)
	}
}

// refuse answers a connection that may not stay.
func (s *Server) refuse(nc net.Conn, text string) {
	s.eng.Stats().Rejected.Add(1)
	nc.SetWriteDeadline(time.Now().Add(time.Second))
	nc.Write([]byte("-" + text + "\r\n"))
	nc.Close()
}

const deniedText = "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. " +
	"In this mode connections are only accepted from the loopback interface. " +
	"If you want to connect from external computers to Redis you may adopt one of the following solutions: " +
	"1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. " +
	"2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. " +
	"3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. " +
	"4) Set up an authentication password for the default user. " +
	"NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside."

func (s *Server) accept(nc net.Conn) {
	if int64(s.eng.Clients().Len()) >= s.maxClients.Load() {
		s.refuse(nc, string(protocol.ErrMaxClients))
		return
	}
	tcp, isTCP := nc.(*net.TCPConn)
	if isTCP && s.protected.Load() && s.password.Load() == "" && !loopback(nc.RemoteAddr()) {
		s.refuse(nc, deniedText)
		return
	}
	if isTCP {
		tcp.SetNoDelay(true)
		if ka := s.keepAlive.Load(); ka > 0 {
			tcp.SetKeepAliveConfig(net.KeepAliveConfig{
				Enable: true, Idle: time.Duration(ka) * time.Second,
				Interval: time.Duration(max(ka/3, 1)) * time.Second, Count: 3,
			})
		} else {
			tcp.SetKeepAlive(false)
		}
	}
	c := &conn{srv: s, nc: nc, fd: -1, remote: nc.RemoteAddr(), local: nc.LocalAddr()}
	c.out.eng = s.eng
	_, c.unix = nc.(*net.UnixConn)
	if len(s.loops) > 0 {
		if fd := sockets.Duplicate(nc); fd >= 0 {
			nc.Close()
			c.nc, c.fd = nil, fd
		}
	}
	c.client = s.eng.NewClient(c)
	if c.unix {
		c.client.Set(core.FlagUnixSocket)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		if s.eng.CloseClient(c.client); c.nc == nil {
			closeFD(c.fd)
		}
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	s.eng.Stats().Connections.Add(1)
	if c.nc != nil {
		go c.servePlain()
	} else {
		c.poll()
	}
}

func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return !ok || t.IP.IsLoopback()
}

// addrText is an address as Redis shows it: "ip:port", "[v6]:port", or "path:0".
func addrText(a, local net.Addr) string {
	if u, ok := local.(*net.UnixAddr); ok {
		return u.Name + ":0"
	}
	if a == nil {
		return "?:0"
	}
	return a.String()
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.wg.Done()
}

// cron closes idle clients and those over their soft output limit, once a second or more often.
func (s *Server) cron() {
	defer s.wg.Done()
	tick := time.NewTicker(evictEvery)
	defer tick.Stop()
	next := time.Now().Add(time.Second)
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.evictClients()
		if now := time.Now(); now.After(next) { // a busy machine drops ticks: they are not counted
			next = now.Add(time.Second - evictEvery/2)
			s.sweep()
			large.trim()
		}
	}
}

func (s *Server) sweep() {
	s.mu.Lock()
	all := s.swept[:0]
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	defer clear(all)
	s.swept = all
	idleMs := s.timeout.Load() * 1000
	now := s.eng.NowMs()
	for _, c := range all {
		c.enforceSoft()
		if idleMs > 0 && !c.client.Has(core.FlagBlocked|core.FlagSubscribed|core.FlagReplica|core.FlagPrimary|core.FlagMonitor) &&
			min(c.client.IdleMs(now), now-c.lastRead.Load()) > idleMs {
			s.log.Debug("closing idle client", "addr", c.RemoteAddr())
			c.shut(false)
		}
	}
}

// CloseListeners stops accepting connections.
func (s *Server) CloseListeners() {
	s.mu.Lock()
	ls := s.listeners
	s.listeners = nil
	s.mu.Unlock()
	for _, l := range ls {
		l.Close()
	}
}

// Close stops listening, closes every connection and waits for their goroutines.
func (s *Server) Close() error {
	s.CloseListeners()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.stop)
	all := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.client.CancelBlocked(nil)
		c.shut(false)
	}
	s.wg.Wait()
	s.stopLoops()
	s.flush.stop()
	return nil
}

// Relisten exchanges the TCP listeners for those that open returns: the old ones are closed
// first, since old and new addresses may overlap. If open fails, they are opened again, with this backlog.
func (s *Server) Relisten(open func() ([]net.Listener, error), backlog int) error {
	s.mu.Lock()
	var keep, drop []net.Listener
	for _, l := range s.listeners {
		if _, tcp := l.(*net.TCPListener); tcp {
			drop = append(drop, l)
		} else {
			keep = append(keep, l)
		}
	}
	s.listeners = keep
	s.mu.Unlock()
	for _, l := range drop {
		l.Close()
	}
	fresh, err := open()
	for _, l := range fresh {
		s.Start(l)
	}
	if err == nil {
		return nil
	}
	for _, l := range drop {
		again, e := net.Listen(networkOf(l.Addr()), l.Addr().String())
		if e != nil {
			s.log.Warn("can't listen again", "addr", l.Addr().String(), "error", e)
			continue
		}
		SetBacklog(again, backlog)
		s.Start(again)
	}
	return err
}
