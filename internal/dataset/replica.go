package dataset

import (
	"bytes"
	"errors"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// ReplicaCopy is the copy on disk of one checkpoint's replica: head, sections, content. It is changed in transactions; what
// a power cut leaves is the state after the last one committed. It is not safe for concurrent use.
type ReplicaCopy struct {
	db    *DB
	stmts [statements]*Statement
}

// ReplicaHead is what a copy holds besides its sections.
type ReplicaHead struct {
	Cluster       [16]byte
	Node          string
	Checkpoint    uint64
	Boot          string // of the host when the head was written last
	Epoch         segment.Epoch
	Config        []byte // opaque: the configuration of that epoch
	Number        uint64 // of the last update
	NextGenerated uint64 // state of the section id generator
}

// replicaFormat is the version of the tables.
const replicaFormat = 1

// replicaTables makes the tables. Content is kept in chunks, so that a small write to a large section rewrites little:
// chunk n of a section has the rowid key << chunkShift | n. A chunk that is missing, or shorter than it could be, goes on
// with zeros up to the section's size.
const replicaTables = `
CREATE TABLE replica (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	cluster BLOB NOT NULL, node BLOB NOT NULL, checkpoint INTEGER NOT NULL, boot BLOB NOT NULL,
	generation INTEGER NOT NULL, counter INTEGER NOT NULL, config BLOB NOT NULL,
	number INTEGER NOT NULL, next_generated INTEGER NOT NULL);
CREATE TABLE section (
	key INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, expiration INTEGER NOT NULL, last_update INTEGER NOT NULL,
	number INTEGER NOT NULL, corrupted INTEGER NOT NULL);
CREATE TABLE chunk (place INTEGER PRIMARY KEY, data BLOB NOT NULL)`

const (
	// ChunkBytes is the most content in one row, and what a write costs at least where it begins or ends inside a full one.
	ChunkBytes = 16 << 10

	// Of many copies each has a log: they are kept shorter than that of a database many processes write to.
	replicaLogPages = 512       // after which the log is copied into the file
	replicaLogKept  = 256 << 10 // bytes of it that stay allocated

	chunkShift  = 32 // a section has at most 1 << chunkShift chunks
	chunksMax   = 1 << chunkShift
	sectionsMax = 1 << (63 - chunkShift)
)

// Statements of ReplicaCopy.
const (
	stmtHead = iota
	stmtSetHead
	stmtSetNumber
	stmtFind
	stmtInsert
	stmtChange
	stmtDelete
	stmtList
	stmtChunk
	stmtPutChunk
	stmtCutChunks
	stmtChunks
	stmtCheck
	stmtShrink
	statements
)

var replicaSQL = [statements]string{
	stmtHead: `SELECT cluster, node, checkpoint, boot, generation, counter, config, number, next_generated FROM replica`,
	stmtSetHead: `INSERT OR REPLACE INTO replica (one, cluster, node, checkpoint, boot, generation, counter, config, number,
		next_generated) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
	stmtSetNumber: `UPDATE replica SET number = ?1, next_generated = coalesce(?2, next_generated)`,
	stmtFind:      `SELECT key, size FROM section WHERE id = ?1`,
	stmtInsert: `INSERT INTO section (id, size, expiration, last_update, number, corrupted)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING key`,
	stmtChange: `UPDATE section SET size = coalesce(?1, size), expiration = coalesce(?2, expiration),
		last_update = coalesce(?3, last_update), number = ?4, corrupted = coalesce(?5, corrupted) WHERE key = ?6`,
	stmtDelete:    `DELETE FROM section WHERE key = ?1`,
	stmtList:      `SELECT id, size, expiration, last_update, number, corrupted FROM section ORDER BY number`,
	stmtChunk:     `SELECT data FROM chunk WHERE place = ?1`,
	stmtPutChunk:  `INSERT OR REPLACE INTO chunk (place, data) VALUES (?1, ?2)`,
	stmtCutChunks: `DELETE FROM chunk WHERE place BETWEEN ?1 AND ?2`,
	stmtChunks:    `SELECT place, data FROM chunk WHERE place BETWEEN ?1 AND ?2`,
	stmtCheck:     `PRAGMA quick_check(1)`,
	stmtShrink:    `PRAGMA wal_checkpoint(TRUNCATE)`,
}

// OpenReplicaCopy opens the copy at path, or, with create, makes an empty one, which counts as none until a head has been
// committed. The caller closes it. Errors are those of Open.
func OpenReplicaCopy(path string, create bool) (*ReplicaCopy, error) {
	db, err := Open(path, Options{Application: Replica, Format: replicaFormat, Tables: replicaTables, Create: create})
	if err != nil {
		return nil, err
	}
	if err := db.Exec(pragma("wal_autocheckpoint", replicaLogPages) + pragma("journal_size_limit", replicaLogKept)); err != nil {
		db.Close()
		return nil, err
	}
	r := &ReplicaCopy{db: db}
	for i, text := range replicaSQL {
		if r.stmts[i], err = db.Prepare(text); err != nil {
			db.Close()
			return nil, err
		}
	}
	return r, nil
}

// Path is the file.
func (r *ReplicaCopy) Path() string { return r.db.Path() }

// Close closes the file.
func (r *ReplicaCopy) Close() { r.db.Close() }

// Transaction runs f, whose changes are on the disk when Transaction returns nil and undone when it returns an error: f's
// own, or an *Error. All methods that change the copy belong into one.
func (r *ReplicaCopy) Transaction(f func() error) error { return r.db.Transaction(f) }

// Shrink gives back the room that the log takes, as far as the disk has room to do so.
func (r *ReplicaCopy) Shrink() { _, _ = r.stmts[stmtShrink].Run() }

// damaged makes an Error of what should not be in the tables.
func (r *ReplicaCopy) damaged() error {
	return &Error{Code: wire.FailedOperation, Path: r.db.path, Reason: reasonDamaged}
}

// tooLarge: more than the tables can hold.
func (r *ReplicaCopy) tooLarge() error {
	return &Error{Code: wire.TooBig, Path: r.db.path, Reason: "can't hold that many or that large sections"}
}

// Head gives what was committed last; false: nothing has been, the file is not a copy yet.
func (r *ReplicaCopy) Head() (h ReplicaHead, exists bool, err error) {
	err = r.stmts[stmtHead].Query(func(row Row) error {
		if copy(h.Cluster[:], row.Bytes(0)) != len(h.Cluster) {
			return r.damaged()
		}
		h.Node, h.Checkpoint, h.Boot = string(row.Bytes(1)), uint64(row.Integer(2)), string(row.Bytes(3))
		h.Epoch = segment.Epoch{Generation: uint64(row.Integer(4)), Counter: uint64(row.Integer(5))}
		h.Config = append([]byte(nil), row.Bytes(6)...)
		h.Number, h.NextGenerated = uint64(row.Integer(7)), uint64(row.Integer(8))
		exists = true
		return nil
	})
	return h, exists && err == nil, err
}

// SetHead replaces the head.
func (r *ReplicaCopy) SetHead(h *ReplicaHead) error {
	_, err := r.stmts[stmtSetHead].Run(bytes.Clone(h.Cluster[:]), []byte(h.Node), h.Checkpoint, []byte(h.Boot), h.Epoch.Generation,
		h.Epoch.Counter, notNull(h.Config), h.Number, h.NextGenerated)
	return err
}

// SetNumber replaces the number of the last update and, unless nil, the state of the section id generator.
func (r *ReplicaCopy) SetNumber(number uint64, nextGenerated *uint64) error {
	var next any
	if nextGenerated != nil {
		next = *nextGenerated
	}
	_, err := r.stmts[stmtSetNumber].Run(number, next)
	return err
}

// notNull makes an empty value of nil.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// errNoSection ends up as damage: the copy lacks what the replica has.
var errNoSection = errors.New("no such section")

// find gives a section's key and size, or errNoSection.
func (r *ReplicaCopy) find(id []byte) (key int64, size uint64, err error) {
	found := false
	err = r.stmts[stmtFind].Query(func(row Row) error {
		key, size, found = row.Integer(0), uint64(row.Integer(1)), true
		return nil
	}, notNull(id))
	if err == nil && !found {
		err = errNoSection
	}
	return key, size, err
}

// existing is find for a section that must be there.
func (r *ReplicaCopy) existing(id []byte) (key int64, size uint64, err error) {
	if key, size, err = r.find(id); err == errNoSection {
		err = r.damaged()
	}
	return key, size, err
}

func place(key int64, n uint64) int64 { return key<<chunkShift | int64(n) }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
