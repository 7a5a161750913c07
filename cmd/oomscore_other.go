//go:build !linux

package redustcmd

import (
	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/options"
)

// followOOMScore can do nothing where the system has no such score.
func followOOMScore(t *options.Table, log hclog.Logger) {
	tell := func() error {
		if t.String("oom-score-adj").Load() != "no" {
			log.Warn("option 'oom-score-adj' has no effect: this system has no such score")
		}
		return nil
	}
	_ = tell() // never fails
	t.OnApply(tell, "oom-score-adj")
}
