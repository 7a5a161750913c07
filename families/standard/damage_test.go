package standard_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/families/standard"
	"github.com/redust/redust/protocol"
)

// loadUnexamined is a family with one command, which puts a payload's value at a key as the loader of a file does under
// sanitize-dump-payload no.
type loadUnexamined struct{}

func (loadUnexamined) Name() string { return "unexamined" }

func (loadUnexamined) Register(r *core.Registry) {
	r.Add([]core.Command{{
		Name: "LOADUNEXAMINED", Arity: 3,
		Flags: core.Write, Keys: core.KeyAt(1, core.Overwrite|core.Update),
		Group: "generic", Since: "1.0.0", Complexity: "O(N)", Summary: "Loads a payload.",
		Run: func(c *core.Ctx) error {
			kind, body, err := rdb.CheckPayload(c.Args[2], true)
			if err != nil {
				return err
			}
			for _, t := range c.Engine().Registry().Types() {
				for _, k := range t.RDBTypes {
					if k != kind {
						continue
					}
					v, err := t.Load(rdb.NewBytesDecoder(body, rdb.DecoderOptions{}), kind)
					if err != nil {
						return protocol.Errorf("ERR %v", err)
					}
					c.Place(c.Key(0), core.Taken{Value: v, Deadline: core.NoDeadline})
					c.Reply.OK()
					return nil
				}
			}
			return protocol.Error("ERR unknown type")
		},
	}})
}

// TestDamagedPayloads damages payloads of every encoding and sends commands to what can still be restored: nothing may
// panic, take memory out of proportion, or leave any behind. REDUST_DAMAGE_ROUNDS and REDUST_DAMAGE_SEED make it longer, and the same again.
func TestDamagedPayloads(t *testing.T) {
	rounds := 2000
	if n, err := strconv.Atoi(os.Getenv("REDUST_DAMAGE_ROUNDS")); err == nil {
		rounds = n
	}
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("REDUST_DAMAGE_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d", seed)
	d := &damage{t: t, rng: rand.New(rand.NewPCG(seed, 0))}
	d.h = coretest.New(t, append(standard.All(), loadUnexamined{})...).WithoutReplay()
	if err := d.h.Engine.Options().Load("enable-debug-command", []string{"yes"}, options.Source{}); err != nil {
		t.Fatal(err)
	}
	d.samples()
	d.h.Do("FLUSHALL", "SYNC").OK()
	empty := d.h.Engine.UsedMemory()
	for i := range rounds {
		d.round([]string{"RESTORE", "LOADUNEXAMINED"}[i%2])
	}
	if err := d.h.Engine.Keyspace().CheckInvariants(); err != nil {
		t.Errorf("keyspace: %v", err)
	}
	d.h.Do("FLUSHALL", "SYNC").OK()
	if left := d.h.Engine.UsedMemory() - empty; left > 1<<20 {
		t.Errorf("%d bytes are in use after FLUSHALL", left)
	}
	t.Logf("%d payloads, accepted by type: %v; commands: %d", len(d.payloads), d.accepted, d.commands)
}

type damage struct {
	t        *testing.T
	h        *coretest.Harness
	rng      *rand.Rand
	payloads []string
	accepted map[string]int
	commands int
	sent     []string // the round's commands, for the report of a panic
}

// samples makes payloads of values small and large.
func (d *damage) samples() {
	d.accepted = map[string]int{}
	do := d.h.Do
	long := strings.Repeat("abcd", 40)
	for i, n := range []int{1, 3, 20, 200} {
		for j := range n {
			v := "m" + strconv.Itoa(j)
			if j%2 == 0 {
				v = strconv.Itoa(j * j * 31)
			}
			do("RPUSH", fmt.Sprint("list", i), v, long[:j%len(long)])
			do("HSET", fmt.Sprint("hash", i), v, strconv.Itoa(j))
			do("SADD", fmt.Sprint("set", i), v)
			do("SADD", fmt.Sprint("intset", i), strconv.Itoa(j*70000))
			do("ZADD", fmt.Sprint("zset", i), strconv.FormatFloat(float64(j)*0.5, 'g', -1, 64), v)
		}
		do("HSET", fmt.Sprint("longhash", i), "f", long, long, "1")
		do("SADD", fmt.Sprint("longset", i), long, "1")
		do("ZADD", fmt.Sprint("longzset", i), "1", long, "-inf", "x")
		do("SET", fmt.Sprint("string", i), strings.Repeat("x", n))
		do("SET", fmt.Sprint("int", i), strconv.Itoa(n*1000-1500))
	}
	do("SET", "compressed", strings.Repeat("abcdefgh", 100))
	d.h.Set("list-max-listpack-size", "3")
	do("RPUSH", "nodes", "1", "2", "3", "4", "5", "6", "7", "8", long, "9")
	d.h.Set("list-max-listpack-size", "-2")
	cursor := "0"
	for {
		reply := do("SCAN", cursor, "COUNT", "1000").Reply
		for _, k := range reply.Elems[1].Elems {
			dump := do("DUMP", string(k.Str)).Reply.Str
			d.payloads = append(d.payloads, string(dump[:len(dump)-10]))
		}
		if cursor = string(reply.Elems[0].Str); cursor == "0" {
			break
		}
	}
	d.payloads = append(d.payloads, oldPayloads()...)
	slices.Sort(d.payloads) // the same order each time, for the seed
	for _, p := range d.payloads {
		do("RESTORE", "sound", "0", string(rdb.SealPayload([]byte(p), 0)), "REPLACE").OK()
	}
}

