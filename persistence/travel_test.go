package persistence

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// raw asks a server and returns the whole reply as it is on the wire.
func (k *talker) raw(t *testing.T, args ...string) string {
	t.Helper()
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	if _, err := k.conn.Write(appendCommand(nil, raw)); err != nil {
		t.Fatal(err)
	}
	var reply strings.Builder
	for left := 1; left > 0; left-- {
		line, err := k.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		reply.WriteString(line)
		n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
		switch {
		case line[0] == '*':
			left += max(0, n)
		case line[0] == '$' && n >= 0:
			if _, err := io.CopyN(&reply, k.in, int64(n)+2); err != nil {
				t.Fatal(err)
			}
		}
	}
	return reply.String()
}

// asker runs a command on either server.
type asker func(args ...string) string

// bulks are the strings of a reply that is an array of them.
func bulks(reply string) (out []string) {
	_, rest, _ := strings.Cut(reply, "\r\n")
	for rest != "" {
		head, tail, _ := strings.Cut(rest, "\r\n")
		n, _ := strconv.Atoi(head[1:])
		out, rest = append(out, tail[:n]), tail[n+2:]
	}
	return out
}

// idleUnit is by what idle times differ, so that the length of the test doesn't matter.
const idleUnit = 100_000

// describe is everything that a server knows of its keys, but their values.
func describe(do asker, policy string) string {
	var all []string
	for _, db := range travelDBs {
		do("SELECT", db)
		for _, key := range bulks(do("KEYS", "*")) {
			kind, encoding := do("TYPE", key), do("OBJECT", "ENCODING", key)
			if kind == "+set\r\n" && encoding == "$8\r\nlistpack\r\n" { // Redis has it from 7.2 on
				encoding = "$9\r\nhashtable\r\n"
			}
			line := fmt.Sprintf("%s %q %s%s%s", db, key, kind, encoding, do("PEXPIRETIME", key))
			switch policy {
			case "allkeys-lfu":
				line += do("OBJECT", "FREQ", key)
			case "allkeys-lru":
				idle, _ := strconv.Atoi(strings.TrimSpace(do("OBJECT", "IDLETIME", key)[1:]))
				line += fmt.Sprint("idle ", idle/idleUnit)
			}
			all = append(all, strings.ReplaceAll(line, "\r\n", " "))
		}
	}
	do("SELECT", "0")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// differing are the first lines in which two descriptions differ.
func differing(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\n" + y[i]
		}
	}
	return fmt.Sprintf("%d and %d keys", len(x), len(y))
}

var travelDBs = []string{"0", "3", "15"}

// traveller makes random data sets, at the edges of what the formats tell apart.
type traveller struct {
	rnd      *rand.Rand
	n        int
	unsigned bool // no score is -0: it becomes 0 in a small sorted set, so a log of commands need not bring it back, not in Redis either
}

var edgeTexts = []string{
	"", "0", "-0", "00", "1", "-1", "+1", "1.0", " 1", "12", "13", "127", "128", "-128", "-129", "255", "256", "4095", "4096", "-4096", "-4097", "8191", "8192",
	"32767", "32768", "-32768", "-32769", "8388607", "8388608", "-8388609", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "99999999999999999999",
	"\x00", "\xff\xfe\r\n", "\xff\xff\xff\xff", "*3\r\n$3\r\nSET\r\n",
}

// text is a value, of a length at which some encoding changes or of any length.
func (v *traveller) text() string {
	switch v.rnd.IntN(4) {
	case 0:
		return edgeTexts[v.rnd.IntN(len(edgeTexts))]
	case 1:
		return strconv.FormatInt(int64(v.rnd.Uint64()>>v.rnd.IntN(64)), 10)
	}
	lengths := []int{1, 8, 20, 21, 43, 44, 45, 62, 63, 64, 65, 127, 128, 255, 256}
	if v.rnd.IntN(30) == 0 {
		lengths = []int{4094, 4095, 4096, 8190, 8191, 8192, 8193, 16383, 16384, 65535, 65536, 70_000}
	}
	b := make([]byte, lengths[v.rnd.IntN(len(lengths))])
	if v.rnd.IntN(2) == 0 { // else what can be compressed
		for i := range b {
			b[i] = byte(v.rnd.Uint32())
		}
	}
	return string(b)
}

