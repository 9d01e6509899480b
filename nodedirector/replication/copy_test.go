package replication

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// Sections that take several pieces are copied whole, while they are written to, pieces are lost and memory for them is used
// again.
func TestLargeSectionsAreCopied(t *testing.T) {
	for _, flags := range []uint32{wire.FlagAllReplicas, wire.FlagActiveReplica} {
		c, d, _ := continuing(t, flags)
		a, b := c.nodes["a"], c.nodes["b"]
		codes := map[Token]wire.Code{}
		c.answered = func(_ *member, k Token, v Verdict, _ []byte) { codes[k] = v.Code }
		random := rand.New(rand.NewPCG(1, uint64(flags)))
		token := Token(1000)
		submit := func(op wire.Op, id string, offset, n int) {
			token++
			data := make([]byte, n)
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			a.submit(&Request{Kind: RequestUpdate, Token: token, Deadline: math.MaxInt64, Update: Update{
				Op: op, Access: wire.OpenWrite, Time: Never, Data: data, Request: wire.RequestID{Session: uint64(token), Number: 1},
				Elements: []wire.Element{{ID: []byte(id), Size: uint64(n), Offset: uint64(offset)}},
			}})
		}
		sizes := []int{3*PieceBytesMax + 5, PieceBytesMax, PieceBytesMax + 1, bufferMin, bufferMin - 1, 10}
		for i, n := range sizes {
			submit(wire.OpSectionCreate, fmt.Sprint("large", i), 0, n)
			c.run(10 * time.Millisecond)
		}
		b.crash()
		b.store = nil
		b.start()
		deliver := c.deliver
		c.deliver = func(p *packet) bool { return deliver(p) && random.IntN(10) > 0 }
		copied := false
		for range 300 {
			i := random.IntN(len(sizes))
			offset := random.IntN(sizes[i])
			submit(wire.OpWrite, fmt.Sprint("large", i), offset, min(random.IntN(1000), sizes[i]-offset)+1)
			c.run(5 * time.Millisecond)
			copied = copied || b.core.follow != nil && b.core.follow.filling
		}
		c.deliver = deliver
		c.run(3 * time.Second)
		if !copied || fmt.Sprint(d.config.InSync) != "[a b]" || a.store.content() != b.store.content() {
			t.Errorf("flags %d: copied %v, in sync %v, same content %v", flags, copied, d.config.InSync, a.store.content() == b.store.content())
		}
		for k, code := range codes {
			if code != wire.OK {
				t.Errorf("flags %d: request %d: %v", flags, k, code)
			}
		}
	}
}
