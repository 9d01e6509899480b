package replication

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// A deleted checkpoint does not come back, whatever arrives late, and its requests are answered.
func TestDelete(t *testing.T) {
	c := newCluster("a", "b")
	answers := map[Token]wire.Code{}
	c.answered = func(_ *member, k Token, v Verdict, _ []byte) { answers[k] = v.Code }
	d := newDirectorStub(c, wire.FlagAllReplicas, "a")
	c.director = d
	for _, n := range c.names {
		c.nodes[n].start()
	}
	c.run(500 * time.Millisecond)
	a, b := c.nodes["a"], c.nodes["b"]
	if len(d.config.InSync) != 2 {
		t.Fatal("b has not joined")
	}
	c.deliver = func(*packet) bool { return false }
	create := &Request{Kind: RequestUpdate, Token: 1, Deadline: math.MaxInt64, Update: Update{
		Op: wire.OpSectionCreate, Access: wire.OpenWrite, Time: Never, Elements: []wire.Element{{ID: []byte("s")}},
		Request: wire.RequestID{Session: 1, Number: 1},
	}}
	late := d.config
	late.Version++
	a.submit(create)
	read := &Request{Kind: RequestRead, Token: 2, Deadline: math.MaxInt64, Section: []byte("s"), Payload: []byte("s")}
	a.submit(read)
	if len(answers) != 0 {
		t.Fatalf("answered without b: %v", answers)
	}
	a.core.Delete(a.clock())
	a.effects()
	if answers[1] != wire.BadHandle || answers[2] != wire.BadHandle {
		t.Fatalf("answers %v", answers)
	}
	a.core.Configure(a.clock(), &late)
	a.core.Receive(a.clock(), a.wall(), "b", &Begin{Link: LinkID{Epoch: late.Epoch, Incarnation: 1, Stream: 1}})
	a.submit(&Request{Kind: RequestRead, Token: 3, Deadline: math.MaxInt64})
	if answers[3] != wire.BadHandle || a.core.lead != nil || a.core.follow != nil || a.state.Readable && a.core.store != nil {
		t.Fatal("the checkpoint has come back")
	}
	_ = b
}

// Messages of any content do not make the core panic; those of another epoch or link do no harm at all, and afterwards the
// replicas are what they were.
func TestHostileMessages(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 3))
		c := newCluster("a", "b")
		c.director = newDirectorStub(c, wire.FlagAllReplicas, "a")
		for _, n := range c.names {
			c.nodes[n].start()
		}
		c.run(300 * time.Millisecond)
		for i := range 50 {
			m := NewMessage(Kind(1 + rng.IntN(int(KindEventsFor))))
			numbers := []uint64{0, 2, 3, math.MaxUint8}
			if seed%2 == 1 {
				numbers = []uint64{0, 1, 2, 3}
			}
			fill(rng, reflect.ValueOf(m).Elem(), 0, numbers)
			n := c.nodes[c.names[rng.IntN(2)]]
			from := []string{"a", "b", "x"}[rng.IntN(3)]
			if _, beat := m.(*Beat); beat {
				continue
			}
			if it, ok := m.(*Item); ok && i%2 == 0 {
				it.Section, it.Update, it.Base, it.Results = nil, nil, nil, nil
			}
			n.core.Receive(n.clock(), n.wall(), from, m)
			n.effects()
		}
		if seed%2 == 1 {
			continue
		}
		c.run(1500 * time.Millisecond)
		if !c.quiet() {
			c.check(t, seed)
			t.Fatal(seed)
		}
	}
}

// fill puts anything into a message, with the numbers given.
func fill(rng *rand.Rand, v reflect.Value, depth int, numbers []uint64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(rng, v.Field(i), depth+1, numbers)
		}
	case reflect.Pointer:
		if rng.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(rng, v.Elem(), depth+1, numbers)
		}
	case reflect.Slice:
		if depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), rng.IntN(3), 3))
			for i := range v.Len() {
				fill(rng, v.Index(i), depth+1, numbers)
			}
		}
	case reflect.String:
		v.SetString([]string{"", "a", "b"}[rng.IntN(3)])
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int64:
		v.SetInt([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}[rng.IntN(5)])
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(numbers[rng.IntN(len(numbers))])
	}
}

// TestCopyUnderLoad fills a replica with sections of many pieces while all kinds of updates go on, over a network that loses
// messages; then both replicas are equal.
func TestCopyUnderLoad(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 5))
		c := newCluster("a", "b")
		d := newDirectorStub(c, wire.FlagAllReplicas, "a")
		c.director = d
		b := c.nodes["b"]
		b.headless = true
		for _, n := range c.names {
			c.nodes[n].start()
		}
		c.run(20 * time.Millisecond)
		a := c.nodes["a"]
		request := 0
		update := func(op wire.Op, data int, elements ...wire.Element) {
			request++
			u := Update{
				Op: op, Access: wire.OpenWrite, Elements: elements, Data: make([]byte, data), Time: Never,
				Request: wire.RequestID{Session: 1, Slot: uint16(request % 5), Number: uint64(request)},
			}
			for i := range u.Data {
				u.Data[i] = byte(request)
			}
			a.submit(&Request{Kind: RequestUpdate, Token: Token(request), Deadline: math.MaxInt64, Update: u})
		}
		id := func(i int) []byte { return fmt.Append(nil, "s", i) }
		for i := range 8 {
			size := 1 + rng.IntN(4_000_000)
			update(wire.OpSectionCreate, size, wire.Element{ID: id(i), Size: uint64(size)})
		}
		c.deliver = func(*packet) bool { return rng.Float64() > 0.03 }
		b.headless = false
		inSync := 0
		for range 6000 {
			c.step()
			if len(a.requests) < 4 && rng.IntN(4) == 0 {
				s := rng.IntN(10)
				at, n := rng.IntN(4_000_000), rng.IntN(2000)
				switch rng.IntN(8) {
				case 0:
					update(wire.OpSectionDelete, 0, wire.Element{ID: id(s)})
				case 1, 2:
					size := rng.IntN(2_000_000)
					update(wire.OpSectionCreate, size, wire.Element{ID: id(s), Size: uint64(size)})
				case 3:
					update(wire.OpOverwrite, n, wire.Element{ID: id(s), Size: uint64(n)})
				case 4:
					update(wire.OpExpiration, 0, wire.Element{ID: id(s)})
				default:
					other := (s + 1 + rng.IntN(9)) % 10
					update(wire.OpWrite, 2*n, wire.Element{ID: id(s), Offset: uint64(at), Size: uint64(n)},
						wire.Element{ID: id(other), Offset: uint64(at / 2), Size: uint64(n)})
				}
			}
			if len(d.config.InSync) == 2 {
				if inSync++; inSync > 200 {
					break
				}
			}
		}
		if inSync == 0 {
			t.Fatalf("seed %d: not filled", seed)
		}
		c.deliver = func(*packet) bool { return true }
		c.run(time.Second)
		if got, want := b.store.content(), a.store.content(); got != want {
			t.Fatalf("seed %d: after %d updates b has %d bytes of content, a %d; equal in the first %d", seed, request, len(got), len(want), common(got, want))
		}
	}
}

func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
