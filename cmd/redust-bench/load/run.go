package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"sync"
	"time"
)

// replyGrace is how long after the end of a timed run a reply may still come before the connection counts as stuck.
const replyGrace = 15 * time.Second

// Options say how a group is run. A run ends after Iterations requests or Duration, whichever comes first; at least one must be set.
type Options struct {
	Clients    int           // connections
	Pipeline   int           // requests of a batch
	Keyspace   int64         // random keys are drawn from that many
	ValueSize  int           // bytes
	Iterations int64         // requests over all connections; 0 is no limit
	Duration   time.Duration // 0 is no limit
	Sequential bool          // the group's first variable counts 0, 1, 2 ... over all connections; needs Iterations
	Progress   func(Progress)
}

// Progress is reported about four times a second while a run goes on.
type Progress struct {
	Group   string
	Addr    string
	Done    int64   // requests answered
	Percent float64 // of the run, by the bound that is nearer
	Rate    float64 // requests a second since the last report
}

// Result is what one run measured.
type Result struct {
	Requests    int64 // answered
	Errors      uint64
	ErrorText   string // the first error reply
	Elapsed     time.Duration
	Latency     Histogram     // a request's latency is that of its batch
	CPU         time.Duration // the server's, user and system
	CPUSource   string        // where it was read; "" when it couldn't be
	Interrupted bool          // the context ended the run
}

// Rate is requests a second.
func (r *Result) Rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Requests) / r.Elapsed.Seconds()
}

// CPUPerRequest is the server's CPU time for one request, 0 when it couldn't be read.
func (r *Result) CPUPerRequest() time.Duration {
	if r.CPUSource == "" || r.Requests == 0 {
		return 0
	}
	return time.Duration(float64(r.CPU) / float64(r.Requests))
}

// Run measures one group against one server. A cancelled context ends it early with what there is. Error replies
// are counted in the result; a lost connection, or a reply that isn't RESP, is an error beside a partial result.
func Run(ctx context.Context, t Target, g Group, o Options) (Result, error) {
	if err := o.Check(); err != nil {
		return Result{}, err
	}
	ctl, err := t.Dial()
	if err != nil {
		return Result{}, err
	}
	defer ctl.Close()
	meter := newCPUMeter(ctl, t)

	r := &running{opts: &o}
	workers, err := connect(ctx, t, &g, r)
	defer func() {
		for _, w := range workers {
			w.close()
		}
	}()
	if err != nil {
		return Result{}, err
	}
	cpu := meter.used()
	r.start = time.Now()
	finished := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { watch(ctx, t, &g, r, workers, finished) })
	var wg sync.WaitGroup
	var polled []*worker
	for _, w := range workers {
		if w.nc != nil {
			wg.Go(w.exchange)
		} else {
			polled = append(polled, w)
		}
	}
	polling(r, polled, wg.Go)
	wg.Wait()
	elapsed := time.Since(r.start)
	close(finished)
	watching.Wait()
	return gather(workers, Result{Elapsed: elapsed, CPU: meter.used() - cpu, CPUSource: meter.Source, Interrupted: ctx.Err() != nil})
}

// Check tells what is wrong with the options, nil when nothing is.
func (o *Options) Check() error {
	switch {
	case o.Clients < 1:
		return errors.New("clients must be at least 1")
	case o.Pipeline < 1:
		return errors.New("pipeline must be at least 1")
	case o.Keyspace < 1:
		return errors.New("keyspace must be at least 1")
	case o.ValueSize < 0 || o.ValueSize > 512<<20:
		return errors.New("value size must be between 0 and 512 MB")
	case o.Iterations < 0 || o.Duration < 0:
		return errors.New("iterations and seconds can't be negative")
	case o.Iterations == 0 && o.Duration == 0:
		return errors.New("a run needs a bound: iterations or seconds")
	case o.Sequential && o.Iterations == 0:
		return errors.New("sequential keys need a number of iterations")
	}
	return nil
}

