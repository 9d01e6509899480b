package replication

import (
	"sync"
	"sync/atomic"
)

// Buffer is memory for the data of an item. It is used again when everybody who had it has released it; where somebody does
// not, it is garbage like other memory.
type Buffer struct {
	users atomic.Int32
	bytes [PieceBytesMax]byte
}

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// newBuffer makes memory of n bytes, with any content, for one user. Short memory needs no Buffer.
func newBuffer(n int) ([]byte, *Buffer) {
	if n < bufferMin {
		return make([]byte, n), nil
	}
	b := buffers.Get().(*Buffer)
	b.users.Store(1)
	return b.bytes[:n:n], b
}

// hold adds a user.
func (b *Buffer) hold() *Buffer {
	if b != nil {
		b.users.Add(1)
	}
	return b
}

// Release says that a user, and whoever it gave the data to, does not need it any more. No effect on nil.
func (b *Buffer) Release() {
	if b != nil && b.users.Add(-1) == 0 {
		buffers.Put(b)
	}
}
