//go:build ckpt_bug_mark

package replication

// A deliberate mistake: the tests that are to find it must.
func readsAround(bool) bool { return false }
