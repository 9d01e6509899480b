package dataset

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror
// #include <stdlib.h>
// #include "sqlite.h"
import "C"

import (
	"fmt"
	"slices"
	"syscall"
	"time"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // the SQLite that sqlite.c calls
)

// DB is one connection to a database. It is not safe for concurrent use. See Open.
type DB struct {
	path       string
	c          *C.struct_ckpt_db
	statements []*Statement
}

// Statement is a prepared statement. It lives as long as its DB.
type Statement struct {
	db *DB
	c  *C.struct_sqlite3_stmt
}

// Row gives the columns of a row, counted from 0. It is valid until the function that got it returns.
type Row struct{ c *C.struct_sqlite3_stmt }

func connect(path string) (*DB, error) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	db := &DB{path: path}
	if err := db.check(C.ckpt_db_open(p, &db.c)); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Close closes the connection and its statements. A transaction that is open is rolled back.
func (db *DB) Close() {
	for _, s := range db.statements {
		C.ckpt_db_finalize(s.c)
	}
	C.ckpt_db_close(db.c)
	db.statements, db.c = nil, nil
}

// Path is the path that was given to Open.
func (db *DB) Path() string { return db.path }

// mark remembers which file the path stands for at this moment.
func (db *DB) mark() bool { return bool(C.ckpt_db_mark(db.c)) }

// current reports whether the path still stands for the file that mark saw.
func (db *DB) current() bool { return bool(C.ckpt_db_current(db.c)) }

// Wait bounds how long statements wait for locks of other connections, all of them together, from now on. A statement that
// waited in vain gives an Error with Busy and has done nothing.
func (db *DB) Wait(limit time.Duration) { C.ckpt_db_wait(db.c, C.int64_t(limit)) }

// check makes an *Error of a result code.
func (db *DB) check(result C.int) error {
	switch result {
	case sqliteOK, sqliteRow, sqliteDone:
		return nil
	}
	if db.c == nil || db.c.sqlite == nil {
		return failed(db.path, sqliteNoMem, 0, "")
	}
	return failed(db.path, int(result), syscall.Errno(C.ckpt_db_errno(db.c)), C.GoString(C.ckpt_db_message(db.c)))
}

// Exec runs SQL statements, separated by semicolons, without parameters and results.
func (db *DB) Exec(sql string) error {
	s := C.CString(sql)
	defer C.free(unsafe.Pointer(s))
	return db.check(C.ckpt_db_exec(db.c, s))
}

// Prepare compiles one SQL statement with parameters ?1, ?2 …
func (db *DB) Prepare(sql string) (*Statement, error) {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	s := &Statement{db: db}
	if err := db.check(C.ckpt_db_prepare(db.c, text, &s.c)); err != nil {
		return nil, err
	}
	db.statements = append(db.statements, s)
	return s, nil
}

// close finalizes a statement before its DB is closed.
func (s *Statement) close() {
	s.db.statements = slices.DeleteFunc(s.db.statements, func(other *Statement) bool { return other == s })
	C.ckpt_db_finalize(s.c)
}

// once runs a query that is not worth keeping.
func (db *DB) once(sql string, row func(Row)) error {
	s, err := db.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.close()
	return s.Query(func(r Row) error {
		row(r)
		return nil
	})
}

// run runs a statement that is not worth keeping.
func (db *DB) run(sql string, arguments ...any) (changed int64, err error) {
	s, err := db.Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer s.close()
	return s.Run(arguments...)
}

// Integer runs a query that gives one integer; 0 if it gives no row.
func (db *DB) Integer(sql string) (value int64, err error) {
	err = db.once(sql, func(r Row) { value = r.Integer(0) })
	return value, err
}

// Transaction runs f between BEGIN IMMEDIATE and COMMIT, or ROLLBACK if f or the commit fails. What was written is durable
// as Options.Relaxed says when it returns nil.
func (db *DB) Transaction(f func() error) (err error) {
	if err = db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // also if f panics
			_ = db.Exec("ROLLBACK") // fails if SQLite has rolled back by itself
		}
	}()
	if err = f(); err == nil {
		err = db.Exec("COMMIT")
	}
	done = err == nil
	return err
}

// Run runs a statement that gives no rows and returns how many it changed. Arguments are nil, []byte (copied), string and integers.
func (s *Statement) Run(arguments ...any) (changed int64, err error) {
	err = s.Query(nil, arguments...)
	return int64(C.ckpt_db_changes(s.db.c)), err
}

// Query runs a statement and calls row for each row, until that returns an error, which Query then returns. row may be nil.
func (s *Statement) Query(row func(Row) error, arguments ...any) error {
	defer C.ckpt_db_reset(s.c)
	for i, a := range arguments {
		if err := s.bind(i+1, a); err != nil {
			return err
		}
	}
	for {
		result := C.ckpt_db_step(s.c)
		if result != sqliteRow {
			return s.db.check(result)
		}
		if row == nil {
			continue
		}
		if err := row(Row{s.c}); err != nil {
			return err
		}
	}
}

func (s *Statement) bind(i int, argument any) error {
	n := C.int(i)
	switch a := argument.(type) {
	case nil:
		return s.db.check(C.ckpt_db_bind_null(s.c, n))
	case []byte:
		return s.db.check(C.ckpt_db_bind_bytes(s.c, n, unsafe.Pointer(unsafe.SliceData(a)), C.uint64_t(len(a))))
	case string:
		return s.db.check(C.ckpt_db_bind_bytes(s.c, n, unsafe.Pointer(unsafe.StringData(a)), C.uint64_t(len(a))))
	case int64:
		return s.db.check(C.ckpt_db_bind_integer(s.c, n, C.int64_t(a)))
	case uint64:
		return s.db.check(C.ckpt_db_bind_integer(s.c, n, C.int64_t(a)))
	case int:
		return s.db.check(C.ckpt_db_bind_integer(s.c, n, C.int64_t(a)))
	case uint32:
		return s.db.check(C.ckpt_db_bind_integer(s.c, n, C.int64_t(a)))
	default:
		return fmt.Errorf("%s: no SQL argument can be made of a %T", s.db.path, argument)
	}
}

// Integer is the integer in column i, 0 for NULL.
func (r Row) Integer(i int) int64 { return int64(C.ckpt_db_integer(r.c, C.int(i))) }

// Bytes views the bytes in column i, nil for NULL and for none; valid as long as the row.
func (r Row) Bytes(i int) []byte {
	var size C.uint64_t
	p := C.ckpt_db_bytes(r.c, C.int(i), &size)
	if p == nil || size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(p), uint64(size))
}
