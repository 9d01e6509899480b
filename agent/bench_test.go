package agent

import (
	"fmt"
	"testing"

	"libckpt/internal/wire"
)

// BenchmarkOverwrite is a round trip through a real bus to a party that answers at once.
func BenchmarkOverwrite(b *testing.B) {
	for _, size := range []int{64, 1024, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := newFake(b)
			f.quiet = true
			c := f.open(f.dial())
			f.onRequest(func(f *fake, q *frame) {
				r := &wire.Reply{Error: wire.OK}
				if q.Piece != q.Pieces-1 {
					r.Ack, r.Piece = true, q.Piece
				}
				f.send(q, r, nil)
			})
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Overwrite(b.Context(), []byte("s"), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
