//go:build ckpt_bug_gone

package director

// A deliberate mistake: the tests that are to find it must.
func forgets(bool) bool { return false }
