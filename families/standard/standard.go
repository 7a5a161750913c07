// Package standard lists the families of the stock binary.
package standard

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/families/auth"
	"github.com/redust/redust/families/cluster"
	"github.com/redust/redust/families/connection"
	"github.com/redust/redust/families/hashes"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/lists"
	"github.com/redust/redust/families/observe"
	persistfamily "github.com/redust/redust/families/persistence"
	"github.com/redust/redust/families/pubsub"
	replfamily "github.com/redust/redust/families/replication"
	"github.com/redust/redust/families/server"
	"github.com/redust/redust/families/sets"
	strfamily "github.com/redust/redust/families/strings"
	"github.com/redust/redust/families/tracking"
	"github.com/redust/redust/families/transactions"
	"github.com/redust/redust/families/zsets"
)

// All returns a new instance of every stock family, in order of registration.
func All() []core.Family {
	return []core.Family{
		connection.New(), auth.New(), server.New(), observe.New(),
		keysfamily.New(), strfamily.New(), lists.New(), sets.New(), hashes.New(), zsets.New(),
		transactions.New(), pubsub.New(), tracking.New(), persistfamily.New(), replfamily.New(),
		cluster.New(),
	}
}
