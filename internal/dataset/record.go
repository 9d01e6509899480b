package dataset

// #include <stdlib.h>
// #include "record.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// ownNumber is the number of a dataset's own record. Elements have numbers from 1 to elementsMax.
const ownNumber = C.CKPT_OWN_NUMBER

func keyOf(dataset uint32, number int64) int64 { return int64(dataset)<<C.CKPT_NUMBER_BITS | number }

// write runs a statement that stores data under a key, and returns how many records it changed. id is that of the element,
// empty for the dataset's own record; withID says that the statement takes it. Neither slice is kept.
func (s *Statement) write(key int64, dataset uint32, id, data []byte, withID bool) (changed int64, err error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	record := C.struct_ckpt_to_store{dataset: C.uint32_t(dataset), size: C.uint64_t(len(data)), element_size: C.uint64_t(len(id))}
	if len(data) > 0 {
		pins.Pin(&data[0])
		record.data = unsafe.Pointer(&data[0])
	}
	if len(id) > 0 {
		pins.Pin(&id[0])
		record.element = unsafe.Pointer(&id[0])
	}
	var n C.int64_t
	result := C.ckpt_record_write(s.db.c, s.c, C.int64_t(key), &record, C.bool(withID), &n)
	return int64(n), s.db.check(result)
}

// Records are the records of a dataset in one block of C memory.
type Records struct {
	// Block comes from malloc and belongs to the receiver. It holds Count records, each a struct ckpt_record of
	// capi/engine.h followed by its data, padded to a multiple of 16 bytes. nil if Count is 0.
	Block unsafe.Pointer
	Count uint32
}

// Free frees the block.
func (r *Records) Free() {
	C.free(r.Block)
	r.Block, r.Count = nil, 0
}

// All calls yield for each record, elements first; data is valid until Free.
func (r *Records) All(yield func(element bool, data []byte) bool) {
	at := r.Block
	for range r.Count {
		head := (*C.struct_ckpt_stored)(at)
		size := uint64(head.size)
		at = unsafe.Add(at, unsafe.Sizeof(*head))
		if !yield(head.element != 0, unsafe.Slice((*byte)(at), size)) {
			return
		}
		const align = 16
		at = unsafe.Add(at, (size+align-1)&^(align-1))
	}
}

// read collects the records of a dataset.
func (s *Statement) read(dataset uint32) (Records, error) {
	var block *C.struct_ckpt_stored
	var count C.uint32_t
	result := C.ckpt_record_read(s.c, C.uint32_t(dataset), &block, &count)
	return Records{unsafe.Pointer(block), uint32(count)}, s.db.check(result)
}
