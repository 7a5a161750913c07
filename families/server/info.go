package server

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
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
	section int          // where the lines of the present section begin in out
	next    int          // where the line is that a source is likely to replace next
	other   []byte       // what an InfoSource has to say
	sources []infoSource // all who have
	c       *core.Ctx    // the command that asks
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

// part appends a part of a line: ",expires=" and a number.
func (s *fields) part(name string, n int64) { s.out = strconv.AppendInt(append(s.out, name...), n, 10) }

func (s *fields) endLine() { s.out = append(s.out, '\r', '\n') }

// percent sets a part of a whole in percent.
func (s *fields) percent(name string, part, whole int64) {
	s.out = strconv.AppendFloat(append(append(s.out, name...), ':'), percent(part, whole), 'f', 2, 64)
	s.out = append(s.out, "%\r\n"...)
}

// float sets a number with so many digits after the point.
func (s *fields) float(name string, f float64, digits int) {
	s.out = append(strconv.AppendFloat(append(append(s.out, name...), ':'), f, 'f', digits, 64), "\r\n"...)
}

// bytes sets a number of bytes and, as name_human, its form for people.
func (s *fields) bytes(name string, n int64) {
	s.num(name, n)
	s.out = appendHuman(append(append(s.out, name...), "_human:"...), n)
	s.endLine()
}

// human is a number of bytes as Redis prints it for people: 1.50K, 23.54G.
func human(n int64) string { return string(appendHuman(nil, n)) }

func appendHuman(dst []byte, n int64) []byte {
	if n < 1024 {
		return append(strconv.AppendInt(dst, n, 10), 'B')
	}
	f, unit := float64(n), -1
	for f >= 1024 && unit < len("KMGTPE")-1 {
		f /= 1024
		unit++
	}
	return append(strconv.AppendFloat(dst, f, 'f', 2, 64), "KMGTPE"[unit])
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
		s.next = from + len(line)
	}
}

// find returns where in out the line of the present section is that begins with a name and its colon. As a source mostly keeps to the
// order of the lines that it replaces, it looks behind the last of them first.
func (s *fields) find(name []byte) (from, to int, ok bool) {
	if rest := s.out[s.next:]; bytes.HasPrefix(rest, name) {
		return s.next, s.next + bytes.IndexByte(rest, '\n') + 1, true
	}
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
	all   bool
	known uint32   // a bit for each of sections
	other []string // names of others, in lower case
}

func selectSections(args [][]byte) (sel selection) {
	if len(args) == 0 {
		sel.addDefaults()
	}
	for _, a := range args {
		switch {
		case protocol.IsWord(a, "ALL"), protocol.IsWord(a, "EVERYTHING"):
			sel.all = true
		case protocol.IsWord(a, "DEFAULT"):
			sel.addDefaults()
		case protocol.IsWord(a, "MODULE_LIST"):
			sel.add("MODULES")
		default:
			sel.add(string(a))
		}
	}
	return sel
}

func (sel *selection) addDefaults() {
	for i := range sections {
		if sections[i].byDefault {
			sel.known |= 1 << i
		}
	}
}

func (sel *selection) add(name string) {
	for i := range sections {
		if len(name) == len(sections[i].name) && strings.EqualFold(name, sections[i].name) {
			sel.known |= 1 << i
			return
		}
	}
	sel.other = append(sel.other, strings.ToLower(name))
}

func (f *family) info(c *core.Ctx) error {
	c.Client().Flush() // what this connection did counts
	sel := selectSections(c.Args[1:])
	s := fieldsPool.Get().(*fields)
	s.out, s.c = s.out[:0], c
	s.findSources(c.Engine())
	for i := range sections {
		if sel.all || sel.known>>i&1 != 0 {
			s.write(f, &sections[i])
		}
	}
	if sel.all || len(sel.other) > 0 {
		s.foreign(&sel)
	}
	c.Reply.Verbatim("txt", s.out)
	clear(s.sources)
	if s.c = nil; cap(s.out)+cap(s.other) < 256<<10 {
		fieldsPool.Put(s)
	}
	return nil
}

// write adds a section.
func (s *fields) write(f *family, sec *section) {
	s.title(sec.title)
	sec.write(f, s.c.Engine(), s)
	s.next = s.section
	for _, src := range s.sources {
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
func (s *fields) foreign(sel *selection) {
	for _, src := range s.sources {
		for _, name := range src.sections {
			if name == "" || known(name) || !sel.all && !slices.Contains(sel.other, name) {
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

func (s *fields) findSources(e *core.Engine) {
	s.sources = s.sources[:0]
	if p := e.Persistence(); p != nil {
		s.addSource(p)
	}
	if r := e.Replication(); r != nil {
		s.addSource(r)
	}
	for _, fam := range e.Families() {
		if src, ok := fam.(core.InfoSource); ok {
			s.addSource(src)
		}
	}
}

func (s *fields) addSource(src core.InfoSource) {
	s.sources = append(s.sources, infoSource{src, src.InfoSections()})
}
