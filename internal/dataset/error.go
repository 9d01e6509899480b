package dataset

import (
	"errors"
	"fmt"
	"syscall"

	"libckpt/internal/wire"
)

// Error is why a database could not be used.
type Error struct {
	Code   wire.Code // what a caller of the API is told
	Path   string    // of the file or directory
	Reason string    // what is wrong and what to do, without the path

	busy bool // another process or thread had it locked
}

// Error gives one line: what, where, what to do.
func (e *Error) Error() string { return e.Path + ": " + e.Reason }

// Busy reports whether nothing is wrong but that the database was locked for longer than the call could wait.
func (e *Error) Busy() bool { return e.busy }

// SQLite's primary result codes, the low byte of the extended ones, and the few extended ones that matter.
const (
	sqliteOK       = 0
	sqlitePerm     = 3
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteNoMem    = 7
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteTooBig   = 18
	sqliteAuth     = 23
	sqliteFormat   = 24
	sqliteNotADB   = 26
	sqliteRow      = 100
	sqliteDone     = 101

	sqliteIOErrShortRead = sqliteIOErr | 2<<8
	sqliteIOErrNoMem     = sqliteIOErr | 12<<8
	sqliteIOErrCorruptFS = sqliteIOErr | 33<<8
	sqliteCantOpenIsDir  = sqliteCantOpen | 2<<8
)

// What an operator is told to do, by what is wrong.
const (
	reasonDamaged   = "is damaged: put a backup in its place, or delete it with its -wal and -shm files to start empty"
	reasonForeign   = "is not one of libckpt's files: move it away or name another directory"
	reasonRelease   = "was written by another release of libckpt: use that one"
	reasonFull      = "no space left on its file system: make room there"
	reasonAccess    = "may not be written: give this user the right to, or name another directory"
	reasonDirectory = "is a directory where a file belongs: move it away"
	reasonMissing   = "does not exist: make it or name another directory"
	reasonFiles     = "too many open files: raise the limit of this process"
	reasonLocked    = "is locked by another process"
	reasonMemory    = "no memory left"
	reasonShared    = "is on a file system without shared memory for processes, such as NFS: name a local directory"
)

// failed makes an Error of an extended result code, the errno behind it and SQLite's words. It returns nil for the
// codes that are none.
func failed(path string, result int, errno syscall.Errno, message string) error {
	e := &Error{Path: path}
	switch result & 0xff {
	case sqliteOK, sqliteRow, sqliteDone:
		return nil
	case sqliteBusy, sqliteLocked:
		e.Code, e.Reason, e.busy = wire.TryAgain, reasonLocked, true
		return e
	case sqliteNoMem:
		e.Code, e.Reason = wire.NoMemory, reasonMemory
		return e
	case sqliteFull:
		e.Code, e.Reason = wire.NoSpace, reasonFull
		return e
	case sqliteReadOnly, sqlitePerm, sqliteAuth:
		e.Code, e.Reason = wire.Access, reasonAccess
		return e
	case sqliteCorrupt, sqliteNotADB, sqliteFormat:
		e.Code, e.Reason = wire.FailedOperation, reasonDamaged
		return e
	case sqliteTooBig:
		e.Code, e.Reason = wire.TooBig, "can't hold that much data in one record"
		return e
	}
	switch result {
	case sqliteIOErrShortRead, sqliteIOErrCorruptFS:
		e.Code, e.Reason = wire.FailedOperation, reasonDamaged
		return e
	case sqliteIOErrNoMem:
		e.Code, e.Reason = wire.NoMemory, reasonMemory
		return e
	case sqliteCantOpenIsDir:
		errno = syscall.EISDIR
	}
	if e.system(errno) {
		return e
	}
	e.Code = wire.FailedOperation
	e.Reason = fmt.Sprintf("can't be used: %s (SQLite %d, %s)", message, result, errnoText(errno))
	return e
}

// system fills in what a failed system call means. It reports false if that is not known.
func (e *Error) system(errno syscall.Errno) bool {
	switch errno {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		e.Code, e.Reason = wire.NoSpace, reasonFull
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		e.Code, e.Reason = wire.Access, reasonAccess
	case syscall.ENOENT, syscall.ENOTDIR:
		e.Code, e.Reason = wire.NotExist, reasonMissing
	case syscall.EISDIR:
		e.Code, e.Reason = wire.FailedOperation, reasonDirectory
	case syscall.EMFILE, syscall.ENFILE:
		e.Code, e.Reason = wire.NoResources, reasonFiles
	case syscall.ENOMEM:
		e.Code, e.Reason = wire.NoMemory, reasonMemory
	default:
		return false
	}
	return true
}

func errnoText(errno syscall.Errno) string {
	if errno == 0 {
		return "no system error"
	}
	return errno.Error()
}

// systemFailed makes an Error of a failed system call on path.
func systemFailed(path string, err error) error {
	e := &Error{Path: path}
	errno := errnoOf(err)
	if !e.system(errno) {
		e.Code, e.Reason = wire.FailedOperation, "can't be used: "+errnoText(errno)
	}
	return e
}

// errnoOf finds the errno in an error of package os; 0 if there is none.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return 0
}
