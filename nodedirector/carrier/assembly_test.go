package carrier

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// cutUp makes the pieces of a frame.
func cutUp(from string, number uint64, frame []byte, size int) (pieces []piece) {
	for off := 0; off < len(frame); off += size {
		data := frame[off:min(off+size, len(frame))]
		e := envelope{from: from, incarnation: 1, number: number, offset: uint32(off), total: uint32(len(frame))}
		pieces = append(pieces, piece{e, data})
	}
	return pieces
}

type piece struct {
	envelope
	data []byte
}

// TestPiecesInAnyState loses, repeats and reorders pieces of many senders. What comes out is always a frame that was sent,
// and comes out at all if its pieces came in order; nothing stays behind.
func TestPiecesInAnyState(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		lost := 0
		a := newAssembly(1<<16, func(string) { lost++ })
		senders := []string{"a", "b", "c"}
		type key struct {
			from   string
			number uint64
		}
		sent := make(map[key][]byte)
		whole := make(map[key]bool) // all its pieces come in order, once, and no others of its sender in between
		var queues [3][]piece
		for i, from := range senders {
			for number := uint64(1); number <= 5; number++ {
				frame := pattern(1+r.IntN(500), byte(number))
				k := key{from, number}
				sent[k], whole[k] = frame, true
				pieces := cutUp(from, number, frame, 1+r.IntN(100))
				switch n := len(pieces); r.IntN(5) {
				case 0: // one is lost
					j := r.IntN(n)
					pieces = append(pieces[:j:j], pieces[j+1:]...)
					whole[k] = false
				case 1: // two are swapped
					i, j := r.IntN(n), r.IntN(n)
					pieces[i], pieces[j] = pieces[j], pieces[i]
					whole[k] = i == j
				case 2: // one comes twice
					j := r.IntN(n)
					pieces = append(pieces[:j+1:j+1], pieces[j:]...)
				}
				queues[i] = append(queues[i], pieces...)
			}
		}
		out := make(map[key]int)
		for len(queues[0])+len(queues[1])+len(queues[2]) > 0 {
			i := r.IntN(3)
			if len(queues[i]) == 0 {
				continue
			}
			p := queues[i][0]
			queues[i] = queues[i][1:]
			if frame := a.add(&p.envelope, p.data); frame != nil {
				k := key{p.from, p.number}
				if !bytes.Equal(frame, sent[k]) {
					t.Fatalf("seed %d: frame %v is not what was sent", seed, k)
				}
				out[k]++
			}
		}
		for k := range sent {
			if whole[k] && out[k] == 0 {
				t.Fatalf("seed %d: frame %v did not come out", seed, k)
			}
		}
		a.expireLocked(time.Now().Add(pieceWait))
		if len(a.partial) != 0 || a.reserved != 0 {
			t.Fatalf("seed %d: %d frames, %d bytes stay behind", seed, len(a.partial), a.reserved)
		}
		a.close()
	}
}

func TestAssemblyIsBounded(t *testing.T) {
	var reasons []string
	a := newAssembly(1000, func(reason string) { reasons = append(reasons, reason) })
	defer a.close()
	begin := func(from string, total uint32) {
		if a.add(&envelope{from: from, incarnation: 1, number: 1, total: total}, []byte("x")) != nil {
			t.Fatal("complete")
		}
	}
	begin("a", 1001) // too long
	begin("b", 1000)
	begin("c", 1000)
	begin("d", 2) // two of the longest are all that is allowed
	if len(reasons) != 2 || len(a.partial) != 2 || a.reserved != 2000 {
		t.Errorf("%q, %d frames, %d bytes", reasons, len(a.partial), a.reserved)
	}
	a.add(&envelope{from: "b", incarnation: 1, number: 1, offset: 1, total: 999}, []byte("x")) // another total
	if len(a.partial) != 1 || a.reserved != 1000 {
		t.Errorf("%d frames, %d bytes", len(a.partial), a.reserved)
	}
	b := newAssembly(1<<20, func(reason string) { reasons = append(reasons, reason) })
	defer b.close()
	for i := range uint64(2 * sendersMax) {
		b.add(&envelope{from: "a", incarnation: i, number: 1, total: 2}, []byte("x"))
	}
	if len(b.partial) != sendersMax {
		t.Errorf("%d senders", len(b.partial))
	}
}

func TestEnvelopeOfAnotherRelease(t *testing.T) {
	var v *wire.VersionError
	if _, _, err := parseEnvelope([]byte{2}); !errors.As(err, &v) ||
		err.Error() != "version 2, this release speaks 1" {
		t.Error(err)
	}
}

// FuzzMessages feeds the bytes, cut into messages, to what receives them: nothing panics, memory stays bounded, and what
// comes out has been in.
func FuzzMessages(f *testing.F) {
	for _, p := range cutUp("a", 1, []byte("0123456789"), 4) {
		b := p.append(nil)
		f.Add(append(binary.BigEndian.AppendUint16(nil, uint16(len(b)+len(p.data))), append(b, p.data...)...))
	}
	whole := (&envelope{from: "a", total: 1}).append(nil)
	f.Add(append(binary.BigEndian.AppendUint16(nil, uint16(len(whole)+1)), append(whole, 'x')...))
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		const frameMax = 1 << 12
		a := newAssembly(frameMax, func(string) {})
		defer a.close()
		for len(b) >= 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			message := b[2 : 2+n]
			b = b[2+n:]
			e, data, err := parseEnvelope(message)
			if err != nil {
				continue
			}
			if again := e.append(nil); !bytes.Equal(append(again, data...), message) {
				t.Fatalf("%x read as %+v", message, e)
			}
			if int(e.total) == len(data) {
				continue
			}
			if frame := a.add(&e, data); len(frame) > frameMax || frame != nil && len(frame) != int(e.total) {
				t.Fatalf("a frame of %d bytes", len(frame))
			}
			if a.reserved > framesPutMax*frameMax || len(a.partial) > sendersMax {
				t.Fatal("more than is allowed")
			}
		}
	})
}

// FuzzGreeting: whatever is said, it is refused or means what it says.
func FuzzGreeting(f *testing.F) {
	g := greeting{version, wayUpdate, "x", sender{"a", 7}, sender{"b", 7}, "n"}
	f.Add(g.String())
	f.Add("ckpt-stream 2")
	f.Add("ckpt-stream 1 bulk x a -7 b +7 n")
	f.Fuzz(func(t *testing.T, line string) {
		if g, err := parseGreeting(line); err == nil && g.String() != line {
			t.Errorf("%q read as %q", line, &g)
		}
	})
}
