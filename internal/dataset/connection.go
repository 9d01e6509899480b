package dataset

// #include "seat.h"
import "C"

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
CREATE TABLE element(dataset INTEGER NOT NULL, id BLOB NOT NULL, record INTEGER NOT NULL,
	PRIMARY KEY(dataset, id)) WITHOUT ROWID;
`

// connection is what a process has of one checkpoint. Whoever holds its token, and its seat, uses it.
type connection struct {
	name  string
	path  string
	token chan struct{}
	seat  *C.struct_ckpt_seat // see seat.h; nil: none
	used  uint64              // when it was used last; guarded by Store.mu
	bad   bool                // to be opened anew: an error may have left it in any state; guarded by the token
	db    *DB                 // nil: not open; guarded by the token

	write, overwrite, read, exists *Statement
}

func newConnection(dir, name string) *connection {
	c := &connection{name: name, path: filepath.Join(dir, fileName(name)), token: make(chan struct{}, 1)}
	c.newSeat()
	return c
}

// lock takes token and seat; zero limit: only if that can be done at once.
func (c *connection) lock(limit time.Duration) bool {
	begin := time.Now()
	if !c.takeToken(limit) {
		return false
	}
	if limit > 0 {
		limit -= time.Since(begin)
	}
	if !c.takeSeat(limit) {
		<-c.token
		return false
	}
	return true
}

func (c *connection) takeToken(limit time.Duration) bool {
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

func (c *connection) unlock() {
	c.leaveSeat()
	<-c.token
}

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
		{&c.write, "UPDATE record SET sum = ?2, data = ?3 WHERE key = ?1"},
		{&c.overwrite, "UPDATE record SET sum = ?2, data = ?3 " +
			"WHERE key = (SELECT record FROM element WHERE dataset = ?1 AND id = ?4)"},
		{&c.read, "SELECT key, sum, data FROM record WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
		{&c.exists, "SELECT 1 FROM dataset WHERE id = ?1"},
	} {
		if *s.statement, err = db.Prepare(s.sql); err != nil {
			db.Close()
			return err
		}
	}
	if !db.mark() { // the directory is locked: the file is there
		db.Close()
		return &Error{Code: wire.NoResources, Path: c.path, Reason: reasonFiles}
	}
	c.db, c.bad = db, false
	c.fillSeat()
	return nil
}

// close closes the file if it is open.
func (c *connection) close() {
	if c.db != nil {
		c.db.Close()
		c.db = nil
		c.fillSeat()
	}
}