// oldPayloads are of encodings that are only read.
func oldPayloads() (out []string) {
	ziplist := func(elements ...string) string {
		body, tail, prev := "", 10, 0
		for i, e := range elements {
			if i > 0 {
				tail += prev
			}
			entry := string([]byte{byte(prev), byte(len(e))}) + e
			body, prev = body+entry, len(entry)
		}
		head := binary.LittleEndian.AppendUint32(nil, uint32(10+len(body)+1))
		head = binary.LittleEndian.AppendUint32(head, uint32(tail))
		head = binary.LittleEndian.AppendUint16(head, uint16(len(elements)))
		return string(head) + body + "\xff"
	}
	for t, value := range map[rdb.Type]string{
		rdb.TypeListZiplist:   ziplist("a", "b", "12345"),
		rdb.TypeListQuicklist: ziplist("a", "bcd", "", "5"),
		rdb.TypeZSetZiplist:   ziplist("a", "1", "bcd", "1.5", "e", "30"),
		rdb.TypeHashZiplist:   ziplist("f", "v", "field", "value", "x", "1"),
		rdb.TypeHashZipmap:    "\x02\x01f\x01\x00v\x05field\x02\x01va\x00\xff",
	} {
		count := ""
		if t == rdb.TypeListQuicklist {
			count = "\x01"
		}
		out = append(out, string([]byte{byte(t)})+count+string([]byte{byte(len(value))})+value)
	}
	return out
}

func (d *damage) pick() []byte { return []byte(d.payloads[d.rng.IntN(len(d.payloads))]) }

// damaged is a payload with one to three faults, without its footer.
func (d *damage) damaged() []byte {
	b := d.pick()
	for range 1 + d.rng.IntN(3)*d.rng.IntN(2) {
		if len(b) == 0 {
			return b
		}
		i, j := d.rng.IntN(len(b)), d.rng.IntN(len(b))
		if d.rng.IntN(3) > 0 { // heads and tails hold the lengths and counts
			i = d.rng.IntN(min(len(b), 12))
			if d.rng.IntN(4) == 0 {
				i = len(b) - 1 - i
			}
		}
		switch d.rng.IntN(9) {
		case 0, 1, 2:
			b[i] = byte(d.rng.IntN(256))
		case 3:
			b[i] ^= 1 << d.rng.IntN(8)
		case 4:
			b[i] += byte(d.rng.IntN(5) - 2)
		case 5:
			b = append(b[:i], b[min(i+1+d.rng.IntN(3), len(b)):]...)
		case 6:
			b = append(b[:i], append([]byte{byte(d.rng.IntN(256))}, b[i:]...)...)
		case 7:
			i, j = min(i, j), max(i, j)
			b = append(b[:j], append(append([]byte(nil), b[i:j]...), b[j:]...)...)
		case 8:
			if o := d.pick(); len(o) > 0 {
				b = append(b[:i], o[d.rng.IntN(len(o)):]...)
			}
		}
	}
	return b
}

func (d *damage) round(load string) {
	b := d.damaged()
	if len(b) == 0 {
		return
	}
	payload := string(rdb.SealPayload(b, 0))
	d.sent = append(d.sent[:0], fmt.Sprintf("%s %q", load, payload))
	defer func() {
		if r := recover(); r != nil {
			d.t.Logf("after:\n%s", strings.Join(d.sent, "\n"))
			panic(r)
		}
	}()
	args := []string{load, "key", payload}
	if load == "RESTORE" {
		args = []string{load, "key", "0", payload, "REPLACE"}
	}
	limit := uint64(len(payload))*600 + 4<<20
	r, took := d.measured(args)
	if took > limit { // with -race a new region of the keyspace's memory is 4 MB of Go's heap: it comes once, what a payload takes comes again
		d.h.Do("DEL", "key")
		r, took = d.measured(args)
	}
	if took > limit {
		d.t.Fatalf("%d bytes allocated for a payload of %d bytes: %q", took, len(payload), payload)
	}
	if r.Raw[0] != '+' {
		return
	}
	kind := strings.Trim(d.h.Do("TYPE", "key").Raw, "+\r\n")
	d.accepted[load+" "+kind]++
	if load == "RESTORE" {
		d.again()
	}
	for range 12 {
		d.command(kind)
	}
	d.h.Do("DEL", "key", "other")
	d.h.Effects()
	if n := d.h.Engine.Keyspace().Len(0); n != 0 {
		d.t.Fatalf("%d keys left after:\n%s", n, strings.Join(d.sent, "\n"))
	}
}

