// Package load drives a RESP server with many connections and measures what it answers: rate, latency and the server's own CPU time.
// It is what cmd/redust-bench and internal/tools/benchreport share.
//
// A [Group] is a short cycle of commands. [Run] formats it once per connection into a ring of ready bytes in which only the
// digits of random numbers change, and then exchanges batches: one send, the replies counted by a [Scanner], one latency sample for
// each request of the batch. On Linux an event loop for each thread serves its share of the connections, many by one system call (package
// sockets), and allocates nothing between batches, because the generator usually shares the machine with what it measures; elsewhere a
// goroutine serves each.
//
// [Compare] runs rounds that alternate between servers and takes medians, so that drift of the machine meets all of them alike.
//
// What it does not do: it is a closed loop (a client sends its next batch when the last one is answered), so its latencies say how the
// server does at its own pace, not at a given arrival rate; it speaks RESP2 only and no TLS.
package load
