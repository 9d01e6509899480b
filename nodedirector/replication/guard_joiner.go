//go:build !ckpt_bug_joiner

package replication

// counted reports whether a follower may read at all, given that the configuration has it in sync.
func counted(inSync bool) bool { return inSync }
