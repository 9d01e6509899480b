package nodedirector

import "libckpt/internal/wire"

// staging collects the pieces of one request. All but the last piece have the same length, so each has its place
// whatever the order of arrival.
type staging struct {
	number   uint64
	deadline int64 // CLOCK_MONOTONIC ns, of the request
	data     []byte
	have     []bool
	missing  int
	size     int    // of each piece but the last; 0 = none has arrived
	tail     int    // of the last piece; 0 = it has not arrived
	charge   uint64 // bytes counted against StagingMax
}

// newStaging makes room for the request that r is a piece of. The caller has bounded r.Total and r.Pieces, which is at
// least 2.
func newStaging(r *wire.Request) *staging {
	return &staging{
		number:   r.Number,
		deadline: r.Deadline,
		data:     make([]byte, r.Total),
		have:     make([]bool, r.Pieces),
		missing:  int(r.Pieces),
	}
}

// add takes a piece and reports whether the request is complete. A piece that does not fit the others is refused.
func (s *staging) add(r *wire.Request, data []byte) (complete bool, err error) {
	switch {
	case int(r.Pieces) != len(s.have) || r.Total != uint64(len(s.data)):
		return false, &wire.FormatError{Reason: "pieces of one request disagree"}
	case r.Piece >= r.Pieces:
		return false, &wire.FormatError{Reason: "piece beyond the request"}
	case s.have[r.Piece]:
		return s.missing == 0, nil
	}
	last := len(s.have) - 1
	size, tail := s.size, s.tail
	if int(r.Piece) == last {
		tail = len(data)
	} else if size == 0 {
		size = len(data)
	} else if size != len(data) {
		return false, &wire.FormatError{Reason: "pieces of different lengths"}
	}
	// Both lengths together must make up the total; one alone must leave room for the rest.
	if len(data) == 0 || size > len(s.data)/last || size != 0 && tail != 0 && last*size+tail != len(s.data) || tail > len(s.data) {
		return false, &wire.FormatError{Reason: "piece does not fit the request"}
	}
	s.size, s.tail = size, tail
	at := int(r.Piece) * size
	if int(r.Piece) == last {
		at = len(s.data) - tail
	}
	copy(s.data[at:], data)
	s.have[r.Piece] = true
	s.missing--
	return s.missing == 0, nil
}
