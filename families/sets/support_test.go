package sets_test

import (
	"testing"

	"github.com/redust/redust/core/coretest"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/sets"
)

// newHarness has the keys family beside: effects and rewrites need some of its commands.
func newHarness(t testing.TB) *coretest.Harness {
	t.Helper()
	return coretest.New(t, sets.New(), keysfamily.New())
}
