package persistence

import (
	"context"
	"io"
)

// WriteSnapshot writes the state of the data set at one instant to w in RDB form: a replica's full sync. aux are further
// AUX fields, such as repl-id. atStart runs at that instant with all shards held, so it must be short: an
// effect log's reader that it opens sees exactly what comes after the snapshot. ErrDisturbed means that databases were flushed or
// exchanged meanwhile: what was written is worthless, the caller begins anew. It waits for another snapshot to end.
func (s *Service) WriteSnapshot(ctx context.Context, w io.Writer, aux [][2]string, atStart func()) error {
	s.snapshotting.Lock()
	defer s.snapshotting.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	var p snapshotProgress
	return s.takeSnapshot(ctx, w, snapshotOptions{aux: aux, atStart: atStart}, &p)
}

// ReadSnapshot loads what a primary sent in RDB form; size is its length, or 0 if unknown. The caller has emptied the data set
// (core.Engine.Clear) and made the engine answer LOADING. Expired keys are kept until the primary's DEL. It returns
// the AUX fields, and what was read from in beyond the end of the RDB data.
func (s *Service) ReadSnapshot(ctx context.Context, in io.Reader, size int64) (aux map[string]string, rest []byte, err error) {
	s.progress.begin("the primary's data set", size, s.terminal, s.log)
	defer s.progress.end()
	r, rest, err := s.loadRDB(ctx, in, size, loadOptions{replica: true})
	return r.aux, rest, err
}
