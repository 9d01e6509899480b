package carrier

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// lowWater tells the kernel how many bytes must have come in before the reader of a connection is woken: waking it for every
// packet takes longer than copying what it brought. The zero value has no effect.
type lowWater struct {
	raw syscall.RawConn
	is  int
}

// newLowWater is for a plain TCP connection; with others, which read more than they give, it has no effect.
func newLowWater(conn net.Conn) lowWater {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return lowWater{}
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return lowWater{}
	}
	return lowWater{raw: raw}
}

// need says that so many bytes are still to come. The reader must call it before each read: nothing wakes one who waits for
// more than the peer is going to send.
func (l *lowWater) need(bytes int) {
	most := max(1, min(bytes, bulkReadBytes))
	if l.raw == nil || l.is <= most && l.is > most/2 {
		return
	}
	err := l.raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, most) == nil {
			l.is = most
		}
	})
	if err != nil || l.is != most {
		l.is = 0 // the next read fails, or is woken too early
	}
}
