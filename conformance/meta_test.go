package conformance_test

import (
	"fmt"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// metaDifference is one property of a command table or of the configuration that
// isn't Redis's. what is the name that the skip file uses.
type metaDifference struct{ what, detail string }

// reportMeta fails for differences that the skip file doesn't list under
// "meta/<kind>".
func reportMeta(kind string, diffs []metaDifference) {
	GinkgoHelper()
	var lines []string
	for _, d := range diffs {
		if !isKnown(suite.known, "meta/"+kind, d.what, 0) {
			lines = append(lines, d.what+": "+d.detail)
		}
	}
	if len(lines) > 0 {
		Fail(fmt.Sprintf("%d differences in %s:\n  %s", len(lines), kind, strings.Join(lines, "\n  ")))
	}
}

// metaKinds are the comparisons that a skip file entry may name as meta/<kind>.
var metaKinds = map[string]func() []metaDifference{
	"command-info":   compareCommandInfo,
	"command-docs":   compareCommandDocs,
	"config-names":   compareConfigNames,
	"config-default": compareConfigDefaults,
	"config-set":     compareConfigSet,
	"info-fields":    compareInfoFields,
}

var _ = Describe("meta", Label("meta"), func() {
	BeforeEach(func() {
		if *makeGolden || *onlyScripts != "" {
			Skip("only scripts run now")
		}
	})

	It("has a script for every command that Redust registers", func() {
		scripts, err := loadScripts("scripts")
		Expect(err).NotTo(HaveOccurred())
		have := map[string]bool{}
		for _, s := range scripts {
			have[s.command] = true
		}
		var without []string
		for name := range suite.ourNames {
			if !isContainer(name) && !have[scriptName(name)] && !suite.subjectReal {
				without = append(without, name)
			}
		}
		slices.Sort(without)
		Expect(without).To(BeEmpty(), "commands without conformance/scripts/<family>/<command>.txt")
	})

	for kind, compare := range metaKinds {
		It("compares "+kind, Label("meta-"+kind), func() {
			needRedis()
			reportMeta(kind, compare())
		})
	}

	It("shows the skip file in docs/differences.md", func() {
		table, err := documentedTable()
		Expect(err).NotTo(HaveOccurred())
		want := differencesTable(suite.known)
		if *writeTable {
			Expect(writeDocumentedTable(table, want)).To(Succeed())
			return
		}
		Expect(table).To(Equal(want), "run go test ./conformance -args -differences, or make the table between the markers:\n%s", want)
	})

	It("has only differences that are still there", func() {
		needRedis()
		if suite.subjectReal {
			Skip("the binary under test is a real Redis: nothing can differ")
		}
		Expect(staleDifferences()).To(BeEmpty(), "these entries of %s don't differ any more: remove them", skipFile)
	})
})

func needRedis() {
	GinkgoHelper()
	if suite.redis == nil {
		Skip("needs real Redis: " + suite.noRedis)
	}
}

func isContainer(name string) bool {
	for n := range suite.ourNames {
		if strings.HasPrefix(n, name+"|") {
			return true
		}
	}
	return false
}

// staleDifferences lists the entries of the skip file whose replies are equal
// by now. Entries for commands that Redust lacks can't be judged.
func staleDifferences() []string {
	GinkgoHelper()
	scripts, err := loadScripts("scripts")
	Expect(err).NotTo(HaveOccurred())
	found := map[string][]difference{} // by script id, both protocols
	var stale []string
	for _, k := range suite.known {
		label := k.Script + ": " + k.Line
		if kind, ok := strings.CutPrefix(k.Script, "meta/"); ok {
			if !metaStillDiffers(kind, k) {
				stale = append(stale, label)
			}
			continue
		}
		differs, judged := false, false
		for _, s := range scripts {
			if !fits(k.Script, s.id()) || missingFor(s) != "" {
				continue
			}
			judged = true
			if _, done := found[s.id()]; !done {
				found[s.id()] = bothProtocols(s)
			}
			differs = differs || slices.ContainsFunc(found[s.id()], func(d difference) bool {
				return k.matches(s.id(), d.text, d.proto)
			})
		}
		if judged && !differs {
			stale = append(stale, label)
		}
	}
	return stale
}

func metaStillDiffers(kind string, k knownDifference) bool {
	if name := strings.ToUpper(k.Line); suite.redisNames[name] && !suite.ourNames[name] {
		return true // not there yet: can't be judged
	}
	compare := metaKinds[kind]
	return compare != nil && slices.ContainsFunc(compare(), func(d metaDifference) bool {
		return k.matches(k.Script, d.what, 0)
	})
}

func bothProtocols(s *script) []difference {
	GinkgoHelper()
	all := []difference{}
	for _, proto := range []int{2, 3} {
		r := newRun(s, proto, suite.redust, suite.redis, lacking)
		Expect(r.exec()).To(Succeed())
		all = append(all, r.diffs...)
	}
	return all
}

// resp3 opens a RESP3 connection for the meta specs: maps and sets are told
// apart there.
func resp3(l *liveSide) *conn {
	GinkgoHelper()
	c, err := dial(l.srv.addr(), 3)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.close)
	return c
}

