// Package dataset keeps checkpoints in SQLite databases: those of the library-based API (store.go), which need no
// daemon, and what a node director keeps of its replicas on disk.
//
// It talks to SQLite through a few functions of its own (sqlite.c) and takes from mattn/go-sqlite3 the SQLite that comes
// with it. What the library-based API does most, it does without Go at all: see seat.h.
package dataset
