package agent

import "libckpt/internal/wire"

// ask is a question for the replica segment of an open checkpoint, over the session's socket.
type ask struct {
	id       uint64
	deadline int64
	resendAt int64
	frame    []byte
	done     func(fd int, code Code) // called once; fd belongs to it, -1 unless code is OK
}

// startAsk asks for a segment descriptor. done gets NotExist when the node has no replica, TryAgain at the deadline.
func (a *Agent) startAsk(open uint64, deadline int64, done func(fd int, code Code)) {
	k := &ask{deadline: deadline, done: done}
	s, code := a.placeAsk(k, open)
	switch {
	case code != wire.OK:
		done(-1, code)
	case s != nil:
		k.send(s)
	}
}

func (a *Agent) placeAsk(k *ask, open uint64) (*socket, Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, wire.BadHandle
	}
	a.lastAsk++
	k.id = a.lastAsk
	var err error
	if k.frame, err = wire.Encode(wire.KindSegment, nil, &wire.SegmentRequest{Ask: k.id, Open: open}); err != nil {
		return nil, wire.Library
	}
	k.resendAt = now() + int64(resendEvery)
	a.asks[k.id] = k
	a.armLocked(min(k.deadline, k.resendAt))
	if a.phase != up {
		a.kick()
		return nil, wire.OK
	}
	return a.socket, wire.OK
}

// send asks; a packet that does not get out is sent again by tick or after the next connect.
func (k *ask) send(s *socket) { _ = s.send(k.frame) }

func (a *Agent) askDueLocked(t, next int64) (calls []func(), _ int64) {
	for id, k := range a.asks {
		if k.deadline <= t {
			delete(a.asks, id)
			calls = append(calls, func() { k.done(-1, wire.TryAgain) })
			continue
		}
		if k.resendAt <= t {
			k.resendAt = t + int64(resendEvery)
			if s := a.socket; s != nil {
				calls = append(calls, func() { k.send(s) })
			}
		}
		next = min(next, k.deadline, k.resendAt)
	}
	return calls, next
}

// answerAsk hands the node director's answer to whoever asked.
func (a *Agent) answerAsk(id uint64, code Code, fd int) {
	k := a.takeAsk(id)
	if k == nil {
		closeFD(fd)
		return
	}
	if code == 0 {
		code = wire.OK
	}
	if code != wire.OK {
		closeFD(fd)
		fd = -1
	} else if fd < 0 {
		code = wire.NotExist
	}
	k.done(fd, code)
}

func (a *Agent) takeAsk(id uint64) *ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.asks[id]
	delete(a.asks, id)
	return k
}
