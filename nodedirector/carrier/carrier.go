package carrier

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// Class says which way a frame travels.
type Class uint8

// The classes.
const (
	Control Class = iota // short frames that must not wait behind others
	Update               // in order, but for when a stream to the peer begins or ends
	Bulk                 // long and many, in order; as Update to a peer that has no address for streams
)

// Errors of Send. The frame is lost; other errors come from the connection and mean the same.
var (
	ErrUnknownPeer  = errors.New("no such node")
	ErrFull         = errors.New("too many bytes wait to be sent")
	ErrTooLong      = errors.New("longer than a frame may be")
	ErrPayload      = errors.New("the bus takes too short messages: raise max_payload")
	ErrNotConnected = errors.New("no bulk stream to the node at the moment")
	ErrClosed       = errors.New("the carrier is closed")
)

// Peer is another node director, as the directors' table of nodes has it.
type Peer struct {
	Name        string
	Incarnation uint64 // 0 = not known: frames reach any incarnation that lives
	Address     string // host:port where it takes streams; "" = nowhere
}

// Options are the settings of a carrier. Cluster, Node, Incarnation, Control, Update and Receive must be set.
type Options struct {
	Cluster, Node string
	Incarnation   uint64 // greater than that of every earlier node director of this name

	// Control and Update stay the caller's. They should be two, made with bus.Options.Direct: with others Send costs
	// more, and waits when the server does not read. Those of all node directors reach each other, Control Control and
	// Update Update; more is not needed (bus.Credentials.ControlUser).
	Control, Update *nats.Conn

	// Receive is called for each frame that arrives, with what its sender says of itself. The frame is valid until
	// Receive returns; then its memory is used again. Calls for Control, for Update over NATS and for each stream of a peer
	// come one at a time, but those of different ways at the same time. While it does not return, what comes the same way
	// waits, up to a bound beyond which it is lost.
	Receive func(from string, incarnation uint64, frame []byte)

	// Lost is called, if set, when a bulk stream to a peer has ended or could not be opened: frames that were handed over
	// and not received are lost. Not called by SetPeers and Close.
	Lost func(to string)

	FrameMax int // longest frame in bytes; 0 = DefaultFrameMax

	PeerListen string      // host:port for streams of others, port 0 = any; "" = 127.0.0.1:0; or NoStreams
	TLS        *tls.Config // for streams, both sides: certificate and both CA pools; nil = plain TCP
	Token      []byte      // known to all nodes of the cluster and nobody else; without one anybody is let in

	Logger *slog.Logger // nil = slog.Default()
}

// NoStreams stands for no address: what others send as Update and Bulk comes over NATS.
const NoStreams = "none"

// Carrier takes frames to other node directors and brings theirs. Its methods may be called concurrently.
type Carrier struct {
	o       Options
	log     *slog.Logger
	numbers atomic.Uint64 // of the frames sent over NATS
	stats   counters
	said    complaints

	peers    atomic.Pointer[map[string]*peer]
	channels [2]*channel // by class: Control, Update

	listener  *listener // nil with NoStreams
	streamsMu sync.Mutex
	streams   map[string]*outStream // by node; also ended ones, until the next
	updates   map[string]*updateStream

	mu      sync.RWMutex
	closed  bool
	running sync.WaitGroup // calls of Receive and goroutines; Add only while not closed
}

type peer struct {
	Peer
	subjects [2]string // by class
}

// New makes a carrier that receives at once. The caller closes it before the connections.
func New(o Options) (*Carrier, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.FrameMax == 0 {
		o.FrameMax = DefaultFrameMax
	}
	c := &Carrier{o: o, log: o.Logger.With("part", "carrier"), streams: make(map[string]*outStream), updates: make(map[string]*updateStream)}
	c.peers.Store(new(map[string]*peer))
	for class, nc := range []*nats.Conn{o.Control, o.Update} {
		ch := &channel{c: c, name: channelNames[class], nc: nc}
		ch.assembly = newAssembly(o.FrameMax, c.incomplete)
		c.channels[class] = ch
	}
	if o.PeerListen != NoStreams {
		var err error
		if c.listener, err = c.listen(); err != nil {
			return nil, err
		}
		c.running.Go(c.listener.serve)
	}
	if err := c.subscribe(); err != nil {
		c.Close()
		return nil, fmt.Errorf("messages of other nodes: %w", err)
	}
	return c, nil
}

