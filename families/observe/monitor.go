package observe

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (f *family) monitorCommands() []core.Command {
	return []core.Command{{
		Name: "MONITOR", Arity: 1,
		Flags:   core.Admin | core.NoScript | core.Loading | core.Stale,
		Group:   "server",
		Since:   "1.0.0",
		Summary: "Shows every command that the server executes, as it does.",
		Run:     f.monitor,
	}}
}

// monitors are the clients that watch.
type monitors struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*core.Client] // replaced under mu
}

func (m *monitors) any() bool {
	p := m.list.Load()
	return p != nil && len(*p) != 0
}

func (m *monitors) add(c *core.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*core.Client
	if p := m.list.Load(); p != nil {
		list = append(list, *p...)
	}
	list = append(list, c)
	m.list.Store(&list)
}

func (m *monitors) remove(c *core.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*core.Client
	for _, o := range *m.list.Load() {
		if o != c {
			list = append(list, o)
		}
	}
	m.list.Store(&list)
}

// monitorExt is what a monitoring client carries: its end ends the monitoring.
type monitorExt struct{ f *family }

type monitorKey struct{}

// ClientClosed is called when the client goes, or resets itself.
func (x monitorExt) ClientClosed(c *core.Client) {
	x.f.monitors.remove(c)
	x.f.aim()
}

func (f *family) monitor(c *core.Ctx) error {
	if !c.MayBlock() {
		return protocol.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
	}
	cl := c.Client()
	c.Reply.OK()
	if cl.Has(core.FlagMonitor | core.FlagReplica) {
		return nil
	}
	cl.SetExt(monitorKey{}, monitorExt{f})
	cl.SetMonitor()
	f.monitors.add(cl)
	f.aim()
	return nil
}

// feed sends the line of a command to all monitors, without waiting for any.
func (m *monitors) feed(c *core.Client, args [][]byte, db int, at time.Time) {
	list := m.list.Load()
	if list == nil || len(*list) == 0 {
		return
	}
	line := monitorLine(c, args, db, at)
	for _, to := range *list {
		if to == c && c.MultiLen() < 0 {
			c.W.Raw(line) // behind the reply that it has just got, which is not sent yet
			continue
		}
		to.Conn().Push(line)
	}
}

// monitorLine is a status reply: +time [db address] "arg" "arg"
func monitorLine(c *core.Client, args [][]byte, db int, at time.Time) []byte {
	us := at.UnixMicro()
	b := append(make([]byte, 0, 128), '+')
	b = strconv.AppendInt(b, us/1e6, 10)
	b = append(b, '.')
	frac := strconv.Itoa(int(us % 1e6))
	b = append(b, "000000"[len(frac):]...)
	b = append(b, frac...)
	b = append(b, " ["...)
	b = strconv.AppendInt(b, int64(db), 10)
	b = append(b, ' ')
	b = append(b, source(c)...)
	b = append(b, ']')
	for _, a := range args {
		b = append(b, ' ')
		b = protocol.AppendQuoted(b, a)
	}
	return append(b, '\r', '\n')
}

// source is the address of a client, or what stands for it.
func source(c *core.Client) string {
	conn := c.Conn()
	if conn == nil {
		return "lua" // scripts run as a client without connection
	}
	addr := conn.RemoteAddr()
	if c.Has(core.FlagUnixSocket) {
		return "unix:" + strings.TrimSuffix(addr, ":0")
	}
	return addr
}
