package dataset

// #include "stack.h"
import "C"

// stackSuffices reports whether SQLite may run on the thread that called Go.
func stackSuffices() bool { return bool(C.ckpt_stack_suffices()) }
