package nodedirector

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"libckpt/internal/wire"
)

func TestSlots(t *testing.T) {
	var s slots
	step := func(number uint64, want admission) {
		t.Helper()
		if got := s.look(3, number); got != want {
			t.Fatalf("request %d: %d, want %d", number, got, want)
		}
	}
	step(1, admitRun)
	s.begin(3, 1)
	step(1, admitIgnore) // running
	s.finish(3, 1, []byte("one"))
	step(1, admitRepeat)
	step(2, admitRun)
	s.begin(3, 2)
	step(1, admitIgnore) // older
	s.finish(3, 1, []byte("late"))
	step(2, admitIgnore) // still running
	s.finish(3, 2, nil)  // may be carried out again
	step(2, admitRun)
	s.begin(3, 4)
	if s.current(3, 2) || !s.current(3, 4) {
		t.Fatal("the slot's latest request is 4")
	}
	if s.begin(3, 5) || !s.begin(5, 9) || s.begin(5, 10) {
		t.Fatal("the first request of a slot in this process is the only one that an earlier process may have begun")
	}
}

// pieces cuts data as an agent does.
func pieces(data []byte, size int) (r []wire.Request, parts [][]byte) {
	for chunk := range slices.Chunk(data, size) {
		parts = append(parts, chunk)
	}
	for i := range parts {
		r = append(r, wire.Request{Number: 1, Piece: uint32(i), Pieces: uint32(len(parts)), Total: uint64(len(data))})
	}
	return r, parts
}

func TestStagingAnyOrder(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		r, parts := pieces(data, 100+random.IntN(500))
		s := newStaging(&r[0])
		order := random.Perm(len(r))
		order = append(order[:1:1], order...) // the first one twice
		for k, i := range order {
			complete, err := s.add(&r[i], parts[i])
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if complete != (k == len(order)-1) {
				t.Fatalf("seed %d: complete %v after %d of %d", seed, complete, k+1, len(order))
			}
		}
		if !bytes.Equal(s.data, data) {
			t.Fatalf("seed %d: data differ", seed)
		}
	}
}

func TestStagingRefuses(t *testing.T) {
	first := wire.Request{Number: 1, Pieces: 3, Total: 10}
	for _, test := range []struct {
		name  string
		steps []struct {
			r    wire.Request
			size int
		}
	}{
		{"beyond", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 3, Pieces: 3, Total: 10}, 1}}},
		{"other total", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 3, Total: 11}, 1}}},
		{"other count", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 4, Total: 10}, 1}}},
		{"empty", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 3, Total: 10}, 0}}},
		{"too long", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 3, Total: 10}, 6}}},
		{"last too long", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 2, Pieces: 3, Total: 10}, 11}}},
		{"different lengths", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 3, Total: 10}, 4}, {wire.Request{Piece: 1, Pieces: 3, Total: 10}, 3}}},
		{"hole before the last", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 0, Pieces: 3, Total: 10}, 4}, {wire.Request{Piece: 2, Pieces: 3, Total: 10}, 1}}},
		{"overlap with the last", []struct {
			r    wire.Request
			size int
		}{{wire.Request{Piece: 2, Pieces: 3, Total: 10}, 3}, {wire.Request{Piece: 0, Pieces: 3, Total: 10}, 5}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStaging(&first)
			var err error
			for _, step := range test.steps {
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.add(&step.r, make([]byte, step.size))
			}
			if err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, op := range []wire.Op{wire.OpOpen, wire.OpWrite, wire.OpRead, wire.OpSections, wire.OpNotify, wire.OpList} {
		b, err := wire.Encode(wire.KindRequest, [][]byte{[]byte("data")}, &wire.Request{Op: op, Number: 1, Pieces: 1, Total: 4}, bodyOf(op))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		c, err := parse(frame)
		if (c == nil) == (err == nil) {
			t.Fatal("a request or an error")
		}
	})
}