// again makes sure that an examined value is a sound one: what it is dumped to is accepted, and equal.
func (d *damage) again() {
	dump := string(d.h.Do("DUMP", "key").Reply.Str)
	if r := d.h.Do("RESTORE", "other", "0", dump, "REPLACE"); r.Raw[0] != '+' {
		d.t.Fatalf("after %s: DUMP's %q is refused: %s", d.sent[0], dump, r.Raw)
	}
	if r := d.h.Do("DEBUG", "DIGEST-VALUE", "key", "other"); string(r.Elems[0].Str) != string(r.Elems[1].Str) {
		d.t.Fatalf("after %s: dumped and restored it differs", d.sent[0])
	}
}

// words is what commands get as arguments: K is the key, O another one, E an element, N a number, I an index.
var words = map[string][]string{
	"string": {"APPEND K E", "INCR K", "GET K", "GETRANGE K I I", "SETRANGE K 3 E", "STRLEN K", "INCRBYFLOAT K N", "LCS K O", "COPY K O"},
	"list": {
		"LINDEX K I", "LINSERT K BEFORE E E", "LLEN K", "LPOP K", "RPOP K 2", "LPOS K E", "LPUSH K E", "RPUSH K E", "LRANGE K 0 -1", "LRANGE K I I",
		"LREM K I E", "LSET K I E", "LTRIM K I I", "RPOPLPUSH K O", "LMOVE K K LEFT RIGHT", "SORT K ALPHA", "SORT K STORE O", "COPY K O", "LMPOP 1 K LEFT COUNT 3",
	},
	"set": {
		"SADD K E", "SCARD K", "SDIFF K O", "SINTER K K", "SISMEMBER K E", "SMEMBERS K", "SMOVE K O E", "SPOP K", "SPOP K 2", "SRANDMEMBER K", "SRANDMEMBER K -5",
		"SREM K E", "SSCAN K 0", "SUNIONSTORE O K", "SDIFFSTORE K K O", "SINTERCARD 1 K", "SORT K ALPHA", "COPY K O", "SADD O 1 2 a",
	},
	"hash": {
		"HDEL K E", "HEXISTS K E", "HGET K E", "HGETALL K", "HINCRBY K E N", "HINCRBYFLOAT K E N", "HKEYS K", "HLEN K", "HMGET K E E", "HSET K E E", "HSETNX K E E",
		"HSTRLEN K E", "HVALS K", "HSCAN K 0", "HRANDFIELD K", "HRANDFIELD K 5 WITHVALUES", "HRANDFIELD K -5", "COPY K O",
	},
	"zset": {
		"ZADD K N E", "ZCARD K", "ZCOUNT K -inf N", "ZINCRBY K N E", "ZLEXCOUNT K - +", "ZPOPMAX K", "ZPOPMIN K 2", "ZRANGE K I I", "ZRANGE K 0 -1 WITHSCORES",
		"ZRANGEBYLEX K - [E", "ZRANGEBYSCORE K N +inf", "ZRANK K E", "ZREVRANK K E", "ZREM K E", "ZREMRANGEBYLEX K [E +", "ZREMRANGEBYRANK K I I", "ZREMRANGEBYSCORE K N N",
		"ZREVRANGE K 0 -1", "ZSCAN K 0", "ZSCORE K E", "ZUNIONSTORE O 2 K K", "ZINTERSTORE O 1 K", "ZDIFFSTORE O 1 K", "ZRANDMEMBER K", "ZRANDMEMBER K -5 WITHSCORES", "COPY K O",
	},
}

var anyType = []string{"DUMP K", "OBJECT ENCODING K", "MEMORY USAGE K SAMPLES 0", "DEBUG DIGEST", "DEBUG OBJECT K", "RENAME K O", "COPY K O REPLACE", "DEBUG DIGEST-VALUE K"}

func (d *damage) command(kind string) {
	all := words[kind]
	if d.rng.IntN(6) == 0 {
		all = anyType
	}
	args := strings.Fields(all[d.rng.IntN(len(all))])
	for i, w := range args {
		switch strings.TrimPrefix(w, "[") {
		case "K":
			args[i] = "key"
		case "O":
			args[i] = "other"
		case "E":
			args[i] = w[:len(w)-1] + []string{"", "0", "m1", "31", "m3", "124", strings.Repeat("abcd", 40), "70000", "99999999999", "x"}[d.rng.IntN(10)]
		case "N":
			args[i] = []string{"0", "1", "-1.5", "10", "1e300"}[d.rng.IntN(5)]
		case "I":
			args[i] = strconv.Itoa(d.rng.IntN(30) - 15)
		}
	}
	d.sent = append(d.sent, fmt.Sprintf("%q", args))
	d.commands++
	d.h.Do(args...)
}

// measured runs a command and tells how many bytes of Go's heap were allocated meanwhile.
func (d *damage) measured(args []string) (r *coretest.Reply, took uint64) {
	before := allocated()
	r = d.h.Do(args...)
	return r, allocated() - before
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
