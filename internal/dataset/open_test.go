package dataset

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
)

var testOptions = Options{
	Application: Replica, Format: 1, Create: true, Tables: "CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB)",
	Wait: time.Second,
}

func openTest(t *testing.T, path string, change ...func(*Options)) *DB {
	t.Helper()
	o := testOptions
	for _, f := range change {
		f(&o)
	}
	db, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// refused opens path and checks the code and the words of the error.
func refused(t *testing.T, path string, code wire.Code, words string, change ...func(*Options)) {
	t.Helper()
	o := testOptions
	for _, f := range change {
		f(&o)
	}
	db, err := Open(path, o)
	if err == nil {
		db.Close()
		t.Fatalf("%s was opened", path)
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if e.Code != code || !strings.Contains(e.Error(), words) || strings.Contains(e.Error(), "\n") {
		t.Errorf("%v: %v, want %v: %s", e.Code, e, code, words)
	}
}

func lookOnly(o *Options) { o.Create = false }

func put(t *testing.T, db *DB, id int64, data []byte) {
	t.Helper()
	s, err := db.Prepare("INSERT INTO t VALUES(?1, ?2)")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Run(id, data); err != nil || n != 1 {
		t.Fatalf("%d rows, %v", n, err)
	}
}

func TestOpenKeeps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%.db")
	db := openTest(t, path)
	data := make([]byte, 100<<10)
	_, _ = rand.Read(data)
	put(t, db, 1, data)
	put(t, db, 2, nil)
	db.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	db = openTest(t, path, lookOnly)
	s, err := db.Prepare("SELECT data FROM t WHERE id = ?1")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	if err := s.Query(func(r Row) error {
		rows++
		if !bytes.Equal(r.Bytes(0), data) {
			t.Error("other data than were written")
		}
		return nil
	}, 1); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	for name, want := range map[string]int64{"synchronous": 2, "application_id": int64(Replica), "user_version": 1} {
		if v, err := db.Integer("PRAGMA " + name); err != nil || v != want {
			t.Errorf("%s is %d, %v", name, v, err)
		}
	}
}

func TestTransactionRollsBack(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"))
	wanted := errors.New("no")
	if err := db.Transaction(func() error {
		put(t, db, 1, nil)
		return wanted
	}); err != wanted {
		t.Fatal(err)
	}
	if n, err := db.Integer("SELECT count(*) FROM t"); n != 0 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestRelaxed(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), func(o *Options) { o.Relaxed = true })
	if v, err := db.Integer("PRAGMA synchronous"); err != nil || v != 1 {
		t.Errorf("%d, %v", v, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := filepath.Join(dir, "whole.db")
	openTest(t, whole).Close()
	image, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 8192)
	_, _ = rand.Read(noise)

	refused(t, filepath.Join(dir, "missing.db"), wire.NotExist, "missing.db", lookOnly)
	refused(t, filepath.Join(dir, "no", "x.db"), wire.NotExist, "x.db")
	refused(t, file("empty.db", nil), wire.NotExist, "empty.db", lookOnly)
	refused(t, dir, wire.FailedOperation, "directory")
	refused(t, file("noise.db", noise), wire.FailedOperation, "damaged")
	refused(t, file("short.db", image[:len(image)/2]), wire.FailedOperation, "damaged")
	refused(t, file("header.db", image[:50]), wire.FailedOperation, "damaged")
	refused(t, whole, wire.FailedOperation, "not one of", func(o *Options) { o.Application = Datasets })
	refused(t, whole, wire.FailedOperation, "its format is version 1, this release reads version 0", func(o *Options) { o.Format = 0 })
	refused(t, whole, wire.FailedOperation, "its format is version 1, this release reads version 2", func(o *Options) { o.Format = 2 })

	foreign := filepath.Join(dir, "foreign.db")
	db := openTest(t, foreign)
	if err := db.Exec("PRAGMA application_id=0; PRAGMA user_version=0"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	refused(t, foreign, wire.FailedOperation, "not one of")

	lost := file("lost.db", nil)
	file("lost.db-wal", noise)
	refused(t, lost, wire.FailedOperation, "damaged")
}

func TestOpenMakesEmptyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, openTest(t, path), 1, nil)
}

func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	first, second := openTest(t, path), openTest(t, path)
	if err := first.Transaction(func() error {
		second.Wait(20 * time.Millisecond)
		begin := time.Now()
		err := second.Exec("BEGIN IMMEDIATE")
		var e *Error
		if !errors.As(err, &e) || e.Code != wire.TryAgain || !e.Busy() {
			t.Errorf("%v", err)
		}
		if d := time.Since(begin); d < 20*time.Millisecond {
			t.Errorf("gave up after %v", d)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	second.Wait(time.Second)
	put(t, second, 1, nil)
}

func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	const openers = 8
	errs := make(chan error, openers)
	for range openers {
		go func() {
			db, err := Open(path, testOptions)
			if err == nil {
				_, err = db.Integer("SELECT count(*) FROM t")
				db.Close()
			}
			errs <- err
		}()
	}
	for range openers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A backup made by SQLite's own means opens in the place of the file.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	db := openTest(t, filepath.Join(dir, "x.db"))
	put(t, db, 1, []byte("kept"))
	if err := db.Exec("VACUUM INTO '" + filepath.Join(dir, "backup.db") + "'"); err != nil {
		t.Fatal(err)
	}
	backup := openTest(t, filepath.Join(dir, "backup.db"), lookOnly)
	if n, err := backup.Integer("SELECT count(*) FROM t WHERE data = x'6b657074'"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
