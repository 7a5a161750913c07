package redustcmd

import (
	"strconv"
	"strings"

	"github.com/redust/redust/core/options"
)

// followTitle shows proc-title-template as the process's command line, now and when something that it tells changes.
func (p *Process) followTitle() {
	t, title := p.Config.Table, p.invocation.title
	if !t.Bool("set-proc-title").Load() {
		return
	}
	if title == nil {
		if t.Source("proc-title-template").Kind != options.FromDefault {
			p.Log.Warn("option 'proc-title-template' has no effect: the command line can't be changed here")
		}
		return
	}
	show := func() error {
		title.set(expandTitle(t, title.name, p.Config.File))
		return nil
	}
	_ = show() // never fails
	t.OnApply(show, "proc-title-template", "bind", "port")
}

// expandTitle fills the variables in. No mode but standalone, which has no name, is there.
func expandTitle(t *options.Table, program, file string) string {
	port, socket := t.Int("port").Load(), t.String("unixsocket").Load()
	listen := socket
	if port != 0 {
		address, _, _ := strings.Cut(t.String("bind").Load(), " ")
		if address == "" {
			address = "*"
		}
		listen = address + ":" + strconv.FormatInt(port, 10)
	}
	if file == "" {
		file = "-"
	}
	text := strings.NewReplacer(
		"{title}", program, "{listen-addr}", listen, "{server-mode}", "", "{port}", strconv.FormatInt(port, 10),
		"{tls-port}", "0", "{unixsocket}", socket, "{config-file}", file,
	).Replace(t.String("proc-title-template").Load())
	return strings.TrimRight(text, " ")
}
