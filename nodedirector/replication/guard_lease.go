//go:build !ckpt_bug_lease

package replication

// leaseHolds reports whether a follower may read at a moment.
func leaseHolds(now, until int64) bool { return now < until }
