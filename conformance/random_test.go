package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	envRandomCommands     = "REDUST_RANDOM_COMMANDS" // per family and protocol
	envRandomSeed         = "REDUST_RANDOM_SEED"     // repeats a run
	defaultRandomCommands = 4000
)

// randomFamily is a list of command templates. A template is words: a|b picks
// one, {x} draws a value of the kind x, [ ... ] is left out half of the time, and
// a trailing * repeats a word one to four times.
type randomFamily struct {
	name      string
	templates []string
}

// Values that lie on the edges of what commands take.
var (
	edgeValues = []string{
		"", "0", "-1", "1", "7", "10", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.5", "3e3",
		"1e400", "nan", "inf", "-inf", "abc", "\x00\xff\r\n", " 1", "0x10", strings.Repeat("x", 44), strings.Repeat("x", 45),
		strings.Repeat("y", 65), strings.Repeat("z", 300),
	}
	edgeInts = []string{
		"0", "1", "2", "3", "-1", "-2", "10", "100", "-100", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "abc", "", "1.0",
	}
	smallInts  = []string{"0", "1", "2", "3", "4", "5", "8", "-1", "-2", "-3", "-5", "-100", "100"}
	counts     = []string{"0", "1", "2", "3", "5", "20", "1", "2", "-1", "x"}
	edgeFloats = []string{
		"0", "1", "-1", "2.5", "-2.5", "0.1", "1e10", "1e-10", "3.0e3", "inf", "-inf", "+inf", "nan", "abc", "", "1e308",
		"-1e308", "17", "9007199254740993",
	}
	scoreBounds = []string{"-inf", "+inf", "inf", "0", "1", "(1", "2", "(2", "5", "(5", "-1", "10", "nan", "x", "(", "(inf"}
	lexBounds   = []string{"-", "+", "[a", "(a", "[b", "(c", "[m3", "(m5", "[", "(", "a", "", "[z", "[zz"}
	// hostile values take the place of any argument. None is a time to live that ends while the test runs.
	hostileValues = []string{
		"", "0", "-1", "x", "nan", "1.5", " 1", "1 ", "0x10", "+1", "\x00", "-9223372036854775809", "99999999999999999999",
		"LIMIT", "COUNT", "WITHSCORES", "GET", "[", "(",
	}
	expiries = []string{"1000", "2000", "5000", "0", "-1", "9223372036854775807", "x", "100000"}
)

func drawValue(r *rand.Rand, kind string) string {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	switch kind {
	case "k":
		return fmt.Sprintf("k%d", r.IntN(8))
	case "q": // sorted sets whose scores are all 0
		return fmt.Sprintf("q%d", r.IntN(3))
	case "v":
		if r.IntN(3) == 0 {
			return pick(edgeValues)
		}
		return strconv.Itoa(r.IntN(1000))
	case "i":
		return pick(edgeInts)
	case "n":
		return pick(smallInts)
	case "c":
		return pick(counts)
	case "f":
		return pick(edgeFloats)
	case "s": // a plain score
		return strconv.FormatFloat(float64(r.IntN(80)-20)/4, 'g', -1, 64)
	case "b":
		return pick(scoreBounds)
	case "l":
		return pick(lexBounds)
	case "t":
		return pick(expiries)
	case "m":
		if r.IntN(12) == 0 {
			return pick(edgeValues)
		}
		return fmt.Sprintf("m%d", r.IntN(12))
	case "d":
		return strconv.Itoa(r.IntN(30))
	}
	panic("unknown kind of random value " + kind)
}

// draw makes one command of a template.
func draw(r *rand.Rand, template string) []string {
	var out []string
	skipping := false
	for word := range strings.FieldsSeq(template) {
		switch {
		case word == "[":
			skipping = r.IntN(2) == 0
			continue
		case word == "]":
			skipping = false
			continue
		case skipping:
			continue
		}
		times := 1
		if w, ok := strings.CutSuffix(word, "*"); ok && w != "" {
			word, times = w, 1+r.IntN(4)
		}
		for range times {
			alternatives := strings.Split(word, "|")
			for w := range strings.SplitSeq(alternatives[r.IntN(len(alternatives))], ",") {
				if strings.HasPrefix(w, "{") {
					w = drawValue(r, strings.Trim(w, "{}"))
				}
				out = append(out, w)
			}
		}
	}
	return out
}