// diffLines compares two flattened descriptions.
func diffLines(what string, ours, theirs []string) []metaDifference {
	var out []metaDifference
	for _, l := range theirs {
		if !slices.Contains(ours, l) {
			out = append(out, metaDifference{what, "lacks " + l})
		}
	}
	for _, l := range ours {
		if !slices.Contains(theirs, l) {
			out = append(out, metaDifference{what, "has too much: " + l})
		}
	}
	return out
}

func topLevelNames() []string {
	names := slices.DeleteFunc(sortedKeys(suite.ourNames), func(n string) bool { return strings.Contains(n, "|") })
	return slices.DeleteFunc(names, func(n string) bool { return !suite.redisNames[n] })
}

func compareCommandInfo() []metaDifference {
	ours, theirs := resp3(suite.redust), resp3(suite.redis)
	var out []metaDifference
	for _, name := range topLevelNames() {
		a, err1 := ours.call("COMMAND", "INFO", name)
		b, err2 := theirs.call("COMMAND", "INFO", name)
		if err1 != nil || err2 != nil || len(a.elems) != 1 || len(b.elems) != 1 {
			out = append(out, metaDifference{strings.ToLower(name), fmt.Sprintf("no reply: %v, %v", err1, err2)})
			continue
		}
		out = append(out, compareInfoEntry(a.elems[0], b.elems[0])...)
	}
	for _, name := range sortedKeys(suite.ourNames) {
		if !suite.redisNames[name] {
			out = append(out, metaDifference{strings.ToLower(name), "Redis has no such command"})
		}
	}
	return out
}

// compareInfoEntry compares one command of COMMAND INFO and those of its
// subcommands that Redust has.
func compareInfoEntry(a, b value) []metaDifference {
	if len(b.elems) < 10 {
		return []metaDifference{{b.render(""), "the oracle gave no command"}}
	}
	name := b.elems[0].str()
	if len(a.elems) != len(b.elems) {
		return []metaDifference{{name, fmt.Sprintf("%d fields, Redis has %d", len(a.elems), len(b.elems))}}
	}
	parts := []string{"name", "arity", "flags", "first key", "last key", "step", "acl", "tips", "key specs"}
	var out []metaDifference
	for i, part := range parts {
		out = append(out, diffLines(name, flatten(part, a.elems[i]), flatten(part, b.elems[i]))...)
	}
	theirSubs := map[string]value{}
	for _, s := range b.elems[9].elems {
		theirSubs[s.elems[0].str()] = s
	}
	for _, s := range a.elems[9].elems {
		if their, ok := theirSubs[s.elems[0].str()]; ok {
			out = append(out, compareInfoEntry(s, their)...)
		}
	}
	return out
}

