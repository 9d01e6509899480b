package carrier

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// outStream is a bulk stream to a peer, from the first frame queued for it. Frames stay counted in queued until they are
// written, which waits for the peer's grants; so what a stopped peer costs is bulkQueueBytes.
type outStream struct {
	c      *Carrier
	to     Peer
	ctx    context.Context // ends with the stream
	cancel context.CancelFunc
	wake   chan struct{} // holds one: queue, granted or err has changed

	mu      sync.Mutex
	queue   []bulkFrame
	queued  int    // bytes of queue and of what is being written
	opened  bool   // the peer takes frames
	probe   bool   // the one before could not be opened: no frame is entrusted to this one until it is opened
	granted uint64 // bytes of the stream that may be written; never less than before
	err     error  // why it has ended
	ended   time.Time
}

var (
	errGone    = errors.New("the node is gone")
	errStalled = fmt.Errorf("the receiver has taken nothing for %v", stallTimeout)
	errGrants  = errors.New("it grants less than before")

	errClosedThere = errors.New("the receiver has closed it")
)

// bulkFrame is a frame in two parts. released, unless it is nil, is called when data is not needed any more.
type bulkFrame struct {
	head, data []byte
	released   func()
}

func (f *bulkFrame) len() int { return len(f.head) + len(f.data) }

func (f *bulkFrame) release() {
	if f.released != nil {
		f.released()
	}
}

// sendBulk queues a frame for the stream to p, and opens one if there is none.
func (c *Carrier) sendBulk(p *peer, frame bulkFrame) error {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	s := c.streams[p.Name]
	if s != nil && s.to != p.Peer {
		s.end(errGone)
		s = nil
	}
	if s != nil {
		err := s.put(frame)
		if !errors.Is(err, ErrNotConnected) || !s.over(dialPause) {
			return err
		}
	}
	if !c.begin() {
		return ErrClosed
	}
	probe := s != nil && !s.wasOpened()
	s = &outStream{c: c, to: p.Peer, wake: make(chan struct{}, 1), probe: probe}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	c.streams[p.Name] = s
	err := s.put(frame)
	go func() {
		defer c.running.Done()
		s.fail(s.serve())
	}()
	return err
}

// endStreams ends the streams to peers that are not as in the table any more.
func (c *Carrier) endStreams(table map[string]*peer) {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	for name, s := range c.streams {
		if p := table[name]; p == nil || p.Peer != s.to {
			s.end(errGone)
			delete(c.streams, name)
		}
	}
	for name, s := range c.updates {
		if p := table[name]; p == nil || p.Peer != s.to {
			s.end(errGone)
			delete(c.updates, name)
		}
	}
}

func (s *outStream) put(frame bulkFrame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := frameHead + frame.len(); {
	case s.err != nil, s.probe && !s.opened:
		return ErrNotConnected
	case s.queued >= bulkQueueBytes:
		return ErrFull
	default:
		s.queue = append(s.queue, frame)
		s.queued += n
	}
	s.signal()
	return nil
}

// over reports whether the stream ended at least so long ago.
func (s *outStream) over(ago time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil && time.Since(s.ended) >= ago
}

func (s *outStream) wasOpened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

func (s *outStream) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end ends the stream, and reports whether it had not ended before.
func (s *outStream) end(err error) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.err, s.ended = err, time.Now()
	for i := range s.queue {
		s.queue[i].release()
	}
	s.queue = nil
	s.cancel()
	s.signal()
	return true
}

// fail ends the stream and tells the caller, unless it has ended before.
func (s *outStream) fail(err error) {
	if !s.end(err) {
		return
	}
	c := s.c
	if c.said.allow("stream to " + s.to.Name) {
		c.log.Warn("bulk stream ended", "node", s.to.Name, "address", s.to.Address, "reason", err)
	}
	if c.o.Lost != nil {
		c.o.Lost(s.to.Name)
	}
}

// serve opens the stream and writes what is queued until it ends.
func (s *outStream) serve() error {
	tcp, err := s.c.connect(s.ctx, s.to)
	if err != nil {
		return err
	}
	defer tcp.Close()
	defer context.AfterFunc(s.ctx, func() { tcp.Close() })()
	conn, r, err := s.c.begun(tcp, s.to, wayBulk)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.opened = true
	s.mu.Unlock()
	if !s.c.begin() {
		return ErrClosed
	}
	go func() {
		defer s.c.running.Done()
		s.fail(s.readGrants(r))
	}()
	return s.write(conn)
}

