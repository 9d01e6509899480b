//go:build !ckpt_bug_gone

package director

// forgets reports whether a node has to delete a checkpoint that it announces and that the state does not hold: it was
// deleted while the node was away.
func forgets(held bool) bool { return !held }
