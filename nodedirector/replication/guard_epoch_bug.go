//go:build ckpt_bug_epoch

package replication

import "libckpt/internal/wire"

// A deliberate mistake: the tests that are to find it must.
func fits(message, present wire.Epoch) bool { return true }
