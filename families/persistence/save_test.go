package persistence

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/transactions"
	"github.com/redust/redust/protocol"
)

// double is a service that answers as told.
type double struct {
	err       error
	scheduled bool
}

func (d *double) Save() error { return d.err }
func (d *double) BackgroundSave(schedule bool) (string, error) {
	d.scheduled = schedule
	return "Background saving started", d.err
}

func (d *double) ScheduleSave() (string, error) {
	d.scheduled = true
	return "Background saving scheduled", d.err
}

func (d *double) ScheduleRewrite() (string, error) {
	return "Background append only file rewriting scheduled", d.err
}

func (d *double) RewriteAOF() (string, error) {
	return "Background append only file rewriting started", d.err
}

func (d *double) LastSave() time.Time                                     { return time.Unix(1234567890, 0) }
func (d *double) WriteError() error                                       { return nil }
func (d *double) WaitDurable(int64)                                       {}
func (d *double) MustWait() bool                                          { return false }
func (d *double) Reload(bool, core.ReloadFlags) error                     { return nil }
func (d *double) Shutdown(context.Context, core.ShutdownSave, bool) error { return nil }
func (d *double) InfoSections() []string                                  { return nil }
func (d *double) Info(string, []byte) []byte                              { return nil }

func TestCommands(t *testing.T) {
	h := coretest.New(t, New(), transactions.New())
	h.Do("SAVE").Error(errNone.Error())
	d := &double{}
	h.Engine.SetPersistence(d)
	h.Do("SAVE").OK()
	h.Do("LASTSAVE").Int(1234567890)
	h.Do("BGSAVE").Equals("+Background saving started\r\n")
	if d.scheduled {
		t.Error("BGSAVE is not BGSAVE SCHEDULE")
	}
	h.Do("BGSAVE", "Schedule")
	if !d.scheduled {
		t.Error("SCHEDULE is not passed on")
	}
	h.Do("BGSAVE", "now").Error(protocol.ErrSyntax.Error())
	h.Do("BGSAVE", "SCHEDULE", "x").Error(protocol.ErrSyntax.Error())
	h.Do("BGREWRITEAOF").Equals("+Background append only file rewriting started\r\n")
	h.Do("MULTI").OK()
	h.Do("SAVE").Error("ERR Command not allowed inside a transaction")
	h.Do("DISCARD").OK()
	h.Do("MULTI").OK()
	h.Do("BGSAVE").Equals("+QUEUED\r\n")
	h.Do("BGREWRITEAOF").Equals("+QUEUED\r\n")
	h.Do("EXEC").Equals("*2\r\n+Background saving scheduled\r\n+Background append only file rewriting scheduled\r\n")
	d.err = errors.New("ERR no")
	h.Do("SAVE").Error("ERR no")
	h.Do("BGSAVE").Error("ERR no")
	h.Do("BGREWRITEAOF").Error("ERR no")
}
