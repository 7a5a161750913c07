package protocol

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// oracle is a redis-server of its own that a test asks what is right.
type oracle struct {
	tb   testing.TB
	addr string
	conn net.Conn
	in   *ReplyReader
}

// newOracle starts redis-server on a free port, or skips the test where there is none.
func newOracle(tb testing.TB) *oracle {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Skip("redis-server is not installed: nothing to compare with")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	cmd := exec.Command(path, "--port", fmt.Sprint(addr.Port), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no", "--enable-debug-command", "yes", "--dir", tb.TempDir())
	if err := cmd.Start(); err != nil {
		tb.Skipf("redis-server doesn't start: %v", err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	o := &oracle{tb: tb, addr: addr.String()}
	for range 100 {
		if o.conn, err = net.Dial("tcp", o.addr); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		tb.Fatalf("redis-server doesn't answer: %v", err)
	}
	tb.Cleanup(func() { o.conn.Close() })
	o.in = NewReplyReader(o.conn, ReplyLimits{})
	return o
}

// pipeline sends the commands and returns their replies.
func (o *oracle) pipeline(commands ...[]string) []Reply {
	o.tb.Helper()
	var request []byte
	for _, c := range commands {
		request = AppendCommandStrings(request, c...)
	}
	go o.conn.Write(request)
	replies := make([]Reply, len(commands))
	for i := range replies {
		var err error
		if replies[i], err = o.in.Read(); err != nil {
			o.tb.Fatal(err)
		}
	}
	return replies
}

// do sends one command.
func (o *oracle) do(args ...string) Reply {
	o.tb.Helper()
	return o.pipeline(args)[0]
}

// talk sends raw bytes on a connection of its own and returns all bytes that come back until the server closes or is
// silent, which it is told to be by an ECHO in the stream.
func (o *oracle) talk(request []byte) []byte {
	o.tb.Helper()
	conn, err := net.Dial("tcp", o.addr)
	if err != nil {
		o.tb.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		o.tb.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 1<<16)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(40 * time.Millisecond))
		n, err := conn.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			return got
		}
	}
}

// Every request of the parser's table gets from Redis as many replies as the parser finds requests, and its error.
func TestParserAgainstRedis(t *testing.T) {
	o := newOracle(t)
	for _, c := range parserCases {
		got := o.talk([]byte(c.in))
		in := NewReplyReader(bytes.NewReader(got), ReplyLimits{MaxLine: 1 << 20})
		requests, err := 0, error(nil)
		for {
			r, readErr := in.Read()
			if readErr != nil {
				break
			}
			if r.Kind == KindError && bytes.HasPrefix(r.Str, []byte("ERR Protocol error")) {
				err = r.Err()
				break
			}
			requests++
		}
		if requests != len(c.want) || err != c.err {
			t.Errorf("%s: Redis has %d requests and %v, the table %d and %v", c.name, requests, err, len(c.want), c.err)
		}
	}
}

// Requests before AUTH, against a Redis with a password.
func TestParserUnauthenticatedAgainstRedis(t *testing.T) {
	o := newOracle(t)
	if r := o.do("CONFIG", "SET", "requirepass", "x"); r.Err() != nil {
		t.Fatal(r.Err())
	}
	for in, want := range map[string]string{
		"*11\r\n":                        "-" + string(ErrUnauthMultibulk) + "\r\n",
		"*1\r\n$16385\r\n":               "-" + string(ErrUnauthBulk) + "\r\n",
		"*10\r\n":                        "",
		"*1\r\n$16384\r\n":               "",
		"*1\r\n$536870913\r\n":           "-" + string(ErrBulkLength) + "\r\n",
		"*2\r\n$3\r\nGET\r\n$1\r\na\r\n": "-" + string(ErrNoAuth) + "\r\n",
	} {
		if got := o.talk([]byte(in)); string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Random inline requests give Redis and SplitArgs the same arguments.
func TestSplitArgsAgainstRedis(t *testing.T) {
	o := newOracle(t)
	rnd := newRand(t)
	const alphabet = "ab \"'\\x41fn\t\v\r=$*"
	for range 3 {
		var request []byte
		var want []string
		for range 2000 {
			var line []byte
			for range rnd.Intn(12) {
				line = append(line, alphabet[rnd.Intn(len(alphabet))])
			}
			args, ok := SplitArgs(line)
			if !ok {
				continue
			}
			request = append(request, `EVAL "return ARGV" 0 `...)
			request = append(request, line...)
			request = append(request, '\n')
			want = append(want, fmt.Sprintf("%q", args))
		}
		go o.conn.Write(request)
		for _, w := range want {
			r, err := o.in.Read()
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(r); got != w {
				t.Fatalf("Redis has %s, SplitArgs %s", got, w)
			}
		}
	}
}

// texts is the elements of an array as %q prints strings.
func texts(r Reply) string {
	all := make([]string, len(r.Elems))
	for i, e := range r.Elems {
		all[i] = e.Text()
	}
	return fmt.Sprintf("%q", all)
}

// The texts of the errors are in Redis's program, word for word.
func TestErrorTextsAgainstRedis(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: nothing to compare with")
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err)
	}
	for _, e := range allErrors {
		text := bytes.TrimPrefix([]byte(e), []byte("ERR "))
		if !bytes.Contains(program, text) {
			t.Errorf("Redis has no %q", text)
		}
	}
}

// The errors that are put together at run time.
func TestComposedErrorsAgainstRedis(t *testing.T) {
	o := newOracle(t)
	long := string(bytes.Repeat([]byte("x"), 300))
	requests := [][]string{
		{"FOO"},
		{"foo", "a", "", "b c"},
		{"FOO\x00x", "a\x00b", "c\r\nd"},
		{"\r\nabc\r\n", "\r\n"},
		{long, "a"},
		{"a", long, "b"},
		{"a", "\xff\"'"},
	}
	for n := 120; n < 131; n++ {
		requests = append(requests, []string{"foo", long[:n], "y", "z"}, []string{long[:n], "a"})
	}
	for _, r := range requests {
		args := make([][]byte, len(r))
		for i := range r {
			args[i] = []byte(r[i])
		}
		want := o.do(r...).Text()
		var w Writer
		w.Error(string(UnknownCommand(args)))
		if got := string(w.Buf); got != "-"+want+"\r\n" {
			t.Errorf("%q:\n%q\n%q", r, got, want)
		}
	}
	o.do("SET", "k", "v")
	for _, c := range []struct {
		got     Error
		request []string
	}{
		{UnknownSubcommand([]byte("config"), []byte("fo\no")), []string{"config", "fo\no"}},
		{UnknownSubcommand([]byte("CLIENT"), []byte(long)), []string{"CLIENT", long}},
		{SubcommandSyntax([]byte("debug"), []byte("xyz")), []string{"debug", "xyz"}},
		{WrongArgs("get"), []string{"GET"}},
		{WrongArgs("config|get"), []string{"CONFIG", "GET"}},
		{InvalidExpire("set"), []string{"SET", "k", "v", "EX", "0"}},
		{InvalidExpire("getex"), []string{"GETEX", "k", "EX", "-1"}},
	} {
		var w Writer
		w.Error(string(c.got))
		if want := o.do(c.request...).Text(); string(w.Buf) != "-"+want+"\r\n" {
			t.Errorf("%q: %q, want %q", c.request, w.Buf, want)
		}
	}
}
