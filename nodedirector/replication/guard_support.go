//go:build !ckpt_bug_support

package replication

// supported reports whether the promises that the active needs hold at a moment.
func supported(now, until int64) bool { return now < until }
