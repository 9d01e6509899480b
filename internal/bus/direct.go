package bus

import (
	"errors"
	"net"
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"libckpt/internal/outconn"
)

// direct has nats.go write each message at once, on the goroutine that publishes it, to a socket whose writes never wait.
func direct(next nats.CustomDialer) nats.Option {
	return func(o *nats.Options) error {
		o.CustomDialer = &directDialer{next: next}
		o.WriteBufferSize = 1
		o.FlusherTimeout = 0
		return nil
	}
}

// plainDialer dials an address as it is.
type plainDialer struct{}

func (plainDialer) Dial(network, address string) (net.Conn, error) {
	return net.DialTimeout(network, address, dialTimeout)
}

// directDialer makes such sockets and remembers the latest.
type directDialer struct {
	next   nats.CustomDialer
	latest atomic.Pointer[socket]
}

type socket struct {
	out  *outconn.Conn
	kind atomic.Int32
}

// Kinds of sockets; known once the server has said whether it wants TLS.
const (
	kindUnknown = iota
	kindPlain
	kindTLS
)

// Dial implements nats.CustomDialer.
func (d *directDialer) Dial(network, address string) (net.Conn, error) {
	nc, err := d.next.Dial(network, address)
	if err != nil {
		return nil, err
	}
	out, err := outconn.New(nc.(*net.TCPConn), func(drain func()) { go drain() }) // the network is always "tcp"
	if err != nil {
		return nil, err
	}
	d.latest.Store(&socket{out: out})
	return out, nil
}

// Writer gives the socket under a connection made with Options.Direct; nil for other connections. plain says that whole
// protocol messages may be written to it beside nats.go; with TLS they may not. The error is nats.ErrDisconnected while
// there is no connection. A socket that is lost afterwards says so when it is written to.
func Writer(c *nats.Conn) (w *outconn.Conn, plain bool, err error) {
	d, ok := c.Opts.CustomDialer.(*directDialer)
	if !ok {
		return nil, false, nil
	}
	s := d.latest.Load()
	// In this order: what is connected now is either s, or was made after it, and then s is closed. So nothing is
	// written to a socket before nats.go has introduced itself there.
	if !c.IsConnected() {
		return nil, false, nats.ErrDisconnected
	}
	if s.kind.Load() == kindUnknown {
		switch _, err := c.TLSConnectionState(); {
		case err == nil:
			s.kind.Store(kindTLS)
		case errors.Is(err, nats.ErrConnectionNotTLS):
			s.kind.Store(kindPlain)
		default:
			return nil, false, err
		}
	}
	return s.out, s.kind.Load() == kindPlain, nil
}
