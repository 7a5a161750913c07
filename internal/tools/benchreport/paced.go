package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// paced sends GET and SET in equal parts at a given rate from several connections until ctx ends, and returns the latencies. Each request has
// its moment, and its latency counts from there, so that a server that stalls is charged for all that should have been sent meanwhile.
func paced(ctx context.Context, s *server, clients int, rate float64, keys int64) (*load.Histogram, error) {
	interval := time.Duration(float64(clients) / rate * float64(time.Second))
	hists := make([]load.Histogram, clients)
	errs := make([]error, clients)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			errs[i] = pacedClient(ctx, s, began.Add(interval*time.Duration(i)/time.Duration(clients)), interval, keys, &hists[i])
		})
	}
	wg.Wait()
	all := new(load.Histogram)
	for i := range hists {
		all.Merge(&hists[i])
	}
	return all, errors.Join(errs...)
}

func pacedClient(ctx context.Context, s *server, at time.Time, interval time.Duration, keys int64, hist *load.Histogram) error {
	nc, err := net.Dial("tcp", s.target.Addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	var sc load.Scanner
	value := strings.Repeat("y", 64)
	buf, request := make([]byte, 4096), []byte(nil)
	for n := 0; ctx.Err() == nil; n++ {
		time.Sleep(time.Until(at))
		key := rand.Int64N(keys)
		if n%2 == 0 {
			request = fmt.Appendf(request[:0], "*2\r\n$3\r\nGET\r\n$16\r\nkey:%012d\r\n", key)
		} else {
			request = fmt.Appendf(request[:0], "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$64\r\n%s\r\n", key, value)
		}
		if _, err := nc.Write(request); err != nil {
			return err
		}
		for have, replies := 0, 0; replies == 0; {
			m, err := nc.Read(buf[have:])
			if err != nil {
				return err
			}
			have += m
			used, r, err := sc.Scan(buf[:have])
			if err != nil {
				return err
			}
			have, replies = copy(buf, buf[used:have]), r
		}
		hist.Record(time.Since(at), 1)
		at = at.Add(interval)
	}
	if sc.Errors > 0 {
		return errors.New(sc.FirstText)
	}
	return nil
}
