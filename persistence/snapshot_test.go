package persistence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/protocol"
)

// instant is a snapshot with the offset of the effect log whose state it is.
type instant struct {
	file   []byte
	offset int64
}

// takeAt takes a snapshot while others write.
func (r *rig) takeAt(log *effects.Log) (instant, error) {
	var out bytes.Buffer
	var at instant
	var p snapshotProgress
	r.svc.snapshotting.Lock()
	defer r.svc.snapshotting.Unlock()
	err := r.svc.takeSnapshot(context.Background(), &out, snapshotOptions{atStart: func() { at.offset = log.Offset() }}, &p)
	at.file = out.Bytes()
	return at, err
}

// loadInto loads a snapshot into an engine of its own, keys whose time is over included.
func loadInto(t *testing.T, file []byte) *core.Engine {
	t.Helper()
	e := newEngine(t)
	svc, err := New(Config{Engine: e, FS: newFaultFS(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { svc.Close(); e.Close() })
	if _, _, err := svc.loadRDB(context.Background(), bytes.NewReader(file), int64(len(file)), loadOptions{keepExpired: true}); err != nil {
		t.Fatalf("loading the snapshot: %v", err)
	}
	return e
}

// replayed executes a piece of the effect log on an empty engine.
func replayed(t *testing.T, log []byte) *core.Engine {
	t.Helper()
	e := newEngine(t)
	t.Cleanup(func() { e.Close() })
	e.SetLoading(true)
	c := e.NewClient(nil)
	var p protocol.Parser
	for len(log) > 0 {
		args, n, err := p.Next(log, &protocol.Limits{})
		if err != nil || n == 0 {
			t.Fatalf("effect log: %v", err)
		}
		log = log[n:]
		if err := e.Replay(c, args); err != nil {
			t.Fatalf("replaying %q: %v", args, err)
		}
	}
	return e
}

// readLog gathers the effect log until stop is closed and everything written has come.
func readLog(r *effects.Reader, stop chan struct{}) chan []byte {
	out := make(chan []byte, 1)
	go func() {
		var all []byte
		for {
			b, _, err := r.TryNext()
			all = append(all, b...)
			if b != nil && err == nil {
				continue
			}
			select {
			case <-stop:
				if b, _, _ = r.TryNext(); b == nil {
					out <- all
					return
				}
				all = append(all, b...)
			case <-r.Wake():
			}
		}
	}()
	return out
}

const (
	accounts = 200
	balance  = 1000
)

// transfer moves an amount between two accounts in one transaction.
func transfer(e *core.Engine, c *core.Client, rnd *rand.Rand) {
	a, b, n := rnd.IntN(accounts), rnd.IntN(accounts), strconv.Itoa(rnd.IntN(10))
	doWith(e, c, "MULTI")
	doWith(e, c, "DECRBY", fmt.Sprint("account:", a), n)
	doWith(e, c, "HINCRBY", "hash:account", fmt.Sprint(b), n)
	doWith(e, c, "HINCRBY", "hash:account", fmt.Sprint(a), "-"+n)
	doWith(e, c, "INCRBY", fmt.Sprint("account:", b), n)
	doWith(e, c, "EXEC")
}

// disorder changes keys of all kinds.
func disorder(e *core.Engine, c *core.Client, rnd *rand.Rand) {
	key := func(prefix string) string { return fmt.Sprint(prefix, rnd.IntN(300)) }
	el := strconv.Itoa(rnd.IntN(500))
	switch rnd.IntN(16) {
	case 0, 1:
		doWith(e, c, "SET", key("string:"), strings.Repeat("x", rnd.IntN(100)))
	case 2:
		doWith(e, c, "SET", key("string:"), "short", "PX", strconv.Itoa(1+rnd.IntN(20)))
	case 3:
		doWith(e, c, "DEL", key("string:"))
	case 4:
		doWith(e, c, "APPEND", key("string:"), el)
	case 5:
		doWith(e, c, "SADD", key("set:"), el)
	case 6:
		doWith(e, c, "SPOP", key("set:"))
	case 7:
		doWith(e, c, "HSET", key("hash:"), el, el)
	case 8:
		doWith(e, c, "HDEL", key("hash:"), el)
	case 9:
		doWith(e, c, "ZADD", key("zset:"), el, el)
	case 10:
		doWith(e, c, "ZREMRANGEBYRANK", key("zset:"), "0", "1")
	case 11:
		doWith(e, c, "RENAME", key("string:"), key("string:"))
	case 12:
		doWith(e, c, "PEXPIRE", key("hash:"), strconv.Itoa(1+rnd.IntN(30)))
	case 13:
		doWith(e, c, "MSET", key("string:"), el, key("string:"), el)
	case 14:
		doWith(e, c, "HSET", "hash:big", fmt.Sprint("field:", el), el) // handed over with the key reserved
	case 15:
		doWith(e, c, "SUNIONSTORE", key("set:"), key("set:"), key("set:"))
	}
}

// TestSnapshotIsOneInstant: a snapshot that is taken while everything changes is the state at one offset of
// the effect log: transactions are in it whole or not at all, and replaying the log up to there gives the same.
func TestSnapshotIsOneInstant(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()))
	r.eng.Run()
	log := r.eng.Log()
	stop := make(chan struct{})
	reader := log.NewReader(false)
	base := reader.Offset()
	written := readLog(reader, stop)
	for i := range accounts {
		r.must("SET", fmt.Sprint("account:", i), strconv.Itoa(balance))
		r.must("HSET", "hash:account", strconv.Itoa(i), strconv.Itoa(balance))
	}
	r.fill(2000)
	var writers sync.WaitGroup
	var done atomic.Bool
	for w := range 4 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			rnd := rand.New(rand.NewPCG(7, uint64(w)))
			c := r.newClient()
			for !done.Load() {
				if w == 0 {
					transfer(r.eng, c, rnd)
				} else {
					disorder(r.eng, c, rnd)
				}
			}
		}()
	}
	const snapshots = 2
	var taken []instant
	for range snapshots {
		time.Sleep(20 * time.Millisecond)
		s, err := r.takeAt(log)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, s)
	}
	done.Store(true)
	writers.Wait()
	close(stop)
	all := <-written
	for i, s := range taken {
		loaded := loadInto(t, s.file)
		checkBalance(t, loaded)
		if want := replayed(t, all[:s.offset-base]).Digest(); loaded.Digest() != want {
			t.Errorf("snapshot %d is not the state at offset %d of the log", i, s.offset)
		}
	}
	if err := r.eng.Keyspace().CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// checkBalance adds up all accounts: no transfer is there by half.
