//go:build ckpt_bug_tail

package replication

// A deliberate mistake: the tests that are to find it must.
func uncommittedOf([][]byte) [][]byte { return nil }
