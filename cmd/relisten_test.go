package redustcmd

import (
	"bufio"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CONFIG SET of bind and port moves the listeners, both at once too; what can't be opened leaves the old ones.
func TestListenersFollowConfigSet(t *testing.T) {
	first, second, taken := freePort(t), freePort(t), freePort(t)
	holder, err := net.Listen("tcp4", "127.0.0.1:"+taken)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	c, _ := run(t, []string{childMark + "=server"}, "--port", first, "--bind", "127.0.0.1", "--logfile", "log")
	log := fileText(filepath.Join(c.Dir, "log"))
	waitFor(t, log, "Ready to accept")
	nc, err := net.Dial("tcp4", "127.0.0.1:"+first)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(nc)
	const failed = "-ERR CONFIG SET failed (possibly related to argument "
	for range 5 {
		for _, step := range []struct{ set, want, at string }{
			{"port " + second + " bind 127.0.0.1", "+OK", "127.0.0.1:" + second},
			{"port " + taken, failed + "'port') - Unable to listen on this port. Check server logs.", "127.0.0.1:" + second},
			{"bind 192.0.2.1", failed + "'bind') - Failed to bind to specified addresses.", "127.0.0.1:" + second},
			{"bind '127.0.0.1 -'", failed + "'bind') - Failed to bind to specified addresses.", "127.0.0.1:" + second},
			{"port " + first + " bind '127.0.0.1 -192.0.2.1'", "+OK", "127.0.0.1:" + first},
			{"port " + first + " bind 127.0.0.1 maxmemory 0", "+OK", "127.0.0.1:" + first},
		} {
			_, _ = nc.Write([]byte("CONFIG SET " + step.set + "\r\n"))
			got, err := in.ReadString('\n')
			if err != nil || strings.TrimSpace(got) != step.want {
				t.Fatalf("%s: %q %v\n%s", step.set, got, err, log)
			}
			probe, err := net.Dial("tcp4", step.at)
			if err != nil {
				t.Fatalf("after %s: %v\n%s", step.set, err, log)
			}
			probe.Close()
		}
	}
	waitFor(t, log, "Could not create server TCP listening socket 192.0.2.1:"+second+": bind: .*# Failed to bind\n.*"+
		"# Failed applying new configuration. Possibly related to new bind setting. Restoring previous settings.")
}
