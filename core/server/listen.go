package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// Listen opens the TCP listeners of a bind list as Redis understands it: "*" and
// "-::*" are all addresses, a leading "-" makes an address optional.
func Listen(bind []string, port, backlog int) ([]net.Listener, error) {
	var out []net.Listener
	for _, addr := range bind {
		optional := strings.HasPrefix(addr, "-")
		host := strings.TrimPrefix(addr, "-")
		network := "tcp4"
		switch {
		case host == "*":
			host = "0.0.0.0"
		case host == "::*":
			network, host = "tcp6", "::"
		case strings.Contains(host, ":"):
			network = "tcp6"
		default:
			if ip := net.ParseIP(host); ip == nil {
				network = "tcp"
			}
		}
		l, err := net.Listen(network, net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			if optional && !errors.Is(err, syscall.EADDRINUSE) {
				continue
			}
			for _, o := range out {
				o.Close()
			}
			return nil, &ListenError{Addr: addr, Port: port, Err: err}
		}
		out = append(out, l)
	}
	return out, nil
}

// ListenError is a port that could not be opened, in redis-server's words.
type ListenError struct {
	Addr string
	Port int
	Err  error
}

func (e *ListenError) Unwrap() error { return e.Err }

func (e *ListenError) Error() string {
	reason := e.Err
	var sys *os.SyscallError
	var dns *net.DNSError
	switch {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		reason = errors.New("Name or service not known") //nolint:staticcheck // Redis's, that is libc's text
	case errors.As(e.Err, &sys):
		text := sys.Err.Error()
		reason = errors.New(sys.Syscall + ": " + strings.ToUpper(text[:1]) + text[1:])
	}
	return fmt.Sprintf("Could not create server TCP listening socket %s:%d: %v", e.Addr, e.Port, reason)
}
