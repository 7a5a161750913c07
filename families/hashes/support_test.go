package hashes_test

import (
	"testing"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/hashes"
	keysfamily "github.com/redust/redust/families/keys"
)

// newHarness has the keys family beside: effects and rewrites need some of its commands.
func newHarness(t testing.TB) *coretest.Harness {
	t.Helper()
	return coretest.New(t, hashes.New(), keysfamily.New())
}
