package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/redust/redust/core"
	"github.com/tidwall/resp"
)

// command is what the oracle tells about one command or subcommand.
type command struct {
	name                string // lower case, "config|get"
	arity               int
	flags, acl, tips    []string
	keys                []keySpec
	group, since        string
	summary, complexity string
	docFlags            []string
	deprecated          string
	replacedBy          string
	history             [][2]string
	args                []core.Arg
	subs                []*command
}

// keySpec is a key specification with the numbers of its two halves.
type keySpec struct {
	flags       []string
	begin, find string // "index", "keyword", "unknown"; "range", "keynum", "unknown"
	keyword     string
	num         map[string]int // index, startfrom; lastkey, keystep, limit; keynumidx, firstkey
}

// fetch asks for all commands, sorted by name, and so are their subcommands:
// Redis lists both in the order of a hash table.
func fetch(addr string) ([]*command, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	rd, wr := resp.NewReader(conn), resp.NewWriter(conn)
	ask := func(sub string) (resp.Value, error) {
		if err := wr.WriteMultiBulk("COMMAND", sub); err != nil {
			return resp.Value{}, err
		}
		v, _, err := rd.ReadValue()
		if err == nil {
			err = v.Error()
		}
		if err != nil {
			return v, fmt.Errorf("COMMAND %s: %w", sub, err)
		}
		return v, nil
	}
	info, err := ask("INFO")
	if err != nil {
		return nil, err
	}
	docs, err := ask("DOCS")
	if err != nil {
		return nil, err
	}
	return decodeAll(info.Array(), pairs(docs)), nil
}

func decodeAll(infos []resp.Value, docs map[string]resp.Value) []*command {
	var out []*command
	for _, v := range infos {
		out = append(out, decode(v.Array(), docs))
	}
	slices.SortFunc(out, func(a, b *command) int { return cmp.Compare(a.name, b.name) })
	return out
}

// decode joins a command's entry of COMMAND INFO (name, arity, flags, first,
// last, step, categories, tips, key specs, subcommands) with its docs.
func decode(info []resp.Value, docs map[string]resp.Value) *command {
	c := &command{
		name: info[0].String(), arity: info[1].Integer(), flags: texts(info[2]),
		acl: texts(info[6]), tips: texts(info[7]),
	}
	for _, s := range info[8].Array() {
		c.keys = append(c.keys, decodeKeySpec(pairs(s)))
	}
	d := pairs(docs[c.name])
	c.group, c.since = d["group"].String(), d["since"].String()
	c.summary, c.complexity = d["summary"].String(), d["complexity"].String()
	c.docFlags = texts(d["doc_flags"])
	c.deprecated, c.replacedBy = d["deprecated_since"].String(), d["replaced_by"].String()
	for _, h := range d["history"].Array() {
		c.history = append(c.history, [2]string{h.Array()[0].String(), h.Array()[1].String()})
	}
	c.args = decodeArgs(d["arguments"])
	c.subs = decodeAll(info[9].Array(), pairs(d["subcommands"]))
	return c
}

func decodeKeySpec(m map[string]resp.Value) keySpec {
	begin, find := pairs(m["begin_search"]), pairs(m["find_keys"])
	s := keySpec{
		flags: texts(m["flags"]),
		begin: begin["type"].String(), find: find["type"].String(),
		num: make(map[string]int),
	}
	for _, half := range []resp.Value{begin["spec"], find["spec"]} {
		for name, v := range pairs(half) {
			if name == "keyword" {
				s.keyword = v.String()
			} else {
				s.num[name] = v.Integer()
			}
		}
	}
	return s
}

func decodeArgs(v resp.Value) []core.Arg {
	var out []core.Arg
	for _, e := range v.Array() {
		m := pairs(e)
		a := core.Arg{
			Name: m["name"].String(), Type: m["type"].String(), KeySpec: -1, Token: m["token"].String(),
			Since: m["since"].String(), Deprecated: m["deprecated_since"].String(),
			Args: decodeArgs(m["arguments"]),
		}
		if spec, ok := m["key_spec_index"]; ok {
			a.KeySpec = spec.Integer()
		}
		flags := texts(m["flags"])
		a.Optional = slices.Contains(flags, "optional")
		a.Multiple = slices.Contains(flags, "multiple")
		a.MultipleToken = slices.Contains(flags, "multiple_token")
		out = append(out, a)
	}
	return out
}

// pairs reads a flat RESP2 array as a map. Absent values are empty ones.
func pairs(v resp.Value) map[string]resp.Value {
	m := make(map[string]resp.Value)
	list := v.Array()
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i].String()] = list[i+1]
	}
	return m
}

func texts(v resp.Value) []string {
	var out []string
	for _, e := range v.Array() {
		out = append(out, e.String())
	}
	return out
}
