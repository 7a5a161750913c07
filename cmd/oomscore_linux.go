package redustcmd

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/options"
)

// oomScoreFile says how much sooner or later than others this process is killed when memory runs out; see proc(5).
const oomScoreFile = "/proc/self/oom_score_adj"

// oomScore applies oom-score-adj and oom-score-adj-values.
type oomScore struct {
	table *options.Table
	log   hclog.Logger
	file  string
	base  *int // what was there before the first change, nil while nothing is changed
}

// followOOMScore sets the score now, as far as the system lets it, and again with each CONFIG SET.
func followOOMScore(t *options.Table, log hclog.Logger) {
	o := &oomScore{table: t, log: log, file: oomScoreFile}
	_ = o.apply() // the log says why
	t.OnApply(o.apply, "oom-score-adj", "oom-score-adj-values")
}

// apply writes the score of the server's role. The values of replicas and of the primary are the first two; there are no background
// processes for the third.
func (o *oomScore) apply() error {
	mode := o.table.String("oom-score-adj").Load()
	if mode == "no" && o.base == nil {
		return nil
	}
	err := o.set(mode)
	if err != nil {
		o.log.Warn("Unable to write oom_score_adj: " + reason(err))
		err = errors.New("Failed to apply new oom_score_adj configuration, check server logs.") //nolint:staticcheck // Redis's text
	}
	return err
}

func (o *oomScore) set(mode string) error {
	if o.base == nil {
		text, err := os.ReadFile(o.file)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return fmt.Errorf("%s: %w", o.file, err)
		}
		o.base = &n
	}
	score := *o.base
	if mode != "no" {
		values := strings.Fields(o.table.String("oom-score-adj-values").Load())
		role := 0
		if o.table.String("replicaof").Load() != "" {
			role = 1
		}
		n, err := strconv.Atoi(values[role]) // the table has checked it
		if err != nil {
			return err
		}
		if mode == "absolute" {
			score = 0
		}
		score = min(max(score+n, -1000), 1000)
	}
	if err := os.WriteFile(o.file, strconv.AppendInt(nil, int64(score), 10), 0); err != nil {
		return err
	}
	if mode == "no" {
		o.base = nil
	}
	return nil
}
