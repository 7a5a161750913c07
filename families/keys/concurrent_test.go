package keysfamily_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestConcurrent runs commands that reserve keys, look at others and move large values between databases from several clients
// at once: nothing may be lost, stuck or, under the race detector, touched by two.
func TestConcurrent(t *testing.T) {
	h := start(t).WithoutReplay()
	big := []string{"PLAIN", "list", "", "1", "2"}
	for i := range 6000 { // above the weight from which keys are reserved
		big = append(big, strconv.Itoa(i))
	}
	var wg sync.WaitGroup
	stop := time.Now().Add(700 * time.Millisecond)
	for w := range 4 {
		c := h.Client()
		wg.Add(1)
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewPCG(uint64(w), 7))
			key := func() string { return "k" + strconv.Itoa(rnd.IntN(4)) }
			for time.Now().Before(stop) {
				var cmd []string
				switch rnd.IntN(14) {
				case 0, 1:
					cmd = append([]string(nil), big...)
					cmd[2] = key()
				case 2:
					cmd = []string{"COPY", key(), key(), "REPLACE"}
				case 3:
					cmd = []string{"COPY", key(), key(), "DB", strconv.Itoa(rnd.IntN(2)), "REPLACE"}
				case 4:
					cmd = []string{"MOVE", key(), strconv.Itoa(rnd.IntN(2))}
				case 5:
					cmd = []string{"RENAME", key(), key()}
				case 6:
					cmd = []string{"SORT", key(), "BY", "k*", "LIMIT", "0", "5", "STORE", key()}
				case 7:
					cmd = []string{"SORT", key(), "STORE", key()}
				case 8:
					cmd = []string{"SORT_RO", key(), "BY", "w_*->f", "GET", "k*"}
				case 9:
					cmd = []string{"DUMP", key()}
				case 10:
					cmd = []string{"KEYS", key()}
				case 11:
					cmd = []string{"PEXPIRE", key(), "100000"}
				case 12:
					cmd = []string{"USE", strconv.Itoa(rnd.IntN(2))}
				case 13:
					if cmd = []string{"SWAPDB", "0", "1"}; rnd.IntN(10) == 0 {
						cmd = []string{"FLUSHALL"}
					}
				}
				c.Do(cmd...)
			}
		}()
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("clients are stuck")
	}
	for db := range 2 {
		h.Do("USE", fmt.Sprint(db)).OK()
		for i := range 4 {
			h.Do("DEL", fmt.Sprintf("k%d", i))
		}
		h.Do("DBSIZE").Int(0)
	}
}
