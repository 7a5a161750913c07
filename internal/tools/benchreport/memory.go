package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// manyKeys is what the parts load that want a server with much in it.
const manyKeys = 3_000_000

// idleTime is how long connections idle before the look: servers give buffers back some seconds after the last request.
const idleTime = 10 * time.Second

// memoryPart loads many small strings and looks at the resident size.
func memoryPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("%s keys of 16 bytes with values of 64 bytes in an empty server, resident size (VmRSS) once it has settled. "+
		"Target: at most 0.8 of Redis's.", load.Count(b.size(manyKeys)))}
	table, err := b.each(ctx, func(ctx context.Context, s *server) ([]figure, error) {
		empty, err := s.settle(ctx)
		if err != nil {
			return nil, err
		}
		fill, err := load.Fill(ctx, s.target, b.size(manyKeys), 64)
		if err != nil {
			return nil, err
		}
		full, err := s.settle(ctx)
		if err != nil {
			return nil, err
		}
		used, err := s.ctl.InfoInt("memory", "used_memory")
		if err != nil {
			return nil, err
		}
		return []figure{
			megabytes("resident, empty", empty),
			megabytes("resident, loaded", full),
			count("resident bytes a key", float64(full-empty)/float64(b.size(manyKeys))),
			megabytes("used_memory, loaded", used),
			count("requests/s while loading (P 100)", fill.Rate()),
		}, nil
	})
	s.tables = append(s.tables, table)
	return s, err
}

// connectionsPart opens connections that have sent one PING and then nothing.
func connectionsPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("%s connections, each idle for %s after one PING. Target: a growth of at most 60 MB for 10,000.", load.Count(int64(b.idle)), idleTime)}
	table, err := b.each(ctx, func(ctx context.Context, s *server) ([]figure, error) {
		empty, err := s.settle(ctx)
		if err != nil {
			return nil, err
		}
		idle := make([]*load.Control, 0, b.idle)
		defer func() {
			for _, c := range idle {
				c.Close()
			}
		}()
		began := time.Now()
		for range b.idle {
			c, err := s.target.Dial()
			if err != nil {
				return nil, fmt.Errorf("connection %d: %w", len(idle)+1, err)
			}
			idle = append(idle, c)
			if _, err := c.Do("PING"); err != nil {
				return nil, fmt.Errorf("connection %d: %w", len(idle), err)
			}
		}
		took := time.Since(began)
		if err := sleep(ctx, idleTime); err != nil {
			return nil, err
		}
		full, err := s.settle(ctx)
		if err != nil {
			return nil, err
		}
		return []figure{
			megabytes("resident, no connections", empty),
			megabytes("resident, all connected", full),
			megabytes("growth", full-empty),
			count("bytes a connection", float64(full-empty)/float64(b.idle)),
			count("connections/s while opening", float64(b.idle)/took.Seconds()),
		}, nil
	})
	s.tables = append(s.tables, table)
	return s, err
}
