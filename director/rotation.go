package director

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// A complete file ends in an index of its entries: a header of 8 bytes, with a type and the length in bytes, then 4 bytes for
// each entry. raft-wal takes a file for complete if there is that header, even if what it was written with did not get to
// the disk and is therefore left out.
const (
	indexHeadBytes  = 8
	indexEntryBytes = 4
)

// indexWhole reports whether an index is of all entries of a file, up to last. If it is not, host and disk stopped while it
// was written: it is wiped, and entries can be added.
func indexWhole(dir string, tail *types.SegmentInfo, index, last uint64) (bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, segment.FileName(*tail)), os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, indexHeadBytes)
	at := int64(index) - indexHeadBytes
	if _, err := f.ReadAt(head, at); err != nil {
		return false, err
	}
	if uint64(binary.LittleEndian.Uint32(head[4:])) == (last+1-tail.BaseIndex)*indexEntryBytes {
		return true, nil
	}
	if _, err := f.WriteAt(make([]byte, indexHeadBytes), at); err != nil {
		return false, err
	}
	return false, f.Sync()
}

// finishRotation goes on to the next file of a log whose last one is complete. raft-wal completes a file with the entry that
// fills it, and writes down that there is a next one a moment later. If the process dies in between, version 0.4.0 opens
// the log but takes no more entries ("segment is sealed").
func finishRotation(dir string, meta *metadb.BoltMetaDB) error {
	state, err := meta.Load(dir)
	n := len(state.Segments)
	if err != nil || n == 0 || !state.Segments[n-1].SealTime.IsZero() {
		return err
	}
	tail := &state.Segments[n-1]
	w, err := segment.NewFiler(dir, fs.New()).RecoverTail(*tail)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the process died before it had made the file
	}
	if err != nil {
		return err
	}
	defer w.Close()
	indexed, index, err := w.Sealed()
	if err != nil || !indexed {
		return err
	}
	if whole, err := indexWhole(dir, tail, index, w.LastIndex()); err != nil || !whole {
		return err
	}
	tail.SealTime, tail.MaxIndex, tail.IndexStart = time.Now(), w.LastIndex(), index
	state.Segments = append(state.Segments, types.SegmentInfo{
		ID: state.NextSegmentID, BaseIndex: w.LastIndex() + 1, MinIndex: w.LastIndex() + 1,
		Codec: tail.Codec, CreateTime: time.Now(), SizeLimit: segmentBytes,
	})
	state.NextSegmentID++
	return meta.CommitState(state)
}