func (v *traveller) score() string {
	if !v.unsigned && v.rnd.IntN(10) == 0 {
		return "-0"
	}
	return pick(v.rnd, "0", "1", "-1", "inf", "-inf", "0.1", "3.0", "1e300", "-1e-300", "5e-324", "1.7976931348623157e308", "9007199254740993",
		"123456789012345680000", fmt.Sprint(v.rnd.NormFloat64()), fmt.Sprint(v.rnd.IntN(10)))
}

func (v *traveller) member() string {
	v.n++
	if v.rnd.IntN(3) == 0 {
		return v.text()
	}
	return fmt.Sprint("m", v.n)
}

func (v *traveller) number() string {
	v.n++
	return strconv.FormatInt(int64(v.n)*[]int64{1, 1, 100_000, 1 << 40}[v.rnd.IntN(4)], 10)
}

// key makes commands that make one key.
func (v *traveller) key() (commands [][]string) {
	v.n++
	key := fmt.Sprint("key:", v.n)
	if v.rnd.IntN(8) == 0 {
		key = v.text()
	}
	sizes := []int{1, 2, 3, 7, 8, 9, 15, 16, 17, 127, 128, 129, 130}
	if v.rnd.IntN(10) == 0 {
		sizes = []int{511, 512, 513, 1000}
	}
	size := sizes[v.rnd.IntN(len(sizes))]
	many := func(command string, each func() []string) []string {
		args := []string{command, key}
		for range size {
			args = append(args, each()...)
		}
		return args
	}
	commands = [][]string{{"DEL", key}}
	add := func(args ...string) { commands = append(commands, args) }
	switch v.rnd.IntN(7) {
	case 0, 1:
		if add("SET", key, v.text()); v.rnd.IntN(6) == 0 {
			add("APPEND", key, v.text())
		}
	case 2:
		if add(many("RPUSH", func() []string { return []string{v.text()} })...); v.rnd.IntN(3) == 0 {
			add("LPOP", key, strconv.Itoa(size-1))
		}
	case 3:
		add(many("SADD", func() []string { return []string{v.number()} })...)
	case 4:
		if add(many("SADD", func() []string { return []string{v.member()} })...); v.rnd.IntN(3) == 0 {
			add("SADD", key, "x", "y")
			add("SREM", key, "x")
		}
	case 5:
		if add(many("HSET", func() []string { return []string{v.member(), v.text()} })...); v.rnd.IntN(3) == 0 {
			add("HSET", key, "x", strings.Repeat("y", 100))
			add("HDEL", key, "x")
		}
	case 6:
		add(many("ZADD", func() []string { return []string{v.score(), v.member()} })...)
	}
	if v.rnd.IntN(4) == 0 {
		add("PEXPIREAT", key, strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli()+v.rnd.Int64N(1<<uint(10+v.rnd.IntN(40))), 10))
	}
	return commands
}

// make stores a random data set.
func (v *traveller) make(t *testing.T, do asker, policy string) {
	t.Helper()
	for _, db := range travelDBs {
		do("SELECT", db)
		for range v.rnd.IntN(40) {
			commands := v.key()
			for _, c := range commands {
				if got := do(c...); strings.HasPrefix(got, "-") {
					t.Fatalf("%.200q: %s", c, got)
				}
			}
			v.age(t, do, commands[0][1], policy)
		}
	}
	do("SELECT", "0")
}

