package load

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/resp"
)

const dialTimeout = 5 * time.Second

// Target is a server to measure. Addr is host:port or the path of a unix socket; an empty Password sends no AUTH.
type Target struct {
	Addr, User, Password string
}

// dial connects and authenticates.
func (t Target) dial() (net.Conn, error) {
	network := "tcp"
	if strings.Contains(t.Addr, "/") {
		network = "unix"
	}
	nc, err := net.DialTimeout(network, t.Addr, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if t.Password == "" {
		return nc, nil
	}
	args := []string{"AUTH", t.Password}
	if t.User != "" {
		args = []string{"AUTH", t.User, t.Password}
	}
	c := &Control{nc: nc, rd: resp.NewReader(bufio.NewReader(nc)), Timeout: dialTimeout}
	if _, err := c.Do(args...); err != nil {
		nc.Close()
		return nil, fmt.Errorf("%s: AUTH: %w", t.Addr, err)
	}
	return nc, nil
}

// Control is a plain request-and-reply client for what surrounds a measurement. It isn't safe for concurrent use.
type Control struct {
	// Timeout bounds one request, 1 minute unless changed.
	Timeout time.Duration

	nc net.Conn
	rd *resp.Reader
}

// Dial opens a control connection.
func (t Target) Dial() (*Control, error) {
	nc, err := t.dial()
	if err != nil {
		return nil, err
	}
	return &Control{nc: nc, rd: resp.NewReader(bufio.NewReader(nc)), Timeout: time.Minute}, nil
}

// Close closes the connection.
func (c *Control) Close() error { return c.nc.Close() }

// ReplyError is the text of an error reply, its code in front.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

func isReply(err error) bool {
	var re ReplyError
	return errors.As(err, &re)
}

// Do sends one request and returns its reply. An error reply is returned as a [ReplyError].
func (c *Control) Do(args ...string) (resp.Value, error) {
	b := appendHeader(nil, '*', len(args))
	for _, a := range args {
		b = appendHeader(b, '$', len(a))
		b = append(append(b, a...), "\r\n"...)
	}
	if err := c.nc.SetDeadline(time.Now().Add(c.Timeout)); err != nil {
		return resp.Value{}, err
	}
	if _, err := c.nc.Write(b); err != nil {
		return resp.Value{}, err
	}
	v, _, err := c.rd.ReadValue()
	if err != nil {
		return v, err
	}
	if err := v.Error(); err != nil {
		return v, ReplyError(err.Error())
	}
	return v, nil
}

// Info returns the fields of one section of INFO.
func (c *Control) Info(section string) (map[string]string, error) {
	v, err := c.Do("INFO", section)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	for line := range strings.Lines(v.String()) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && !strings.HasPrefix(line, "#") {
			fields[name] = value
		}
	}
	return fields, nil
}

// InfoInt returns one number of INFO; a field that is absent or no number is an error.
func (c *Control) InfoInt(section, field string) (int64, error) {
	f, err := c.Info(section)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(f[field], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("INFO %s has no number %s", section, field)
	}
	return n, nil
}

// Missing returns those of the group's commands that the server doesn't have. It asks COMMAND INFO; where that isn't answered it
// sends each command bare and looks for `unknown command`. A server that wants AUTH first is an error.
func (c *Control) Missing(g *Group) ([]string, error) {
	names := g.commandNames()
	v, err := c.Do(append([]string{"COMMAND", "INFO"}, names...)...)
	var missing []string
	if err == nil && len(v.Array()) == len(names) {
		for i, entry := range v.Array() {
			if len(entry.Array()) == 0 {
				missing = append(missing, names[i])
			}
		}
		return missing, nil
	}
	if err != nil && (!isReply(err) || strings.HasPrefix(err.Error(), "NOAUTH")) {
		return nil, err
	}
	for _, n := range names {
		if n == "MULTI" { // would change what the next ones are answered
			continue
		}
		if _, err := c.Do(n); err != nil && strings.Contains(err.Error(), "unknown command") {
			missing = append(missing, n)
		}
	}
	return missing, nil
}

// prepare brings the keys that a group reads.
func (c *Control) prepare(g *Group) error {
	for _, cmd := range g.Setup {
		if _, err := c.Do(cmd...); err != nil {
			return fmt.Errorf("preparing %s: %s: %w", g.Name, cmd[0], err)
		}
	}
	return nil
}
