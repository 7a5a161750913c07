package conformance_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var (
	onlyScripts = flag.String("script", "", "run only these scripts: paths or folders below scripts/, comma-separated")
	showReplies = flag.Bool("show", false, "print every line with Redis's reply")
	writeTable  = flag.Bool("differences", false, "write the table of docs/differences.md from the skip file")
	makeGolden  = flag.Bool("golden", false, "write golden traces from real Redis instead of testing Redust")
)

// suite is what the specs of one Ginkgo process share: its own pair of servers.
var suite struct {
	redust      *liveSide
	redis       *liveSide // nil without a redis-server: golden traces then serve
	noRedis     string    // why redis is nil
	subjectReal bool      // the binary under test is a real Redis
	known       []knownDifference
	ourNames    map[string]bool // commands and "CONTAINER|SUB" names, upper case
	redisNames  map[string]bool
}

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Redust beside Redis "+redisVersion)
}

var _ = BeforeSuite(func() {
	var err error
	suite.known, err = readKnownDifferences()
	Expect(err).NotTo(HaveOccurred())
	redis, reason := redisBinary()
	suite.noRedis = reason
	subject := redis
	if !*makeGolden {
		dir, derr := os.MkdirTemp("", "redust-conformance-")
		Expect(derr).NotTo(HaveOccurred())
		DeferCleanup(os.RemoveAll, dir)
		subject, err = redustBinary(dir)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(subject).NotTo(BeEmpty(), "golden traces need real Redis: %s", reason)
	suite.redust, err = newLiveSide("Redust", subject)
	Expect(err).NotTo(HaveOccurred())
	suite.ourNames, err = commandNames(suite.redust.admin)
	Expect(err).NotTo(HaveOccurred())
	v, err := suite.redust.admin.call("INFO", "server")
	Expect(err).NotTo(HaveOccurred())
	suite.subjectReal = fieldValues(v.str())["redust_version"] == ""
	if redis == "" {
		fmt.Printf("\n*** NO REAL REDIS (%s): golden traces are the oracle. Scripts without a trace, the command\n"+
			"*** tables and the random sequences are NOT compared.\n\n", reason)
		suite.redisNames, err = goldenNames()
		Expect(err).NotTo(HaveOccurred())
		return
	}
	suite.redis, err = newLiveSide("Redis", redis)
	Expect(err).NotTo(HaveOccurred())
	suite.redisNames, err = commandNames(suite.redis.admin)
	Expect(err).NotTo(HaveOccurred())
})

var _ = AfterSuite(func() {
	for _, s := range []*liveSide{suite.redust, suite.redis} {
		if s != nil {
			s.stop()
		}
	}
})

// commandNames lists what a server knows: COMMAND's names, and for containers
// also "CONTAINER|SUB". Upper case.
func commandNames(c *conn) (map[string]bool, error) {
	v, err := c.call("COMMAND")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, cmd := range v.elems {
		if len(cmd.elems) == 0 {
			continue
		}
		names[strings.ToUpper(cmd.elems[0].str())] = true
		if len(cmd.elems) < 10 {
			continue
		}
		for _, sub := range cmd.elems[9].elems {
			if len(sub.elems) > 0 {
				names[strings.ToUpper(sub.elems[0].str())] = true
			}
		}
	}
	return names, nil
}

func goldenNames() (map[string]bool, error) {
	src, err := os.ReadFile(goldenCommands)
	if err != nil {
		return nil, fmt.Errorf("no redis-server and no golden traces: %w", err)
	}
	names := map[string]bool{}
	for n := range strings.FieldsSeq(string(src)) {
		names[n] = true
	}
	return names, nil
}

// lacking names the command of args when Redis has it and Redust has not.
func lacking(args [][]byte) string {
	if len(args) == 0 {
		return ""
	}
	name := strings.ToUpper(string(args[0]))
	if suite.redisNames[name] && !suite.ourNames[name] {
		return name
	}
	if len(args) > 2 && name == "COMMAND" && strings.HasPrefix(strings.ToUpper(string(args[1])), "GETKEYS") {
		return lacking(args[2:]) // asks about another command
	}
	if len(args) > 1 {
		name += "|" + strings.ToUpper(string(args[1]))
		if suite.redisNames[name] && !suite.ourNames[name] {
			return name
		}
	}
	return ""
}

// commandOf gives the command that a script is about, as COMMAND names it in
// upper case, or "" for a topic.
func commandOf(s *script, names map[string]bool) string {
	if s.topic() {
		return ""
	}
	for n := range names {
		if scriptName(n) == s.command {
			return n
		}
	}
	return strings.ToUpper(s.command)
}

// missingFor names a command that Redust lacks and s can't do without, or "".
func missingFor(s *script) string {
	for _, name := range append([]string{commandOf(s, suite.redisNames)}, s.needs...) {
		if suite.redisNames[name] && !suite.ourNames[name] {
			return name
		}
	}
	return ""
}

// scriptName is the file name (without .txt) of a command's script.
func scriptName(command string) string {
	return strings.ToLower(strings.ReplaceAll(command, "|", "-"))
}

func selected(s *script) bool {
	if *onlyScripts == "" {
		return true
	}
	for want := range strings.SplitSeq(*onlyScripts, ",") {
		want = strings.TrimSuffix(strings.TrimPrefix(want, "./"), "/")
		if s.path == want || strings.HasPrefix(s.path, want+"/") || s.id() == want || s.family == want {
			return true
		}
	}
	return false
}

var _ = Describe("scripts", func() {
	scripts, err := loadScripts("scripts")
	if err != nil {
		It("can be read", func() { Fail(err.Error()) })
		return
	}
	scripts = slices.DeleteFunc(scripts, func(s *script) bool { return !selected(s) })
	for _, s := range scripts {
		for _, proto := range []int{2, 3} {
			It(fmt.Sprintf("%s in RESP%d", s.id(), proto), Label(s.family, s.command, protoName(proto)), func() {
				runScript(s, proto)
			})
		}
	}
})

// runScript is the body of a script's spec.
func runScript(s *script, proto int) {
	GinkgoHelper()
	if name := missingFor(s); name != "" {
		AddReportEntry(entrySkipped, name, ReportEntryVisibilityNever)
		Skip("Redust has no " + name)
	}
	oracle, rec := oracleFor(s, proto)
	r := newRun(s, proto, suite.redust, oracle, lacking)
	err := r.exec()
	if len(r.skipped) > 0 {
		AddReportEntry(entryLines, strings.Join(r.skipped, " "), ReportEntryVisibilityNever)
	}
	if suite.redis == nil && len(r.skipped) > 0 {
		Skip("golden traces can't leave out lines: Redust has no " + strings.Join(r.skipped, " "))
	}
	diffs := unlisted(suite.known, r.diffs)
	if len(diffs) > 0 {
		Fail(describe(diffs, err))
	}
	Expect(err).NotTo(HaveOccurred())
	switch {
	case rec == nil:
	case *makeGolden:
		Expect(rec.write(s, proto)).To(Succeed())
	case len(r.skipped) == 0:
		Expect(rec.check(s, proto)).To(Succeed())
	}
}

// oracleFor is live Redis, recorded, or a trace.
func oracleFor(s *script, proto int) (side, *recorder) {
	GinkgoHelper()
	if suite.redis == nil {
		t, err := readTrace(s, proto)
		if errors.Is(err, fs.ErrNotExist) {
			Skip(err.Error())
		}
		Expect(err).NotTo(HaveOccurred())
		return t, nil
	}
	rec := &recorder{liveSide: suite.redis}
	return rec, rec
}

func describe(diffs []difference, err error) string {
	const most = 12
	var b strings.Builder
	fmt.Fprintf(&b, "%d replies differ from Redis's:\n", len(diffs))
	for i, d := range diffs {
		if i == most {
			fmt.Fprintf(&b, "\n... and %d more", len(diffs)-most)
			break
		}
		b.WriteString("\n" + d.String() + "\n")
	}
	if err != nil {
		fmt.Fprintf(&b, "\nand then: %v", err)
	}
	return b.String()
}

const (
	entrySkipped = "skipped script"
	entryLines   = "skipped lines"
)

// The summary says what was not compared: a green run must not hide it.
var _ = ReportAfterSuite("what was compared", func(report Report) {
	passed, failed, missing, lines := 0, 0, map[string]bool{}, map[string]int{}
	for _, sp := range report.SpecReports {
		switch {
		case sp.Failed():
			failed++
		case sp.State.String() == "passed":
			passed++
		}
		for _, e := range sp.ReportEntries {
			switch e.Name {
			case entrySkipped:
				missing[e.StringRepresentation()] = true
			case entryLines:
				for n := range strings.FieldsSeq(e.StringRepresentation()) {
					lines[n]++
				}
			}
		}
	}
	fmt.Printf("\nconformance: %d specs passed, %d failed; %d commands of Redis that Redust lacks were skipped with their scripts",
		passed, failed, len(missing))
	total := 0
	for _, n := range lines {
		total += n
	}
	fmt.Printf("; %d lines of other scripts were left out for the same reason\n", total)
	if len(missing) > 0 {
		fmt.Printf("  lacking: %s\n", strings.Join(sortedKeys(missing), " "))
	}
	if suite.noRedis != "" {
		fmt.Printf("  WITHOUT REAL REDIS: %s\n", suite.noRedis)
	}
})

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
