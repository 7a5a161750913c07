package rdb

import (
	"errors"

	"github.com/redust/redust/core/packed"
)

var errEntries = errors.New("listpack is no node of a stream")

// streamSameFields in an entry's flags says that it has the fields of the master entry, so that only values follow.
const streamSameFields = 1 << 1

// validEntries reports whether a listpack is a node of a stream:
//
//	entries | deleted | fields | field ... | 0                     the master entry
//	flags | ms | seq | value ... | elements                        an entry with the master's fields
//	flags | ms | seq | fields | field | value ... | elements       any other
//
// where elements is how many there are of the entry, without that number itself.
func validEntries(lp packed.Listpack) bool {
	w := entryWalker{it: lp.Iter(lp.First())}
	count, deleted, master := w.number(), w.number(), w.number()
	w.skip(master)
	if w.number() != 0 || w.bad || count < 0 || deleted < 0 {
		return false
	}
	total := count + deleted
	if total < 0 || total > int64(len(lp)) {
		return false
	}
	for ; total > 0 && !w.bad; total-- {
		flags := w.number()
		w.skip(2)
		elements := master + 3
		if flags&streamSameFields != 0 {
			w.skip(master)
		} else {
			fields := w.number()
			if fields > int64(len(lp)) {
				return false
			}
			w.skip(2 * fields)
			elements = 2*fields + 4
		}
		if w.number() != elements {
			return false
		}
	}
	return !w.bad && !w.it.Next()
}

// An entryWalker reads a listpack that may end too early.
type entryWalker struct {
	it  packed.Iterator
	bad bool
}

func (w *entryWalker) number() int64 {
	if w.bad || !w.it.Next() || !w.it.IsInt {
		w.bad = true
		return 0
	}
	return w.it.Int
}

func (w *entryWalker) skip(n int64) {
	if n < 0 {
		w.bad = true
	}
	for ; n > 0 && !w.bad; n-- {
		w.bad = !w.it.Next()
	}
}
