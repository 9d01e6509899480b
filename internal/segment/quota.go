package segment

// #include <stdlib.h>
// #include "writer.h"
import "C"

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Quota is the shared-memory limit of a node over all its replicas. Safe for concurrent use.
type Quota struct{ c *C.struct_ckpt_quota }

// NewQuota returns a quota of maxBytes bytes of segment files; 0 means no limit but that of the tmpfs.
func NewQuota(maxBytes uint64) *Quota {
	c := (*C.struct_ckpt_quota)(C.calloc(1, C.sizeof_struct_ckpt_quota))
	c.max = C.uint64_t(maxBytes)
	q := &Quota{c}
	runtime.AddCleanup(q, func(c *C.struct_ckpt_quota) { C.free(unsafe.Pointer(c)) }, c)
	return q
}

// Used returns the bytes of all segment files that count against q. It can exceed Max: Attach never refuses a
// replica that exists already.
func (q *Quota) Used() uint64 {
	used := atomic.LoadUint64((*uint64)(unsafe.Pointer(&q.c.used)))
	runtime.KeepAlive(q)
	return used
}

// Max returns the limit in bytes, 0 for none.
func (q *Quota) Max() uint64 { return uint64(q.c.max) }

func (q *Quota) pointer() *C.struct_ckpt_quota {
	if q == nil {
		return nil
	}
	return q.c
}