func checkBalance(t *testing.T, e *core.Engine) {
	t.Helper()
	c := e.NewClient(nil)
	sum := 0
	for i := range accounts {
		one := bulk(t, doWith(e, c, "GET", fmt.Sprint("account:", i)))
		if field := bulk(t, doWith(e, c, "HGET", "hash:account", strconv.Itoa(i))); field != one {
			t.Errorf("account %d has %d, and %d in the hash", i, one, field)
		}
		sum += one
	}
	if sum != accounts*balance {
		t.Errorf("all accounts have %d, want %d", sum, accounts*balance)
	}
}

// bulk is a number in a bulk reply.
func bulk(t *testing.T, reply string) int {
	t.Helper()
	parts := strings.Split(reply, "\r\n")
	if len(parts) < 2 {
		t.Fatalf("reply %q", reply)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		t.Fatalf("reply %q", reply)
	}
	return n
}

func TestDisturbedSnapshot(t *testing.T) {
	for _, cmd := range [][]string{{"FLUSHALL"}, {"FLUSHDB"}, {"SWAPDB", "0", "5"}} {
		t.Run(strings.Join(cmd, " "), func(t *testing.T) {
			r := start(t, newFaultFS(t, t.TempDir()))
			r.fill(200)
			var p snapshotProgress
			var once sync.Once
			over := make(chan struct{})
			w := writerFunc(func(b []byte) (int, error) {
				once.Do(func() {
					go func() { // not here: it waits for reserved keys, whose holders wait for this writer
						r.do(cmd...)
						close(over)
					}()
				})
				return len(b), nil
			})
			r.svc.snapshotting.Lock()
			err := r.svc.takeSnapshot(context.Background(), w, snapshotOptions{}, &p)
			r.svc.snapshotting.Unlock()
			if err != nil && !errors.Is(err, ErrDisturbed) {
				t.Errorf("error %v", err)
			}
			<-over
			want := r.eng.Digest()
			r.save()
			if got := start(t, r.fs).eng.Digest(); got != want {
				t.Error("the next snapshot differs")
			}
		})
	}
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestSlowDiskDelaysNobody: writers hand old values over and go on, however slow the file is.
func TestSlowDiskDelaysNobody(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()))
	for i := range 3000 {
		r.must("SET", fmt.Sprint("k", i), strings.Repeat("v", 200))
	}
	release := make(chan struct{})
	begun := make(chan struct{})
	finished := make(chan error, 1)
	var p snapshotProgress
	var out bytes.Buffer
	go func() {
		r.svc.snapshotting.Lock()
		defer r.svc.snapshotting.Unlock()
		finished <- r.svc.takeSnapshot(context.Background(), writerFunc(func(b []byte) (int, error) {
			<-release
			return out.Write(b)
		}), snapshotOptions{atStart: func() { close(begun) }}, &p)
	}()
	<-begun
	for i := range 3000 {
		r.must("SET", fmt.Sprint("k", i), "new")
	}
	if p.extraPeak.Load() < 3000 {
		t.Errorf("extra memory %d", p.extraPeak.Load())
	}
	close(release)
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
	e := loadInto(t, out.Bytes())
	if got := doWith(e, e.NewClient(nil), "GET", "k2999"); !strings.Contains(got, "vvv") {
		t.Errorf("the snapshot has %q", got)
	}
}
