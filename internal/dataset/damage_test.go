package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
)

// closed closes the store's files, so that all is in them and can be replaced.
func closed(t *testing.T, dir string, f func(s *Store)) {
	t.Helper()
	s := OpenStore(Place{Dir: dir})
	f(s)
	s.Release(testLimit)
}

// TestDamage damages a file at random places: what is read is what was written or an error, and when the file is whole
// again, the same store goes on.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.db")
	want := map[string]bool{}
	closed(t, dir, func(s *Store) {
		must(t, s.Create("c", testLimit))
		must(t, s.CreateDataset("c", 1, 0, 0, testLimit))
		for i := range 40 {
			data := payload(1, uint64(i))
			want[string(data)] = true
			must(t, s.WriteElement("c", 1, []byte{byte(i)}, data, testLimit))
		}
		must(t, s.Write("c", 1, []byte("own"), testLimit))
	})
	image, err := os.ReadFile(path)
	must(t, err)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	s := newStore(t, dir)
	errorsSeen := 0
	for round := range 300 {
		damaged := bytes.Clone(image)
		for range 1 + r.IntN(30) {
			at := r.IntN(len(damaged))
			damaged[at] ^= byte(1 + r.IntN(255))
		}
		if r.IntN(4) == 0 {
			damaged = damaged[:r.IntN(len(damaged))]
		}
		replace(t, path, damaged)
		records, err := s.Read("c", 1, testLimit)
		var e *Error
		switch {
		case err == nil:
			records.All(func(element bool, data []byte) bool {
				if element && !want[string(data)] || !element && string(data) != "own" {
					t.Errorf("seed %d, round %d: %d bytes that were never written", seed, round, len(data))
				}
				return true
			})
			records.Free()
		case errors.As(err, &e) && e.Code == wire.FailedOperation, err == wire.NotExist:
			errorsSeen++
		default:
			t.Errorf("seed %d, round %d: %v", seed, round, err)
		}
		replace(t, path, image)
		if got := contents(t, s, "c", 1); len(got) != len(want)+1 {
			t.Fatalf("seed %d, round %d: %d records in the whole file", seed, round, len(got))
		}
	}
	if errorsSeen == 0 {
		t.Error("no damage was noticed")
	}
}

// replace puts a file in the place of another one, as an operator does with a backup.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", content, 0o600))
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	must(t, os.Rename(path+".new", path))
}

// smallFileSystem mounts a tmpfs of its own.
func smallFileSystem(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED: mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullFileSystem(t *testing.T) {
	dir := smallFileSystem(t, "1m")
	s := withDataset(t, dir)
	must(t, s.Write("c", 1, []byte("kept"), testLimit))
	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	must(t, f.Close())
	large := bytes.Repeat([]byte{1}, 100<<10)
	for i := range 3 {
		gives(t, s.Write("c", 1, large, testLimit), wire.NoSpace)
		gives(t, s.Create(fmt.Sprint("new", i), testLimit), wire.NoSpace)
		if got := contents(t, s, "c", 1); len(got) != 1 || got[0] != "=kept" {
			t.Fatalf("%.100q", got)
		}
	}
	must(t, os.Remove(filler))
	must(t, s.Write("c", 1, large, testLimit))
	must(t, s.Create("new0", testLimit))
	must(t, s.Delete("c", testLimit))
}

// A full file system does not keep a checkpoint from being deleted.
func TestDeleteOnFullFileSystem(t *testing.T) {
	dir := smallFileSystem(t, "1m")
	s := withDataset(t, dir)
	f, err := os.Create(filepath.Join(dir, "filler"))
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	must(t, f.Close())
	must(t, s.Delete("c", testLimit))
}

func TestReadOnlyFileSystem(t *testing.T) {
	dir := smallFileSystem(t, "4m")
	closed(t, dir, func(s *Store) {
		must(t, s.Create("c", testLimit))
		must(t, s.CreateDataset("c", 1, 0, 0, testLimit))
		must(t, s.Write("c", 1, []byte("kept"), testLimit))
	})
	s := newStore(t, dir)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	gives(t, s.Write("c", 1, []byte("x"), testLimit), wire.Access)
	gives(t, s.Create("d", testLimit), wire.Access)
	gives(t, s.Delete("c", testLimit), wire.Access)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT, ""))
	if got := contents(t, s, "c", 1); len(got) != 1 || got[0] != "=kept" {
		t.Fatalf("%.100q", got)
	}
	must(t, s.Write("c", 1, []byte("x"), testLimit))
}
