package dataset

import (
	"path/filepath"
	"time"

	"libckpt/internal/wire"
)

const format = 1

// tables of a checkpoint's file. A record's key is described in record.go.
const tables = `
CREATE TABLE checkpoint(name BLOB NOT NULL);
CREATE TABLE dataset(id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, ordinal INTEGER NOT NULL);
CREATE TABLE record(key INTEGER PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE element(dataset INTEGER NOT NULL, id BLOB NOT NULL, record INTEGER NOT NULL, PRIMARY KEY(dataset, id)) WITHOUT ROWID;
`

// connection is what a process has of one checkpoint. Whoever holds its token uses it.
type connection struct {
	name  string
	path  string
	token chan struct{}
	used  uint64 // when it was used last; guarded by Store.mu
	bad   bool   // to be opened anew: an error may have left it in any state; guarded by the token
	db    *DB    // nil: not open; guarded by the token

	write, overwrite, read, exists *Statement
}

func newConnection(dir, name string) *connection {
	return &connection{name: name, path: filepath.Join(dir, fileName(name)), token: make(chan struct{}, 1)}
}

// lock takes the token; zero limit: only if that can be done at once.
func (c *connection) lock(limit time.Duration) bool {
	select {
	case c.token <- struct{}{}:
		return true
	default:
		if limit <= 0 {
			return false
		}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case c.token <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

func (c *connection) unlock() { <-c.token }

// usable reports whether the connection is open, sound and to the file that the name stands for.
func (c *connection) usable() bool { return c.db != nil && !c.bad && c.db.current() }

// open opens the file. The caller holds the token and the directory's lock.
func (c *connection) open(create, relaxed bool, wait time.Duration) error {
	db, err := Open(c.path, Options{
		Application: Datasets, Format: format, Create: create, Relaxed: relaxed, Wait: wait,
		Tables: tables + "INSERT INTO checkpoint VALUES(" + literal(c.name) + ")",
	})
	if err != nil {
		return err
	}
	for _, s := range []struct {
		statement **Statement
		sql       string
	}{
		{&c.write, "INSERT OR REPLACE INTO record SELECT ?1, ?2, ?3 WHERE EXISTS(SELECT 1 FROM dataset WHERE id = ?1 >> 31)"},
		{&c.overwrite, "UPDATE record SET sum = ?2, data = ?3 WHERE key = (SELECT record FROM element WHERE dataset = ?1 AND id = ?4)"},
		{&c.read, "SELECT key, sum, data FROM record WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
		{&c.exists, "SELECT 1 FROM dataset WHERE id = ?1"},
	} {
		if *s.statement, err = db.Prepare(s.sql); err != nil {
			db.Close()
			return err
		}
	}
	if !db.mark() {
		db.Close()
		return wire.NotExist
	}
	c.db, c.bad = db, false
	return nil
}

// close closes the file if it is open.
func (c *connection) close() {
	if c.db != nil {
		c.db.Close()
		c.db = nil
	}
}
