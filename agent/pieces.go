package agent

import "libckpt/internal/wire"

// pieces is the state of a request whose data goes in several messages. Guarded by Agent.mu.
type pieces struct {
	size  int // bytes of data in each but the last; 0 until the bus's message limit is known
	state []pieceState
	next  int // no piece before it is unsent
	sent  int // pieces in state pieceSent
	acks  int // pieces in state pieceAcked
}

type pieceState uint8

const (
	pieceUnsent pieceState = iota
	pieceSent
	pieceAcked
)

// count is the number of pieces; 1 before it is known.
func (p *pieces) count() int { return max(1, len(p.state)) }

// split fixes the pieces of total bytes beside a body, for messages of at most payload bytes.
func (p *pieces) split(total uint64, body, payload int) bool {
	if p.size != 0 {
		return true
	}
	size := min(wire.PieceBytesMax, payload-body-frameOverhead)
	if size < pieceBytesMin {
		return false
	}
	p.size = size
	p.state = make([]pieceState, (total+uint64(size)-1)/uint64(size))
	return true
}

// take chooses the next piece to send.
func (p *pieces) take() (i int, ok bool) {
	if p.sent >= wire.PieceWindow {
		return 0, false
	}
	for p.next < len(p.state) && p.state[p.next] != pieceUnsent {
		p.next++
	}
	if p.next == len(p.state) {
		return 0, false
	}
	p.state[p.next] = pieceSent
	p.sent++
	return p.next, true
}

// again makes the pieces that were sent and not acknowledged unsent.
func (p *pieces) again() {
	if p.sent == 0 && p.acks == len(p.state) {
		p.reset()
		return
	}
	for i, s := range p.state {
		if s == pieceSent {
			p.state[i] = pieceUnsent
		}
	}
	p.sent, p.next = 0, 0
}

// reset makes all pieces unsent: the node director may have lost those it acknowledged.
func (p *pieces) reset() {
	clear(p.state)
	p.sent, p.acks, p.next = 0, 0, 0
}

// ack notes that a piece has arrived.
func (p *pieces) ack(i uint32) bool {
	if int(i) >= len(p.state) || p.state[i] == pieceAcked {
		return false
	}
	if p.state[i] == pieceSent {
		p.sent--
	}
	p.state[i] = pieceAcked
	p.acks++
	return true
}

// acknowledged takes the acknowledgement of one piece. When all have arrived and there is no answer, the request is being
// carried out, or the node director has begun anew in between and lacks some: tick sends all again after a while.
func (a *Agent) acknowledged(slot uint16, number uint64, piece uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.inSlotLocked(slot, number)
	if r == nil || r.pieces == nil || !r.pieces.ack(piece) {
		return
	}
	r.resendAt = now() + int64(resendEvery)
	a.changed.Broadcast()
}

// push sends the pieces of r until r has ended.
func (a *Agent) push(r *request) {
	for {
		b, alive := a.awaitTurn(r)
		if !alive {
			return
		}
		b.awaitRoom()
		s, h, lo, hi, fits := a.nextPiece(r)
		if !fits {
			a.finish(r, wire.NoResources)
			return
		}
		if s.bus == nil {
			continue
		}
		frame, err := wire.Encode(wire.KindRequest, [][]byte{r.body}, &h)
		if err != nil {
			a.notSent(s)
			a.finish(r, wire.Library)
			return
		}
		s.frame, s.data = frame, r.data[lo:hi]
		a.transmit(s)
	}
}

// awaitTurn waits until a piece of r may be sent. alive is false once r has ended.
func (a *Agent) awaitTurn(r *request) (b *bus, alive bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for r.state != ended {
		if a.mayTalkLocked(r) {
			if p := r.pieces; p.size == 0 || p.sent < wire.PieceWindow && p.unsent() {
				return a.bus, true
			}
		}
		a.changed.Wait()
	}
	return nil, false
}

func (p *pieces) unsent() bool { return p.sent+p.acks < len(p.state) }

// nextPiece chooses the next piece of r and counts it as handed over. fits is false if the request's body leaves no
// room for data in one message.
func (a *Agent) nextPiece(r *request) (s sending, h wire.Request, lo, hi uint64, fits bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.mayTalkLocked(r) {
		return s, h, 0, 0, true
	}
	if !r.pieces.split(r.total, len(r.body), a.bus.payload) {
		return s, h, 0, 0, false
	}
	i, ok := r.pieces.take()
	if !ok {
		return s, h, 0, 0, true
	}
	h = r.head()
	h.Piece, h.Pieces = uint32(i), uint32(len(r.pieces.state))
	lo = uint64(i) * uint64(r.pieces.size)
	hi = min(lo+uint64(r.pieces.size), r.total)
	r.handed++
	r.resendAt = now() + int64(resendEvery)
	a.armLocked(r.resendAt)
	return sending{bus: a.bus, request: r, slot: r.slot, number: r.number, gen: r.gen}, h, lo, hi, true
}
