package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Listen opens the TCP listeners of a bind list as Redis understands it: "*" and
// "-::*" are all addresses, a leading "-" lets an address be absent from this machine. Those that are left out
// are told to skipped, as *ListenError.
func Listen(bind []string, port, backlog int, skipped func(error)) ([]net.Listener, error) {
	var out []net.Listener
	for _, addr := range bind {
		addr, optional := strings.CutPrefix(addr, "-")
		l, err := listenAt(addr, port)
		if err == nil {
			SetBacklog(l, backlog)
			out = append(out, l)
			continue
		}
		err = &ListenError{Addr: addr, Port: port, Err: err}
		if unsupported(err) || optional && errors.Is(err, syscall.EADDRNOTAVAIL) {
			skipped(err)
			continue
		}
		for _, o := range out {
			o.Close()
		}
		return nil, err
	}
	return out, nil
}

// unsupported reports whether the machine has no such kind of address: IPv6 switched off.
func unsupported(err error) bool {
	for _, no := range []syscall.Errno{
		syscall.ENOPROTOOPT, syscall.EPROTONOSUPPORT, syscall.ESOCKTNOSUPPORT, syscall.EPFNOSUPPORT, syscall.EAFNOSUPPORT,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// listenAt opens one address. No address at all is none, not every one as for package net.
func listenAt(host string, port int) (net.Listener, error) {
	network := "tcp4"
	switch {
	case host == "":
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	case host == "*":
		host = "0.0.0.0"
	case host == "::*":
		network, host = "tcp6", "::"
	case strings.Contains(host, ":"):
		network = "tcp6"
	case net.ParseIP(host) == nil:
		network = "tcp"
	}
	return net.Listen(network, net.JoinHostPort(host, strconv.Itoa(port)))
}

// networkOf is the network to open a listener's address in anew. "tcp" would make one of both families of [::], which leaves no room for
// 0.0.0.0 beside it.
func networkOf(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		if tcp.IP.To4() != nil {
			return "tcp4"
		}
		return "tcp6"
	}
	return a.Network()
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
