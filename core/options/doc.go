// Package options is the one table of a running server's options: what CONFIG GET prints and CONFIG SET changes.
//
// A [Spec] describes an option: its name and aliases in redis.conf's words, its [Kind], default, limits and [Status]. A [Table]
// holds the specs with their current values. It is filled once at start ([Table.Define] for the embedded list, [Table.Declare]
// by families), loaded from the configuration's sources ([Table.Load]), and then changed only by [Table.Set], which behaves as
// CONFIG SET of Redis 7.0 does: several options at once, all or nothing, with its error texts.
//
// Hot paths don't ask the table by name. They fetch a handle once ([Table.Int], [Table.Bool], [Table.String]) and read it with one
// atomic load. Whoever must act on a change registers a hook ([Table.OnChange], [Table.OnApply]); a hook that fails undoes the
// whole change.
//
// All methods of Table may be called from several goroutines, except that hooks must not call Set. The package reads no file and
// knows no flag: the sources of configuration are package redustcmd's concern. Of ours it imports configs, the embedded list, for [Standard].
package options
