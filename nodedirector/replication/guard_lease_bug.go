//go:build ckpt_bug_lease

package replication

// A deliberate mistake: the tests that are to find it must.
func leaseHolds(int64, int64) bool { return true }
