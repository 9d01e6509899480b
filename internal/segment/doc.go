// Package segment keeps one replica of a checkpoint in one memory-mapped tmpfs file, which the node director writes
// and any process that was handed a descriptor reads without a lock, a system call or a message.
//
// Replica is the writer: Create or Attach, then Apply updates, each all or nothing even if the process is killed
// between any two stores. Reader is the reader. Both are thin: the bytes are handled in C, where the fences that make
// reading beside a writer sound can be expressed (segment.c and cutoff.c, which the C front compiles as well), and where
// all stores of the writer go through one function that the crash test can stop at.
//
// Where to find what: format.h the bytes, segment.c readers, cutoff.c readers after a crash, undo.c atomicity, alloc.c
// free space, index.c section lookup, plan.c and apply.c updates, check.c what Attach demands of a file.
// docs/segment-format.md is the description for people who do not want to read C.
package segment

// #cgo CFLAGS: -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror
// #cgo LDFLAGS: -pthread
import "C"
