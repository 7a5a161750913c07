package redustcmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// loadMeter reads what the kernel counts of this process and of the system (proc(5): stat, task/*/schedstat).
type loadMeter struct {
	system *os.File
	buf    []byte
	last   counters
}

// counters are sums since the start of the process or the system, at one moment.
type counters struct {
	at                 time.Time
	used, waited, idle time.Duration
}

// clockTick is the unit of /proc/stat: USER_HZ is 100 on every architecture that Go supports.
const clockTick = 10 * time.Millisecond

func newLoadMeter() (*loadMeter, error) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return nil, err
	}
	m := &loadMeter{system: f, buf: make([]byte, 512)}
	if m.last, err = m.count(); err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

func (m *loadMeter) Close() { m.system.Close() }

// read returns the load since the last call. What threads waited costs a look at each of them: it is 0 unless it is asked for,
// and it was asked for the last time, too.
func (m *loadMeter) read(waits bool) (load, bool) {
	c, err := m.count()
	took := c.at.Sub(m.last.at)
	if err != nil || took <= 0 {
		return load{}, false
	}
	if waits {
		c.waited = m.waited()
	}
	share := func(now, before time.Duration) float64 { return max(0, float64(now-before)/float64(took)) }
	l := load{
		took: took.Seconds(), used: share(c.used, m.last.used),
		idle: share(c.idle, m.last.idle),
	}
	if waits && m.last.waited > 0 {
		l.waited = share(c.waited, m.last.waited)
	}
	m.last = c
	return l, true
}

func (m *loadMeter) count() (c counters, err error) {
	c.at = time.Now()
	var ru unix.Rusage
	if err = unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		return c, err
	}
	c.used = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	c.idle, err = m.idle()
	return c, err
}

// idle sums what all processors spent without work: the fourth and fifth number of the first line.
func (m *loadMeter) idle() (time.Duration, error) {
	n, err := m.system.ReadAt(m.buf, 0)
	line, _, _ := bytes.Cut(m.buf[:n], []byte{'\n'})
	f := bytes.Fields(line)
	if len(f) < 6 || string(f[0]) != "cpu" {
		return 0, fmt.Errorf("/proc/stat is not as expected: %q, %v", line, err)
	}
	var ticks int64
	for _, w := range f[4:6] {
		v, err := strconv.ParseInt(string(w), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += v
	}
	return time.Duration(ticks) * clockTick, nil
}

// waited sums what the threads of this process spent ready to run without running: the second number of schedstat. A thread that
// ends takes its share along, which looks like no waiting at all for once. Zero where the kernel does not count.
func (m *loadMeter) waited() time.Duration {
	tasks, _ := filepath.Glob("/proc/self/task/*/schedstat")
	var sum time.Duration
	for _, t := range tasks {
		b, err := os.ReadFile(t)
		if f := bytes.Fields(b); err == nil && len(f) >= 2 {
			ns, _ := strconv.ParseInt(string(f[1]), 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}
