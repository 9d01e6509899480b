package director

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
)

// unrotate makes a log what it was when its last but one file was complete and nobody had gone on to the last one.
func unrotate(t *testing.T, dir string, torn bool) {
	t.Helper()
	var meta metadb.BoltMetaDB
	state, err := meta.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Segments) != 2 {
		t.Fatalf("%d files", len(state.Segments))
	}
	tail := &state.Segments[0]
	end := int64(tail.IndexStart) + (int64(tail.MaxIndex-tail.BaseIndex+1)*indexEntryBytes+7)&^7
	if err := os.Remove(filepath.Join(dir, segment.FileName(state.Segments[1]))); err != nil {
		t.Fatal(err)
	}
	tail.SealTime, tail.MaxIndex, tail.IndexStart = time.Time{}, 0, 0
	state.Segments = state.Segments[:1]
	if err := meta.CommitState(state); err != nil {
		t.Fatal(err)
	}
	if err := meta.Close(); err != nil {
		t.Fatal(err)
	}
	if !torn {
		return
	}
	f, err := os.OpenFile(filepath.Join(dir, segment.FileName(*tail)), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 8), end); err != nil { // what says that all before it was written
		t.Fatal(err)
	}
}

// TestRotationInterrupted: the process dies, or its host, between completing a file of the log and going on to the next.
func TestRotationInterrupted(t *testing.T) {
	for _, torn := range []bool{false, true} {
		dir := t.TempDir()
		s, d := opened(t, dir)
		storeEntries(t, d, 1, 1, 3)
		fills := &raft.Log{Index: 4, Term: 1, Type: raft.LogNoop, Data: make([]byte, segmentBytes)}
		if err := d.StoreLog(fills); err != nil {
			t.Fatal(err)
		}
		storeEntries(t, d, 1, 5, 5) // waits for the next file
		s.close()
		unrotate(t, filepath.Join(dir, "log"), torn)
		want := uint64(4)
		if torn {
			want = 3 // nobody was told that the fourth is there
		}
		for range 2 {
			s, d = opened(t, dir)
			if last, err := d.LastIndex(); err != nil || last != want {
				t.Fatalf("torn %v: last entry %d %v, want %d", torn, last, err, want)
			}
			s.close()
		}
		s, d = opened(t, dir)
		storeEntries(t, d, 2, want+1, 6)
		s.close()
		_, d = opened(t, dir)
		var l raft.Log
		for i, text := range map[uint64]string{1: "1.1", 3: "1.3", 5: "2.5", 6: "2.6"} {
			if err := d.GetLog(i, &l); err != nil || string(l.Data) != text {
				t.Fatalf("torn %v: entry %d: %q %v", torn, i, l.Data, err)
			}
		}
	}
}
