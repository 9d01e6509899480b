//go:build ckpt_bug_retry

package replication

// A deliberate mistake: the tests that are to find it must.
func knownResult(uint64, uint64) bool { return false }
