package dataset

// #include <stdlib.h>
// #include "record.h"
import "C"

import (
	"encoding/binary"
	"hash/crc32"
	"unsafe"

	"libckpt/internal/wire"
)

// A record's key is its dataset's id and, in the low bits, the element's number in the order elements were first written.
// The dataset's own record has the highest number, so that it comes last.
const (
	numberBits  = 31
	ownNumber   = 1<<numberBits - 1
	recordAlign = 16
)

func keyOf(dataset uint32, number int64) int64 { return int64(dataset)<<numberBits | number }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a record: of its dataset, whether it is an element, and its data. SQLite checks the structure of a
// file, not what is stored in it.
func sum(dataset uint32, element bool, data []byte) uint32 {
	var head [5]byte
	binary.BigEndian.PutUint32(head[:], dataset)
	if element {
		head[4] = 1
	}
	return crc32.Update(crc32.Update(0, castagnoli, head[:]), castagnoli, data)
}

// write runs a statement that stores data under a key, and under an element's id if there is one, and returns how many
// records it changed. Neither slice is kept.
func (s *Statement) write(key int64, sum uint32, data, element []byte) (changed int64, err error) {
	var n C.int64_t
	result := C.ckpt_record_write(s.db.c, s.c, C.int64_t(key), C.uint32_t(sum), unsafe.Pointer(unsafe.SliceData(data)),
		C.uint64_t(len(data)), unsafe.Pointer(unsafe.SliceData(element)), C.uint64_t(len(element)), &n)
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
	r.walk(func(_ uint32, element bool, data []byte) bool { return yield(element, data) })
}

func (r *Records) walk(f func(sum uint32, element bool, data []byte) bool) {
	at := r.Block
	for range r.Count {
		head := (*C.struct_ckpt_stored)(at)
		size := uint64(head.size)
		at = unsafe.Add(at, unsafe.Sizeof(*head))
		if !f(uint32(head.sum), head.element != 0, unsafe.Slice((*byte)(at), size)) {
			return
		}
		at = unsafe.Add(at, (size+recordAlign-1)&^(recordAlign-1))
	}
}

// read collects the records of a dataset and compares their sums.
func (s *Statement) read(dataset uint32) (r Records, err error) {
	var block *C.struct_ckpt_stored
	var size, count C.uint64_t
	result := C.ckpt_record_read(s.c, C.int64_t(keyOf(dataset, 0)), C.int64_t(keyOf(dataset, ownNumber)), &block, &size, &count)
	if err := s.db.check(result); err != nil {
		return Records{}, err
	}
	r = Records{Block: unsafe.Pointer(block), Count: uint32(count)}
	r.walk(func(stored uint32, element bool, data []byte) bool {
		if stored == sum(dataset, element, data) {
			return true
		}
		err = &Error{Code: wire.FailedOperation, Path: s.db.path, Reason: reasonDamaged}
		return false
	})
	if err != nil {
		r.Free()
	}
	return r, err
}
