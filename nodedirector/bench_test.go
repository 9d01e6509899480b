package nodedirector

import (
	"math"
	"testing"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// BenchmarkWrite measures the handling of a 64-byte write from the message in to the reply handed to the bus.
func BenchmarkWrite(b *testing.B) {
	f := newFixture(b, nil)
	a := f.application()
	a.open(1, "bench", nil)
	a.create(1, "s", "")
	s := f.n.session(a.welcome.Session)
	data := make([]byte, 64)
	body := &wire.UpdateRequest{Open: 1, Elements: []wire.Element{{ID: []byte("s"), Size: 64}}}
	frames := make([]*nats.Msg, b.N)
	for i := range frames {
		r := wire.Request{Op: wire.OpWrite, Slot: 2, Number: uint64(i + 1), Deadline: math.MaxInt64, Pieces: 1, Total: 64}
		frame, err := wire.Encode(wire.KindRequest, [][]byte{data}, &r, body)
		if err != nil {
			b.Fatal(err)
		}
		frames[i] = &nats.Msg{Data: frame}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, m := range frames {
		s.receive(m)
	}
	b.StopTimer()
	if n := f.n.checkpoint(1).seg.Number(); n != uint64(b.N)+1 {
		b.Fatalf("%d updates applied, want %d", n, b.N+1)
	}
}
