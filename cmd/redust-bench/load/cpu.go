package load

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// procTick is the unit of utime and stime in /proc/<pid>/stat: USER_HZ, which is 100 on every Linux architecture of today.
const procTick = 10 * time.Millisecond

// cpuMeter reads the CPU time a server has used. INFO comes first since it also works from afar and counts microseconds; the
// process table is the fallback on the same machine.
type cpuMeter struct {
	ctl    *Control
	pid    int
	Source string // "INFO cpu", "/proc/<pid>/stat" or "" when it can't be read
}

func newCPUMeter(ctl *Control, t Target) *cpuMeter {
	m := &cpuMeter{ctl: ctl}
	if _, err := ctl.CPU(); err == nil {
		m.Source = "INFO cpu"
		return m
	}
	if pid, err := ctl.InfoInt("server", "process_id"); err == nil && isLocal(t.Addr) {
		if _, err := ProcessCPU(int(pid)); err == nil {
			m.pid = int(pid)
			m.Source = fmt.Sprintf("/proc/%d/stat", pid)
		}
	}
	return m
}

// used returns the CPU time since the server started, 0 when it can't be read.
func (m *cpuMeter) used() time.Duration {
	switch {
	case m.pid != 0:
		d, _ := ProcessCPU(m.pid)
		return d
	case m.Source != "":
		d, _ := m.ctl.CPU()
		return d
	}
	return 0
}

// CPU returns the user and system time of the server since its start, as INFO has it.
func (c *Control) CPU() (time.Duration, error) {
	f, err := c.Info("cpu")
	if err != nil {
		return 0, err
	}
	user, err1 := strconv.ParseFloat(f["used_cpu_user"], 64)
	sys, err2 := strconv.ParseFloat(f["used_cpu_sys"], 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("INFO cpu: %w", err)
	}
	return time.Duration((user + sys) * float64(time.Second)), nil
}

// ProcessCPU returns user and system time of a process of this machine, in steps of 10 ms.
func ProcessCPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in parentheses and may contain blanks; utime and stime are fields 14 and 15.
	text := string(b)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f)+2)
	}
	utime, err1 := strconv.ParseInt(f[11], 10, 64)
	stime, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat: utime %q, stime %q", pid, f[11], f[12])
	}
	return time.Duration(utime+stime) * procTick, nil
}

func isLocal(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return strings.Contains(addr, "/")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
