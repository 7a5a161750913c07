// Package connection is the connection family: PING, ECHO, HELLO, SELECT, RESET,
// QUIT and CLIENT.
//
// CLIENT is a container: its subcommands for client-side caching (TRACKING,
// CACHING, GETREDIR, TRACKINGINFO) belong to another family, which adds them
// under the names "CLIENT|TRACKING" and so on.
//
// The family keeps no state: everything it shows and changes is core's.
package connection
