// Package keyspace is the store under all families: keys, values, deadlines.
package keyspace
