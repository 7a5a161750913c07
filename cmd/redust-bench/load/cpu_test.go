package load

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestProcessCPU(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc/<pid>/stat")
	}
	before, err := ProcessCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if now, err := ProcessCPU(os.Getpid()); err != nil || now > before {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("five busy seconds cost no CPU time beyond %v", before)
}

func TestCPUMeterFallsBackToTheProcessTable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc/<pid>/stat")
	}
	info := func(text string) func([]string) string {
		return func([]string) string { return string(appendHeader(nil, '$', len(text))) + text + "\r\n" }
	}
	pid := strings.TrimSuffix(strings.TrimPrefix(string(appendHeader(nil, ':', os.Getpid())), ":"), "\r\n")
	for _, tt := range []struct{ info, source string }{
		{"used_cpu_sys:1.25\r\nused_cpu_user:0.5\r\nprocess_id:" + pid + "\r\n", "INFO cpu"},
		{"process_id:" + pid + "\r\n", "/proc/" + pid + "/stat"},
		{"nothing:0\r\n", ""},
	} {
		target := Target{Addr: newFakeServer(t, info(tt.info)).addr}
		ctl, err := target.Dial()
		if err != nil {
			t.Fatal(err)
		}
		m := newCPUMeter(ctl, target)
		used := m.used()
		ctl.Close()
		if m.Source != tt.source || tt.source == "INFO cpu" && used != 1750*time.Millisecond || tt.source == "" && used != 0 {
			t.Errorf("%q: source %q, used %v; want source %q", tt.info, m.Source, used, tt.source)
		}
	}
}

func TestIsLocal(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "/run/r.sock": true, "10.0.0.1:1": false, "example.org:1": false} {
		if isLocal(addr) != want {
			t.Errorf("%s: %v", addr, !want)
		}
	}
}
