package redustcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
)

// ErrNotListening means that a listener could not be opened. What happened has been logged in redis-server's words, which programs that
// start a server look for.
var ErrNotListening = errors.New("can't listen")

// Listen opens what bind, port and unixsocket ask for. If one can't be opened, it closes the others, logs why and returns
// ErrNotListening.
func Listen(table *options.Table, log hclog.Logger) ([]net.Listener, error) {
	tcp, err := ListenTCP(table, log)
	if err != nil {
		log.Warn(fmt.Sprintf("Failed listening on port %d (TCP), aborting.", table.Int("port").Load()))
		return nil, err
	}
	unix, err := listenUnix(table)
	if err != nil {
		log.Warn("Failed opening Unix socket: " + bindFault(err))
		closeAll(tcp)
		return nil, ErrNotListening
	}
	all := append(tcp, unix...)
	if len(all) == 0 {
		log.Warn("Configured to not listen anywhere, exiting.")
		return nil, ErrNotListening
	}
	return all, nil
}

// ListenTCP opens what bind and port ask for: no listener at port 0. CONFIG SET of bind and port uses it too.
func ListenTCP(table *options.Table, log hclog.Logger) ([]net.Listener, error) {
	port, backlog := int(table.Int("port").Load()), int(table.Int("tcp-backlog").Load())
	bind := table.String("bind").Load()
	if port == 0 || bind == "" {
		return nil, nil
	}
	warn := func(err error) { log.Warn("Warning: " + err.Error()) }
	// Only single spaces separate, as in Redis: CONFIG SET of a surplus one asks for an address without a name.
	listeners, err := server.Listen(strings.Split(bind, " "), port, backlog, warn)
	if err != nil {
		warn(err)
		return nil, ErrNotListening
	}
	return listeners, nil
}

// listenUnix opens the Unix socket. A file of that name is removed first: it is what a server that was killed leaves behind, or a
// temporary file by which whoever starts the server has found a free name. As in Redis, only a directory is in the way.
func listenUnix(table *options.Table) ([]net.Listener, error) {
	path := table.String("unixsocket").Load()
	if path == "" {
		return nil, nil
	}
	if info, err := os.Lstat(path); err == nil && !info.IsDir() {
		_ = os.Remove(path)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	server.SetBacklog(l, int(table.Int("tcp-backlog").Load()))
	if mode := table.Int("unixsocketperm").Load(); mode != 0 {
		if err := os.Chmod(path, fs.FileMode(mode)); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	return []net.Listener{l}, nil
}

// bindFault names the system call and what it said: "bind: Address already in use".
func bindFault(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Syscall + ": " + reason(call)
	}
	return reason(err)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}

// warnBacklog tells that the kernel cuts the backlog off.
func warnBacklog(table *options.Table, log hclog.Logger) {
	const limit = "/proc/sys/net/core/somaxconn"
	text, err := os.ReadFile(limit)
	if err != nil {
		return
	}
	most, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if backlog := table.Int("tcp-backlog").Load(); err == nil && most > 0 && most < backlog {
		log.Warn(fmt.Sprintf("WARNING: The TCP backlog setting of %d cannot be enforced because %s is set to the lower value of %d.", backlog, limit, most))
	}
}
