package director

import (
	"bytes"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// raft-wal 0.4.0 can't read a file any more, once it has been opened again, whose end was cut off while it was the last
// one: it marks the file as complete without writing the index that a complete one has. So before the end of the log is
// cut off (a follower's entries that the leader does not have), the last file is completed by filling it up. If the
// process dies between the two steps, the filling is found when the log is opened, and cut off then.

// filling begins the data of entries that fill a file up; no other entry has data that begin so.
var filling = []byte("\x00ckpt filling")

// cutOff deletes the entries from min on. There are entries before min.
func cutOff(log *wal.WAL, min, last uint64) error {
	full := append(bytes.Clone(filling), make([]byte, segmentBytes)...)
	// The second entry goes to the next file, and waits until the first one's is complete.
	for i, data := range [][]byte{full, filling} {
		if err := log.StoreLog(&raft.Log{Index: last + 1 + uint64(i), Type: raft.LogNoop, Data: data}); err != nil {
			return err
		}
	}
	return log.DeleteRange(min, last+2)
}

// isFilling reports whether an entry only fills a file up.
func isFilling(l *raft.Log) bool { return l.Type == raft.LogNoop && bytes.HasPrefix(l.Data, filling) }

// dropFilling finishes what a process that died had begun. It returns the last entry that is left.
func dropFilling(log *wal.WAL, first, last uint64) (uint64, error) {
	end := last
	for ; end >= first && end > 0; end-- {
		var l raft.Log
		if err := log.GetLog(end, &l); err != nil {
			return 0, err
		}
		if !isFilling(&l) {
			break
		}
	}
	switch {
	case end == last:
		return last, nil
	case end < first: // none before them: the library reads what is left
		return end, log.DeleteRange(first, last)
	}
	return end, cutOff(log, end+1, last)
}

// DeleteRange implements raft.LogStore.
func (s *durable) DeleteRange(min, max uint64) error {
	first, err := s.WAL.FirstIndex()
	if err != nil {
		return err
	}
	last, err := s.WAL.LastIndex()
	if err != nil {
		return err
	}
	if min > first && min <= last && max >= last {
		err = cutOff(s.WAL, min, last)
	} else {
		err = s.WAL.DeleteRange(min, max)
	}
	if err != nil {
		s.failed(err)
	}
	return err
}
