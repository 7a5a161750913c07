//go:build unix

package observability

import (
	"fmt"
	"log/syslog"
	"time"

	"github.com/hashicorp/go-hclog"
)

// syslogRetry is how long a system's log that doesn't answer is left alone.
const syslogRetry = time.Second

// systemLog is a way to the system's log. A daemon that is not there yet, or is restarted, is found again; what is logged meanwhile is
// lost there, as it is with syslog(3). Its methods are called one at a time.
type systemLog struct {
	dial   func() (*syslog.Writer, error)
	writer *syslog.Writer // nil: nobody answered at tried
	tried  time.Time
}

// openSyslog prepares lines under the name ident. It fails for an unknown facility only.
func openSyslog(facility, ident string) (*systemLog, error) {
	facilities := map[string]syslog.Priority{
		"user": syslog.LOG_USER, "local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3,
		"local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
	}
	f, ok := facilities[facility]
	if !ok {
		return nil, fmt.Errorf("unknown facility %q", facility)
	}
	return &systemLog{dial: func() (*syslog.Writer, error) { return syslog.New(f|syslog.LOG_NOTICE, ident) }}, nil
}

// connect reports whether there is a system's log to write to.
func (s *systemLog) connect() (err error) {
	if s.writer == nil {
		s.writer, err = s.dial()
		s.tried = time.Now()
	}
	return err
}

func (s *systemLog) write(level hclog.Level, text string) error {
	if s.writer == nil && time.Since(s.tried) < syslogRetry {
		return nil
	}
	if err := s.connect(); err != nil {
		return err
	}
	w := s.writer
	switch level {
	case hclog.Trace:
		return w.Debug(text)
	case hclog.Debug:
		return w.Info(text)
	case hclog.Info:
		return w.Notice(text)
	default:
		return w.Warning(text)
	}
}

func (s *systemLog) close() error {
	if s.writer == nil {
		return nil
	}
	return s.writer.Close()
}
