package strfamily

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

type family struct {
	maxBulk *options.IntValue // proto-max-bulk-len, bytes
}

var (
	_ core.Family       = (*family)(nil)
	_ core.Configurable = (*family)(nil)
)

// New returns the string family.
func New() core.Family { return new(family) }

func (*family) Name() string { return "strings" }

func (f *family) Register(r *core.Registry) {
	r.AddType(stringType)
	r.Add(getCommands, setCommands, manyCommands, counterCommands, f.rangeCommands(), f.lcsCommands())
}

func (f *family) Configure(t *options.Table) error {
	f.maxBulk = t.Int("proto-max-bulk-len")
	return nil
}

// tooLong reports whether a string of size bytes at offset would exceed what a string may hold. What the
// primary or the AOF says is believed.
func (f *family) tooLong(c *core.Ctx, offset int64, size int) bool {
	total := uint64(offset) + uint64(size)
	return total > uint64(f.maxBulk.Load()) && !c.MustObey()
}
