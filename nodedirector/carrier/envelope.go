package carrier

import (
	"encoding/binary"
	"errors"
	"fmt"

	"libckpt/internal/wire"
)

// version is of the envelope and of the bulk streams. Release N reads what N-1 wrote; whatever else is refused.
const version = 1

// envelope goes before each frame, or piece of one, in a NATS message:
//
//	version       1 byte
//	length of from 1 byte, from
//	incarnation   8 bytes, big-endian like all numbers
//	number        8 bytes
//	offset, total 4 bytes each
type envelope struct {
	from        string // node
	incarnation uint64 // of from
	number      uint64 // of the frame; from's incarnation never uses one twice
	offset      uint32 // of this piece in the frame
	total       uint32 // length of the frame
}

const envelopeFixed = 1 + 1 + 8 + 8 + 4 + 4

func (e *envelope) size() int { return envelopeFixed + len(e.from) }

func (e *envelope) append(b []byte) []byte {
	b = append(b, version, byte(len(e.from)))
	b = append(b, e.from...)
	b = binary.BigEndian.AppendUint64(b, e.incarnation)
	b = binary.BigEndian.AppendUint64(b, e.number)
	b = binary.BigEndian.AppendUint32(b, e.offset)
	return binary.BigEndian.AppendUint32(b, e.total)
}

// versionError is a message of a release that this one does not understand.
type versionError struct{ theirs byte }

func (e *versionError) Error() string {
	return fmt.Sprintf("messages of version %d, this release speaks version %d", e.theirs, version)
}

var errMalformed = errors.New("malformed message")

// parseEnvelope takes a message apart. data is the frame, or the piece of it, in b itself. The error is a *versionError or
// errMalformed; without one offset and length of data are within total.
func parseEnvelope(b []byte) (e envelope, data []byte, err error) {
	if len(b) == 0 {
		return e, nil, errMalformed
	}
	if b[0] != version {
		return e, nil, &versionError{b[0]}
	}
	if len(b) < 2 || len(b) < envelopeFixed+int(b[1]) {
		return e, nil, errMalformed
	}
	n := 2 + int(b[1])
	e.from = string(b[2:n])
	e.incarnation = binary.BigEndian.Uint64(b[n:])
	e.number = binary.BigEndian.Uint64(b[n+8:])
	e.offset = binary.BigEndian.Uint32(b[n+16:])
	e.total = binary.BigEndian.Uint32(b[n+20:])
	data = b[n+24:]
	if !wire.ValidToken(e.from) || uint64(e.offset)+uint64(len(data)) > uint64(e.total) || len(data) == 0 && e.total != 0 {
		return e, nil, errMalformed
	}
	return e, data[:len(data):len(data)], nil
}