// flatten turns a nested reply into "path = scalar" lines. Sets lose their
// order, arrays keep it, types of aggregates count.
func flatten(path string, v value) []string {
	if !v.aggregate() || v.null {
		return []string{path + " = " + v.render("")}
	}
	out := []string{fmt.Sprintf("%s is %c", path, v.kind)}
	switch v.kind {
	case '%':
		for i := 0; i+1 < len(v.elems); i += 2 {
			out = append(out, flatten(path+"."+v.elems[i].str(), v.elems[i+1])...)
		}
	case '~':
		for _, e := range v.elems {
			out = append(out, path+" has "+e.render(""))
		}
	default:
		for i, e := range v.elems {
			out = append(out, flatten(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
	}
	return out
}

func compareCommandDocs() []metaDifference {
	ours, theirs := resp3(suite.redust), resp3(suite.redis)
	var out []metaDifference
	for _, name := range topLevelNames() {
		a, err1 := ours.call("COMMAND", "DOCS", name)
		b, err2 := theirs.call("COMMAND", "DOCS", name)
		if err1 != nil || err2 != nil || len(a.elems) != 2 || len(b.elems) != 2 {
			out = append(out, metaDifference{strings.ToLower(name), fmt.Sprintf("no docs: %v, %v", err1, err2)})
			continue
		}
		out = append(out, diffLines(strings.ToLower(name), flattenDocs("", a.elems[1]), flattenDocs("", b.elems[1]))...)
	}
	return out
}

// flattenDocs is flatten for COMMAND DOCS: of prose only the presence counts, of
// history only the versions, and only subcommands that both have count.
func flattenDocs(path string, v value) []string {
	if v.kind != '%' {
		return flatten(path, v)
	}
	var out []string
	for i := 0; i+1 < len(v.elems); i += 2 {
		key, val := v.elems[i].str(), v.elems[i+1]
		at := path + "." + key
		switch key {
		case "summary", "complexity", "replaced_by":
			out = append(out, at+" is there")
		case "history":
			for j, h := range val.elems {
				out = append(out, fmt.Sprintf("%s[%d] %s", at, j, h.elems[0].str()))
			}
		case "arguments":
			out = append(out, fmt.Sprintf("%s: %d", at, len(val.elems)))
			for j, arg := range val.elems {
				out = append(out, flattenDocs(fmt.Sprintf("%s[%d]", at, j), arg)...)
			}
		case "subcommands":
			for j := 0; j+1 < len(val.elems); j += 2 {
				sub := val.elems[j].str()
				if up := strings.ToUpper(sub); suite.ourNames[up] && suite.redisNames[up] {
					out = append(out, flattenDocs(at+"."+sub, val.elems[j+1])...)
				}
			}
		default:
			out = append(out, flatten(at, val)...)
		}
	}
	return out
}

func compareConfigNames() []metaDifference {
	return diffConfig(func(name, theirs, ours string, inTheirs, inOurs bool) string {
		switch {
		case !inOurs:
			return "is missing"
		case !inTheirs:
			return "is unknown to Redis"
		}
		return ""
	})
}

// hostOptions have values that belong to a process or a host.
var hostOptions = []string{"port", "dir", "pidfile", "logfile", "unixsocket", "locale-collate"}

func compareConfigDefaults() []metaDifference {
	return diffConfig(func(name, theirs, ours string, inTheirs, inOurs bool) string {
		if inTheirs && inOurs && ours != theirs && !slices.Contains(hostOptions, name) {
			return fmt.Sprintf("default %q, Redis's is %q", ours, theirs)
		}
		return ""
	})
}

func diffConfig(judge func(name, theirs, ours string, inTheirs, inOurs bool) string) []metaDifference {
	var out []metaDifference
	all := map[string]bool{}
	for _, m := range []map[string]string{suite.redis.baseline, suite.redust.baseline} {
		for n := range m {
			all[n] = true
		}
	}
	for _, n := range sortedKeys(all) {
		theirs, inTheirs := suite.redis.baseline[n]
		ours, inOurs := suite.redust.baseline[n]
		if detail := judge(n, theirs, ours, inTheirs, inOurs); detail != "" {
			out = append(out, metaDifference{n, detail})
		}
	}
	return out
}

// compareInfoFields compares the names in INFO, section by section. Fields of
// our own are fine when they start with redust_.
func compareInfoFields() []metaDifference {
	var out []metaDifference
	for _, section := range []string{
		"server", "clients", "memory", "persistence", "stats", "replication", "cpu",
		"modules", "commandstats", "errorstats", "latencystats", "cluster", "keyspace",
	} {
		var names [2][]string
		for i, l := range []*liveSide{suite.redust, suite.redis} {
			l.admin.do("CONFIG", "RESETSTAT")
			v, err := l.admin.call("INFO", section)
			if err != nil {
				out = append(out, metaDifference{section, err.Error()})
			}
			names[i] = slices.DeleteFunc(fieldNames(v.str()), func(n string) bool { return strings.HasPrefix(n, "redust_") })
		}
		out = append(out, diffLines(section, names[0], names[1])...)
	}
	return out
}

// Golden traces need the names that Redis knows, to tell a command that Redust
// lacks from one that nobody has.
var _ = Describe("golden names", func() {
	It("are written with the traces", func() {
		if !*makeGolden {
			Skip("not making golden traces")
		}
		Expect(os.MkdirAll(goldenDir, 0o755)).To(Succeed())
		text := strings.Join(sortedKeys(suite.redisNames), "\n") + "\n"
		Expect(os.WriteFile(goldenCommands, []byte(text), 0o644)).To(Succeed())
	})
})