// spoil does to some commands what only a faulty client does: an argument is missing, strange, there twice, or one too many. Left alone
// are commands that would then choose at random, wait, or differ on purpose, and sorted sets whose scores must stay 0.
func spoil(r *rand.Rand, args []string) []string {
	if len(args) < 3 || r.IntN(12) > 0 || args[1][:min(1, len(args[1]))] == "q" ||
		slices.Contains([]string{"SPOP", "SORT", "ZRANK", "ZREVRANK", "RANDOMKEY"}, args[0]) {
		return args
	}
	args = slices.Clone(args)
	at := 2 + r.IntN(len(args)-2)
	hostile := hostileValues[r.IntN(len(hostileValues))]
	switch r.IntN(6) {
	case 0:
		return slices.Delete(args, at, at+1)
	case 1:
		return slices.Insert(args, at, args[at])
	case 2:
		return slices.Insert(args, at, hostile)
	case 3:
		return append(args, hostile)
	default:
		args[at] = hostile
		return args
	}
}

// randomComparer gives the comparer of a command where Redis's own order or
// choice is undefined.
func randomComparer(args []string) comparer {
	switch strings.ToUpper(args[0]) {
	case "KEYS", "SMEMBERS", "SUNION", "SINTER", "SDIFF", "HKEYS", "HVALS":
		return comparer{name: "unordered"}
	case "SORT": // without STORE it compares up to the first NUL byte: ties have no order
		if !slices.Contains(args, "STORE") {
			return comparer{name: "unordered"}
		}
	case "SPOP":
		if len(args) > 2 {
			return comparer{name: "unordered"}
		}
	case "HGETALL":
		return comparer{name: "pairs"}
	case "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "RANDOMKEY":
		return comparer{name: "shape"}
	case "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME":
		return comparer{name: "approx", tolerance: 3000}
	}
	return comparer{}
}

func randomCommandCount() int {
	if n, err := strconv.Atoi(os.Getenv(envRandomCommands)); err == nil {
		return n
	}
	return defaultRandomCommands
}

func randomSeed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv(envRandomSeed), 10, 64); err == nil {
		return n
	}
	return rand.Uint64()
}

var _ = Describe("random", Label("random"), func() {
	for _, f := range randomFamilies {
		for _, proto := range []int{2, 3} {
			It(fmt.Sprintf("%s in RESP%d", f.name, proto), Label(f.name, protoName(proto)), func() {
				if *makeGolden || *onlyScripts != "" {
					Skip("only scripts run now")
				}
				needRedis()
				runRandom(f, proto, randomSeed(), randomCommandCount())
			})
		}
	}
})

// pair is a connection to each server, for commands that both get.
type pair struct{ ours, theirs *conn }

// same sends a command to both and tells whether the replies agree.
func (p pair) same(mode comparer, args ...string) (ours, theirs outcome, equal bool) {
	ours, theirs = p.ours.do(args...), p.theirs.do(args...)
	return ours, theirs, ours.err == theirs.err && theirs.matches(ours.raw, mode)
}

// bothClean returns a connection to each server. Both are empty, and have small thresholds.
func bothClean(proto int) (p pair) {
	GinkgoHelper()
	for _, l := range []*liveSide{suite.redust, suite.redis} {
		Expect(l.begin(proto)).To(Succeed())
		DeferCleanup(func() { Expect(l.end()).To(Succeed()) })
		smallThresholds(l)
	}
	var err error
	p.ours, err = suite.redust.client("main")
	Expect(err).NotTo(HaveOccurred())
	p.theirs, err = suite.redis.client("main")
	Expect(err).NotTo(HaveOccurred())
	return p
}

