package wire

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// Kind is the kind of a frame.
type Kind byte

// Kinds of frames.
const (
	KindRequest    Kind = 'q' // agent → node director: Request, body, data
	KindReply      Kind = 'r' // node director → agent: Reply, body, data
	KindEvents     Kind = 'e' // node director → agent: []Event
	KindDirector   Kind = 'd' // node director → director: DirectorRequest, body
	KindDirected   Kind = 'D' // director → node director: DirectorReply, body
	KindChanged    Kind = 'c' // director → node directors: Changed
	KindPeer       Kind = 'p' // node director → node director: replication.EncodeMessage
	KindHello      Kind = 'h' // session socket, agent → node director: Hello
	KindWelcome    Kind = 'w' // session socket, node director → agent: Welcome
	KindSegment    Kind = 's' // session socket, agent → node director: SegmentRequest
	KindReplica    Kind = 'S' // session socket, node director → agent: SegmentReply, with a descriptor
	KindMembership Kind = 'm' // session socket, node director → agent: Membership
	KindBye        Kind = 'b' // session socket, agent → node director: the application is done
)

// FormatError says what is wrong with a frame that can't be read. Such frames are counted and dropped.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return "malformed message: " + e.Reason }

var encoders = sync.Pool{New: func() any {
	e := msgpack.NewEncoder(nil)
	e.UseArrayEncodedStructs(true)
	e.UseCompactInts(true)
	return e
}}

// Encode makes a frame of the values and the raw data after them.
func Encode(kind Kind, data [][]byte, values ...any) ([]byte, error) {
	n := 128
	for _, d := range data {
		n += len(d)
	}
	b := bytes.NewBuffer(make([]byte, 0, n))
	b.WriteByte(Version)
	b.WriteByte(byte(kind))
	e := encoders.Get().(*msgpack.Encoder)
	defer encoders.Put(e)
	e.ResetWriter(b)
	for _, v := range values {
		if v == nil {
			continue
		}
		if err := e.Encode(v); err != nil {
			return nil, fmt.Errorf("encode %T: %w", v, err)
		}
	}
	for _, d := range data {
		b.Write(d)
	}
	return b.Bytes(), nil
}

// Decoder reads the values of one frame in order.
type Decoder struct {
	Kind Kind
	r    bytes.Reader
	d    *msgpack.Decoder
	b    []byte
}

var decoders = sync.Pool{New: func() any { return msgpack.NewDecoder(nil) }}

// NewDecoder opens a frame. The error is a *FormatError or a *VersionError. The frame's bytes must not change while the Decoder or data taken from it is in use.
// Call Release when done.
func NewDecoder(frame []byte) (*Decoder, error) {
	if len(frame) < 2 {
		return nil, &FormatError{"shorter than a header"}
	}
	if err := CheckVersion(frame[0], VersionOldest, Version); err != nil {
		return nil, err
	}
	d := &Decoder{Kind: Kind(frame[1]), b: frame, d: decoders.Get().(*msgpack.Decoder)}
	d.r.Reset(frame[2:])
	d.d.Reset(&d.r)
	return d, nil
}

// Value reads the next value into the struct v points to. The error is a *FormatError.
func (d *Decoder) Value(v any) error { return decode(d.d, v) }

// Data gives the raw bytes after the values, without copying them.
func (d *Decoder) Data() []byte { return d.b[len(d.b)-d.r.Len():] }

// Release returns the decoder's buffers.
func (d *Decoder) Release() {
	decoders.Put(d.d)
	d.d = nil
}
