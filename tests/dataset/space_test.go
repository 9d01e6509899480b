package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mountTmpfs mounts a file system of so many bytes on a new directory.
func mountTmpfs(t *testing.T, size int) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ckpt-dataset-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	err = syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%d,mode=0755", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("SKIPPED, NOTHING IS SHOWN: no right to mount a tmpfs on %s: %v; run the test as root", dir, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a full file system a write says so and changes nothing; all that was acknowledged is there, also for another process;
// and when there is room the same process goes on.
func TestFullDisk(t *testing.T) {
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			const size, reserve, piece = 12 << 20, 4 << 20, 200_000
			dir := mountTmpfs(t, size)
			filler := filepath.Join(dir, "filler")
			if err := os.WriteFile(filler, make([]byte, reserve), 0o600); err != nil {
				t.Fatal(err)
			}
			s := ready(t, environment(dir), flavour, "full")
			acknowledged := 0
			got := ok
			for ; got == ok; acknowledged++ {
				if acknowledged > 2*size/piece {
					t.Fatal("the file system does not get full")
				}
				got = s.do("ewrite %s 1 %s %s", x("full"), x(fmt.Sprint(acknowledged)), x(pieceOf(acknowledged, piece)))
			}
			acknowledged--
			if got != noSpace {
				t.Fatalf("after %d writes: %s, want %s", acknowledged, got, noSpace)
			}
			s.oneLine(dir)
			check := func(s *session, when string) {
				t.Helper()
				words := strings.Fields(s.raw("read %s 1", x("full")))
				if words[0] != ok || len(words) != 1+acknowledged {
					t.Fatalf("%s: %s and %d elements, acknowledged were %d", when, words[0], len(words)-1, acknowledged)
				}
				for i, w := range words[1:] {
					if unhex(t, strings.TrimPrefix(w, "e:")) != pieceOf(i, piece) {
						t.Fatalf("%s: element %d differs", when, i)
					}
				}
			}
			check(s, "full")
			for range 20 { // large and small; what does fit may be written
				s.do("ewrite %s 1 %s %s", x("full"), x("no"), x(pieceOf(99, piece)))
			}
			other := initialized(t, environment(dir), flavour)
			if got := other.do("dataset %s 1", x("full")); got != ok && got != noSpace {
				t.Errorf("another process: %s", got)
			}
			other.kill()
			check(s, "after more attempts")

			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			s.want(ok, "ewrite %s 1 %s %s", x("full"), x(fmt.Sprint(acknowledged)), x(pieceOf(acknowledged, piece)))
			acknowledged++
			check(s, "with room")
			s.kill()
			s = ready(t, environment(dir), flavour, "full")
			check(s, "in the next process")
			s.quiet()
		})
	}
}

func pieceOf(number, size int) string {
	return strings.Repeat(fmt.Sprintf("piece %d ", number), size/len("piece 0 ")+1)[:size]
}

// However little room there is for making a checkpoint: it works, or says so and leaves nothing behind that disturbs later.
func TestFullDiskWhenCreating(t *testing.T) {
	const page = 4096
	for pages := 1; pages <= 40; pages += 3 {
		dir := mountTmpfs(t, pages*page)
		s := initialized(t, environment(dir), "doc")
		lines := []string{"create " + x("c"), "dataset " + x("c") + " 1", "write " + x("c") + " 1 " + x(pieceOf(1, 5000))}
		for _, line := range lines {
			got := s.do("%s", line)
			if got == ok {
				continue
			}
			if got != noSpace {
				t.Errorf("%d pages: %.20s: %s, want %s", pages, line, got, noSpace)
			}
			s.oneLine(dir)
			break
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
			t.Fatal(err)
		}
		s.want(ok, "create %s", x("c"))
		s.want(ok, "dataset %s 1", x("c"))
		s.want(ok, "write %s 1 %s", x("c"), x("data"))
		s.want("0x0 d:data", "read %s 1", x("c"))
		s.end()
	}
}

// A file system that is read-only for a while.
func TestReadOnlyFileSystem(t *testing.T) {
	dir := mountTmpfs(t, 8<<20)
	filled(t, dir)
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, "size=8m"); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	s := initialized(t, environment(dir), "doc")
	s.want(notPermitted, "create %s", x("new"))
	s.oneLine(dir)
	remount(0)
	s.want(ok, "create %s", x("new"))
	s.want(ok, "dataset %s 1", x("c"))
	s.want(filledContents, "read %s 1", x("c"))
	s.end()
}

// A user without the right to write gets told so.
func TestNoPermission(t *testing.T) {
	uid := stranger(t)
	dir := shared(t, uid)
	s := startAs(t, uid, environment(dir), "doc")
	s.want(ok, "init")
	s.want(ok, "create %s", x("c"))
	s.want(ok, "dataset %s 1", x("c"))
	s.want(ok, "write %s 1 %s", x("c"), x("data"))
	s.want(ok, "finalize")
	s.end()

	mode := func(path string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, path string
		without    os.FileMode
		line       string
		with       os.FileMode
	}{
		{"directory read-only", dir, 0o500, "create " + x("new"), 0o700},
		{"directory closed", dir, 0o000, "dataset " + x("c") + " 1", 0o700},
		{"file read-only", database(t, dir), 0o400, "dataset " + x("c") + " 7", 0o600},
		{"file closed", database(t, dir), 0o000, "dataset " + x("c") + " 1", 0o600},
	} {
		t.Run(test.name, func(t *testing.T) {
			mode(test.path, test.without)
			s := startAs(t, uid, environment(dir), "doc")
			s.want(ok, "init")
			s.want(notPermitted, "%s", test.line)
			s.oneLine(dir)
			mode(test.path, test.with)
			s.want(ok, "%s", test.line)
			s.want(ok, "dataset %s 1", x("c"))
			s.want("0x0 d:data", "read %s 1", x("c"))
			s.end()
		})
	}
}