// runRandom sends one random sequence to both servers and stops at the first
// reply that differs; at the end it compares all that is stored.
func runRandom(f randomFamily, proto int, seed uint64, count int) {
	GinkgoHelper()
	r := rand.New(rand.NewPCG(seed, uint64(proto)))
	AddReportEntry("seed", fmt.Sprintf("%s=%d", envRandomSeed, seed), ReportEntryVisibilityFailureOrVerbose)
	p := bothClean(proto)

	usable := slices.DeleteFunc(slices.Clone(f.templates), func(t string) bool {
		words := strings.Fields(t)
		return lacking([][]byte{[]byte(words[0]), []byte(words[min(1, len(words)-1)])}) != ""
	})
	if len(usable) == 0 {
		Skip("Redust has no command of " + f.name)
	}
	var history [][]string
	for range count {
		args := draw(r, usable[r.IntN(len(usable))])
		if f.name != "transactions" { // there a command that is refused ends everything
			args = spoil(r, args)
		}
		history = append(history, args)
		if a, b, ok := p.same(randomComparer(args), args...); !ok {
			if a.err != "" && b.err == "" {
				died, err := suite.redust.ensureAdmin()
				a.err += fmt.Sprintf("\n%s%v", died, err)
			}
			Fail(fmt.Sprintf("after %d commands (%s=%d):\n  %s\n  Redust: %s\n  Redis:  %s\nearlier commands on these keys:\n%s", len(history),
				envRandomSeed, seed, commandLine(args), shorten(a.String()), shorten(b.String()), related(history, args)))
		}
	}
	if d := compareState(p); d != "" {
		Fail(fmt.Sprintf("the state differs after %d commands (%s=%d):\n%s", count, envRandomSeed, seed, d))
	}
}

// smallThresholds lets few elements reach both encodings of every type.
func smallThresholds(l *liveSide) {
	for _, o := range []string{
		"hash-max-listpack-entries 8", "hash-max-listpack-value 64", "zset-max-listpack-entries 8",
		"set-max-intset-entries 6", "list-max-listpack-size 4",
	} {
		l.admin.do(append([]string{"CONFIG", "SET"}, strings.Fields(o)...)...)
	}
	if _, ok := l.baseline["set-max-listpack-entries"]; ok { // 7.0 packs no sets of strings
		l.admin.do("CONFIG", "SET", "set-max-listpack-entries", "0")
	}
}

func commandLine(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if words[i] = a; a == "" || strings.ContainsFunc(a, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' }) {
			words[i] = quoteBytes([]byte(a))
		}
	}
	return strings.Join(words, " ")
}

// related shows the last commands that share a key with args.
func related(history [][]string, args []string) string {
	const most = 40
	var out []string
	for i := len(history) - 2; i >= 0 && len(out) < most; i-- {
		for _, a := range history[i][1:] {
			if (strings.HasPrefix(a, "k") || strings.HasPrefix(a, "q")) && slices.Contains(args[1:], a) {
				out = append(out, "  "+commandLine(history[i]))
				break
			}
		}
	}
	slices.Reverse(out)
	return strings.Join(out, "\n")
}

// compareState compares every key: type, TTL, encoding and value.
func compareState(p pair) string {
	var out []string
	check := func(mode comparer, args ...string) value {
		a, b, ok := p.same(mode, args...)
		if !ok {
			out = append(out, fmt.Sprintf("  %s\n  Redust: %s\n  Redis:  %s", commandLine(args), shorten(a.String()), shorten(b.String())))
		}
		v, _ := parseReply(b.raw) // the oracle's reply decides how to go on
		return v
	}
	readers := map[string][]string{
		"string": {"GET", "{}"}, "list": {"LRANGE", "{}", "0", "-1"}, "set": {"SMEMBERS", "{}"},
		"hash": {"HGETALL", "{}"}, "zset": {"ZRANGE", "{}", "0", "-1", "WITHSCORES"},
	}
	keys := check(comparer{name: "unordered"}, "KEYS", "*")
	check(comparer{}, "DBSIZE")
	for _, k := range keys.elems {
		key := k.str()
		check(comparer{name: "approx", tolerance: 3000}, "PTTL", key)
		check(comparer{}, "OBJECT", "ENCODING", key)
		kind := check(comparer{}, "TYPE", key).str()
		if reader := slices.Clone(readers[kind]); reader != nil {
			reader[1] = key
			check(randomComparer(reader), reader...)
		}
	}
	return strings.Join(out, "\n")
}
