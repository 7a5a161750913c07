//go:build !linux && !darwin

package redustcmd

import (
	"errors"
	"os"
	"strconv"

	"github.com/hashicorp/go-hclog"
)

// fitOpenFiles knows no limit here.
func fitOpenFiles(maxClients int64, _ hclog.Logger) (int64, error) { return maxClients, nil }

func pidText() string { return strconv.Itoa(os.Getpid()) + "\n" }

func stopSelf() error { return errors.New("there is no upstart on this system") }