// connect opens the connections and formats their requests. On error it returns those that are open.
func connect(ctx context.Context, t Target, g *Group, r *running) ([]*worker, error) {
	o := r.opts
	var workers []*worker
	for i := range o.Clients {
		if err := ctx.Err(); err != nil {
			return workers, err
		}
		ring, err := newRing(g, o, uint64(i)<<32)
		if err != nil {
			return workers, err
		}
		nc, err := t.dial()
		if err != nil {
			return workers, fmt.Errorf("connection %d of %d: %w", i+1, o.Clients, err)
		}
		workers = append(workers, newWorker(r, nc, ring))
	}
	return workers, nil
}

// watch reports progress and ends the run when the context does, or when a timed run is long over and a reply doesn't come.
func watch(ctx context.Context, t Target, g *Group, r *running, workers []*worker, finished <-chan struct{}) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	cancelled := ctx.Done()
	var last int64
	var lastAt time.Duration
	for {
		select {
		case <-finished:
			return
		case <-cancelled:
			cancelled = nil
			r.stop.Store(true)
			r.waitOnly(100*time.Millisecond, workers)
		case <-tick.C:
			now := time.Since(r.start)
			if o := r.opts; o.Duration > 0 && now > o.Duration+replyGrace {
				r.waitOnly(0, workers)
			}
			if r.opts.Progress == nil {
				continue
			}
			p := Progress{Group: g.Name, Addr: t.Addr}
			for _, w := range workers {
				p.Done += w.done.Load()
			}
			p.Rate = float64(p.Done-last) / (now - lastAt).Seconds()
			p.Percent = r.opts.percent(p.Done, now)
			last, lastAt = p.Done, now
			r.opts.Progress(p)
		}
	}
}

func (o *Options) percent(done int64, elapsed time.Duration) float64 {
	var p float64
	if o.Iterations > 0 {
		p = float64(done) / float64(o.Iterations)
	}
	if o.Duration > 0 {
		p = max(p, float64(elapsed)/float64(o.Duration))
	}
	return math.Min(p, 1) * 100
}

// gather joins what the connections measured into res.
func gather(workers []*worker, res Result) (Result, error) {
	var err error
	failed := 0
	for _, w := range workers {
		res.Latency.Merge(&w.hist)
		res.Requests += w.done.Load()
		res.Errors += w.scanner.Errors
		if res.ErrorText == "" {
			res.ErrorText = w.scanner.FirstText
		}
		if w.err == nil || res.Interrupted && isTimeout(w.err) {
			continue
		}
		failed++
		if err == nil {
			err = w.err
			if isTimeout(err) {
				err = fmt.Errorf("no reply for %s", replyGrace)
			}
		}
	}
	if err != nil {
		err = fmt.Errorf("%d of %d connections failed: %w", failed, len(workers), err)
	}
	return res, err
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

// Fill sets the string keys 0 to n-1 to values of valueSize bytes, pipelined over several connections.
func Fill(ctx context.Context, t Target, n int64, valueSize int) (Result, error) {
	g := Group{Name: "fill", Vars: keyVar, Commands: cmds("SET key:{k} {v}")}
	return RunAll(ctx, t, g, Options{Clients: 16, Pipeline: 100, Keyspace: 1, ValueSize: valueSize, Iterations: n, Sequential: true})
}

// RunAll is Run for work that must be complete: error replies and interruption are errors.
func RunAll(ctx context.Context, t Target, g Group, o Options) (Result, error) {
	res, err := Run(ctx, t, g, o)
	switch {
	case err != nil:
		return res, err
	case ctx.Err() != nil:
		return res, ctx.Err()
	case res.Errors > 0:
		return res, fmt.Errorf("%s: %d error replies, the first: %s", g.Name, res.Errors, res.ErrorText)
	}
	return res, nil
}
