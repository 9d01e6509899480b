//go:build !ckpt_bug_gone

package replication

// mayConfigure reports whether a configuration is obeyed, given that the checkpoint has been deleted or not.
func mayConfigure(gone bool) bool { return !gone }