// age gives a key an idle time or a frequency.
func (v *traveller) age(t *testing.T, do asker, key, policy string) {
	t.Helper()
	dump := do("DUMP", key)
	_, payload, _ := strings.Cut(dump, "\r\n")
	at := strings.TrimSpace(do("PEXPIRETIME", key)[1:])
	if at == "-1" {
		at = "0"
	}
	args := []string{"RESTORE", key, at, strings.TrimSuffix(payload, "\r\n"), "REPLACE", "ABSTTL"}
	switch {
	case strings.HasPrefix(dump, "$-1"): // all was taken out of it
		return
	case policy == "allkeys-lru":
		args = append(args, "IDLETIME", strconv.Itoa(idleUnit*v.rnd.IntN(100)+idleUnit/2))
	case policy == "allkeys-lfu":
		args = append(args, "FREQ", strconv.Itoa(v.rnd.IntN(256)))
	default:
		return
	}
	if got := do(args...); got != "+OK\r\n" {
		t.Fatalf("RESTORE %.80q: %s", key, got)
	}
}

// settings are thresholds, as options of both servers.
func (v *traveller) settings() map[string]string {
	of := func(s ...string) string { return pick(v.rnd, s...) }
	return map[string]string{
		"maxmemory-policy": of("noeviction", "allkeys-lru", "allkeys-lfu"), "lfu-decay-time": "0",
		"maxmemory":                 "100000000000", // without a limit small numbers share an object in Redis, and its idle time
		"hash-max-listpack-entries": of("0", "8", "128", "512"), "hash-max-listpack-value": of("8", "64", "20000"),
		"zset-max-listpack-entries": of("0", "8", "128"), "zset-max-listpack-value": of("8", "64"),
		"set-max-intset-entries": of("0", "8", "512"), "list-max-listpack-size": of("-2", "-1", "-5", "1", "8"),
		"list-compress-depth": of("0", "1"), "rdbcompression": of("yes", "no"),
	}
}

// pairs are options as start takes them.
func pairs(settings map[string]string) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		out = append(out, name, settings[name])
	}
	return out
}

// TestRandomDataTravels: a random data set, made here or in Redis, goes to the other server and back, by RDB files and by an AOF
// directory, and both servers find the same in each file: values, types, encodings, times, idle times and frequencies. SOAK_SEED repeats a run.
func TestRandomDataTravels(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SOAK_SEED"), 10, 64)
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	dir := t.TempDir()
	cli := redisServer(t, dir)
	redis := askRedis(t, cli)
	for round := range uint64(crashRounds(8)) {
		v := &traveller{rnd: rand.New(rand.NewPCG(seed+round, 0))}
		settings := v.settings()
		for name, value := range settings {
			redis("CONFIG", "SET", name, value)
		}
		redis("FLUSHALL")
		var fault string
		if v.rnd.IntN(2) == 0 {
			fault = v.fromHere(t, dir, redis, settings)
		} else {
			fault = v.fromRedis(t, dir, redis, settings)
		}
		if fault == "" && v.rnd.IntN(2) == 0 {
			fault = v.byAOF(t, settings)
		}
		if fault != "" {
			t.Fatalf("SOAK_SEED=%d: %s\n%v", seed+round, fault, settings)
		}
	}
}

