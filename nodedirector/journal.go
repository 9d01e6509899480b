package nodedirector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// The journal of a session is a file of records: length (4 bytes, little-endian), CRC-32C of what follows (4 bytes),
// one byte for the kind, a msgpack array. The first record is the session itself. A record that is cut off or damaged
// ends the file: its writer died before it answered.

const (
	journalSuffix = ".session"
	journalTemp   = ".tmp"

	recordSession byte = 'S' // sessionRecord
	recordOpen    byte = 'O' // openRecord
	recordClose   byte = 'C' // closeRecord
	recordNotify  byte = 'N' // notifyRecord
)

type sessionRecord struct {
	Session        uint64
	Secret         []byte
	Boot           string
	PID            int // 0: not to be seen from here
	Start          uint64
	Program        string
	User, Password string // on the bus
}

type openRecord struct {
	Open       uint64
	Checkpoint uint64
	Name       string
	Flags      uint32
	Notify     bool
}

type closeRecord struct{ Open uint64 }

type notifyRecord struct {
	Open uint64
	On   bool
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journal is the open journal of one session. It is not safe for concurrent use.
type journal struct {
	path string
	f    *os.File
	size int64 // bytes of whole records
	dead int   // records that no longer matter
}

func journalPath(dir string, session uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", session, journalSuffix))
}

// newJournal makes the journal of a session; one that exists is replaced as a whole.
func newJournal(dir string, s *sessionRecord, opens []openRecord) (*journal, error) {
	path := journalPath(dir, s.Session)
	f, err := os.OpenFile(path+journalTemp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	b, err := appendRecord(nil, recordSession, s)
	for i := range opens {
		if err == nil {
			b, err = appendRecord(b, recordOpen, &opens[i])
		}
	}
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		f.Close()
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &journal{path: path, f: f, size: int64(len(b))}, nil
}

func appendRecord(b []byte, kind byte, v any) ([]byte, error) {
	at := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind)
	var buf recordBuffer = b
	e := msgpack.NewEncoder(&buf)
	e.UseArrayEncodedStructs(true)
	e.UseCompactInts(true)
	if err := e.Encode(v); err != nil {
		return b[:at], fmt.Errorf("encode %T: %w", v, err)
	}
	b = buf
	body := b[at+8:]
	binary.LittleEndian.PutUint32(b[at:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(body, castagnoli))
	return b, nil
}

type recordBuffer []byte

func (b *recordBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// add appends one record with one write, so that a crash leaves it whole or not at all but for the file's end.
func (j *journal) add(kind byte, v any) error {
	b, err := appendRecord(nil, kind, v)
	if err != nil {
		return err
	}
	if _, err := j.f.Write(b); err != nil {
		// Half a record would hide all that follow it.
		return fmt.Errorf("write %s: %w", j.path, errors.Join(err, j.f.Truncate(j.size)))
	}
	j.size += int64(len(b))
	return nil
}

func (j *journal) close() { j.f.Close() }

func (j *journal) remove() {
	os.Remove(j.path)
	j.f.Close()
}

// readJournal reads a session and what it has open.
func readJournal(path string) (s sessionRecord, opens []openRecord, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return s, nil, err
	}
	byOpen := make(map[uint64]int) // index in opens
	found := false
	for len(b) >= 9 {
		n := binary.LittleEndian.Uint32(b)
		if n < 1 || n > journalRecordMax || uint64(n) > uint64(len(b)-8) {
			break
		}
		body := b[8 : 8+n]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
			break
		}
		b = b[8+n:]
		if !found {
			if body[0] != recordSession {
				break
			}
			if err := msgpack.Unmarshal(body[1:], &s); err != nil {
				return s, nil, fmt.Errorf("read %s: %w", path, err)
			}
			found = true
			continue
		}
		if err := replay(body, &opens, byOpen); err != nil {
			return s, nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if !found {
		return s, nil, fmt.Errorf("read %s: %w", path, errors.New("no session in it"))
	}
	live := opens[:0]
	for _, o := range opens {
		if o.Open != 0 {
			live = append(live, o)
		}
	}
	return s, live, nil
}

// replay carries out one record; a closed open stays in opens with number 0.
func replay(body []byte, opens *[]openRecord, byOpen map[uint64]int) error {
	switch body[0] {
	case recordOpen:
		var o openRecord
		if err := msgpack.Unmarshal(body[1:], &o); err != nil {
			return err
		}
		byOpen[o.Open] = len(*opens)
		*opens = append(*opens, o)
	case recordClose:
		var c closeRecord
		if err := msgpack.Unmarshal(body[1:], &c); err != nil {
			return err
		}
		if i, ok := byOpen[c.Open]; ok {
			(*opens)[i].Open = 0
			delete(byOpen, c.Open)
		}
	case recordNotify:
		var n notifyRecord
		if err := msgpack.Unmarshal(body[1:], &n); err != nil {
			return err
		}
		if i, ok := byOpen[n.Open]; ok {
			(*opens)[i].Notify = n.On
		}
	}
	return nil
}

// journals lists the journals in a directory and removes what a crash left half-made.
func journals(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), journalSuffix):
			paths = append(paths, path)
		case strings.HasSuffix(e.Name(), journalTemp):
			os.Remove(path)
		}
	}
	return paths, nil
}
