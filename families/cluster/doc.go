// Package cluster is the family of the commands of a Redis Cluster: CLUSTER, ASKING, READONLY and READWRITE. Redust is no node of one,
// so they answer what Redis answers where cluster-enabled is no, as it is by default; clients ask them to find out.
package cluster
