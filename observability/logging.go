package observability

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

// The roles a log line can show, as redis-server does.
const (
	RolePrimary byte = 'M'
	RoleReplica byte = 'S'
	RoleStart   byte = 'C' // before the server's role is known
)

// LogOptions says where log lines go. The zero value means standard output at level notice.
type LogOptions struct {
	Level  string    // a name of loglevel
	File   string    // appended to; opened for each line, so that it can be rotated by renaming it
	Output io.Writer // used if File is empty; nil means standard output

	Syslog         bool
	SyslogIdent    string
	SyslogFacility string // user or local0 to local7

	Clock func() time.Time // nil means time.Now
}

// Logs writes the lines of all loggers of a server in redis-server's form:
//
//	1234:M 23 Nov 2026 02:20:24.575 * Ready to accept connections
//
// that is process, role, local time, level, message, then key=value pairs. A named logger's name stands before the message. All
// methods may be called from several goroutines.
type Logs struct {
	base hclog.InterceptLogger
	role atomic.Int32

	mu     sync.Mutex // guards what follows, and the order of lines
	level  hclog.Level
	named  map[string]hclog.Level
	file   string
	output io.Writer
	syslog *systemLog // nil: not wanted
	clock  func() time.Time
	pid    int

	crashes   bool        // the Go runtime writes crashes to the file
	crashFile os.FileInfo // the file it has for that
}

// NewLogs opens the log. It fails if the file can't be written, or the level or the facility is unknown. A system's log that doesn't
// answer is reported in the log, and looked for again.
func NewLogs(o LogOptions) (*Logs, error) {
	l := &Logs{named: make(map[string]hclog.Level), output: o.Output, clock: o.Clock, pid: os.Getpid()}
	if l.output == nil {
		l.output = os.Stdout
	}
	if l.clock == nil {
		l.clock = time.Now
	}
	l.role.Store(int32(RoleStart))
	if o.Level == "" {
		o.Level = "notice"
	}
	level, err := parseLevel(o.Level)
	if err != nil {
		return nil, err
	}
	l.level = level
	if o.File != "" {
		// Absolute, so that a later change of dir doesn't move it.
		if l.file, err = filepath.Abs(o.File); err != nil {
			return nil, err
		}
		f, err := openLog(l.file)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	if o.Syslog {
		if l.syslog, err = openSyslog(o.SyslogFacility, o.SyslogIdent); err != nil {
			return nil, err
		}
	}
	// The base logger writes nothing: it is there for IsDebug and its like. Lines come from the sink.
	l.base = hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: level})
	l.base.RegisterSink(l)
	if l.syslog != nil {
		if err := l.syslog.connect(); err != nil {
			l.base.Warn("the system's log does not answer, it is tried again with later lines", "error", err)
		}
	}
	return l, nil
}

func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// Logger returns the root logger. Packages get Logger().Named("persistence").Named("aof") and the like.
func (l *Logs) Logger() hclog.Logger { return l.base }

// SetRole changes the role that lines show.
func (l *Logs) SetRole(role byte) { l.role.Store(int32(role)) }

