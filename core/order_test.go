package core_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// many is a command with n random elements; before each stands what score gives, unless it is nil.
func many(name, key string, n int, score func() string) []string {
	args := []string{name, key}
	for range n {
		if score != nil {
			args = append(args, score())
		}
		args = append(args, strconv.Itoa(rand.IntN(20000)))
	}
	return args
}

// Slow commands, which reserve their keys, among quick ones, transactions, waiting clients and keys that expire: the order of the log
// must be that of execution for every key. The harness rebuilds the data from it and compares.
func TestLogOrderUnderLoad(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	h.Engine.Run()
	key := func() string { return fmt.Sprint("k", rand.IntN(8)) }
	score := func() string { return strconv.Itoa(rand.IntN(100)) }
	one := func() string { return strconv.Itoa(rand.IntN(20000)) }
	makers := []func() []string{
		func() []string { return many("SADD", key(), 4500, nil) },
		func() []string { return many("RPUSH", key(), 4500, nil) },
		func() []string { return many("ZADD", key(), 4500, score) },
		func() []string { return []string{"SUNIONSTORE", key(), key(), key()} },
		func() []string { return []string{"SDIFFSTORE", key(), key(), key()} },
		func() []string { return []string{"ZUNIONSTORE", key(), "2", key(), key()} },
		func() []string { return []string{"COPY", key(), key(), "REPLACE"} },
		func() []string { return []string{"RENAME", key(), key()} },
		func() []string { return []string{"DEL", key()} },
		func() []string { return []string{"PEXPIRE", key(), strconv.Itoa(rand.IntN(4))} },
		func() []string { return []string{"SPOP", key(), "4200"} },
		func() []string { return []string{"LTRIM", key(), "4300", "-1"} },
		func() []string { return []string{"SORT", key(), "BY", "w_*", "STORE", key()} },
		func() []string { return []string{"LRANGE", key(), "0", "-1"} },
		func() []string { return []string{"SADD", key(), one()} },
		func() []string { return []string{"RPUSH", key(), one()} },
		func() []string { return []string{"ZADD", key(), score(), one()} },
		func() []string { return []string{"BLPOP", key(), key(), "0.003"} },
		func() []string { return []string{"BLMPOP", "0.003", "2", key(), key(), "LEFT", "COUNT", "5000"} },
		func() []string { return []string{"BLMOVE", key(), key(), "LEFT", "RIGHT", "0.003"} },
	}
	var wg sync.WaitGroup
	end := time.Now().Add(1500 * time.Millisecond)
	for g := range 4 {
		cl := h.Client()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(end) {
				if rand.IntN(10) == 0 {
					cl.Do("MULTI")
					cl.Do("SUNIONSTORE", key(), key(), key())
					cl.Do("RPUSH", key(), "1", "2")
					cl.Do("EXEC")
				}
				cl.DoOrWait(makers[rand.IntN(len(makers))]()...)
				if g == 0 {
					h.Clock.Advance(time.Millisecond)
				}
			}
		}()
	}
	wg.Wait()
	h.Engine.ExpireStep() // else the loop would delete keys while the harness compares
	// What the expiry loop has taken out a moment ago is on its way to be freed: a leak would stay.
	for end := time.Now().Add(5 * time.Second); h.Engine.Keyspace().CheckInvariants() != nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}
