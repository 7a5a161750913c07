// Package replication is the family of the commands that tell and use the server's role: ROLE and WAIT. As long as no service
// is attached with core.Engine.SetReplication the server is a primary without replicas.
package replication
