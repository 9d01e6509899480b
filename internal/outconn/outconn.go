// Package outconn is a TCP connection to NATS whose writes never wait: what the kernel does not take at once is kept, and
// sent by a goroutine. So a message costs its sender one system call, and no other goroutine is woken for it.
package outconn

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrFull is returned by WriteWithin: nothing was written.
var ErrFull = errors.New("too much is waiting to be sent")

const partsMax = 1024 // of one system call (IOV_MAX)

// Conn is such a connection. Its Write never waits and never raises SIGPIPE, so that a thread of an application may write.
// Its methods may be called concurrently.
type Conn struct {
	*net.TCPConn
	raw syscall.RawConn

	mu      sync.Mutex
	changed sync.Cond // on mu: backlog or err
	backlog []byte    // written to us, not yet taken by the kernel; only drain sends while it is not empty
	err     error     // why nothing can be sent any more
}

// New makes a Conn of a TCP connection, which belongs to it from then on; with an error it is closed. spawn runs drain on a
// goroutine until the connection is closed or lost.
func New(t *net.TCPConn, spawn func(drain func())) (*Conn, error) {
	raw, err := t.SyscallConn() // TCP_NODELAY is Go's default
	if err != nil {
		_ = t.Close()
		return nil, err
	}
	c := &Conn{TCPConn: t, raw: raw}
	c.changed.L = &c.mu
	spawn(c.drain)
	return c, nil
}

// Write takes all of p, or fails. p may be changed afterwards.
func (c *Conn) Write(p []byte) (int, error) { return c.write(-1, p) }

// WriteParts takes all of the parts as one piece of the stream, or fails. They may be changed afterwards.
func (c *Conn) WriteParts(parts ...[]byte) error {
	_, err := c.write(-1, parts...)
	return err
}

// WriteWithin is WriteParts, but for ErrFull if more than backlogMax bytes written before are still waiting.
func (c *Conn) WriteWithin(backlogMax int, parts ...[]byte) error {
	_, err := c.write(backlogMax, parts...)
	return err
}

// write takes all of the parts; backlogMax < 0 is no limit.
func (c *Conn) write(backlogMax int, parts ...[]byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	if backlogMax >= 0 && len(c.backlog) > backlogMax {
		return 0, ErrFull
	}
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	sent := 0
	if len(c.backlog) == 0 && total > 0 {
		var err error
		if sent, err = c.sendNow(parts[:min(len(parts), partsMax)]); err != nil {
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
func (c *Conn) sendNow(parts [][]byte) (n int, err error) {
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
func (c *Conn) drain() {
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

func (c *Conn) awaitBacklog() []byte {
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

func (c *Conn) drained(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failLocked(err)
		return
	}
	if n < len(c.backlog) { // not after Close
		c.backlog = c.backlog[n:]
	} else {
		c.backlog = nil
	}
	c.changed.Broadcast()
}

// AwaitRoom waits until at most backlogMax bytes are waiting; it returns when the connection is lost, too.
func (c *Conn) AwaitRoom(backlogMax int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.backlog) > backlogMax && c.err == nil {
		c.changed.Wait()
	}
}

// Waiting is the number of bytes written that the kernel has not taken yet.
func (c *Conn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.backlog)
}

// failLocked ends the connection: a write that failed may have left half a message in the stream.
func (c *Conn) failLocked(err error) {
	if c.err == nil {
		c.err = err
		c.backlog = nil
		c.changed.Broadcast()
		_ = c.TCPConn.Close()
	}
}

// Close gives up what is waiting.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(net.ErrClosed)
	return nil
}

// SetDeadline concerns reads; writes do not wait.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline has nothing to bound: see SetDeadline.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
