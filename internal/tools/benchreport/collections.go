package main

import (
	"context"
	"strconv"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// collection is a type of which the parts make large ones.
type collection struct {
	name string
	head func(key string) []string // the command that adds elements, up to the first of them
	item func(args []string, i int64) []string
}

var collections = []collection{
	{"hash", command("HSET"), func(args []string, i int64) []string {
		return append(args, numberedName("field:", i), numberedName("value:", i))
	}},
	{"set", command("SADD"), func(args []string, i int64) []string { return append(args, numberedName("member:", i)) }},
	{"sorted set", command("ZADD"), func(args []string, i int64) []string {
		return append(args, strconv.FormatInt(i, 10), numberedName("member:", i))
	}},
	{"list", command("RPUSH"), func(args []string, i int64) []string { return append(args, numberedName("element:", i)) }},
}

func collectionOf(name string) collection {
	for _, c := range collections {
		if c.name == name {
			return c
		}
	}
	panic("no collection " + name)
}

func command(name string) func(string) []string {
	return func(key string) []string { return []string{name, key} }
}

// numberedName is the name with ten digits; i is below a thousand million.
func numberedName(prefix string, i int64) string {
	return prefix + strconv.FormatInt(1_000_000_000+i, 10)
}

// fill adds the elements first to first+n-1 to key.
func (c collection) fill(ctx context.Context, s *server, key string, first, n int64) error {
	ctl, err := s.target.Dial()
	if err != nil {
		return err
	}
	defer ctl.Close()
	return addElements(ctx, ctl, c.head(key), first, n, c.item)
}

// addElements sends the command that head begins with the items first to first+n-1, a thousand a request.
func addElements(ctx context.Context, ctl *load.Control, head []string, first, n int64, item func([]string, int64) []string) error {
	const batch = 1000
	var args []string
	for from := first; from < first+n; from += batch {
		args = append(args[:0], head...)
		for i := from; i < min(from+batch, first+n); i++ {
			args = item(args, i)
		}
		if _, err := ctl.Do(args...); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
