package server

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestListenErrorsAreInRedisWords(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "listen", Err: &os.SyscallError{Syscall: "bind", Err: syscall.EADDRINUSE}}, "bind: Address already in use"},
		{&net.OpError{Op: "listen", Err: &net.DNSError{Err: "no such host", Name: "nosuch", Server: "192.0.2.1:53", IsNotFound: true}}, "Name or service not known"},
		{errors.New("something else"), "something else"},
	} {
		got := (&ListenError{Addr: "nosuch", Port: 6379, Err: c.err}).Error()
		if want := "Could not create server TCP listening socket nosuch:6379: " + c.want; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAddressesAreOpenedAnewInTheirFamily(t *testing.T) {
	for _, tt := range []struct{ ip, want string }{{"0.0.0.0", "tcp4"}, {"127.0.0.1", "tcp4"}, {"::", "tcp6"}, {"::1", "tcp6"}} {
		if got := networkOf(&net.TCPAddr{IP: net.ParseIP(tt.ip), Port: 6379}); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.ip, got, tt.want)
		}
	}
}
