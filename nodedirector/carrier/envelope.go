package carrier

import (
	"encoding/binary"
	"errors"

	"libckpt/internal/wire"
)

// Versions of the envelope and of the streams: what this release writes, and the oldest that it reads, which is that of
// the release before it. Whatever else is refused.
const (
	version       = 1
	versionOldest = 1
)

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

var errMalformed = errors.New("malformed message")

// parseEnvelope takes a message apart. data is the frame, or the piece of it, in b itself. The error is a *wire.VersionError
// or errMalformed; without one offset and length of data are within total.
func parseEnvelope(b []byte) (e envelope, data []byte, err error) {
	if len(b) == 0 {
		return e, nil, errMalformed
	}
	if err := wire.CheckVersion(b[0], versionOldest, version); err != nil {
		return e, nil, err
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