var channelNames = [2]string{Control: "control", Update: "update"}

func (c *Carrier) subscribe() error {
	for _, ch := range c.channels {
		if err := ch.subscribe(wire.SubjectIncarnation(c.o.Cluster, c.o.Node, c.o.Incarnation, ch.name)); err != nil {
			return err
		}
		if err := ch.subscribe(wire.SubjectPeer(c.o.Cluster, c.o.Node, ch.name)); err != nil {
			return err
		}
	}
	for _, ch := range c.channels {
		if err := ch.nc.FlushTimeout(dialTimeout); err != nil {
			return err
		}
	}
	return nil
}

// SetPeers replaces the table of nodes. A stream to a node that is not in it any more, or has another incarnation or
// address, ends. This node itself may be in the table.
func (c *Carrier) SetPeers(list []Peer) {
	table := make(map[string]*peer, len(list))
	for _, p := range list {
		if p.Name == c.o.Node {
			continue
		}
		entry := &peer{Peer: p}
		for class := range entry.subjects {
			if p.Incarnation == 0 {
				entry.subjects[class] = wire.SubjectPeer(c.o.Cluster, p.Name, channelNames[class])
			} else {
				entry.subjects[class] = wire.SubjectIncarnation(c.o.Cluster, p.Name, p.Incarnation, channelNames[class])
			}
		}
		table[p.Name] = entry
	}
	c.peers.Store(&table)
	c.endStreams(table)
}

// Peers is the table of the other nodes, in no order.
func (c *Carrier) Peers() []Peer {
	table := *c.peers.Load()
	list := make([]Peer, 0, len(table))
	for _, p := range table {
		list = append(list, p.Peer)
	}
	return list
}

// Send hands a frame over for the node of the name to. It never waits. An error means that the frame is lost; without one
// it may get lost later. The frame must not be changed any more.
func (c *Carrier) Send(to string, frame []byte, class Class) error {
	if class == Bulk {
		return c.SendBulk(to, frame, nil, nil)
	}
	p, err := c.peer(to, len(frame))
	if err == nil {
		err = c.sendNow(p, frame, class)
	}
	return c.count(err)
}

// SendBulk is Send of a Bulk frame in two parts. Without an error, released is called, unless it is nil, when data is not
// needed any more: perhaps before SendBulk returns, at the latest by Close. It must not call the carrier.
func (c *Carrier) SendBulk(to string, head, data []byte, released func()) error {
	p, err := c.peer(to, len(head)+len(data))
	switch {
	case err != nil:
	case p.Address != "":
		err = c.sendBulk(p, bulkFrame{head, data, released})
	default:
		err = c.sendNow(p, slices.Concat(head, data), Update)
		if err == nil && released != nil {
			released()
		}
	}
	return c.count(err)
}

// peer finds the peer that a frame of so many bytes is for.
func (c *Carrier) peer(to string, bytes int) (*peer, error) {
	p := (*c.peers.Load())[to]
	switch {
	case p == nil:
		return nil, ErrUnknownPeer
	case bytes > c.o.FrameMax:
		return nil, ErrTooLong
	}
	return p, nil
}

// sendNow sends a frame that is not Bulk.
func (c *Carrier) sendNow(p *peer, frame []byte, class Class) error {
	if class == Update && p.Address != "" && p.Incarnation != 0 {
		if done, err := c.sendUpdate(p, frame); done {
			return err
		}
	}
	return c.channels[class].send(p.subjects[class], frame)
}

// count counts a frame that was sent, or was not.
func (c *Carrier) count(err error) error {
	if err != nil {
		c.stats.refused.Add(1)
	} else {
		c.stats.sent.Add(1)
	}
	return err
}

// begin reports whether something may run that Close is to wait for; it ends with running.Done.
func (c *Carrier) begin() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false
	}
	c.running.Add(1)
	return true
}

// Close ends the streams and returns when Receive and Lost have returned and will not be called again. It must not be called
// by them.
func (c *Carrier) Close() {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.mu.Unlock()
	if !was {
		for _, ch := range c.channels {
			ch.close()
		}
		c.endStreams(nil)
		if c.listener != nil {
			c.listener.close()
		}
	}
	c.running.Wait()
}

// Address is where others reach this node for streams: the host of Options.PeerListen and a port; "" = nowhere.
func (c *Carrier) Address() string {
	if c.listener == nil {
		return ""
	}
	return c.listener.address
}
