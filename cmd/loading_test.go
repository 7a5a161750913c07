package redustcmd

import (
	"testing"
)

// A load that takes no time to speak of is waited for: who connects meanwhile is not told of it.
func TestBriefLoadIsWaitedFor(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir}
	c, out := run(t, []string{childMark + "=server"}, append(args, "--enable-debug-command", "yes")...)
	waitFor(t, out, "Ready to accept")
	ask(t, port, "DEBUG POPULATE 20")
	ask(t, port, "SHUTDOWN SAVE")
	wantExit(t, c, 0)
	var reply string
	for range 10 { // on a busy machine the load may well take longer
		c, out := run(t, []string{childMark + "=server"}, append(args, "--key-load-delay", "2000")...)
		waitFor(t, out, "Loading RDB")
		reply = ask(t, port, "GET key:1")
		_ = c.Process.Kill()
		_ = c.Wait()
		if reply == "$7\r\n" {
			return
		}
	}
	t.Errorf("while loading: %q", reply)
}
