package redustcmd

import (
	"bufio"
	"net"
	"testing"
	"time"
)

// SHUTDOWN by a client ends the whole program, with exit code 0, whatever other clients are doing.
func TestShutdownByAClient(t *testing.T) {
	for _, tt := range []struct{ name, before string }{
		{"at once", ""},
		{"after other requests", "PING\r\nSET k v\r\n"},
		{"at the end of a pipeline", "SET k v\r\nGET k\r\nSET k w\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := freePort(t)
			c, out := run(t, []string{childMark + "=server"}, "--port", port, "--bind", "127.0.0.1")
			waitFor(t, out, "Ready to accept")
			open := func() net.Conn {
				nc, err := net.Dial("tcp", "127.0.0.1:"+port)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { nc.Close() })
				return nc
			}
			waiting := open()
			waiting.Write([]byte("PING\r\nBLPOP list 0\r\n"))
			if line, err := bufio.NewReader(waiting).ReadString('\n'); err != nil || line != "+PONG\r\n" {
				t.Fatal(line, err)
			}
			open().Write([]byte(tt.before + "SHUTDOWN NOSAVE\r\n"))
			kill := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
			defer kill.Stop()
			wantExit(t, c, 0)
			waitFor(t, out, "User requested shutdown.*bye bye")
		})
	}
}
