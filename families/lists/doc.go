// Package lists is the family of list commands, the blocking ones included.
//
// A small list is one listpack, stored in its key's entry; list-max-listpack-size says how small. A larger one is a deque of
// chunks (type deque): listpacks at the ends, where elements come and go, and between them a form that is smaller and is
// read in place (type frozen). OBJECT ENCODING says quicklist for both, as Redis 7.0 does.
package lists
