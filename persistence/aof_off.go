package persistence

import (
	"context"
	"time"

	"github.com/redust/redust/protocol"
)

// newJournal makes the append-only half of a service.
func newJournal(*Service) journal { return noJournal{} }

// noJournal is a data set without append-only file.
type noJournal struct{}

func (noJournal) enabled() bool                      { return false }
func (noJournal) load(context.Context) (bool, error) { return false, nil }
func (noJournal) start() error                       { return nil }
func (noJournal) rewriting() bool                    { return false }
func (noJournal) writeError() error                  { return nil }
func (noJournal) mustWait() bool                     { return false }
func (noJournal) waitDurable(int64)                  {}
func (noJournal) reload(context.Context) error       { return protocol.Error("ERR there is no AOF") }
func (noJournal) cron(time.Time)                     {}
func (noJournal) shutdown(context.Context, bool) error {
	return nil
}
func (noJournal) close() error           { return nil }
func (noJournal) info(dst []byte) []byte { return dst }
func (noJournal) rewrite() (string, error) {
	return "", protocol.Error("ERR there is no AOF")
}
