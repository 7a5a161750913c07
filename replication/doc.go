// Package replication will make this server a primary of replicas and a replica of a
// primary, speaking Redis's PSYNC in both directions. It fills core.Replication: until a
// service is attached with Engine.SetReplication the server is a primary without replicas.
//
// What it will stand on exists: effects.Log is the ordered stream that replicas are sent, each
// at an offset of its own; a snapshot (core.Snapshotter) is exact at one offset of that log, so
// it serves as a full sync; core.FlagPrimary marks the client that applies a primary's stream.
package replication
