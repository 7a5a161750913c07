package persistence

import (
	"testing"

	"golang.org/x/sys/unix"
)

// After a flush that fails, the kernel takes what was written for clean, and the next flush has nothing to do: what it would have
// covered is written again, or the reply would be sent for nothing.
func TestAOFWritesAgainWhatAFailedFlushLeft(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "appendfsync", "always")
	disk.set(-1, failing("sync", unix.EIO))
	held := make(chan string, 1)
	c := r.newClient()
	go func() { held <- acknowledged(r.eng, c, "SET", "during", "v") }()
	eventually(t, "the fault is noticed", func() bool { return r.info("aof_last_write_status") == "err" })
	disk.set(-1, nil)
	if got := <-held; got != "+OK\r\n" {
		t.Fatalf("the reply that was held: %q", got)
	}
	wantAfterPowerFailure(t, r, disk, "during")
}

// CONFIG SET appendonly no: what was answered before is on disk, whatever appendfsync says.
func TestAOFSwitchedOffIsFlushed(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "appendfsync", "no")
	r.must("SET", "before", "v")
	r.set("appendonly", "no")
	wantAfterPowerFailure(t, r, disk, "before")
}

// SHUTDOWN flushes the log before it is final: a power failure a moment later takes nothing.
func TestShutdownFlushesTheAOF(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "appendfsync", "no")
	r.must("SET", "before", "v")
	if err := r.svc.Shutdown(t.Context(), 0, false); err != nil {
		t.Fatal(err)
	}
	wantAfterPowerFailure(t, r, disk, "before")
}

// wantAfterPowerFailure ends the rig without letting anything more reach the disk, and looks for a key at the next start.
func wantAfterPowerFailure(t *testing.T, r *rig, disk *faultFS, key string) {
	t.Helper()
	disk.mu.Lock()
	disk.ignoreSync = true
	disk.mu.Unlock()
	r.close()
	disk.crash(t)
	again := start(t, newFaultFS(t, disk.root), "appendonly", "yes")
	if got := again.do("EXISTS", key); got != ":1\r\n" {
		t.Errorf("%s, which was to be on disk, is lost", key)
	}
}
