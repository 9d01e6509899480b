//go:build ckpt_bug_support

package replication

// A deliberate mistake: the tests that are to find it must.
func supported(int64, int64) bool { return true }
