// Package clients drives real client libraries against Redust and against real Redis, end to end:
// `make clients`. It is a module of its own, so that nobody who imports Redust inherits the
// libraries.
//
// Each library does what applications do with it: connect with AUTH and HELLO, pipelines,
// transactions with WATCH, publish and subscribe with a connection that is lost, blocking pops, SCAN,
// RESP3 and client-side caching where it has them. A library that is not installed is skipped, with the
// reason. REDUST_BIN names the server under test (default: bin/redust of the repository).
package clients
