package nodedirector

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
)

// socketName is the session socket in the run directory.
const socketName = "node.sock"

// listen makes the session socket. The lock on the directory is held, so one that exists is a dead process'.
func (n *Node) listen() error {
	path := filepath.Join(n.o.RunDir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// Applications may connect as soon as the socket has its name, so it gets it when all else is settled.
	temp := path + journalTemp
	if len(temp) >= len(unix.RawSockaddrUnix{}.Path) {
		return fmt.Errorf("run directory %s: the path is too long for a socket", n.o.RunDir)
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: temp, Net: "unixpacket"})
	if err != nil {
		return fmt.Errorf("session socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	n.listener = l
	if err := os.Chmod(temp, n.o.SocketMode); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

func (n *Node) accept() {
	for {
		c, err := n.listener.AcceptUnix()
		if err != nil {
			if n.ctx.Err() != nil {
				return
			}
			n.log.Error("session socket", "reason", err) // out of descriptors, most likely
			select {
			case <-n.ctx.Done():
				return
			case <-time.After(directorRetryWait):
			}
			continue
		}
		n.run(func() { n.serve(c) })
	}
}

// serve speaks to one agent until the connection ends, and the session with it.
func (n *Node) serve(c *net.UnixConn) {
	defer c.Close()
	defer context.AfterFunc(n.ctx, func() { c.Close() })()
	buf := make([]byte, socketPacketMax)
	c.SetReadDeadline(time.Now().Add(helloTimeout))
	k, err := c.Read(buf)
	if err != nil {
		return
	}
	c.SetReadDeadline(time.Time{})
	s, err := n.hello(c, buf[:k])
	if err != nil {
		n.malformedMessage("session socket", err)
		return
	}
	if s == nil {
		return
	}
	for {
		k, err := c.Read(buf)
		if err != nil {
			s.disconnected(c)
			return
		}
		bye, err := s.packet(c, buf[:k])
		if err != nil {
			n.malformedMessage("session socket", err)
		}
		if bye {
			s.end("the application is done")
			return
		}
	}
}

// hello admits the process at the other end, and answers.
func (n *Node) hello(c *net.UnixConn, frame []byte) (*session, error) {
	d, err := wire.NewDecoder(frame)
	if err != nil {
		return nil, errors.Join(err, n.welcome(c, &wire.Welcome{Error: wire.VersionMismatch, Text: err.Error()}))
	}
	defer d.Release()
	var h wire.Hello
	if d.Kind != wire.KindHello {
		return nil, &wire.FormatError{Reason: "not a hello"}
	}
	if err := d.Value(&h); err != nil {
		return nil, err
	}
	p, pidfd, err := peer(c)
	if err != nil {
		return nil, err
	}
	s := n.resume(&h, p)
	resumed := s != nil
	if s == nil {
		if len(h.Program) > programBytesMax {
			h.Program = h.Program[:programBytesMax]
		}
		if s, err = n.newSession(p, h.Program); err != nil {
			if pidfd >= 0 {
				unix.Close(pidfd)
			}
			n.log.Error("session refused", "program", h.Program, "pid", p.pid, "reason", err)
			return nil, n.welcome(c, &wire.Welcome{Error: wire.NoResources, Text: err.Error()})
		}
	}
	if !s.connected(c, pidfd) {
		return nil, n.welcome(c, &wire.Welcome{Error: wire.TryAgain, Text: "the session has just ended"})
	}
	// The agent's first request must find the bus knowing where to take it.
	if err := n.o.Conn.FlushTimeout(busFlushTimeout); err != nil {
		n.log.Warn("bus", "reason", err)
	}
	n.log.Debug("session begun", "session", s.name(), "program", s.record.Program, "pid", p.pid, "resumed", resumed)
	w := wire.Welcome{
		Cluster: n.o.Cluster, Node: n.o.Node, Session: s.id, Secret: s.record.Secret,
		Bus: n.o.BusURLs, User: s.record.User, Password: s.record.Password, MaxWrite: n.o.WriteMax,
	}
	if err := s.greet(c, &w); err != nil {
		s.disconnected(c)
		return nil, nil
	}
	return s, nil
}

func (n *Node) welcome(c *net.UnixConn, w *wire.Welcome) error {
	frame, err := wire.Encode(wire.KindWelcome, nil, w)
	if err != nil {
		return err
	}
	c.SetWriteDeadline(time.Now().Add(socketWriteTimeout))
	_, err = c.Write(frame)
	return err
}

// resume finds the session that a process had before, nil if it may not have it.
func (n *Node) resume(h *wire.Hello, p process) *session {
	if h.Session == 0 {
		return nil
	}
	s := n.session(h.Session)
	if s == nil || subtle.ConstantTimeCompare(s.record.Secret, h.Secret) != 1 {
		return nil
	}
	if s.record.PID != p.pid || s.record.Start != p.start {
		return nil
	}
	return s
}

// connected ties a connection to its session and watches the process behind it. pidfd, if not negative, is the
// session's from now on. It reports false if the session has ended.
func (s *session) connected(c *net.UnixConn, pidfd int) bool {
	s.mu.Lock()
	if s.ended || s.suspended {
		s.mu.Unlock()
		if pidfd >= 0 {
			unix.Close(pidfd)
		}
		return false
	}
	old := s.socket
	s.socket = c
	watched := s.watch != 0
	if s.away != nil {
		s.away.Stop()
		s.away = nil
	}
	s.mu.Unlock()
	if old != nil {
		old.Close()
	}
	switch {
	case pidfd >= 0 && watched:
		unix.Close(pidfd)
	case pidfd >= 0:
		s.watchProcess(pidfd)
	}
	return true
}

// watchProcess ends the session when its process ends.
func (s *session) watchProcess(pidfd int) {
	token, err := s.n.watcher.watch(pidfd, func() { go s.end("its process has ended") })
	if err != nil {
		s.n.log.Warn("process not watched: the session ends with its connection", "pid", s.record.PID, "reason", err)
		return
	}
	s.mu.Lock()
	ended := s.ended
	s.watch = token
	s.mu.Unlock()
	if ended {
		s.n.watcher.forget(token)
	}
}

// disconnected ends the session if its connection is the one that broke.
func (s *session) disconnected(c *net.UnixConn) {
	if s.n.ctx.Err() != nil {
		return // this side closed it
	}
	s.mu.Lock()
	mine := s.socket == c
	s.mu.Unlock()
	if mine {
		s.end("its connection has ended")
	}
}

// packet handles one packet of a running session.
func (s *session) packet(c *net.UnixConn, frame []byte) (bye bool, err error) {
	d, err := wire.NewDecoder(frame)
	if err != nil {
		return false, err
	}
	defer d.Release()
	switch d.Kind {
	case wire.KindBye:
		return true, nil
	case wire.KindSegment:
		var r wire.SegmentRequest
		if err := d.Value(&r); err != nil {
			return false, err
		}
		return false, s.sendSegment(c, &r)
	}
	return false, &wire.FormatError{Reason: fmt.Sprintf("kind %d on a session socket", d.Kind)}
}

// sendSegment hands over a replica to read from, if the session has the checkpoint open for reading.
func (s *session) sendSegment(c *net.UnixConn, r *wire.SegmentRequest) error {
	reply := wire.SegmentReply{Ask: r.Ask, Error: wire.OK}
	var file *os.File
	h := s.handleOf(r.Open)
	switch {
	case h == nil:
		reply.Error = wire.BadHandle
	case h.flags&wire.OpenRead == 0:
		reply.Error = wire.Access
	default:
		h.c.mu.Lock()
		reply.Error = h.c.usableLocked()
		if h.c.seg == nil && reply.Error == wire.OK {
			reply.Error = wire.NotExist
		}
		if reply.Error == wire.OK {
			var err error
			if file, err = h.c.seg.OpenReader(); err != nil {
				s.n.log.Error("segment not handed over", "checkpoint", h.c.name, "reason", err)
				reply.Error = wire.NoResources
			}
		}
		h.c.mu.Unlock()
	}
	frame, err := wire.Encode(wire.KindReplica, nil, &reply)
	if err != nil {
		return err
	}
	var rights []byte
	if file != nil {
		defer file.Close()
		rights = unix.UnixRights(int(file.Fd()))
	}
	c.SetWriteDeadline(time.Now().Add(socketWriteTimeout))
	if _, _, err = c.WriteMsgUnix(frame, rights, nil); err != nil {
		return fmt.Errorf("session socket: %w", err)
	}
	return nil
}

// peer describes the process that connected. pidfd is -1 and the process zero if it can't be seen from here.
func peer(c *net.UnixConn) (p process, pidfd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return p, -1, err
	}
	pidfd = -1
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if failed == nil && cred.Pid > 0 {
			// Of the very process that connected; older kernels have only its number.
			if pidfd, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err != nil {
				pidfd = -1
			}
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return p, -1, fmt.Errorf("peer of the session socket: %w", err)
	}
	if cred.Pid <= 0 {
		return p, -1, nil
	}
	if pidfd < 0 {
		if pidfd, err = unix.PidfdOpen(int(cred.Pid), 0); err != nil {
			return p, -1, fmt.Errorf("peer of the session socket: process %d: %w", cred.Pid, err)
		}
	}
	if p, err = findProcess(int(cred.Pid)); err != nil {
		unix.Close(pidfd)
		return p, -1, fmt.Errorf("peer of the session socket: %w", err)
	}
	p.uid = cred.Uid
	return p, pidfd, nil
}
