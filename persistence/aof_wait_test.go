package persistence

import "testing"

// TestFlushWaitsForThoseWhoAreAboutToWrite: after a flush that released three replies the next one is told when three wait again, and not
// before; with as many as were expected nothing is waited for.
func TestFlushWaitsForThoseWhoAreAboutToWrite(t *testing.T) {
	w := &aofWriter{nudge: make(chan struct{}, 1)}
	done := make(chan bool, 4)
	wait := func() {
		go func() {
			w.mu.Lock()
			onDisk, _ := w.wait(1, nil)
			done <- onDisk
		}()
	}
	wait()
	eventually(t, "one waits", func() bool { return w.waiting() == 1 })
	if w.expect() {
		t.Error("a client that is alone is made to wait for others")
	}
	wait()
	wait()
	eventually(t, "three wait", func() bool { return w.waiting() == 3 })
	w.advance(1)
	for range 3 {
		if !<-done {
			t.Error("released, but not on disk")
		}
	}
	if !w.expect() {
		t.Error("nobody is expected after a flush for three")
	}
	wait()
	wait()
	eventually(t, "two wait", func() bool { return w.waiting() == 2 })
	if len(w.nudge) > 0 {
		t.Error("the writer is woken for two of three")
	}
	wait()
	<-w.nudge
	w.advance(2)
}
