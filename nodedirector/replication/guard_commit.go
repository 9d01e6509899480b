//go:build !ckpt_bug_commit

package replication

// committable reports whether a required follower, which has acknowledged all up to acked if its link is open, has an update.
func committable(open bool, acked, number uint64) bool { return open && acked >= number }
