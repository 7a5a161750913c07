// Package standard lists the families of the stock binary.
package standard

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/families/auth"
	"github.com/redust/redust/families/connection"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/pubsub"
	"github.com/redust/redust/families/server"
	strfamily "github.com/redust/redust/families/strings"
	"github.com/redust/redust/families/transactions"
)

// All returns a new instance of every stock family, in order of registration.
func All() []core.Family {
	return []core.Family{connection.New(), auth.New(), server.New(), keysfamily.New(), strfamily.New(),
		transactions.New(), pubsub.New()}
}
