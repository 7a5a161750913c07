package server

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

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

// fields gathers the lines of INFO.
type fields struct {
	out     []byte
	section int       // where the lines of the present section begin in out
	other   []byte    // what an InfoSource has to say
	c       *core.Ctx // the command that asks
}

var fieldsPool = sync.Pool{New: func() any { return new(fields) }}

func (s *fields) set(name, value string) {
	s.out = append(append(append(append(s.out, name...), ':'), value...), "\r\n"...)
}

func (s *fields) num(name string, n int64) {
	s.out = append(strconv.AppendInt(append(append(s.out, name...), ':'), n, 10), "\r\n"...)
}

func (s *fields) flag(name string, on bool) {
	if on {
		s.set(name, "1")
	} else {
		s.set(name, "0")
	}
}

func (s *fields) setf(name, format string, args ...any) {
	s.out = append(fmt.Appendf(append(append(s.out, name...), ':'), format, args...), "\r\n"...)
}

// float sets a number with so many digits after the point.
func (s *fields) float(name string, f float64, digits int) {
	s.out = append(strconv.AppendFloat(append(append(s.out, name...), ':'), f, 'f', digits, 64), "\r\n"...)
}

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
	for line := range bytes.Lines(lines) {
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		from, to, ok := s.find(line[:colon+1])
		if !ok {
			from, to = len(s.out), len(s.out)
		}
		s.out = slices.Replace(s.out, from, to, line...)
	}
}

// find returns where in out the line of the present section is that begins with a name and its colon.
func (s *fields) find(name []byte) (from, to int, ok bool) {
	from = s.section
	for line := range bytes.Lines(s.out[from:]) {
		if to = from + len(line); bytes.HasPrefix(line, name) {
			return from, to, true
		}
		from = to
	}
	return 0, 0, false
}

// selection is what INFO was asked for.
type selection struct {
	all, defaults bool
	names         []string
}

func selectSections(args [][]byte) selection {
	sel := selection{defaults: len(args) == 0}
	for _, a := range args {
		switch name := strings.ToLower(string(a)); name {
		case "all", "everything":
			sel.all = true
		case "default":
			sel.defaults = true
		case "module_list":
			sel.names = append(sel.names, "modules")
		default:
			sel.names = append(sel.names, name)
		}
	}
	return sel
}

func (sel *selection) wants(s *section) bool {
	return sel.all || sel.defaults && s.byDefault || slices.Contains(sel.names, s.name)
}

func (f *family) info(c *core.Ctx) error {
	c.Client().Flush() // what this connection did counts
	sel := selectSections(c.Args[1:])
	sources := infoSources(c.Engine())
	s := fieldsPool.Get().(*fields)
	s.out, s.c = s.out[:0], c
	for i := range sections {
		if sec := &sections[i]; sel.wants(sec) {
			s.write(f, sec, sources)
		}
	}
	s.foreign(&sel, sources)
	c.Reply.Verbatim("txt", s.out)
	if s.c = nil; cap(s.out)+cap(s.other) < 256<<10 {
		fieldsPool.Put(s)
	}
	return nil
}

// write adds a section.
func (s *fields) write(f *family, sec *section, sources []infoSource) {
	s.title(sec.title)
	sec.write(f, s.c.Engine(), s)
	for _, src := range sources {
		if slices.Contains(src.sections, sec.name) {
			s.other = src.Info(sec.name, s.other[:0])
			s.merge(s.other)
		}
	}
}

func (s *fields) title(title string) {
	if len(s.out) != 0 {
		s.out = append(s.out, "\r\n"...)
	}
	s.out = append(append(append(s.out, "# "...), title...), "\r\n"...)
	s.section = len(s.out)
}

// foreign adds sections that no one but their source knows.
func (s *fields) foreign(sel *selection, sources []infoSource) {
	for _, src := range sources {
		for _, name := range src.sections {
			if name == "" || known(name) || !sel.all && !slices.Contains(sel.names, name) {
				continue
			}
			s.title(strings.ToUpper(name[:1]) + name[1:])
			s.out = src.Info(name, s.out)
		}
	}
}

func known(name string) bool {
	for i := range sections {
		if sections[i].name == name {
			return true
		}
	}
	return false
}

// infoSource is one of the services and families with something to tell.
type infoSource struct {
	core.InfoSource
	sections []string
}

func infoSources(e *core.Engine) []infoSource {
	var all []infoSource
	add := func(src core.InfoSource) { all = append(all, infoSource{src, src.InfoSections()}) }
	if p := e.Persistence(); p != nil {
		add(p)
	}
	if r := e.Replication(); r != nil {
		add(r)
	}
	for _, fam := range e.Families() {
		if src, ok := fam.(core.InfoSource); ok {
			add(src)
		}
	}
	return all
}
