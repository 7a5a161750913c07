//go:build !unix

package redustcmd

import "errors"

const daemonMark = "_REDUST_DAEMON"

func daemonize(Invocation, string, []byte) error {
	return errors.New("daemonize is not supported on this system: run it as a service")
}
