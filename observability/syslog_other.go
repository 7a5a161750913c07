//go:build !unix

package observability

import (
	"errors"

	"github.com/hashicorp/go-hclog"
)

type systemLog struct{}

func openSyslog(string, string) (*systemLog, error) { return &systemLog{}, nil }

func (*systemLog) connect() error { return errors.New("this system has none") }

func (*systemLog) write(hclog.Level, string) error { return nil }

func (*systemLog) close() error { return nil }
