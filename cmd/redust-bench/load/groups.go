package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Group is a cycle of commands that every connection repeats. An argument may contain {x}, the number of the Var named x; an
// argument that is exactly {v} is a value of Options.ValueSize bytes. Groups leave their keys in the database: `key:` and
// 12 digits for strings, as redis-benchmark names them, and `bench:<kind>:` for the rest.
type Group struct {
	Name     string
	Commands [][]string
	Vars     []Var
	Setup    [][]string // sent once to each server before the first round
	FillKeys bool       // the keyspace's string keys are set before the first round
	Named    bool       // measured only when named, since another group contains it
}

var (
	keyVar   = []Var{{Name: 'k', Digits: 12}}
	pairVars = []Var{{Name: 'a', Digits: 2, Bound: setCount}, {Name: 'b', Digits: 2, Bound: setCount}}
)

// The set groups combine two of setCount sets of setSize members each; neighbours share half of theirs.
const (
	setCount = 16
	setSize  = 100
)

// Groups returns all groups in the order in which they are reported.
func Groups() []Group {
	return []Group{
		{Name: "ping", Commands: cmds("PING")},
		{Name: "set", Vars: keyVar, Commands: cmds("SET key:{k} {v}"), Named: true},
		{Name: "get", Vars: keyVar, Commands: cmds("GET key:{k}"), FillKeys: true, Named: true},
		{Name: "set_get", Vars: keyVar, Commands: cmds("SET key:{k} {v}", "GET key:{k}")},
		msetMget(),
		{Name: "incr_decr", Vars: keyVar, Commands: cmds("INCR bench:counter:{k}", "DECR bench:counter:{k}")},
		{Name: "exists_del", Vars: keyVar, Commands: cmds("SET key:{k} {v}", "EXISTS key:{k}", "DEL key:{k}")},
		{
			Name: "hash_ops", Vars: []Var{{Name: 'k', Digits: 12}, {Name: 'f', Digits: 2, Bound: 20}},
			Commands: cmds("HSET bench:hash:{k} field:{f} {v}", "HGET bench:hash:{k} field:{f}",
				"HEXISTS bench:hash:{k} field:{f}", "HMGET bench:hash:{k} field:{f} field:00", "HLEN bench:hash:{k}", "HDEL bench:hash:{k} field:{f}"),
		},
		{
			Name: "list_ops", Vars: keyVar,
			Commands: cmds("RPUSH bench:list:{k} {v}", "LPUSH bench:list:{k} {v}", "LLEN bench:list:{k}",
				"LRANGE bench:list:{k} 0 9", "LINDEX bench:list:{k} 0", "LTRIM bench:list:{k} 0 9"),
		},
		{
			Name: "list_pops", Vars: keyVar,
			Commands: cmds("RPUSH bench:queue:{k} {v} {v}", "LPOP bench:queue:{k}", "RPOP bench:queue:{k}"),
		},
		setGroup("set_union", "SUNION"),
		setGroup("set_intersection", "SINTER"),
		setGroup("set_difference", "SDIFF"),
		{
			Name: "zset_ops", Vars: []Var{{Name: 'k', Digits: 12}, {Name: 's', Digits: 3, Bound: 64}, {Name: 'm', Digits: 2, Bound: 50}},
			Commands: cmds("ZADD bench:zset:{k} 1{s} member:{m}", "ZSCORE bench:zset:{k} member:{m}", "ZRANK bench:zset:{k} member:{m}",
				"ZRANGE bench:zset:{k} 0 9", "ZREM bench:zset:{k} member:{m}"),
		},
		{Name: "publish", Commands: cmds("PUBLISH bench:channel {v}")},
		{Name: "multi_exec", Vars: keyVar, Commands: cmds("MULTI", "SET key:{k} {v}", "INCR bench:counter:{k}", "EXEC")},
	}
}

// cmds splits each line at its blanks.
func cmds(lines ...string) [][]string {
	out := make([][]string, len(lines))
	for i, l := range lines {
		out[i] = strings.Fields(l)
	}
	return out
}

// msetMget sets and gets ten keys at a time; each request counts once.
func msetMget() Group {
	g := Group{Name: "mset_mget"}
	mset, mget := []string{"MSET"}, []string{"MGET"}
	for i := range 10 {
		name := byte('0' + i)
		g.Vars = append(g.Vars, Var{Name: name, Digits: 12})
		key := "key:{" + string(name) + "}"
		mset = append(mset, key, "{v}")
		mget = append(mget, key)
	}
	g.Commands = [][]string{mset, mget}
	return g
}

func setGroup(name, command string) Group {
	g := Group{Name: name, Vars: pairVars, Commands: cmds(command + " bench:set:{a} bench:set:{b}")}
	for i := range setCount {
		sadd := []string{"SADD", fmt.Sprintf("bench:set:%02d", i)}
		for m := range setSize {
			sadd = append(sadd, "member:"+strconv.Itoa(i*setSize/2+m))
		}
		g.Setup = append(g.Setup, sadd)
	}
	return g
}

// SelectGroups returns the groups with these names in the order given. No names stand for all but those that another contains.
func SelectGroups(names []string) ([]Group, error) {
	all := Groups()
	var out []Group
	if len(names) == 0 {
		for _, g := range all {
			if !g.Named {
				out = append(out, g)
			}
		}
		return out, nil
	}
	byName := make(map[string]Group, len(all))
	var known []string
	for _, g := range all {
		byName[g.Name] = g
		known = append(known, g.Name)
	}
	for _, n := range names {
		g, ok := byName[n]
		if !ok {
			return nil, fmt.Errorf("unknown group %q; there are %s", n, strings.Join(known, " "))
		}
		out = append(out, g)
	}
	return out, nil
}

// commandNames lists the commands a group needs, each once.
func (g *Group) commandNames() []string {
	var names []string
	seen := make(map[string]bool)
	for _, list := range [][][]string{g.Setup, g.Commands} {
		for _, c := range list {
			if !seen[c[0]] {
				seen[c[0]] = true
				names = append(names, c[0])
			}
		}
	}
	if g.FillKeys && !seen["SET"] {
		names = append(names, "SET")
	}
	return names
}
