// Package replication decides how the replicas of a checkpoint on several nodes are kept equal. It knows no clock, no
// goroutine and no I/O but a Store: events go in, effects come out.
package replication
