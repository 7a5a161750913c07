package cluster

import "github.com/redust/redust/core"

const (
	// shows is for subcommands that show something, changes for those that change the cluster, looks for those of administrators that don't.
	shows   = core.Stale
	changes = core.Admin | core.Stale | core.NoAsyncLoading
	looks   = core.Admin | core.Stale
)

// varies is the tip of those whose answers differ from node to node.
var varies = []string{"nondeterministic_output"}

// subcommands is the table of CLUSTER, of which each entry answers that there is no cluster.
func subcommands() []core.Command {
	list := []core.Command{
		{Name: "ADDSLOTS", Arity: -3, Flags: changes, Complexity: "O(N), N = slots", Summary: "Assigns slots to this node.", Syntax: "slot:integer..."},
		{Name: "ADDSLOTSRANGE", Arity: -4, Flags: changes, Since: "7.0.0", Complexity: "O(N), N = slots", Summary: "Assigns ranges of slots to this node.", Syntax: slotRanges},
		{Name: "BUMPEPOCH", Arity: 2, Flags: changes, Summary: "Advances the configuration epoch.", Tips: varies},
		{Name: "COUNT-FAILURE-REPORTS", Arity: 3, Flags: looks, Complexity: "O(N), N = reports", Summary: "Counts the reports that a node has failed.", Syntax: "node-id", Tips: varies},
		{Name: "COUNTKEYSINSLOT", Arity: 3, Flags: shows, Summary: "Counts the keys of a slot.", Syntax: "slot:integer"},
		{Name: "DELSLOTS", Arity: -3, Flags: changes, Complexity: "O(N), N = slots", Summary: "Takes slots from this node.", Syntax: "slot:integer..."},
		{Name: "DELSLOTSRANGE", Arity: -4, Flags: changes, Since: "7.0.0", Complexity: "O(N), N = slots", Summary: "Takes ranges of slots from this node.", Syntax: slotRanges},
		{Name: "FAILOVER", Arity: -2, Flags: changes, Summary: "Has a replica take the place of its primary.", Syntax: "[options(force=FORCE|takeover=TAKEOVER)]"},
		{Name: "FLUSHSLOTS", Arity: 2, Flags: changes, Summary: "Takes all slots from this node."},
		{Name: "FORGET", Arity: 3, Flags: changes, Summary: "Removes a node from the table of nodes.", Syntax: "node-id"},
		{Name: "GETKEYSINSLOT", Arity: 4, Flags: shows, Complexity: "O(N), N = keys asked for", Summary: "Names keys of a slot.", Syntax: "slot:integer count:integer", Tips: varies},
		{Name: "HELP", Arity: 2, Flags: core.Loading | core.Stale, Since: "5.0.0", Summary: "Lists the subcommands."},
		{Name: "INFO", Arity: 2, Flags: shows, Summary: "Tells the state of the node.", Tips: varies},
		{Name: "KEYSLOT", Arity: 3, Flags: shows, Complexity: "O(N), N = bytes of the key", Summary: "Tells the slot of a key.", Syntax: "key"},
		{Name: "LINKS", Arity: 2, Flags: shows, Since: "7.0.0", Complexity: "O(N), N = nodes", Summary: "Lists the connections between nodes.", Tips: varies},
		{Name: "MEET", Arity: -4, Flags: changes, Summary: "Introduces another node.", Syntax: "ip port:integer [cluster_bus_port:integer<4.0.0>]", History: [][2]string{{"4.0.0", "The argument `cluster_bus_port` came."}}},
		{Name: "MYID", Arity: 2, Flags: shows, Summary: "Tells the node's id."},
		{Name: "NODES", Arity: 2, Flags: shows, Complexity: "O(N), N = nodes", Summary: "Lists the nodes as the node's file has them.", Tips: varies},
		{Name: "REPLICAS", Arity: 3, Flags: looks, Since: "5.0.0", Summary: "Lists the replicas of a primary.", Syntax: "node-id", Tips: varies},
		{Name: "REPLICATE", Arity: 3, Flags: changes, Summary: "Makes this node the replica of another one.", Syntax: "node-id"},
		{Name: "RESET", Arity: -2, Flags: core.Admin | core.NoScript | core.Stale, Complexity: "O(N), N = nodes; it may flush", Summary: "Makes the node a new one.", Syntax: "[hard_soft(hard=HARD|soft=SOFT)]"},
		{Name: "SAVECONFIG", Arity: 2, Flags: changes, Summary: "Saves the state of the cluster."},
		{Name: "SET-CONFIG-EPOCH", Arity: 3, Flags: changes, Summary: "Sets the configuration epoch of a new node.", Syntax: "config-epoch:integer"},
		{Name: "SETSLOT", Arity: -4, Flags: changes, Summary: "Binds a slot to a node, or says where it goes.", Syntax: "slot:integer subcommand(node-id:string=IMPORTING|node-id:string=MIGRATING|node-id:string=NODE|stable=STABLE)"},
		{Name: "SHARDS", Arity: 2, Flags: shows, Since: "7.0.0", Complexity: "O(N), N = nodes", Summary: "Lists the shards with their slots and nodes.", Tips: varies},
		{Name: "SLAVES", Arity: 3, Flags: looks, Summary: "Lists the replicas of a primary.", Syntax: "node-id", Tips: varies, Deprecated: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`"},
		{Name: "SLOTS", Arity: 2, Flags: shows, Complexity: "O(N), N = nodes", Summary: "Lists ranges of slots with their nodes.", Tips: varies, Deprecated: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`", History: [][2]string{{"4.0.0", "Ids of nodes are told."}, {"7.0.0", "More about the way to a node is told."}}},
	}
	for i := range list {
		c := &list[i]
		c.Name, c.Group, c.Run = "CLUSTER|"+c.Name, "cluster", disabled
		if c.Since == "" {
			c.Since = "3.0.0"
		}
		if c.Complexity == "" {
			c.Complexity = "O(1)"
		}
	}
	return list
}

// slotRanges is the syntax of one or more ranges.
const slotRanges = "start-slot_end-slot(start-slot:integer end-slot:integer)..."
