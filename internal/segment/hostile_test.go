package segment

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

// Kinds of undo records, as format.h has them.
const (
	undoBytes   = 1
	undoSeq     = 2
	undoCorrupt = 3

	undoAreaAt     = 3208
	undoCapacityAt = 3216
	undoBase       = 8192
	allocatedAt    = 3136
)

func putWord(image []byte, at, value uint64) { binary.LittleEndian.PutUint64(image[at:], value) }

// records are undo records to be.
type records []byte

func (r *records) add(kind, offset uint64, old []byte, length uint64) {
	*r = append(*r, old...)
	*r = append(*r, make([]byte, -len(old)&7)...)
	*r = binary.LittleEndian.AppendUint64(*r, offset)
	*r = binary.LittleEndian.AppendUint64(*r, kind<<56|length)
}

// cut makes image that of an update which was cut off after these records, with every counter odd.
func cut(image []byte, more func(r *records)) []byte {
	image = slices.Clone(image)
	var r records
	for at, value := range counters(image) {
		if at != stateSeqAt {
			r.add(undoSeq, at, nil, 0)
			putWord(image, at, value|1)
		}
	}
	more(&r)
	copy(image[undoBase:2*undoBase], r)
	putWord(image, undoAt, uint64(len(r)))
	return image
}

// hostile appends records that make little sense.
func hostile(rng *rand.Rand, image []byte, r *records) {
	size := uint64(len(image))
	entries := slices.Sorted(func(yield func(uint64) bool) {
		for at := range counters(image) {
			if at > undoBase && !yield(at) {
				return
			}
		}
	})
	for range rng.IntN(30) {
		entry := uint64(undoBase)
		if len(entries) > 0 {
			entry = entries[rng.IntN(len(entries))]
		}
		table := word(image, tableAt) & (1<<56 - 1)
		offsets := []uint64{entry + 8*rng.Uint64N(16), entry + rng.Uint64N(128), table + 8*rng.Uint64N(128), rng.Uint64N(size),
			stateSeqAt + 8*rng.Uint64N(40), rng.Uint64N(size) &^ 7}
		offset := offsets[rng.IntN(len(offsets))]
		length := rng.Uint64N(100)
		if offset+length > size {
			offset = size - length
		}
		old := slices.Clone(image[offset : offset+length])
		if length >= 8 && rng.IntN(3) == 0 {
			values := []uint64{0, 1, rng.Uint64N(size), rng.Uint64N(size) &^ 63, ^uint64(0), rng.Uint64(),
				word(old, 0) ^ 1<<rng.IntN(64)}
			putWord(old, 0, values[rng.IntN(len(values))])
		}
		switch rng.IntN(300) {
		case 0:
			r.add(undoCorrupt, entry, nil, 0)
		case 1:
			r.add(rng.Uint64N(256), offset, old, length)
		case 2:
			r.add(undoBytes, offset, old, rng.Uint64())
		case 3:
			r.add(undoBytes, rng.Uint64(), old, length)
		case 4:
			r.add(undoBytes, undoAt-8+rng.Uint64N(40), old, length)
		case 5:
			r.add(undoBytes, undoBase+rng.Uint64N(500), old, length)
		default:
			r.add(undoBytes, offset, old, length)
		}
	}
}

// TestHostileRecords reads segments that were cut off with records of all sorts. Where those are accepted as an
// update to undo, the reader must have undone it the same way.
func TestHostileRecords(t *testing.T) {
	path := shmDir(t) + "/" + FileName(testIdentity.Checkpoint)
	rng := rand.New(rand.NewPCG(7, 8))
	accepted, same := 0, 0
	const rounds = 600
	for _, seed := range fuzzSeeds(t)[:2] {
		for range rounds {
			bad := cut(seed, func(r *records) { hostile(rng, seed, r) })
			if rng.IntN(30) == 0 {
				bad = damage(rng, bad)
			}
			if !useDamaged(t, path, bad) {
				continue
			}
			accepted++
			same += sameAsRecovery(t, path, bad)
		}
	}
	t.Logf("%d of %d accepted, %d compared", accepted, 2*rounds, same)
	if accepted < rounds/10 || accepted > 2*rounds*9/10 || same < accepted/2 {
		t.Error("the records are too wild, or not wild enough, to show anything")
	}
}

// sameAsRecovery compares what is read with and without recovery; 0 if the replica is not readable.
func sameAsRecovery(t *testing.T, path string, bytes []byte) int {
	t.Helper()
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Attach(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want, err := modelOf(r)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.State(); !s.Readable || s.LeaseDeadline != NoLease {
		return 0
	}
	unrecovered := openImage(t, shmDir(t), bytes)
	defer unrecovered.close()
	if d := want.diffReader(unrecovered.reader, unrecovered.file, testIDs); d != "" {
		t.Fatalf("before recovery, want what recovery makes of it: %s", d)
	}
	return 1
}

// TestManyRecords: with many records a read takes its time, with too many it gives up.
func TestManyRecords(t *testing.T) {
	r := create(t, nil)
	mustApply(t, r, Op{Kind: OpCreate, Section: nil, Data: []byte("content")})
	whole, err := os.ReadFile(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bytes uint64
		want  error
	}{{1 << 20, nil}, {128 << 20, ErrAsk}} {
		bad := cut(whole, func(*records) {})
		area := uint64(len(bad))
		var some records
		for len(some) < 1<<20 {
			some.add(undoSeq, indexSeqAt, nil, 0)
		}
		for uint64(len(bad)) < area+c.bytes {
			bad = append(bad, some...)
		}
		for at, value := range map[uint64]uint64{undoAt: c.bytes, undoAreaAt: area, undoCapacityAt: c.bytes,
			allocatedAt: area + c.bytes, allocatedAt + 8: ^(area + c.bytes)} {
			putWord(bad, at, value)
		}
		image := openImage(t, shmDir(t), bad)
		began := time.Now()
		n, err := image.reader.Read(nil, 0, make([]byte, 10))
		took := time.Since(began)
		image.close()
		if !errors.Is(err, c.want) || err == nil && n != len("content") || took > 5*time.Second {
			t.Errorf("%d bytes of records: %d bytes, %v after %v", c.bytes, n, err, took)
		}
		t.Logf("%d bytes of records: %v", c.bytes, took)
	}
}
