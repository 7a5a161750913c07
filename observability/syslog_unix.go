//go:build unix

package observability

import (
	"fmt"
	"log/syslog"

	"github.com/hashicorp/go-hclog"
)

type syslogWriter = *syslog.Writer

// dialSyslog connects to the system's log under the name ident.
func dialSyslog(facility, ident string) (syslogWriter, error) {
	facilities := map[string]syslog.Priority{
		"user": syslog.LOG_USER, "local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3,
		"local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
	}
	f, ok := facilities[facility]
	if !ok {
		return nil, fmt.Errorf("unknown facility %q", facility)
	}
	return syslog.New(f|syslog.LOG_NOTICE, ident)
}

func writeSyslog(w syslogWriter, level hclog.Level, text string) error {
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
