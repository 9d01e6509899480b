package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
)

// Application says what kind of file a database is: SQLite's application_id.
type Application int64

// The kinds of files.
const (
	Datasets Application = 0x434b5044 // "CKPD": a library-based checkpoint
	Replica  Application = 0x434b5052 // "CKPR": a node director's copy of a replica
)

// pageMin is the smallest page, hence the smallest file, of SQLite, bytes.
const pageMin = 512

// Options says what Open expects, and makes.
type Options struct {
	Application Application
	Format      int64  // version of the tables, SQLite's user_version; a file with another one is refused
	Tables      string // SQL that makes the tables of a new file
	Create      bool   // make the file if it does not exist; its directory must exist
	// Relaxed gives up durability against power loss (not against the death of processes): commits wait for the
	// operating system only, SQLite's synchronous=NORMAL.
	Relaxed bool
	Wait    time.Duration // bound of the wait for others that use the file at this moment; 0 = OpenWait
}

// Open opens a database of ours in WAL mode, for this process among others. The caller sees to it that nobody deletes or
// replaces the file meanwhile. Files made here have mode 0600; what SQLite puts beside them gets the mode of the file.
//
// Errors are of type *Error. Its code is
//   - NotExist: there is no such file, or nothing was ever stored in it, and Create is not set; or the directory is missing;
//   - Access: no permission to read and write; what is on a read-only file system can be opened and read;
//   - NoSpace: the file system is full;
//   - FailedOperation: the file is damaged, is no database, is another application's, or was written by another release;
//   - TryAgain: others had it locked for longer than Wait;
//   - NoMemory, NoResources (no descriptors left).
//
// Damage inside the file is found when the damaged part is used.
func Open(path string, o Options) (*DB, error) {
	if o.Wait == 0 {
		o.Wait = OpenWait
	}
	made, err := present(path, o.Create)
	if err != nil {
		return nil, err
	}
	// SQLite would open a file that may only be read, and give the log beside it the same permissions, for good.
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err != nil && err != unix.EROFS {
		return nil, systemFailed(path, err)
	}
	db, err := connect(path)
	if err != nil {
		return nil, err
	}
	db.Wait(o.Wait)
	if err = db.prepareFile(&o); err == nil && made {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// present sees to it that there is a file, and reports whether it made it.
func present(path string, create bool) (made bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		if err := removeBeside(path); err != nil {
			return false, err
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			return false, systemFailed(path, err)
		}
		return true, f.Close()
	case err != nil:
		return false, systemFailed(path, err)
	case info.IsDir():
		return false, systemFailed(path, syscall.EISDIR)
	case !info.Mode().IsRegular():
		return false, &Error{Code: wire.FailedOperation, Path: path, Reason: reasonForeign}
	case info.Size() > 0 && info.Size() < pageMin: // SQLite would take what is missing for zeros
		return false, &Error{Code: wire.FailedOperation, Path: path, Reason: reasonDamaged}
	case info.Size() > 0:
		return false, nil
	}
	// SQLite takes an empty file for a new database and deletes the log beside it.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return false, &Error{Code: wire.FailedOperation, Path: path, Reason: reasonDamaged}
	}
	if !create {
		return false, systemFailed(path, syscall.ENOENT)
	}
	return true, nil
}

// prepareFile looks whether the file is what it should be, makes the tables if it is new, and sets the connection up.
func (db *DB) prepareFile(o *Options) error {
	if err := db.Exec("BEGIN"); err != nil { // another process may be making the tables
		return err
	}
	fresh, err := db.identify(o)
	_ = db.Exec("COMMIT") // nothing was written
	if err != nil {
		return err
	}
	if fresh && !o.Create {
		return systemFailed(db.path, syscall.ENOENT)
	}
	if err := db.setUp(o); err != nil || !fresh {
		return err
	}
	return db.Transaction(func() error {
		fresh, err := db.identify(o)
		if err != nil || !fresh {
			return err // another process was faster
		}
		return db.Exec(o.Tables + ";" + pragma("application_id", int64(o.Application)) + pragma("user_version", o.Format))
	})
}

// identify reports whether nothing was ever stored in the file. What is not ours gives an error.
func (db *DB) identify(o *Options) (fresh bool, err error) {
	var values [3]int64
	for i, name := range []string{"application_id", "user_version", "schema_version"} {
		if values[i], err = db.Integer("PRAGMA " + name); err != nil {
			return false, err
		}
	}
	application, format, tables := Application(values[0]), values[1], values[2]
	switch {
	case application == o.Application && format == o.Format:
		return false, nil
	case application == o.Application:
		return false, &Error{Code: wire.FailedOperation, Path: db.path,
			Reason: fmt.Sprintf("%s (its format is version %d, this release reads version %d)", reasonRelease, format, o.Format)}
	case application == 0 && format == 0 && tables == 0:
		return true, nil
	}
	return false, &Error{Code: wire.FailedOperation, Path: db.path, Reason: reasonForeign}
}

// setUp sets what is a matter of the connection, and the journal mode, which the file keeps.
func (db *DB) setUp(o *Options) error {
	synchronous := int64(2) // FULL: a commit is on disk when it returns
	if o.Relaxed {
		synchronous = 1 // NORMAL: when the log is copied into the file
	}
	err := db.Exec(pragma("synchronous", synchronous) + pragma("journal_size_limit", walLimit) +
		pragma("cache_size", -cacheKiB) + "PRAGMA temp_store=MEMORY;PRAGMA cell_size_check=ON;PRAGMA trusted_schema=OFF")
	if err != nil {
		return err
	}
	mode := ""
	if err := db.once("PRAGMA journal_mode=WAL", func(r Row) { mode = string(r.Bytes(0)) }); err != nil {
		return err
	}
	if mode != "wal" {
		return &Error{Code: wire.FailedOperation, Path: db.path, Reason: reasonShared}
	}
	return nil
}

// unlink is os.Remove that leaves directories alone.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil {
		return &fs.PathError{Op: "unlink", Path: path, Err: err}
	}
	return nil
}

// removeBeside removes what SQLite keeps beside a file, and what a deletion of it that was cut off has left: a log would
// be taken for the new file's.
func removeBeside(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := unlink(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return systemFailed(path+suffix, err)
		}
	}
	return nil
}

// Delete deletes a database file, and what belongs to it, durably. Connections that have it open go on with a file without
// a name. As Open, it must not run together with another Open or Delete of the path. A file that does not exist is no error.
func Delete(path string) error {
	if err := unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return systemFailed(path, err)
	}
	if err := removeBeside(path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func pragma(name string, value int64) string {
	return "PRAGMA " + name + "=" + strconv.FormatInt(value, 10) + ";"
}

// syncDirectory makes the directory's entries durable.
func syncDirectory(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return systemFailed(dir, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems have nothing to sync
		return systemFailed(dir, err)
	}
	return nil
}
