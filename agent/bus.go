package agent

import (
	"net"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"

	"libckpt/internal/outconn"
	"libckpt/internal/wire"
)

// bus is one connection to NATS with the subscriptions of the session.
type bus struct {
	a       *Agent
	nc      *nats.Conn
	out     *outconn.Conn // nil: messages go through nats.go (TLS)
	subject string        // where requests go
	replies string        // prefix of reply subjects
	payload int           // bytes of one message, at most
	lost    chan struct{}
}

// dialBus connects as the session that w describes. It does not reconnect by itself: what a lost connection was
// handed must be known.
func (a *Agent) dialBus(w *wire.Welcome) (*bus, error) {
	b := &bus{
		a:       a,
		subject: wire.SubjectSession(w.Cluster, w.Node, w.Session),
		replies: wire.SubjectReplies(w.Cluster, w.Session),
		lost:    make(chan struct{}),
	}
	o := nats.GetDefaultOptions()
	o.Servers = w.Bus
	o.User, o.Password = w.User, w.Password
	o.Name = a.program
	o.AllowReconnect = false
	o.IgnoreDiscoveredServers = true
	o.Timeout = busTimeout
	o.PingInterval = busPing
	o.FlusherTimeout = 0 // outconn never waits
	o.WriteBufferSize = 1
	o.SkipSubjectValidation = true
	o.CustomDialer = dialer{b}
	closed := sync.OnceFunc(func() { close(b.lost) })
	o.ClosedCB = func(*nats.Conn) { closed() }
	o.AsyncErrorCB = func(*nats.Conn, *nats.Subscription, error) {
		defer a.guard("bus error")
		a.feeds.checkSoon() // a slow consumer has lost events
	}
	nc, err := o.Connect()
	if err != nil {
		return nil, err
	}
	b.nc = nc
	b.payload = int(nc.MaxPayload())
	if _, err := nc.TLSConnectionState(); err == nil {
		b.out = nil
	}
	replies, err := nc.Subscribe(b.replies+".>", a.onReply)
	if err == nil {
		err = replies.SetPendingLimits(-1, -1) // bounded by the requests in flight
	}
	if err == nil {
		_, err = nc.Subscribe(wire.SubjectEvents(w.Cluster, w.Session), a.feeds.onEvents)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return b, nil
}

// dialer makes the bus connection's socket, through which a thread of the application writes.
type dialer struct{ b *bus }

// Dial connects; see nats.CustomDialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	nc, err := net.DialTimeout(network, address, busTimeout)
	if err != nil {
		return nil, err
	}
	out, err := outconn.New(nc.(*net.TCPConn), func(drain func()) { d.b.a.spawn("bus writer", drain) }) // the network is always "tcp"
	if err != nil {
		return nil, err
	}
	d.b.out = out
	return out, nil
}

// publish sends a request: the frame, whose last bytes are in data. It does not wait. An error means that no complete
// copy was handed over.
//
// nats.go would copy the frame and wake its flusher for each message; so the message is written beside it, which is
// safe because both write whole protocol messages, one at a time.
func (b *bus) publish(slot uint16, number uint64, frame, data []byte) error {
	if len(frame)+len(data) > b.payload {
		return nats.ErrMaxPayload
	}
	if b.out == nil {
		return b.nc.PublishRequest(b.subject, wire.SubjectReply(b.replies, slot, number), append(frame[:len(frame):len(frame)], data...))
	}
	h := make([]byte, 0, 192)
	h = append(h, "PUB "...)
	h = append(h, b.subject...)
	h = append(h, ' ')
	h = append(h, b.replies...)
	h = append(h, '.')
	h = strconv.AppendUint(h, uint64(slot), 10)
	h = append(h, '.')
	h = strconv.AppendUint(h, number, 10)
	h = append(h, ' ')
	h = strconv.AppendInt(h, int64(len(frame)+len(data)), 10)
	h = append(h, "\r\n"...)
	return b.out.WriteParts(h, frame, data, crlf)
}

var crlf = []byte("\r\n")

// awaitRoom waits until a large message may be published without piling up.
func (b *bus) awaitRoom() {
	if b.out != nil {
		b.out.AwaitRoom(backlogBytes)
	}
}

func (b *bus) close() { b.nc.Close() }
