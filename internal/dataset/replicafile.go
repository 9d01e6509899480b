package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// replicaSuffix ends the names of copies; what SQLite puts beside one has the same name with an ending of its own.
const replicaSuffix = ".replica"

// sideFiles are the endings of what SQLite puts beside a file.
var sideFiles = []string{"-wal", "-shm", "-journal"}

// ReplicaFile is the name of a copy. No two copies of a checkpoint have had the same nonce: what is left beside a copy that
// was removed must never be taken for a part of a later one.
func ReplicaFile(checkpoint, nonce uint64) string {
	return fmt.Sprintf("%016x-%016x%s", checkpoint, nonce, replicaSuffix)
}

// ReplicaFiles lists the copies in a directory by checkpoint; there is more than one of a checkpoint if the removal of an
// earlier one failed. Leftovers of removed copies are removed. The error is that of the file system.
func ReplicaFiles(dir string) (map[uint64][]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	files := make(map[uint64][]string)
	for name := range names {
		for _, side := range sideFiles {
			if of, found := strings.CutSuffix(name, replicaSuffix+side); found && !names[of+replicaSuffix] {
				_ = os.Remove(filepath.Join(dir, name)) // harmless: it belongs to no file
			}
		}
		id, _, found := strings.Cut(strings.TrimSuffix(name, replicaSuffix), "-")
		checkpoint, err := strconv.ParseUint(id, 16, 64)
		if strings.HasSuffix(name, replicaSuffix) && found && err == nil {
			files[checkpoint] = append(files[checkpoint], filepath.Join(dir, name))
		}
	}
	return files, nil
}

// RemoveReplicaCopy removes a copy, which may be in use: what is committed to it afterwards is lost. When it returns nil no
// power cut can bring the copy back. It needs no space. The error is an *Error.
func RemoveReplicaCopy(path string) error {
	err := os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return systemFailed(path, err)
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return err
	}
	for _, side := range sideFiles {
		_ = os.Remove(path + side) // without the file they mean nothing
	}
	return nil
}
