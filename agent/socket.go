package agent

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
)

// socket is the session's connection to the node director: one frame a packet, descriptors beside it.
type socket struct {
	a    *Agent
	conn *net.UnixConn
	raw  syscall.RawConn
	fd   int
	lost chan struct{} // closed when the connection has ended
}

// refusal is an answer to Hello that no repetition will change.
type refusal struct {
	code wire.Code
	text string
}

func (r *refusal) Error() string { return r.text }

// dialSocket connects and exchanges Hello and Welcome.
func (a *Agent) dialSocket(hello *wire.Hello) (*socket, *wire.Welcome, error) {
	path := filepath.Join(a.options.RunDir, "node.sock")
	conn, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		return nil, nil, err
	}
	s := &socket{a: a, conn: conn, lost: make(chan struct{})}
	w, err := s.greet(hello)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	a.options.SessionFD(-1, s.fd)
	a.setMembership(w.Membership)
	a.spawn("session", s.receive)
	return s, w, nil
}

func (s *socket) greet(hello *wire.Hello) (*wire.Welcome, error) {
	var err error
	if s.raw, err = s.conn.SyscallConn(); err != nil {
		return nil, err
	}
	if err = s.raw.Control(func(fd uintptr) { s.fd = int(fd) }); err != nil {
		return nil, err
	}
	frame, err := wire.Encode(wire.KindHello, nil, hello)
	if err != nil {
		return nil, err
	}
	if err = s.send(frame); err != nil {
		return nil, err
	}
	if err = s.conn.SetReadDeadline(time.Now().Add(helloTimeout)); err != nil {
		return nil, err
	}
	b := make([]byte, socketBytes)
	n, err := s.conn.Read(b)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		if err := wire.CheckVersion(b[0], wire.VersionOldest, wire.Version); err != nil {
			return nil, &refusal{wire.VersionMismatch, fmt.Sprintf("the node director is of another release: %v", err)}
		}
	}
	d, err := wire.NewDecoder(b[:n])
	if err != nil {
		return nil, err
	}
	defer d.Release()
	w := new(wire.Welcome)
	if d.Kind != wire.KindWelcome {
		return nil, &wire.FormatError{Reason: "no welcome"}
	}
	if err = d.Value(w); err != nil {
		return nil, err
	}
	switch {
	case w.Error == wire.OK || w.Error == 0:
	case w.Error == wire.TryAgain || w.Error == wire.Timeout:
		return nil, w.Error
	default:
		return nil, &refusal{w.Error, "the node director refused the session: " + w.Text}
	}
	if !wire.ValidToken(w.Cluster) || !wire.ValidToken(w.Node) || len(w.Bus) == 0 {
		return nil, &wire.FormatError{Reason: "welcome without cluster, node or bus"}
	}
	return w, s.conn.SetReadDeadline(time.Time{})
}

// send gives one packet to the kernel without waiting and without SIGPIPE.
func (s *socket) send(frame []byte) error {
	var err error
	cerr := s.raw.Control(func(fd uintptr) {
		_, err = unix.SendmsgN(int(fd), frame, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	})
	return errors.Join(cerr, err)
}

// receive takes packets until the connection ends.
func (s *socket) receive() {
	defer close(s.lost)
	b := make([]byte, 4096)
	oob := make([]byte, unix.CmsgSpace(4*4))
	for {
		n, oobn, _, _, err := s.conn.ReadMsgUnix(b, oob)
		if err != nil || n == 0 {
			return
		}
		s.packet(b[:n], descriptor(oob[:oobn]))
	}
}

// descriptor takes the one descriptor of a packet, -1 without one; more than one are closed.
func descriptor(oob []byte) int {
	fd := -1
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return fd
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, f := range fds {
			if fd < 0 {
				fd = f
			} else {
				_ = unix.Close(f)
			}
		}
	}
	return fd
}

// packet deals with one packet. It is guarded apart so that a bad one does not end the session.
func (s *socket) packet(frame []byte, fd int) {
	defer s.a.guard("session packet")
	d, err := wire.NewDecoder(frame)
	if err == nil {
		defer d.Release()
		switch d.Kind {
		case wire.KindReplica:
			var r wire.SegmentReply
			if err = d.Value(&r); err == nil {
				s.a.answerAsk(r.Ask, r.Error, fd)
				return
			}
		case wire.KindMembership:
			var m wire.Membership
			if err = d.Value(&m); err == nil {
				s.a.setMembership(m)
			}
		default:
			err = &wire.FormatError{Reason: "unexpected packet"}
		}
	}
	closeFD(fd)
	if err != nil {
		s.a.malformed.Add(1)
	}
}

// close ends the connection. The owner of SessionFD is told first: afterwards the number may mean something else.
func (s *socket) close() {
	s.a.options.SessionFD(s.fd, -1)
	_ = s.conn.Close()
}

// bye tells the node director that the application is done.
func (s *socket) bye() {
	if frame, err := wire.Encode(wire.KindBye, nil); err == nil {
		_ = s.send(frame)
	}
}

func closeFD(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// program is the name of the executable, for the operator.
func program() string {
	if path, err := os.Executable(); err == nil {
		return filepath.Base(path)
	}
	return "unknown"
}
