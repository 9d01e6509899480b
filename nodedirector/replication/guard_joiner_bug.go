//go:build ckpt_bug_joiner

package replication

// A deliberate mistake: the tests that are to find it must.
func counted(bool) bool { return true }
