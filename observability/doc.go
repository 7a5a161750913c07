// Package observability writes the log: [Logs] is a sink of hclog that gives lines redis-server's form, sends them to a file, standard output or the
// system's log, and keeps a level for each named logger that can be changed while the server runs.
//
// Counters, latencies and INFO are core's and the families': they need no service.
package observability
