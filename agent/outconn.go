package agent

import (
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// outConn is the bus connection's socket. Its Write never waits and never raises SIGPIPE, so that a thread of the
// application may write: what the kernel does not take at once is kept and sent by a goroutine.
type outConn struct {
	*net.TCPConn
	raw syscall.RawConn

	mu      sync.Mutex
	changed sync.Cond // on mu: backlog or err
	backlog []byte    // written to us, not yet taken by the kernel; only drain sends while it is not empty
	err     error     // why nothing can be sent any more
}

// dialer makes outConns for nats.go.
type dialer struct{ a *Agent }

// Dial connects; see nats.CustomDialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	nc, err := net.DialTimeout(network, address, busTimeout)
	if err != nil {
		return nil, err
	}
	t := nc.(*net.TCPConn) // the network is always "tcp"; TCP_NODELAY is Go's default
	raw, err := t.SyscallConn()
	if err != nil {
		_ = t.Close()
		return nil, err
	}
	c := &outConn{TCPConn: t, raw: raw}
	c.changed.L = &c.mu
	d.a.spawn("bus writer", c.drain)
	return c, nil
}

// Write takes all of p, or fails.
func (c *outConn) Write(p []byte) (int, error) { return c.writev(p) }

// writev takes all of the parts as one piece of the stream, or fails.
func (c *outConn) writev(parts ...[]byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	sent := 0
	if len(c.backlog) == 0 && total > 0 {
		var err error
		if sent, err = c.sendNow(parts); err != nil {
			c.failLocked(err)
			return 0, err
		}
	}
	if sent == total {
		return total, nil
	}
	skip := sent
	for _, p := range parts {
		if skip >= len(p) {
			skip -= len(p)
			continue
		}
		c.backlog = append(c.backlog, p[skip:]...)
		skip = 0
	}
	c.changed.Broadcast()
	return total, nil
}

// sendNow gives the kernel what it takes without waiting.
func (c *outConn) sendNow(parts [][]byte) (n int, err error) {
	// Control, not Write: it takes no lock that drain could be holding while it waits.
	cerr := c.raw.Control(func(fd uintptr) {
		n, err = unix.SendmsgBuffers(int(fd), parts, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		for err == unix.EINTR {
			n, err = unix.SendmsgBuffers(int(fd), parts, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		}
	})
	if cerr != nil {
		return 0, cerr
	}
	if err == unix.EAGAIN {
		return 0, nil
	}
	return n, err
}

// drain sends the backlog for as long as the connection lives.
func (c *outConn) drain() {
	for {
		p := c.awaitBacklog()
		if p == nil {
			return
		}
		n, err := 0, error(nil)
		werr := c.raw.Write(func(fd uintptr) bool {
			n, err = unix.SendmsgN(int(fd), p, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
			if err == unix.EINTR {
				n, err = 0, nil
			}
			return err != unix.EAGAIN
		})
		if err == nil {
			err = werr
		}
		c.drained(n, err)
	}
}

func (c *outConn) awaitBacklog() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.backlog) == 0 && c.err == nil {
		c.changed.Wait()
	}
	if c.err != nil {
		return nil
	}
	return c.backlog[:len(c.backlog):len(c.backlog)]
}

func (c *outConn) drained(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failLocked(err)
		return
	}
	c.backlog = c.backlog[n:]
	if len(c.backlog) == 0 {
		c.backlog = nil
	}
	c.changed.Broadcast()
}

// awaitRoom waits until more may be written without piling up; it returns when the connection is lost, too.
func (c *outConn) awaitRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.backlog) > backlogBytes && c.err == nil {
		c.changed.Wait()
	}
}

// failLocked ends the connection: a write that failed may have left half a message in the stream.
func (c *outConn) failLocked(err error) {
	if c.err == nil {
		c.err = err
		c.backlog = nil
		c.changed.Broadcast()
		_ = c.TCPConn.Close()
	}
}

// Close gives up the backlog.
func (c *outConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(net.ErrClosed)
	return nil
}

// SetDeadline concerns reads; writes do not wait.
func (c *outConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline has nothing to bound: see SetDeadline.
func (c *outConn) SetWriteDeadline(time.Time) error { return nil }
