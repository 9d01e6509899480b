package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
)

const testLimit = 10 * time.Second

func newStore(t testing.TB, dir string) *Store {
	t.Helper()
	s := OpenStore(Place{Dir: dir})
	t.Cleanup(func() { s.Release(testLimit) })
	return s
}

// withDataset makes a store with the checkpoint and dataset that most tests use.
func withDataset(t testing.TB, dir string) *Store {
	t.Helper()
	s := newStore(t, dir)
	must(t, s.Create("c", testLimit))
	must(t, s.CreateDataset("c", 1, 0, 0, testLimit))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gives(t *testing.T, err error, code wire.Code) {
	t.Helper()
	var e *Error
	if errors.As(err, &e) {
		err = e.Code
	}
	if err != code {
		t.Errorf("%v, want %v", err, code)
	}
}

// contents is what Read delivers: elements, then "=" and the dataset's own record.
func contents(t testing.TB, s *Store, name string, dataset uint32) (list []string) {
	t.Helper()
	r, err := s.Read(name, dataset, testLimit)
	must(t, err)
	defer r.Free()
	r.All(func(element bool, data []byte) bool {
		mark := ""
		if !element {
			mark = "="
		}
		list = append(list, mark+string(data))
		return true
	})
	return list
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	s := withDataset(t, dir)
	must(t, s.Write("c", 1, []byte("first"), testLimit))
	for _, e := range []string{"b", "a", "c"} {
		must(t, s.WriteElement("c", 1, []byte(e), []byte(e+"1"), testLimit))
	}
	must(t, s.WriteElement("c", 1, []byte("b"), []byte("b2"), testLimit))
	must(t, s.Write("c", 1, nil, testLimit))
	want := []string{"b2", "a1", "c1", "="}
	if got := contents(t, s, "c", 1); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	must(t, s.DeleteElement("c", 1, []byte("a"), testLimit))
	must(t, s.WriteElement("c", 1, []byte("a"), []byte("a3"), testLimit))
	want = []string{"b2", "c1", "a3", "="}
	if got := contents(t, s, "c", 1); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNotExist(t *testing.T) {
	s := newStore(t, t.TempDir())
	gives(t, s.Write("c", 1, nil, testLimit), wire.NotExist)
	gives(t, s.Delete("c", testLimit), wire.NotExist)
	gives(t, s.CreateDataset("c", 1, 0, 0, testLimit), wire.NotExist)
	must(t, s.Create("c", testLimit))
	must(t, s.Create("c", testLimit))
	gives(t, s.Write("c", 1, nil, testLimit), wire.NotExist)
	gives(t, s.WriteElement("c", 1, []byte("e"), nil, testLimit), wire.NotExist)
	gives(t, s.DeleteDataset("c", 1, testLimit), wire.NotExist)
	must(t, s.CreateDataset("c", 1, 0, 0, testLimit))
	_, err := s.Read("c", 1, testLimit)
	gives(t, err, wire.NotExist)
	gives(t, s.DeleteElement("c", 1, []byte("e"), testLimit), wire.NotExist)
	must(t, s.WriteElement("c", 1, []byte("e"), nil, testLimit))
	must(t, s.DeleteDataset("c", 1, testLimit))
	must(t, s.CreateDataset("c", 1, 0, 0, testLimit))
	_, err = s.Read("c", 1, testLimit)
	gives(t, err, wire.NotExist)
}

func TestExists(t *testing.T) {
	s := newStore(t, t.TempDir())
	see := func(checkpoint, dataset bool) {
		t.Helper()
		if c, err := s.Exists("c", testLimit); c != checkpoint || err != nil {
			t.Errorf("checkpoint: %v, %v", c, err)
		}
		if d, err := s.DatasetExists("c", 1<<32-1, testLimit); d != dataset || err != nil {
			t.Errorf("dataset: %v, %v", d, err)
		}
	}
	see(false, false)
	must(t, s.Create("c", testLimit))
	see(true, false)
	must(t, s.CreateDataset("c", 1<<32-1, 0, 0, testLimit))
	must(t, s.Write("c", 1<<32-1, []byte("x"), testLimit))
	see(true, true)
	must(t, s.DeleteDataset("c", 1<<32-1, testLimit))
	see(true, false)
	must(t, s.Delete("c", testLimit))
	see(false, false)
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := withDataset(t, dir)
	must(t, s.Write("c", 1, []byte("x"), testLimit))
	other, err := Open(filepath.Join(dir, "c.db"), Options{Application: Datasets, Format: format}) // as another process
	must(t, err)
	defer other.Close()
	must(t, other.Transaction(func() error {
		gives(t, s.Write("c", 1, nil, 10*time.Millisecond), wire.TryAgain)
		if got := contents(t, s, "c", 1); !reflect.DeepEqual(got, []string{"=x"}) { // a reader does not mind
			t.Errorf("%q", got)
		}
		return nil
	}))
	must(t, s.Write("c", 1, nil, testLimit))
}

func TestDeleteWhileOpen(t *testing.T) {
	dir := t.TempDir()
	s := withDataset(t, dir)
	must(t, s.Write("c", 1, []byte("old"), testLimit))
	other := OpenStore(Place{Dir: dir, Relaxed: true}) // as another process: connections of its own
	t.Cleanup(func() { other.Release(testLimit) })
	if got := contents(t, other, "c", 1); !reflect.DeepEqual(got, []string{"=old"}) {
		t.Errorf("%q", got)
	}
	must(t, s.Delete("c", testLimit))
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	gives(t, other.Write("c", 1, []byte("x"), testLimit), wire.NotExist)
	gives(t, s.Write("c", 1, []byte("x"), testLimit), wire.NotExist)
	must(t, s.Create("c", testLimit))
	gives(t, other.Write("c", 1, []byte("x"), testLimit), wire.NotExist)
	must(t, other.CreateDataset("c", 1, 0, 0, testLimit))
	must(t, other.Write("c", 1, []byte("new"), testLimit))
	if got := contents(t, s, "c", 1); !reflect.DeepEqual(got, []string{"=new"}) {
		t.Errorf("%q", got)
	}
}

func TestCutOffDelete(t *testing.T) {
	dir := t.TempDir()
	s := withDataset(t, dir)
	must(t, s.Write("c", 1, []byte("old"), testLimit))
	log, err := os.ReadFile(filepath.Join(dir, "c.db-wal"))
	must(t, err)
	must(t, s.Delete("c", testLimit))
	must(t, os.WriteFile(filepath.Join(dir, "c.db-wal"), log, 0o600))
	if ok, err := s.Exists("c", testLimit); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	must(t, s.Create("c", testLimit))
	if ok, err := s.DatasetExists("c", 1, testLimit); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	s := newStore(t, t.TempDir())
	for i := range connectionsMax + 10 {
		name := fmt.Sprint("c", i)
		must(t, s.Create(name, testLimit))
		must(t, s.CreateDataset(name, 1, 0, 0, testLimit))
		must(t, s.Write(name, 1, []byte(name), testLimit))
	}
	if n := len(s.open); n != connectionsMax {
		t.Errorf("%d connections", n)
	}
	for i := range connectionsMax + 10 {
		name := fmt.Sprint("c", i)
		if got := contents(t, s, name, 1); !reflect.DeepEqual(got, []string{"=" + name}) {
			t.Errorf("%q", got)
		}
	}
}

// A call that is under way when the last user is gone leaves nothing open.
func TestReleaseDuringCall(t *testing.T) {
	s := OpenStore(Place{Dir: t.TempDir()})
	must(t, s.Create("c", testLimit))
	must(t, s.with("c", false, testLimit, func(*connection) error {
		s.Release(time.Millisecond)
		return nil
	}))
	must(t, s.Create("d", testLimit))
	if len(s.open) != 0 {
		t.Errorf("%d connections are open", len(s.open))
	}
}

func TestNumbersRunOut(t *testing.T) {
	s := withDataset(t, t.TempDir())
	for _, e := range []string{"a", "b", "c"} {
		must(t, s.WriteElement("c", 1, []byte(e), []byte(e), testLimit))
	}
	must(t, s.with("c", false, testLimit, func(c *connection) error {
		for from, to := range map[int64]int64{2: 1000, 3: elementsMax} {
			if _, err := c.db.run("UPDATE record SET key = ?2 WHERE key = ?1", keyOf(1, from), keyOf(1, to)); err != nil {
				return err
			}
			if _, err := c.db.run("UPDATE element SET record = ?2 WHERE record = ?1", keyOf(1, from), keyOf(1, to)); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, s.WriteElement("c", 1, []byte("d"), []byte("d"), testLimit))
	must(t, s.WriteElement("c", 1, []byte("c"), []byte("C"), testLimit))
	want := []string{"a", "b", "C", "d"}
	if got := contents(t, s, "c", 1); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFileName(t *testing.T) {
	seen := map[string]string{}
	long := strings.Repeat("x", 256)
	for _, name := range []string{
		"a", "A", "a.db", "a%2E", "a%", "a/b", "a_b", "../a", ".", "..", ".a", "\x00", "a\x00", "ä", " ", long, long[:255], long[:255] + "y",
		long[:230], strings.Repeat("/", 256), strings.Repeat("/", 100), "~", "a~b",
	} {
		f := fileName(name)
		if other, known := seen[f]; known {
			t.Errorf("%q and %q are both %s", name, other, f)
		}
		seen[f] = name
		if strings.ContainsAny(f, "/\x00") || f[0] == '.' || len(f)+len("-journal") > 255 || !strings.HasSuffix(f, fileSuffix) {
			t.Errorf("%q: %q", name, f)
		}
	}
	for name, want := range map[string]string{"sessions-1.b": "sessions-1.b.db", "a b/c": "a%20b%2Fc.db"} {
		if f := fileName(name); f != want {
			t.Errorf("%q: %s, want %s", name, f, want)
		}
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, dir)
	for _, name := range []string{"../x", "/etc/passwd", "a\x00b", strings.Repeat("\xff", 256)} {
		must(t, s.Create(name, testLimit))
		if ok, err := s.Exists(name, testLimit); !ok || err != nil {
			t.Errorf("%q: %v, %v", name, ok, err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.db")); len(files) != 4 {
		t.Errorf("%v", files)
	}
}

func TestLargeData(t *testing.T) {
	s := withDataset(t, t.TempDir())
	for _, size := range []int{0, 1, 4096, 65536, 64 << 20} {
		data := bytes.Repeat([]byte{7}, size)
		must(t, s.Write("c", 1, data, testLimit))
		if got := contents(t, s, "c", 1); len(got) != 1 || len(got[0]) != size+1 {
			t.Errorf("%d bytes: %d records", size, len(got))
		}
	}
	gives(t, s.Write("c", 1, make([]byte, DataMax+1), testLimit), wire.TooBig)
}

func TestMissingDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	s := newStore(t, dir)
	var e *Error
	if err := s.Create("c", testLimit); !errors.As(err, &e) || e.Code != wire.NotExist || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
	if _, err := s.Exists("c", testLimit); !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
	must(t, os.Mkdir(dir, 0o700))
	must(t, s.Create("c", testLimit))
}

func TestDefaultDirectoryIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d", "e")
	s := OpenStore(Place{Dir: dir, Make: true})
	t.Cleanup(func() { s.Release(testLimit) })
	if ok, err := s.Exists("c", testLimit); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	gives(t, s.Delete("c", testLimit), wire.NotExist)
	must(t, s.Create("c", testLimit))
}