// askRedis is redisServer's server, asked without redis-cli.
func askRedis(t *testing.T, cli func(args ...string) string) asker {
	t.Helper()
	_, port, _ := strings.Cut(cli("CONFIG", "GET", "port"), "\n")
	k, err := dial("127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.conn.Close() })
	return func(args ...string) string { return k.raw(t, args...) }
}

// sameIn compares what two servers have loaded.
func sameIn(what string, r *rig, redis asker, policy string) (fault string) {
	if got, want := strings.TrimSpace(redis("DEBUG", "DIGEST")), "+"+r.eng.Digest(); got != want {
		return what + ": Redis has digest " + got + ", here it is " + want
	}
	if a, b := describe(r.do, policy), describe(redis, policy); a != b {
		return what + ": here and in Redis:\n" + differing(a, b)
	}
	return ""
}

// fromHere makes the data here; the file goes to Redis, and Redis's back.
func (v *traveller) fromHere(t *testing.T, dir string, redis asker, settings map[string]string) (fault string) {
	policy := settings["maxmemory-policy"]
	r := start(t, newFaultFS(t, t.TempDir()), pairs(settings)...)
	v.make(t, r.do, policy)
	r.set("dir", dir)
	r.save()
	want := "+" + r.eng.Digest() + "\r\n"
	r.close()
	for _, writer := range []string{"our file", "Redis's file of ours"} {
		if got := redis("DEBUG", "RELOAD", "NOSAVE"); got != "+OK\r\n" {
			return "Redis doesn't load the file: " + got
		}
		if got := redis("DEBUG", "DIGEST"); got != want {
			return writer + ": Redis has digest " + got + ", it was " + want
		}
		again := start(t, newFaultFS(t, dir), pairs(settings)...)
		fault = sameIn(writer, again, redis, policy)
		if again.close(); fault != "" {
			return fault
		}
		if got := redis("SAVE"); got != "+OK\r\n" {
			return "Redis's SAVE: " + got
		}
	}
	return ""
}

// fromRedis makes the data in Redis; the file comes here, and ours goes back.
func (v *traveller) fromRedis(t *testing.T, dir string, redis asker, settings map[string]string) (fault string) {
	policy := settings["maxmemory-policy"]
	redis("DEBUG", "QUICKLIST-PACKED-THRESHOLD", pick(v.rnd, "100b", "1g")) // plain nodes
	v.make(t, redis, policy)
	want := redis("DEBUG", "DIGEST")
	if got := redis("SAVE"); got != "+OK\r\n" {
		return "Redis's SAVE: " + got
	}
	for _, writer := range []string{"Redis's file", "our file of Redis's"} {
		if got := redis("DEBUG", "RELOAD", "NOSAVE"); got != "+OK\r\n" {
			return writer + ": Redis doesn't load it: " + got
		}
		if got := redis("DEBUG", "DIGEST"); got != want {
			return writer + ": Redis has digest " + got + ", it was " + want
		}
		r := start(t, newFaultFS(t, dir), pairs(settings)...)
		if fault = sameIn(writer, r, redis, policy); fault == "" {
			r.save()
		}
		if r.close(); fault != "" {
			return fault
		}
	}
	return ""
}

// byAOF takes data by a directory of the log to Redis and back, which both write on.
func (v *traveller) byAOF(t *testing.T, settings map[string]string) (fault string) {
	dir, policy := t.TempDir(), settings["maxmemory-policy"]
	settings["aof-use-rdb-preamble"], settings["appendonly"] = pick(v.rnd, "yes", "no"), "yes"
	r := start(t, newFaultFS(t, dir), pairs(settings)...)
	v.unsigned = true
	v.make(t, r.do, policy)
	if v.rnd.IntN(2) == 0 {
		r.rewriteNow()
	}
	r.must("SET", "written on", "here")
	want := r.stop()
	r.close()
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "--"+name, settings[name])
	}
	cli := redisServer(t, dir, args...)
	redis := askRedis(t, cli)
	if got := redis("DEBUG", "DIGEST"); got != "+"+want+"\r\n" {
		return "our AOF: Redis has digest " + got + ", it was " + want
	}
	if v.rnd.IntN(2) == 0 {
		redis("BGREWRITEAOF")
		eventually(t, "Redis's rewrite", func() bool { return strings.Contains(redis("INFO", "persistence"), "aof_rewrite_in_progress:0") })
	}
	redis("SET", "written on", "in Redis")
	want = redis("DEBUG", "DIGEST")
	cli("SHUTDOWN")
	r = start(t, newFaultFS(t, dir), pairs(settings)...)
	defer r.close()
	if got := "+" + r.eng.Digest() + "\r\n"; got != want {
		return "Redis's AOF: here the digest is " + got + ", it was " + want
	}
	return ""
}
