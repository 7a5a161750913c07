package observe

import (
	"math"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// family watches one engine.
type family struct {
	eng       *core.Engine
	slowFrom  *options.IntValue // microseconds; negative: none
	slowMax   *options.IntValue // entries
	latencyMs *options.IntValue // 0: none
	slow      slowLog
	latency   latencyMonitor
	monitors  monitors
}

var (
	_ core.Family         = (*family)(nil)
	_ core.Configurable   = (*family)(nil)
	_ core.Starter        = (*family)(nil)
	_ core.Observer       = (*family)(nil)
	_ core.ServedObserver = (*family)(nil)
)

// New returns the family.
func New() core.Family { return new(family) }

func (*family) Name() string { return "observe" }

func (f *family) Register(r *core.Registry) {
	r.Add(f.slowlogCommands(), f.latencyCommands(), f.monitorCommands())
}

func (f *family) Configure(t *options.Table) error {
	f.slowFrom = t.Int("slowlog-log-slower-than")
	f.slowMax = t.Int("slowlog-max-len")
	f.latencyMs = t.Int("latency-monitor-threshold")
	return nil
}

func (f *family) Start(e *core.Engine) error {
	f.eng = e
	f.latency.init()
	aim := func(string, string) error { f.aim(); return nil }
	e.Options().OnChange("slowlog-log-slower-than", aim)
	e.Options().OnChange("latency-monitor-threshold", aim)
	e.Options().OnChange("slowlog-max-len", func(string, string) error {
		f.slow.trim(int(f.slowMax.Load()))
		return nil
	})
	e.OnLatency(f.event)
	e.AddObserver(f)
	f.aim()
	return nil
}

// aim tells core which commands are of interest.
func (f *family) aim() {
	slow := time.Duration(math.MaxInt64)
	if us := f.slowFrom.Load(); us >= 0 && us < math.MaxInt64/int64(time.Microsecond) {
		slow = time.Duration(us) * time.Microsecond
	}
	if ms := f.latencyMs.Load(); ms > 0 && ms < math.MaxInt64/int64(time.Millisecond) {
		slow = min(slow, time.Duration(ms)*time.Millisecond)
	}
	f.eng.SetObserving(f.monitors.any(), slow)
}

// Executed implements core.Observer.
func (f *family) Executed(c *core.Client, cmd *core.Command, args [][]byte, db int, start time.Time, took time.Duration) {
	us := took.Microseconds()
	slow := f.slowFrom.Load()
	waiting, _, _ := c.WaitState() // seen when the wait begins, only for MONITOR
	toSlow := slow >= 0 && us >= slow && cmd.Flags&core.SkipSlowlog == 0 && !waiting
	toMonitors := f.monitors.any() && cmd.Flags&(core.SkipMonitor|core.Admin) == 0 && !f.eng.Loading()
	if toSlow || toMonitors {
		args = redact(cmd, args)
	}
	if toMonitors {
		f.monitors.feed(c, args, db, start.Add(took))
	}
	if toSlow {
		f.slow.add(c, args, start, us, int(f.slowMax.Load()))
	}
	name := "command"
	if cmd.Flags&core.Fast != 0 {
		name = "fast-command"
	}
	f.event(name, took)
}

// Served implements core.ServedObserver: what MONITOR shows was shown when the client began to wait.
func (f *family) Served(c *core.Client, cmd *core.Command, args [][]byte, _ int, start time.Time, took time.Duration) {
	if us, slow := took.Microseconds(), f.slowFrom.Load(); slow >= 0 && us >= slow && cmd.Flags&core.SkipSlowlog == 0 {
		f.slow.add(c, redact(cmd, args), start, us, int(f.slowMax.Load()))
	}
}

// event takes what lasted as long as latency-monitor-threshold into LATENCY.
func (f *family) event(name string, took time.Duration) {
	if limit, ms := f.latencyMs.Load(), took.Milliseconds(); limit > 0 && ms >= limit {
		f.latency.add(name, f.eng.Now().Unix(), ms)
	}
}

var redacted = []byte("(redacted)")

// redact replaces what the command calls secret; args itself is left alone.
func redact(cmd *core.Command, args [][]byte) [][]byte {
	if cmd.Secrets == nil {
		return args
	}
	secret := cmd.Secrets(args)
	if len(secret) == 0 {
		return args
	}
	args = append([][]byte(nil), args...)
	for _, i := range secret {
		args[i] = redacted
	}
	return args
}
