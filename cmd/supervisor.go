package redustcmd

import (
	"net"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// Supervisor is who started the server and wants to know when it is ready: systemd, upstart or nobody.
type Supervisor struct {
	kind   string // "", "systemd" or "upstart"
	socket string // systemd's NOTIFY_SOCKET
}

// findSupervisor reads what the option supervised (no, upstart, systemd or auto) asks for from the environment. A supervisor that is asked
// for and isn't there is only worth a warning, as in redis-server.
func findSupervisor(mode string, getenv func(string) string, log hclog.Logger) Supervisor {
	socket, job := getenv("NOTIFY_SOCKET"), getenv("UPSTART_JOB")
	switch {
	case mode == "systemd" || mode == "auto" && socket != "":
		if socket == "" || socket[0] != '/' && socket[0] != '@' {
			log.Warn("systemd supervision requested, but NOTIFY_SOCKET not found")
			return Supervisor{}
		}
		log.Info("supervised by systemd: TimeoutStartSec and TimeoutStopSec of the unit must allow for loading and saving the data")
		return Supervisor{kind: "systemd", socket: socket}
	case mode == "upstart" || mode == "auto" && job != "":
		if job == "" {
			log.Warn("upstart supervision requested, but UPSTART_JOB not found")
			return Supervisor{}
		}
		log.Info("supervised by upstart, will stop to signal readiness")
		return Supervisor{kind: "upstart"}
	default:
		return Supervisor{}
	}
}

// Active reports whether there is a supervisor; a supervised server doesn't daemonize.
func (s Supervisor) Active() bool { return s.kind != "" }

// Status tells systemd in a few words what the server is doing.
func (s Supervisor) Status(text string) error { return s.notify("STATUS=" + text) }

// Ready tells the supervisor that clients are served.
func (s Supervisor) Ready(status string) error {
	if s.kind == "upstart" {
		return stopSelf()
	}
	return s.notify("STATUS=" + status + "\nREADY=1")
}

// Stopping tells systemd that the server is going down.
func (s Supervisor) Stopping() error { return s.notify("STOPPING=1") }

// notify sends a message of sd_notify(3).
func (s Supervisor) notify(message string) error {
	if s.kind != "systemd" {
		return nil
	}
	name := s.socket
	if strings.HasPrefix(name, "@") {
		name = "\x00" + name[1:] // Linux's abstract namespace
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(message + "\n"))
	return err
}

// writePidFile writes the process's id.
func writePidFile(path string) error {
	return os.WriteFile(path, []byte(pidText()), 0o644)
}
