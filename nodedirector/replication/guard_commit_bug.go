//go:build ckpt_bug_commit

package replication

// A deliberate mistake: the tests that are to find it must.
func committable(bool, uint64, uint64) bool { return true }