// SetLevel changes the level of all loggers without one of their own: debug, verbose, notice or warning.
func (l *Logs) SetLevel(name string) error {
	level, err := parseLevel(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.level = level
	l.lowerBase()
	return nil
}

// SetNamedLevel gives the logger of that name, and those below it, a level of their own. An empty level takes it back.
func (l *Logs) SetNamedLevel(logger, name string) error {
	if name == "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.named, logger)
		l.lowerBase()
		return nil
	}
	level, err := parseLevel(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.named[logger] = level
	l.lowerBase()
	return nil
}

// lowerBase lets IsDebug and its like say yes wherever some logger wants such lines. The caller holds mu.
func (l *Logs) lowerBase() {
	lowest := l.level
	for _, level := range l.named {
		lowest = min(lowest, level)
	}
	l.base.SetLevel(lowest)
}

// levelOf returns the level of a logger: its own or that of the nearest logger above it. The caller holds mu.
func (l *Logs) levelOf(logger string) hclog.Level {
	for len(l.named) > 0 && logger != "" {
		if level, ok := l.named[logger]; ok {
			return level
		}
		logger = logger[:max(0, strings.LastIndexByte(logger, '.'))]
	}
	return l.level
}

// Accept writes one line; it makes Logs a sink of hclog.
func (l *Logs) Accept(name string, level hclog.Level, msg string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if level < l.levelOf(name) {
		return
	}
	text := message(name, msg, args)
	if l.syslog != nil {
		_ = l.syslog.write(level, text) // there is nowhere to report it
	}
	line := fmt.Appendf(nil, "%d:%c %s %c %s\n", l.pid, rune(l.role.Load()), l.clock().Format("02 Jan 2006 15:04:05.000"), levelMark(level), text)
	l.write(line)
}

// Raw writes text as it is, for the banner.
func (l *Logs) Raw(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write([]byte(text))
}

// write appends to the file or output. There is nowhere to report that the log itself can't be written.
func (l *Logs) write(text []byte) {
	if l.file == "" {
		_, _ = l.output.Write(text)
		return
	}
	f, err := openLog(l.file)
	if err != nil {
		return
	}
	_, _ = f.Write(text)
	l.followCrashFile(f)
	_ = f.Close()
}

// ReportCrashes has the Go runtime write what it says of a crash of the process to the log's file, too, whether that is renamed or not.
// Without a file, standard error has it alone. It concerns the process as a whole.
func (l *Logs) ReportCrashes(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == "" || on == l.crashes {
		return
	}
	l.crashes, l.crashFile = on, nil
	if !on {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{}) // closing can't fail in a way that matters
		return
	}
	if f, err := openLog(l.file); err == nil {
		l.followCrashFile(f)
		_ = f.Close()
	}
}

// followCrashFile makes f, the log's file, the one that crashes are written to, if it is another than before. The caller holds mu.
func (l *Logs) followCrashFile(f *os.File) {
	if !l.crashes {
		return
	}
	info, err := f.Stat()
	if err != nil || l.crashFile != nil && os.SameFile(info, l.crashFile) {
		return
	}
	if debug.SetCrashOutput(f, debug.CrashOptions{}) == nil {
		l.crashFile = info
	}
}

// Close ends the connection to the system's log.
func (l *Logs) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.syslog == nil {
		return nil
	}
	err := l.syslog.close()
	l.syslog = nil
	return err
}

// message puts the logger's name, the message and its pairs on one line.
func message(name, msg string, args []any) string {
	var b strings.Builder
	if name != "" {
		b.WriteString(name)
		b.WriteString(": ")
	}
	b.WriteString(strings.NewReplacer("\r", " ", "\n", " ").Replace(msg))
	for i := 0; i < len(args); i += 2 {
		if i+1 == len(args) {
			b.WriteString(" " + printable(args[i]))
			break
		}
		b.WriteString(" " + printable(args[i]) + "=" + printable(args[i+1]))
	}
	return b.String()
}

// printable writes a value as one word.
func printable(v any) string {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case hclog.Format:
		text = fmt.Sprintf(fmt.Sprint(v[0]), v[1:]...)
	case time.Time:
		text = v.Format(time.RFC3339Nano)
	default:
		text = fmt.Sprint(v)
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// parseLevel maps loglevel to the levels of hclog: what Redis calls notice is Info there, verbose is Debug, debug is Trace.
func parseLevel(name string) (hclog.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return hclog.Trace, nil
	case "verbose":
		return hclog.Debug, nil
	case "notice":
		return hclog.Info, nil
	case "warning":
		return hclog.Warn, nil
	default:
		return hclog.NoLevel, errors.New("a log level is one of debug, verbose, notice, warning")
	}
}

func levelMark(level hclog.Level) byte {
	switch level {
	case hclog.Trace:
		return '.'
	case hclog.Debug:
		return '-'
	case hclog.Info:
		return '*'
	default:
		return '#'
	}
}
