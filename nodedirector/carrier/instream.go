package carrier

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveEvery, Count: keepAliveCount}

// listener takes streams of other nodes.
type listener struct {
	c       *Carrier
	tcp     net.Listener
	address string        // as others are told
	closed  chan struct{} // closed with it

	mu    sync.Mutex
	conns map[net.Conn]struct{} // accepted and not ended; nil once closed
	from  map[source]*inStream
}

// source is whose stream it is: of each node one of each way.
type source struct {
	node string
	way  way
}

type inStream struct {
	incarnation uint64
	conn        net.Conn
	done        chan struct{} // closed when it has ended: Receive is not called for it any more
}

func (c *Carrier) listen() (*listener, error) {
	address := c.o.PeerListen
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen for streams: %w", err)
	}
	ip := net.ParseIP(host)
	if host == "" || ip != nil && ip.IsUnspecified() {
		return nil, fmt.Errorf("listen for streams: %s names no host that other nodes can reach", address)
	}
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for streams: %w", err)
	}
	if len(c.o.Token) == 0 && c.o.TLS == nil && !(host == "localhost" || ip != nil && ip.IsLoopback()) {
		c.log.Warn("streams of other nodes come without TLS or secret: whoever reaches the address can pose as a node",
			"address", address)
	}
	port := tcp.Addr().(*net.TCPAddr).Port
	return &listener{
		c: c, tcp: tcp, address: net.JoinHostPort(host, strconv.Itoa(port)), closed: make(chan struct{}),
		conns: make(map[net.Conn]struct{}), from: make(map[source]*inStream),
	}, nil
}

// serve greets those that connect, a bounded number at a time, until the listener is closed.
func (l *listener) serve() {
	slots := make(chan struct{}, greetingsMax)
	for {
		conn, err := l.tcp.Accept()
		if err != nil {
			select {
			case <-l.closed:
				return
			case <-time.After(acceptPause): // out of descriptors, perhaps
				continue
			}
		}
		select {
		case slots <- struct{}{}:
		default:
			conn.Close() // it tries again
			continue
		}
		if !l.c.begin() {
			conn.Close()
			return
		}
		go func() {
			defer l.c.running.Done()
			l.stream(conn, sync.OnceFunc(func() { <-slots }))
		}()
	}
}

// stream is the life of an accepted connection; greeted is called when it is known who it is, or at the end.
func (l *listener) stream(conn net.Conn, greeted func()) {
	defer greeted()
	defer conn.Close()
	if !l.add(conn) {
		return
	}
	defer l.remove(conn)
	peer := conn.RemoteAddr().String()
	conn.(*net.TCPConn).SetKeepAliveConfig(keepAlive)
	conn.SetDeadline(time.Now().Add(greetingTimeout))
	tcp := conn
	conn, err := l.c.secure(conn, "")
	var from sender
	var on way
	r := bufio.NewReader(conn)
	if err == nil {
		from, on, err = l.c.examine(conn, r)
	}
	var s *inStream
	if err == nil {
		s, err = l.enter(source{from.node, on}, from.incarnation, tcp)
	}
	if err != nil {
		l.refused(peer, err)
		return
	}
	greeted()
	defer l.leave(source{from.node, on}, s)
	conn.SetDeadline(time.Time{})
	if on == wayUpdate {
		err = l.c.receiveUpdates(conn, bufio.NewReaderSize(r, updateReadBytes), from)
	} else {
		err = l.c.receiveFrames(conn, r, from)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && l.c.said.allow("stream from "+from.node) {
		l.c.log.Warn("stream of another node ended", "of", on, "node", from.node, "peer", peer, "reason", err)
	}
}

// refused counts one who was not let in, and says so.
func (l *listener) refused(peer string, err error) {
	if errors.Is(err, net.ErrClosed) {
		return
	}
	l.c.stats.strangers.Add(1)
	if l.c.said.allow("stranger") {
		l.c.log.Warn("stream refused", "peer", peer, "reason", strings.Join(strings.Fields(err.Error()), " "))
	}
}

func (l *listener) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *listener) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

