// Package conformance holds the black-box suite that proves Redust equal to
// Redis on the wire. It has no code of its own outside its tests and imports
// no package of Redust: all it knows of either server is a TCP port.
//
// Each file scripts/<family>/<command>.txt is a list of commands as typed into
// redis-cli. The suite starts Redust and a real Redis 7.0.15 on free ports,
// sends every line to both, in RESP2 and in RESP3, and compares the raw reply
// bytes. README.md tells how to write and run a script, and what else is
// compared: command tables, configuration names, random command sequences.
package conformance
