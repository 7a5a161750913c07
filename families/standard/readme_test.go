package standard_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/auth"
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/families/standard"
	"github.com/redust/redust/protocol"
)

// elsewhere are the examples that this test can't run, and why.
var elsewhere = map[string]string{"persistence": "BGSAVE needs a disk; the conformance scripts run it"}

// Every example in a family's README runs and answers what it says. An example is a code block of requests behind "> ", each with
// what redis-cli shows, or "..." at the end where that is long; "(another client: REQUEST)" stands for a request on a second connection.
func TestReadmeExamples(t *testing.T) {
	files, err := filepath.Glob("../*/README.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		family := filepath.Base(filepath.Dir(file))
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```") {
			if i%2 == 0 || !strings.HasPrefix(block, "\n> ") {
				continue
			}
			t.Run(family, func(t *testing.T) {
				if why := elsewhere[family]; why != "" {
					t.Skip(why)
				}
				runExample(t, strings.Split(strings.Trim(block, "\n"), "\n"))
			})
		}
	}
}

// runExample compares a block's replies with its lines.
func runExample(t *testing.T, lines []string) {
	addr := serve(t)
	one, other := connect(t, addr), connect(t, addr)
	for i := 0; i < len(lines); {
		request := lines[i]
		if text, ok := strings.CutPrefix(request, "> "); ok {
			one.send(text)
		} else if text, ok := strings.CutPrefix(request, "(another client: "); ok {
			other.send(strings.TrimSuffix(text, ")"))
			other.show()
		} else {
			t.Fatalf("neither a request nor a reply: %q", request)
		}
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "> ") && !strings.HasPrefix(lines[end], "(another client") {
			end++
		}
		got := one.show()
		if want := strings.Join(lines[i+1:end], "\n"); want != "" && !strings.HasSuffix(want, "...") && got != want {
			t.Errorf("%s\n%s\nshould be\n%s", request, got, want)
		}
		i = end
	}
}

func serve(t *testing.T) (addr string) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	eng, err := core.New(core.Config{Families: standard.All(), Options: table, Auth: auth.New(table)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(eng, hclog.NewNullLogger())
	go s.Serve(l)
	t.Cleanup(func() { s.Close(); eng.Close() })
	return l.Addr().String()
}

type client struct {
	t  *testing.T
	nc net.Conn
	r  *protocol.ReplyReader
}

func connect(t *testing.T, addr string) *client {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t, nc, protocol.NewReplyReader(nc, protocol.ReplyLimits{})}
}

func (c *client) send(request string) { fmt.Fprintf(c.nc, "%s\r\n", request) }

func (c *client) show() string {
	r, err := c.r.Read()
	if err != nil {
		c.t.Fatal(err)
	}
	return shown(r)
}

// shown is a reply as redis-cli prints it.
func shown(r protocol.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Err() != nil:
		return "(error) " + r.Text()
	case r.Kind == protocol.KindInt:
		return fmt.Sprintf("(integer) %d", r.Int)
	case r.Kind == protocol.KindBulk && strings.Contains(string(r.Str), "\r\n"): // INFO
		return strings.TrimSpace(strings.ReplaceAll(string(r.Str), "\r", ""))
	case r.Kind == protocol.KindArray && len(r.Elems) == 0:
		return "(empty array)"
	case r.Kind == protocol.KindBulk:
		return strconv.Quote(string(r.Str))
	case r.Elems == nil:
		return r.Text()
	}
	var lines []string
	for i, e := range r.Elems {
		head := strconv.Itoa(i+1) + ") "
		lines = append(lines, head+strings.ReplaceAll(shown(e), "\n", "\n"+strings.Repeat(" ", len(head))))
	}
	return strings.Join(lines, "\n")
}
