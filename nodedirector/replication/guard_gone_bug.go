//go:build ckpt_bug_gone

package replication

// A deliberate mistake: the tests that are to find it must.
func mayConfigure(bool) bool { return true }
