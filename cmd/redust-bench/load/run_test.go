package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/resp"
)

// fakeServer answers every request by what answer returns, byte by byte where slow is set. An empty answer closes the connection,
// "wait" never answers.
type fakeServer struct {
	addr   string
	served atomic.Int64
}

func newFakeServer(t *testing.T, answer func(args []string) string) *fakeServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &fakeServer{addr: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c, answer)
		}
	}()
	return s
}

func (s *fakeServer) serve(c net.Conn, answer func(args []string) string) {
	defer c.Close()
	rd := resp.NewReader(bufio.NewReader(c))
	for {
		v, _, err := rd.ReadValue()
		if err != nil {
			return
		}
		var args []string
		for _, a := range v.Array() {
			args = append(args, a.String())
		}
		reply := answer(args)
		if args[0] == "GET" {
			s.served.Add(1)
		}
		switch reply {
		case "":
			return
		case "wait":
			_, _ = io.Copy(io.Discard, c)
			return
		}
		// Two writes, so that most replies arrive split.
		half := len(reply) / 2
		for _, piece := range []string{reply[:half], reply[half:]} {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
}

func onGet(get string) func([]string) string {
	return func(args []string) string {
		switch args[0] {
		case "GET":
			return get
		case "INFO":
			text := "# CPU\r\nused_cpu_sys:1.5\r\nused_cpu_user:2.25\r\n"
			return string(appendHeader(nil, '$', len(text))) + text + "\r\n"
		case "AUTH":
			if len(args) == 3 && args[1] == "joe" && args[2] == "secret" {
				return "+OK\r\n"
			}
			return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
		}
		return "-ERR unknown command '" + args[0] + "'\r\n"
	}
}

var getGroup = Group{Name: "get", Vars: keyVar, Commands: cmds("GET key:{k}")}

func TestRunCountsExactly(t *testing.T) {
	for _, tt := range []struct{ clients, pipeline int }{{1, 1}, {3, 1}, {4, 7}, {2, 500}} {
		s := newFakeServer(t, onGet("$3\r\nabc\r\n"))
		res, err := Run(t.Context(), Target{Addr: s.addr}, getGroup, Options{Clients: tt.clients, Pipeline: tt.pipeline, Keyspace: 10, Iterations: 1001})
		if err != nil {
			t.Fatal(err)
		}
		if res.Requests != 1001 || res.Latency.Count() != 1001 || s.served.Load() != 1001 || res.Errors != 0 {
			t.Errorf("%+v: %d requests, %d samples, %d served, %d errors; want 1001 and no errors", tt, res.Requests, res.Latency.Count(), s.served.Load(), res.Errors)
		}
		if res.CPUSource != "INFO cpu" || res.CPU != 0 {
			t.Errorf("CPU %v by %q", res.CPU, res.CPUSource)
		}
	}
}

func TestRunTakesRepliesLargerThanItsBuffer(t *testing.T) {
	big := strings.Repeat("x", 5*readBufferBytes)
	s := newFakeServer(t, onGet(string(appendHeader(nil, '$', len(big)))+big+"\r\n"))
	res, err := Run(t.Context(), Target{Addr: s.addr}, getGroup, Options{Clients: 2, Pipeline: 3, Keyspace: 10, Iterations: 30})
	if err != nil || res.Requests != 30 {
		t.Errorf("%d requests, %v", res.Requests, err)
	}
}

// Batches that no socket takes at once, to a server that reads no further until its replies are taken.
func TestRunSendsRequestsLargerThanSocketsTake(t *testing.T) {
	const size = 5 << 20
	big := strings.Repeat("x", size)
	s := newFakeServer(t, onGet(string(appendHeader(nil, '$', size))+big+"\r\n"))
	g := Group{Name: "echo", Commands: cmds("GET {v}")}
	res, err := Run(t.Context(), Target{Addr: s.addr}, g, Options{Clients: 3, Pipeline: 4, Keyspace: 1, ValueSize: size, Iterations: 24})
	if err != nil || res.Requests != 24 {
		t.Errorf("%d requests, %v", res.Requests, err)
	}
}

// Connections that can't be polled are served over net.Conn.
func TestRunOverNetConn(t *testing.T) {
	s := newFakeServer(t, onGet("$3\r\nabc\r\n"))
	r := &running{opts: &Options{Clients: 1, Pipeline: 3, Keyspace: 1, Iterations: 100}, start: time.Now()}
	ring, err := newRing(&getGroup, r.opts, 0)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(r, struct{ net.Conn }{nc}, ring)
	defer w.close()
	w.exchange()
	if n := w.done.Load(); w.err != nil || n != 100 || s.served.Load() != 100 {
		t.Errorf("%d requests, %d served, %v", n, s.served.Load(), w.err)
	}
}

func TestRunShowsErrorReplies(t *testing.T) {
	s := newFakeServer(t, onGet("-OOM command not allowed\r\n"))
	res, err := Run(t.Context(), Target{Addr: s.addr}, getGroup, Options{Clients: 2, Pipeline: 2, Keyspace: 10, Iterations: 20})
	if err != nil || res.Errors != 20 || res.ErrorText != "OOM command not allowed" {
		t.Errorf("%d errors, first %q, %v", res.Errors, res.ErrorText, err)
	}
	if _, err := RunAll(t.Context(), Target{Addr: s.addr}, getGroup, Options{Clients: 1, Pipeline: 1, Keyspace: 1, Iterations: 1}); err == nil {
		t.Error("RunAll took error replies")
	}
}

func TestRunEndsWithTheServer(t *testing.T) {
	for _, tt := range []struct{ reply, want string }{
		{"", "closed the connection"},
		{"nonsense\r\n", "not a RESP reply"},
		{"+OK\r\n+OK\r\n", "more replies than requests"},
	} {
		s := newFakeServer(t, onGet(tt.reply))
		_, err := Run(t.Context(), Target{Addr: s.addr}, getGroup, Options{Clients: 2, Pipeline: 1, Keyspace: 10, Iterations: 1000})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("reply %q: error %v, want %q", tt.reply, err, tt.want)
		}
	}
}

func TestRunEndsAtItsDuration(t *testing.T) {
	s := newFakeServer(t, onGet("$-1\r\n"))
	o := Options{Clients: 2, Pipeline: 1, Keyspace: 10, Duration: 50 * time.Millisecond}
	res, err := Run(t.Context(), Target{Addr: s.addr}, getGroup, o)
	if err != nil || res.Requests == 0 || res.Elapsed < o.Duration || res.Elapsed > 20*o.Duration {
		t.Errorf("%d requests in %v, %v", res.Requests, res.Elapsed, err)
	}
}

func TestCancelReturnsWhatThereIs(t *testing.T) {
	stuck := make(chan struct{})
	var answered atomic.Int64
	s := newFakeServer(t, func(args []string) string {
		if args[0] != "GET" {
			return onGet("")(args)
		}
		switch answered.Add(1) {
		case 101:
			close(stuck)
			return "wait"
		case 102:
			return "wait"
		}
		return "$-1\r\n"
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-stuck; cancel() }()
	res, err := Run(ctx, Target{Addr: s.addr}, getGroup, Options{Clients: 2, Pipeline: 1, Keyspace: 10, Iterations: 1 << 40})
	if err != nil || !res.Interrupted || res.Requests < 99 {
		t.Errorf("%d requests, interrupted %v, %v", res.Requests, res.Interrupted, err)
	}
}

func TestAuth(t *testing.T) {
	s := newFakeServer(t, onGet("$-1\r\n"))
	o := Options{Clients: 2, Pipeline: 1, Keyspace: 1, Iterations: 10}
	if _, err := Run(t.Context(), Target{Addr: s.addr, User: "joe", Password: "secret"}, getGroup, o); err != nil {
		t.Error(err)
	}
	if _, err := Run(t.Context(), Target{Addr: s.addr, Password: "wrong"}, getGroup, o); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestMissingCommands(t *testing.T) {
	known := map[string]bool{"SET": true, "GET": true}
	plain := func(args []string) string {
		if known[args[0]] {
			return "-ERR wrong number of arguments\r\n"
		}
		return "-ERR unknown command '" + args[0] + "', with args beginning with: \r\n"
	}
	withInfo := func(args []string) string {
		if args[0] != "COMMAND" {
			return plain(args)
		}
		var b []byte
		b = appendHeader(b, '*', len(args)-2)
		for _, name := range args[2:] {
			if known[name] {
				b = append(b, "*2\r\n$1\r\nx\r\n:2\r\n"...)
			} else {
				b = append(b, "*-1\r\n"...)
			}
		}
		return string(b)
	}
	for name, answer := range map[string]func([]string) string{"COMMAND INFO": withInfo, "bare commands": plain} {
		t.Run(name, func(t *testing.T) {
			c, err := Target{Addr: newFakeServer(t, answer).addr}.Dial()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			g := Group{Commands: cmds("SET {k}", "HSET {k}", "GET {k}", "HSET {k}")}
			got, err := c.Missing(&g)
			if err != nil || strings.Join(got, " ") != "HSET" {
				t.Errorf("%v, %v; want HSET", got, err)
			}
		})
	}
}

func TestOptionsCheck(t *testing.T) {
	good := Options{Clients: 1, Pipeline: 1, Keyspace: 1, Iterations: 1}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Options){
		"no clients":             func(o *Options) { o.Clients = 0 },
		"no pipeline":            func(o *Options) { o.Pipeline = 0 },
		"no keyspace":            func(o *Options) { o.Keyspace = 0 },
		"no bound":               func(o *Options) { o.Iterations = 0 },
		"huge value":             func(o *Options) { o.ValueSize = 1 << 30 },
		"negative duration":      func(o *Options) { o.Duration = -1 },
		"counting without bound": func(o *Options) { o.Iterations, o.Duration, o.Sequential = 0, 1, true },
	} {
		o := good
		spoil(&o)
		if o.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