// connect opens a connection to a peer.
func (c *Carrier) connect(ctx context.Context, to Peer) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive}
	conn, err := d.DialContext(ctx, "tcp", to.Address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// begun makes a connection a stream. r reads from it.
func (c *Carrier) begun(tcp net.Conn, to Peer, on way) (conn net.Conn, r *bufio.Reader, err error) {
	tcp.SetDeadline(time.Now().Add(greetingTimeout))
	host, _, err := net.SplitHostPort(to.Address)
	if err != nil {
		return nil, nil, err
	}
	if conn, err = c.secure(tcp, host); err != nil {
		return nil, nil, err
	}
	r = bufio.NewReaderSize(conn, greetingBytes)
	if err := c.introduce(conn, r, to, on); err != nil {
		return nil, nil, err
	}
	return conn, r, conn.SetDeadline(time.Time{})
}

// readGrants reads what the receiver sends: how many bytes of the stream it takes in all, as 8 bytes.
func (s *outStream) readGrants(r io.Reader) error {
	b := make([]byte, 8)
	for {
		if _, err := io.ReadFull(r, b); errors.Is(err, io.EOF) {
			return errClosedThere
		} else if err != nil {
			return err
		}
		granted := binary.BigEndian.Uint64(b)
		s.mu.Lock()
		less := granted < s.granted
		s.granted = granted
		s.mu.Unlock()
		if less {
			return errGrants
		}
		s.signal()
	}
}

// frameHead is the length of what goes before each frame: its length, 4 bytes.
const frameHead = 4

func (s *outStream) write(conn net.Conn) error {
	var written uint64 // bytes of the stream
	heads := make([]byte, 0, bulkBatchFrames*frameHead)
	buffers := make(net.Buffers, 0, 3*bulkBatchFrames)
	for {
		frames, err := s.take()
		if err != nil {
			return err
		}
		heads, buffers := heads[:0], buffers[:0]
		batch := 0
		for i := range frames {
			f := &frames[i]
			heads = binary.BigEndian.AppendUint32(heads, uint32(f.len()))
			buffers = append(buffers, heads[len(heads)-frameHead:], f.head, f.data)
			batch += frameHead + f.len()
		}
		err = s.writeAll(conn, buffers, &written)
		for i := range frames {
			frames[i].release()
		}
		if err != nil {
			return err
		}
		s.wrote(batch)
	}
}

// writeAll writes buffers as the peer grants it; written counts bytes of the stream.
func (s *outStream) writeAll(conn net.Conn, buffers net.Buffers, written *uint64) error {
	for len(buffers) > 0 {
		credit, err := s.awaitCredit(*written)
		if err != nil {
			return err
		}
		now := cut(&buffers, int(min(credit, bulkBatchBytes)))
		conn.SetWriteDeadline(time.Now().Add(stallTimeout))
		n, err := now.WriteTo(conn)
		*written += uint64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// cut takes the first n bytes, or all if there are less, off b.
func cut(b *net.Buffers, n int) (first net.Buffers) {
	for len(*b) > 0 && n > 0 {
		head := (*b)[0]
		if len(head) > n {
			(*b)[0] = head[n:]
			head = head[:n]
		} else {
			*b = (*b)[1:]
		}
		n -= len(head)
		first = append(first, head)
	}
	for len(*b) > 0 && len((*b)[0]) == 0 { // an empty frame
		*b = (*b)[1:]
	}
	return first
}

// take waits for frames and takes some off the queue.
func (s *outStream) take() ([]bulkFrame, error) {
	for {
		if frames, err := s.takeNow(); frames != nil || err != nil {
			return frames, err
		}
		<-s.wake
	}
}

func (s *outStream) takeNow() (frames []bulkFrame, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	for bytes := 0; len(s.queue) > 0 && bytes < bulkBatchBytes && len(frames) < bulkBatchFrames; s.queue = s.queue[1:] {
		frames = append(frames, s.queue[0])
		bytes += s.queue[0].len()
		s.queue[0] = bulkFrame{}
	}
	return frames, nil
}

func (s *outStream) wrote(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued -= n
}

// awaitCredit waits until more than written bytes are granted, and says how many more.
func (s *outStream) awaitCredit(written uint64) (uint64, error) {
	var late *time.Timer
	for {
		s.mu.Lock()
		granted, err := s.granted, s.err
		s.mu.Unlock()
		if err != nil {
			return 0, err
		}
		if granted > written {
			return granted - written, nil
		}
		if late == nil {
			late = time.NewTimer(stallTimeout)
			defer late.Stop()
		}
		select {
		case <-s.wake:
		case <-late.C:
			return 0, errStalled
		}
	}
}
