package server

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/redust/redust/core"
)

func (f *family) infoCommands() []core.Command {
	return []core.Command{{
		Name: "INFO", Arity: -1,
		Flags:      core.Loading | core.Stale | core.Survey,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Tells about the server in fields, by section.",
		Syntax:     "[section...]",
		History:    [][2]string{{"7.0.0", "Takes several sections."}},
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		ACL:        core.CatDangerous,
		Run:        f.info,
	}}
}

// section is a part of INFO.
type section struct {
	name, title string
	byDefault   bool
	write       func(f *family, e *core.Engine, s *fields)
}

// sections are in the order in which INFO prints them.
var sections = []section{
	{"server", "Server", true, infoServer},
	{"clients", "Clients", true, infoClients},
	{"memory", "Memory", true, infoMemory},
	{"persistence", "Persistence", true, infoPersistence},
	{"stats", "Stats", true, infoStats},
	{"replication", "Replication", true, infoReplication},
	{"cpu", "CPU", true, infoCPU},
	{"modules", "Modules", true, func(*family, *core.Engine, *fields) {}},
	{"commandstats", "Commandstats", false, infoCommandstats},
	{"errorstats", "Errorstats", true, infoErrorstats},
	{"latencystats", "Latencystats", false, infoLatencystats},
	{"cluster", "Cluster", true, infoCluster},
	{"keyspace", "Keyspace", true, infoKeyspace},
}

// fields gathers the lines of a section in order.
type fields struct {
	lines [][2]string
	index map[string]int
	c     *core.Ctx // the command that asks
}

func (s *fields) set(name, value string) {
	if i, ok := s.index[name]; ok {
		s.lines[i][1] = value
		return
	}
	if s.index == nil {
		s.index = map[string]int{}
	}
	s.index[name] = len(s.lines)
	s.lines = append(s.lines, [2]string{name, value})
}

func (s *fields) num(name string, n int64) { s.set(name, strconv.FormatInt(n, 10)) }

func (s *fields) flag(name string, on bool) {
	if on {
		s.set(name, "1")
	} else {
		s.set(name, "0")
	}
}

func (s *fields) setf(name, format string, args ...any) { s.set(name, fmt.Sprintf(format, args...)) }

// bytes sets a number of bytes and, as name_human, its form for people.
func (s *fields) bytes(name string, n int64) {
	s.num(name, n)
	s.set(name+"_human", human(n))
}

// human is a number of bytes as Redis prints it for people: 1.50K, 23.54G.
func human(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	f, unit := float64(n), -1
	for f >= 1024 && unit < len("KMGTPE")-1 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.2f%c", f, "KMGTPE"[unit])
}

// merge replaces and adds "field:value" lines.
func (s *fields) merge(lines []byte) {
	for line := range bytes.SplitSeq(lines, []byte("\r\n")) {
		if name, value, ok := strings.Cut(string(line), ":"); ok {
			s.set(name, value)
		}
	}
}

// selection is what INFO was asked for.
type selection struct {
	all, defaults bool
	names         map[string]bool
}

func selectSections(args [][]byte) selection {
	sel := selection{names: map[string]bool{}, defaults: len(args) == 0}
	for _, a := range args {
		switch name := strings.ToLower(string(a)); name {
		case "all", "everything":
			sel.all = true
		case "default":
			sel.defaults = true
		case "module_list":
			sel.names["modules"] = true
		default:
			sel.names[name] = true
		}
	}
	return sel
}

func (sel *selection) wants(s *section) bool {
	return sel.all || sel.defaults && s.byDefault || sel.names[s.name]
}

func (f *family) info(c *core.Ctx) error {
	c.Client().Flush() // what this connection did counts
	sel := selectSections(c.Args[1:])
	e := c.Engine()
	sources := infoSources(e)
	var out []byte
	for i := range sections {
		if s := &sections[i]; sel.wants(s) {
			out = f.appendSection(out, c, s, sources)
		}
	}
	c.Reply.Verbatim("txt", appendForeign(out, &sel, sources))
	return nil
}

func (f *family) appendSection(out []byte, c *core.Ctx, s *section, sources []core.InfoSource) []byte {
	lines := fields{c: c}
	s.write(f, c.Engine(), &lines)
	for _, src := range sources {
		for _, name := range src.InfoSections() {
			if name == s.name {
				lines.merge(src.Info(name, nil))
			}
		}
	}
	out = appendTitle(out, s.title)
	for _, l := range lines.lines {
		out = append(append(append(append(out, l[0]...), ':'), l[1]...), "\r\n"...)
	}
	return out
}

func appendTitle(out []byte, title string) []byte {
	if len(out) != 0 {
		out = append(out, "\r\n"...)
	}
	return append(append(append(out, "# "...), title...), "\r\n"...)
}

// appendForeign adds sections that no one but their source knows.
func appendForeign(out []byte, sel *selection, sources []core.InfoSource) []byte {
	for _, src := range sources {
		for _, name := range src.InfoSections() {
			if name == "" || known(name) || !sel.all && !sel.names[name] {
				continue
			}
			out = appendTitle(out, strings.ToUpper(name[:1])+name[1:])
			out = src.Info(name, out)
		}
	}
	return out
}

func known(name string) bool {
	for i := range sections {
		if sections[i].name == name {
			return true
		}
	}
	return false
}

// infoSources are the services and families with something to tell.
func infoSources(e *core.Engine) []core.InfoSource {
	var out []core.InfoSource
	if p := e.Persistence(); p != nil {
		out = append(out, p)
	}
	if r := e.Replication(); r != nil {
		out = append(out, r)
	}
	for _, fam := range e.Families() {
		if src, ok := fam.(core.InfoSource); ok {
			out = append(out, src)
		}
	}
	return out
}