var (
	errOlder   = errors.New("a later incarnation of the node is connected")
	errStreams = errors.New("too many nodes are connected")
)

// enter makes a stream the one of its node. An earlier one of the node is ended first: no frame of it comes later.
func (l *listener) enter(from source, incarnation uint64, conn net.Conn) (*inStream, error) {
	s := &inStream{incarnation, conn, make(chan struct{})}
	for {
		l.mu.Lock()
		old := l.from[from]
		switch {
		case old == nil && len(l.from) >= streamsMax:
			l.mu.Unlock()
			return nil, errStreams
		case old == nil:
			l.from[from] = s
			l.mu.Unlock()
			return s, nil
		case old.incarnation > incarnation:
			l.mu.Unlock()
			return nil, errOlder
		}
		l.mu.Unlock()
		old.conn.Close()
		select {
		case <-old.done:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

func (l *listener) leave(from source, s *inStream) {
	l.mu.Lock()
	delete(l.from, from) // nobody else enters before
	l.mu.Unlock()
	close(s.done)
}

func (l *listener) close() {
	close(l.closed)
	l.tcp.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		conn.Close()
	}
	l.conns = nil
}

// receiveFrames reads a stream until it ends, and says why it did. A frame of some length is dealt with while the next one is
// read.
func (c *Carrier) receiveFrames(conn net.Conn, r *bufio.Reader, from sender) error {
	g := granter{conn: conn}
	if err := g.grant(); err != nil {
		return err
	}
	work, done := make(chan []byte), make(chan struct{})
	defer func() {
		close(work)
		<-done
	}()
	go func() {
		defer close(done)
		for frame := range work {
			if frame != nil {
				c.received(from, frame)
			}
		}
	}()
	low := newLowWater(conn)
	head := make([]byte, frameHead)
	var kept [2][]byte // memory for the next frames: making it anew takes longer than filling it
	handed := false    // perhaps a frame is being dealt with, which is in kept[1]
	for {
		low.need(frameHead - r.Buffered())
		if _, err := io.ReadFull(r, head); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(head))
		if err := c.checkLength(n); err != nil {
			return err
		}
		if err := g.read(frameHead); err != nil {
			return err
		}
		if n > cap(kept[0]) {
			kept[0] = make([]byte, n)
		}
		frame := kept[0][:n:n]
		conn.SetReadDeadline(time.Now().Add(stallTimeout))
		for rest := frame; len(rest) > 0; {
			low.need(len(rest) - r.Buffered())
			part, err := r.Read(rest[:min(len(rest), bulkReadBytes)])
			if err == nil {
				err = g.read(part)
			}
			if err != nil {
				return err
			}
			rest = rest[part:]
		}
		conn.SetReadDeadline(time.Time{})
		if n >= bulkAsideBytes && n <= bulkKeepBytes {
			work <- frame // the one before has been dealt with
			handed = true
			kept[0], kept[1] = kept[1], kept[0]
			continue
		}
		if handed {
			work <- nil
			handed = false
		}
		c.received(from, frame)
		if n > bulkKeepBytes {
			kept[0] = nil
		}
	}
}

// received hands a frame to the caller.
func (c *Carrier) received(from sender, frame []byte) {
	c.stats.received.Add(1)
	c.o.Receive(from.node, from.incarnation, frame)
}

func (c *Carrier) checkLength(n int) error {
	if n > c.o.FrameMax {
		return fmt.Errorf("a frame of %d bytes, more than %d", n, c.o.FrameMax)
	}
	return nil
}

// granter tells the sender of a stream how many bytes it may send: bulkWindow beyond those that were read.
type granter struct {
	conn    net.Conn
	taken   uint64 // bytes read
	granted uint64
}

func (g *granter) read(n int) error {
	g.taken += uint64(n)
	if g.granted-g.taken > bulkWindow*3/4 {
		return nil
	}
	return g.grant()
}

func (g *granter) grant() error {
	g.granted = g.taken + bulkWindow
	g.conn.SetWriteDeadline(time.Now().Add(stallTimeout))
	_, err := g.conn.Write(binary.BigEndian.AppendUint64(nil, g.granted))
	return err
}
