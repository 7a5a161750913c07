package persistence

import (
	"runtime"
	"time"
)

// pollEvery is how long a busy goroutine leaves the sockets of a process with one processor alone.
const pollEvery = 500 * time.Microsecond

// yielder lets clients in while a goroutine has much to do. It belongs to that goroutine.
type yielder struct{ slept time.Time }

// yield lets others go first. Go looks at the sockets when a processor has nothing else to run, and otherwise only each 10 ms: where
// there is but one processor, the goroutine has to sleep for an instant.
func (y *yielder) yield() {
	if runtime.GOMAXPROCS(0) > 1 {
		runtime.Gosched()
		return
	}
	if now := time.Now(); now.Sub(y.slept) >= pollEvery {
		time.Sleep(10 * time.Microsecond)
		y.slept = time.Now()
		return
	}
	runtime.Gosched()
}
