package carrier

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/outconn"
)

// updateStream takes frames of the class Update to a peer. It is opened with the first one. Until it is open, and when it
// is lost, frames go over NATS; nothing waits for it.
type updateStream struct {
	c      *Carrier
	to     Peer
	ctx    context.Context // ends with the stream
	cancel context.CancelFunc

	mu    sync.Mutex
	out   *outconn.Conn // nil until it is open
	tls   net.Conn      // over out; nil = plain
	err   error         // why it has ended
	ended time.Time
}

// sendUpdate gives a frame to the stream to p, and opens one if there is none. It reports whether the stream has taken or
// refused it; if not it is to go over NATS.
func (c *Carrier) sendUpdate(p *peer, frame []byte) (done bool, err error) {
	s := c.updateStream(p)
	if s == nil {
		return false, nil
	}
	s.mu.Lock()
	out, tls := s.out, s.tls
	s.mu.Unlock()
	if out == nil {
		return false, nil
	}
	head := binary.BigEndian.AppendUint32(make([]byte, 0, frameHead), uint32(len(frame)))
	switch {
	case tls == nil:
		err = out.WriteWithin(queueBytesMax, head, frame)
	case out.Waiting() > queueBytesMax:
		err = outconn.ErrFull
	default:
		_, err = tls.Write(append(head, frame...))
	}
	switch {
	case errors.Is(err, outconn.ErrFull):
		return true, ErrFull
	case err != nil:
		s.fail(err)
		return false, nil
	}
	c.stats.direct.Add(1)
	return true, nil
}

// updateStream finds the stream to p, or begins one; nil = there is none now.
func (c *Carrier) updateStream(p *peer) *updateStream {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	s := c.updates[p.Name]
	if s != nil && s.to != p.Peer {
		s.end(errGone)
		s = nil
	}
	if s != nil {
		if ended, at := s.over(); !ended || time.Since(at) < dialPause {
			return s
		}
	}
	if !c.begin() {
		return nil
	}
	s = &updateStream{c: c, to: p.Peer}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	c.updates[p.Name] = s
	go func() {
		defer c.running.Done()
		s.fail(s.serve())
	}()
	return s
}

// over reports whether the stream has ended, and when.
func (s *updateStream) over() (ended bool, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil, s.ended
}

// end ends the stream, and reports whether it had not ended before.
func (s *updateStream) end(err error) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.err, s.ended = err, time.Now()
	s.out, s.tls = nil, nil
	s.cancel()
	return true
}

// fail ends the stream and says so, unless it has ended before.
func (s *updateStream) fail(err error) {
	if s.end(err) && s.c.said.allow("updates to "+s.to.Name) {
		s.c.log.Warn("update stream ended: updates go over the bus until there is another", "node", s.to.Name, "address", s.to.Address,
			"reason", err)
	}
}

// serve opens the stream, and returns when it is lost.
func (s *updateStream) serve() error {
	tcp, err := s.c.connect(s.ctx, s.to)
	if err != nil {
		return err
	}
	if err := abandon(tcp); err != nil {
		tcp.Close()
		return err
	}
	out, err := outconn.New(tcp, s.c.spawn)
	if err != nil {
		return err
	}
	defer out.Close()
	defer context.AfterFunc(s.ctx, func() { out.Close() })()
	conn, r, err := s.c.begun(out, s.to, wayUpdate)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.err == nil {
		s.out = out
		if conn != net.Conn(out) {
			s.tls = conn
		}
	}
	s.mu.Unlock()
	switch _, err := r.ReadByte(); { // nothing is ever sent this way
	case err == nil:
		return errNoNode
	case errors.Is(err, io.EOF):
		return errClosedThere
	default:
		return err
	}
}

// receiveUpdates reads a stream of updates until it ends, and says why it did.
func (c *Carrier) receiveUpdates(conn net.Conn, r *bufio.Reader, from sender) error {
	var kept []byte // memory for long frames
	for {
		head, err := r.Peek(frameHead)
		if err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(head))
		if err := c.checkLength(n); err != nil {
			return err
		}
		if frameHead+n <= r.Size() {
			frame, err := r.Peek(frameHead + n)
			if err != nil {
				return err
			}
			c.stats.received.Add(1)
			c.o.Receive(from.node, from.incarnation, frame[frameHead:])
			r.Discard(frameHead + n) // what was peeked at
			continue
		}
		r.Discard(frameHead)
		if n > cap(kept) {
			kept = make([]byte, n)
		}
		frame := kept[:n:n]
		if n > bulkKeepBytes {
			kept = nil
		}
		conn.SetReadDeadline(time.Now().Add(stallTimeout))
		if _, err := io.ReadFull(r, frame); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Time{})
		c.stats.received.Add(1)
		c.o.Receive(from.node, from.incarnation, frame)
	}
}

// spawn runs what a stream needs, unless the carrier is closed.
func (c *Carrier) spawn(f func()) {
	if c.begin() {
		go func() {
			defer c.running.Done()
			f()
		}()
	}
}

// abandon has the kernel end a connection on which the peer acknowledges nothing.
func abandon(tcp *net.TCPConn) error {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(updateAckWait.Milliseconds()))
	})
	return errors.Join(err, set)
}
