// Package server is the server family: INFO, COMMAND, CONFIG, MEMORY, DEBUG, TIME,
// LOLWUT and SHUTDOWN.
//
// INFO is made of sections with fields in Redis's order. Every section begins with
// what this family knows; then the services and families that implement
// core.InfoSource contribute: a field that is there is replaced, another one is added at the
// end, and a section of another name is added at the end of the reply. Thus the pub/sub
// family fills pubsub_channels in "stats", and persistence its whole section, while
// without them the fields say truthfully that there is nothing.
//
// COMMAND and its subcommands are printed from the registry alone: there is no second
// table of commands.
//
// Handlers that look at the whole data set (DEBUG) hold all shards for the time it takes.
package server
