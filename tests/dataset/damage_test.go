package dataset

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// filled makes a checkpoint named "c" in dir, with three elements and a record, and ends. The file's path.
func filled(t *testing.T, dir string) (path string) {
	t.Helper()
	s := ready(t, environment(dir), "doc", "c")
	for _, id := range []string{"a", "b", "e"} {
		s.want(ok, "ewrite %s 1 %s %s", x("c"), x(id), x("element-"+id+strings.Repeat("-", 6000)))
	}
	s.want(ok, "write %s 1 %s", x("c"), x("data"))
	s.want(ok, "finalize")
	s.end()
	return database(t, dir)
}

var filledContents = func() string {
	text := ok
	for _, id := range []string{"a", "b", "e"} {
		text += " e:element-" + id + strings.Repeat("-", 6000)
	}
	return text + " d:data"
}()

// What is not a database of the library gives an error and one line that names it; it is left as it is; and when the right
// file is back the same process goes on.
func TestDamagedFile(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign")
	passes(t, environment("", "LD_LIBRARY_PATH="+sqliteLibraries(t)), program(t, "", "own_sqlite"), "make", foreign)
	for name, damage := range map[string]func(t *testing.T, good []byte) []byte{
		"random bytes": func(t *testing.T, good []byte) []byte {
			b := make([]byte, len(good))
			random := rand.New(rand.NewPCG(1, 2))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			return b
		},
		"random header": func(t *testing.T, good []byte) []byte {
			return append([]byte("some text, not a database"), good[25:]...)
		},
		"random after header": func(t *testing.T, good []byte) []byte {
			return append(good[:100:100], bytes.Repeat([]byte{0xa5}, len(good)-100)...)
		},
		"zeros":             func(t *testing.T, good []byte) []byte { return make([]byte, len(good)) },
		"text":              func(t *testing.T, good []byte) []byte { return []byte("hello\n") },
		"cut to 50 bytes":   func(t *testing.T, good []byte) []byte { return good[:50] },
		"cut to 100 bytes":  func(t *testing.T, good []byte) []byte { return good[:100] },
		"cut to half":       func(t *testing.T, good []byte) []byte { return good[:len(good)/2/4096*4096] },
		"cut within a page": func(t *testing.T, good []byte) []byte { return good[:len(good)/2/4096*4096+1234] },
		"another application's": func(t *testing.T, good []byte) []byte {
			b, err := os.ReadFile(foreign)
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		"of a later release": func(t *testing.T, good []byte) []byte {
			b := bytes.Clone(good)
			b[63]++ // the last byte of user_version
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filled(t, dir)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := damage(t, good)
			replace(t, path, bad)
			s := initialized(t, environment(dir), "doc")
			first := s.do("dataset %s 1", x("c"))
			if first == ok { // what is damaged is not needed for that
				first = s.do("read %s 1", x("c"))
			}
			if words := strings.Fields(first); words[0] != failedOperation {
				t.Fatalf("%.100s, want %s", first, failedOperation)
			}
			s.oneLine(path)
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
				t.Errorf("the file was changed (%d bytes, then %d): %v", len(bad), len(now), err)
			}
			replace(t, path, good)
			s.want(ok, "dataset %s 1", x("c"))
			s.want(filledContents, "read %s 1", x("c"))
			s.want(ok, "write %s 1 %s", x("c"), x("data"))
			s.end()
		})
	}
}

// replace puts a file in the place of another, as an operator does it: with nothing of the other beside it.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + beside); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// Other checkpoints do not suffer from a damaged one.
func TestDamageAlone(t *testing.T) {
	dir := t.TempDir()
	path := filled(t, dir)
	replace(t, path, []byte("damaged"))
	s := ready(t, environment(dir), "doc", "other")
	s.want(ok, "write %s 1 %s", x("other"), x("data"))
	s.want(failedOperation, "dataset %s 1", x("c"))
	s.want("0x0 d:data", "read %s 1", x("other"))
	s.oneLine(path)
}

// The same trouble again and again is said at most once a second.
func TestTroubleIsSaidOnceASecond(t *testing.T) {
	dir := t.TempDir()
	path := filled(t, dir)
	replace(t, path, []byte("damaged"))
	s := initialized(t, environment(dir), "doc")
	begin := time.Now()
	for range 200 {
		s.want(failedOperation, "dataset %s 1", x("c"))
	}
	most := 1 + int(time.Since(begin).Seconds()+1)
	if lines := strings.Count(s.stderr(), "\n"); lines < 1 || lines > most {
		t.Errorf("%d lines in %v:\n%s", lines, time.Since(begin), shortened(s.stderr()))
	}
	for line := range strings.Lines(s.stderr()) {
		if !strings.Contains(line, path) {
			t.Errorf("a line without the file: %q", line)
		}
	}
}

// An empty file is what a process leaves that died before it had made anything: the checkpoint does not exist.
func TestEmptyFile(t *testing.T) {
	dir := t.TempDir()
	path := filled(t, dir)
	replace(t, path, nil)
	s := initialized(t, environment(dir), "doc")
	s.want("0x0 false", "exists %s", x("c"))
	s.want(notExist, "dataset %s 1", x("c"))
	s.want(ok, "create %s", x("c"))
	s.want(ok, "dataset %s 1", x("c"))
	s.want(ok, "write %s 1 %s", x("c"), x("new"))
	s.want("0x0 d:new", "read %s 1", x("c"))
	s.quiet()
}

func TestDirectoryInItsPlace(t *testing.T) {
	dir := t.TempDir()
	path := filled(t, dir)
	if err := os.Rename(path, path+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	s := initialized(t, environment(dir), "doc")
	s.want(failedOperation, "create %s", x("c"))
	s.oneLine(path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".kept", path); err != nil {
		t.Fatal(err)
	}
	s.want(ok, "create %s", x("c"))
	s.want(ok, "dataset %s 1", x("c"))
	s.want(filledContents, "read %s 1", x("c"))
}

// A directory that somebody named is not made: a slip in the name would hide the data.
func TestMissingDirectory(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "missing")
	s := start(t, environment(dir), "doc")
	if got := s.do("init"); got == ok { // found when it is used, if not before
		s.want(notExist, "create %s", x("c"))
	} else if got != notExist {
		t.Fatalf("init: %s", got)
	}
	s.oneLine(dir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.want(ok, "init")
	s.want(ok, "create %s", x("c"))
	// It goes away, with all that is in it, under the process.
	s.want(ok, "dataset %s 1", x("c"))
	s.want(ok, "write %s 1 %s", x("c"), x("data"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s.want(notExist, "write %s 1 %s", x("c"), x("data"))
	s.want(notExist, "create %s", x("c"))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.want(ok, "create %s", x("c"))
	s.want(ok, "dataset %s 1", x("c"))
	s.want(ok, "write %s 1 %s", x("c"), x("new"))
	s.want("0x0 d:new", "read %s 1", x("c"))
}
