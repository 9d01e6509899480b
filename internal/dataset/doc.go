// Package dataset keeps checkpoints in SQLite databases: those of the library-based API (store.go), which need no
// daemon, and what a node director keeps of its replicas on disk.
//
// It talks to SQLite through a few functions of its own (sqlite.c) and takes from mattn/go-sqlite3 the SQLite that comes
// with it: a write of the library-based API is one call from Go into C, which binds, steps and resets a
// statement that was prepared before.
package dataset
