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

	"libckpt/internal/wire"
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
	recordVoid    byte = 'o' // an openRecord of a handle that was closed when there was no space for a closeRecord
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
	NotifyData bool
}

type closeRecord struct{ Open uint64 }

type notifyRecord struct {
	Open uint64
	On   bool
	Data bool
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

// oldJournal goes on with a journal where there is no space for a new one; size is that of its whole records.
func oldJournal(dir string, s *sessionRecord, size int64) (*journal, error) {
	path := journalPath(dir, s.Session)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	return &journal{path: path, f: f, size: size}, nil
}

// void takes back an open without needing space: it writes over the kind of its record, one byte, which a crash leaves
// as it was or changed. The checksum stays that of the record as it was written.
func (j *journal) void(open uint64) error {
	b, err := os.ReadFile(j.path)
	if err != nil {
		return err
	}
	at := int64(-1)
	_ = scanJournal(b, func(offset int, body []byte) error {
		var o openRecord
		if body[0] == recordOpen && wire.Unmarshal(body[1:], &o) == nil && o.Open == open {
			at = int64(offset) + 8
		}
		return nil
	})
	if at < 0 {
		return fmt.Errorf("%s: no record of open %d", j.path, open)
	}
	f, err := os.OpenFile(j.path, os.O_WRONLY, 0) // j.f only appends
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{recordVoid}, at)
	return errors.Join(err, f.Close())
}

// scanJournal calls f for each whole record, with its offset and its body. An error of f ends it.
func scanJournal(b []byte, f func(offset int, body []byte) error) error {
	for at := 0; len(b)-at >= 9; {
		n := binary.LittleEndian.Uint32(b[at:])
		if n < 1 || n > journalRecordMax || uint64(n) > uint64(len(b)-at-8) {
			return nil
		}
		body := b[at+8 : at+8+int(n)]
		kind := body[0]
		if kind == recordVoid {
			kind = recordOpen
		}
		sum := crc32.Update(crc32.Checksum([]byte{kind}, castagnoli), castagnoli, body[1:])
		if sum != binary.LittleEndian.Uint32(b[at+4:]) {
			return nil
		}
		if err := f(at, body); err != nil {
			return err
		}
		at += 8 + int(n)
	}
	return nil
}

// errNoSession ends the reading of a journal that does not begin with a session.
var errNoSession = errors.New("no session in it")

// readJournal reads a session and what it has open. size is the bytes of whole records.
func readJournal(path string) (s sessionRecord, opens []openRecord, size int64, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return s, nil, 0, err
	}
	byOpen := make(map[uint64]int) // index in opens
	err = scanJournal(b, func(at int, body []byte) error {
		size = int64(at + 8 + len(body))
		if at > 0 {
			return replay(body, &opens, byOpen)
		}
		if body[0] != recordSession {
			return errNoSession
		}
		return wire.Unmarshal(body[1:], &s)
	})
	if err == nil && size == 0 {
		err = errNoSession
	}
	if err != nil {
		return s, nil, 0, fmt.Errorf("read %s: %w", path, err)
	}
	live := opens[:0]
	for _, o := range opens {
		if o.Open != 0 {
			live = append(live, o)
		}
	}
	return s, live, size, nil
}

// replay carries out one record; a closed open stays in opens with number 0.
func replay(body []byte, opens *[]openRecord, byOpen map[uint64]int) error {
	switch body[0] {
	case recordOpen:
		var o openRecord
		if err := wire.Unmarshal(body[1:], &o); err != nil {
			return err
		}
		byOpen[o.Open] = len(*opens)
		*opens = append(*opens, o)
	case recordClose:
		var c closeRecord
		if err := wire.Unmarshal(body[1:], &c); err != nil {
			return err
		}
		if i, ok := byOpen[c.Open]; ok {
			(*opens)[i].Open = 0
			delete(byOpen, c.Open)
		}
	case recordNotify:
		var n notifyRecord
		if err := wire.Unmarshal(body[1:], &n); err != nil {
			return err
		}
		if i, ok := byOpen[n.Open]; ok {
			(*opens)[i].Notify, (*opens)[i].NotifyData = n.On, n.Data
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
