package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	checksumAt = 16
	bootAt     = 48
)

// seal makes the header's checksum right, so that damage to the part it covers gets past it.
func seal(image []byte) {
	clear(image[checksumAt : checksumAt+8])
	h := uint64(stateSeqAt)
	h *= 0x9E3779B97F4A7C15
	for at := 0; at < stateSeqAt; at += 8 {
		h = (h ^ binary.LittleEndian.Uint64(image[at:])) * 0xBF58476D1CE4E5B9
		h ^= h >> 29
	}
	h *= 0x94D049BB133111EB
	binary.LittleEndian.PutUint64(image[checksumAt:], h^h>>31)
}

// fuzzSeeds are segments of all shapes, one of them in the middle of an update.
func fuzzSeeds(t testing.TB) [][]byte {
	keep := func(r *Replica) []byte {
		image, err := os.ReadFile(r.Path())
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	r := create(t, nil)
	seeds := [][]byte{keep(r)}
	rng := rand.New(rand.NewPCG(3, 4))
	m := newModel()
	for range 60 {
		u := randomUpdate(rng, m, 1500)
		if m.clone().apply(u) == nil {
			m.apply(u)
			if err := r.Apply(u); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.SetConfig([]byte("configuration")); err != nil {
		t.Fatal(err)
	}
	seeds = append(seeds, keep(r))
	// The undo records of the last update are still there: make them valid again.
	cut := slices.Clone(seeds[1])
	binary.LittleEndian.PutUint64(cut[undoAt:], 24)
	seeds = append(seeds, cut)
	return seeds
}

// useDamaged attaches and reads a file that may be damaged. Whatever is accepted must then work like any segment.
func useDamaged(t testing.TB, path string, image []byte) (attached bool) {
	t.Helper()
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	readDamaged(t, path)
	r, err := Attach(path, nil)
	if err == nil {
		defer r.Close()
		exercise(t, r)
	} else if refused := new(RefusedError); errors.As(err, &refused) {
		if refused.Reason == "" || refused.Path != path {
			t.Fatalf("refused without a reason: %+v", refused)
		}
	} else if !errors.Is(err, ErrGone) {
		t.Fatalf("attach: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Fatalf("took %v", took)
	}
	return err == nil
}

func readDamaged(t testing.TB, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := OpenReader(f)
	if err != nil {
		return
	}
	defer r.Close()
	buf := make([]byte, 3000)
	for _, id := range testIDs {
		if n, err := r.Read([]byte(id), 10, buf); err == nil && n > len(buf) {
			t.Fatalf("read %d bytes into %d", n, len(buf))
		}
		if _, err := r.Stat([]byte(id)); errors.Is(err, ErrRemap) {
			r.Remap(f)
			r.Read([]byte(id), 0, buf)
		}
	}
}

// exercise uses a replica that Attach has accepted.
func exercise(t testing.TB, r *Replica) {
	m, err := modelOf(r)
	if err != nil {
		t.Fatalf("accepted, but: %v", err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		u := randomUpdate(rng, m, 3000)
		after := m.clone()
		want := after.apply(u)
		if got := r.Apply(u); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("accepted, but apply: %v, want %v", got, want)
		}
		if want == nil {
			m = after
		}
	}
	got, err := modelOf(r)
	if err != nil {
		t.Fatalf("accepted, but: %v", err)
	}
	if d := m.diff(got); d != "" {
		t.Fatalf("accepted, but: %s", d)
	}
}

// damage changes a few words or bytes, mostly of structure rather than content.
func damage(rng *rand.Rand, image []byte) []byte {
	image = slices.Clone(image)
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(image)/8) * 8
		switch rng.IntN(4) {
		case 0:
			at = stateSeqAt + rng.IntN(60)*8
		case 1:
			at = 16384 + rng.IntN(1000)*8
		}
		word := image[at : at+8]
		values := []uint64{0, 1, 16, 64, 1 << 32, 1 << 45, ^uint64(0), rng.Uint64(), uint64(rng.IntN(len(image))),
			uint64(rng.IntN(len(image))) &^ 63, uint64(rng.IntN(len(image)))&^63 + 16,
			binary.LittleEndian.Uint64(word) ^ 1<<rng.IntN(64), binary.LittleEndian.Uint64(word) + 64}
		binary.LittleEndian.PutUint64(word, values[rng.IntN(len(values))])
	}
	if rng.IntN(20) == 0 {
		image = image[:rng.IntN(len(image))]
	}
	if rng.IntN(2) == 0 && len(image) > stateSeqAt {
		seal(image)
	}
	return image
}

// TestDamaged tries a fixed number of random damages.
func TestDamaged(t *testing.T) {
	path := shmDir(t) + "/" + FileName(testIdentity.Checkpoint)
	accepted, tried := 0, 0
	rng := rand.New(rand.NewPCG(5, 6))
	for _, seed := range fuzzSeeds(t) {
		if sealed := slices.Clone(seed); true {
			seal(sealed)
			if !bytes.Equal(sealed, seed) {
				t.Fatal("the test does not compute the header's checksum as segment.c does")
			}
		}
		for range 2000 {
			if useDamaged(t, path, damage(rng, seed)) {
				accepted++
			}
			tried++
		}
	}
	t.Logf("%d of %d damaged segments accepted (damage to content, or to what is not in use)", accepted, tried)
	if accepted == tried {
		t.Error("nothing was refused")
	}
}

func FuzzSegment(f *testing.F) {
	for _, seed := range fuzzSeeds(f) {
		f.Add(seed)
	}
	path := shmDir(f) + "/" + FileName(testIdentity.Checkpoint)
	f.Fuzz(func(t *testing.T, image []byte) {
		if len(image) > stateSeqAt {
			boot, _ := bootID()
			copy(image[bootAt:], boot[:])
			seal(image)
		}
		useDamaged(t, path+fmt.Sprint(os.Getpid()), image)
	})
}

// TestRefused looks at what is said about files that are no segments, or not ours.
func TestRefused(t *testing.T) {
	r := create(t, nil)
	if err := r.SetConfig([]byte("configuration")); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	dir := shmDir(t)
	for _, c := range []struct {
		name   string
		change func(image []byte) []byte
		reason string
	}{
		{"empty", func([]byte) []byte { return nil }, "shorter than"},
		{"other file", func([]byte) []byte { return bytes.Repeat([]byte("text"), 20000) }, "magic"},
		{"later version", func(i []byte) []byte { i[8] = 9; seal(i); return i }, "version 9; this release reads versions 1 to 1"},
		{"version 0", func(i []byte) []byte { i[8] = 0; seal(i); return i }, "version 0"},
		{"checksum", func(i []byte) []byte { i[600] ^= 1; return i }, "checksum"},
		{"other boot", func(i []byte) []byte { i[50] ^= 1; seal(i); return i }, "booted"},
		{"cut off", func(i []byte) []byte { return i[:len(i)-4096] }, "size"},
		{"block of nobody", func(i []byte) []byte { clear(i[configAt : configAt+16]); return i }, "belongs to nothing"},
		{"shorter than allocated", func(i []byte) []byte {
			binary.LittleEndian.PutUint64(i[3136:], 1<<20)
			binary.LittleEndian.PutUint64(i[3144:], ^uint64(1<<20))
			return i
		}, "shorter than its header"},
	} {
		path := dir + "/" + strings.ReplaceAll(c.name, " ", "-")
		if err := os.WriteFile(path, c.change(slices.Clone(good)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Attach(path, nil)
		if refused := new(RefusedError); !errors.As(err, &refused) || !strings.Contains(refused.Reason, c.reason) {
			t.Errorf("%s: %v, want a reason with %q", c.name, err, c.reason)
		}
	}
}
