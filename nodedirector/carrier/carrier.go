// Package carrier carries frames between node directors. It knows nothing of what they say.
package carrier

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// Class says how urgent a frame is.
type Class uint8

// Classes.
const (
	Control Class = iota + 1
	Update
	Bulk
)

// Peer is another node director.
type Peer struct {
	Name        string
	Incarnation uint64
	Bulk        string // host:port; "" = none
}

// Options of a Carrier.
type Options struct {
	Cluster, Node   string
	Incarnation     uint64
	Control, Update *nats.Conn
	Receive         func(from string, incarnation uint64, frame []byte)
}

// Carrier carries frames over the bus.
type Carrier struct {
	o    Options
	subs []*nats.Subscription
}

// New begins to receive.
func New(o Options) (*Carrier, error) {
	c := &Carrier{o: o}
	for _, s := range []struct {
		conn *nats.Conn
		tail string
	}{{o.Control, "c"}, {o.Update, "u"}} {
		sub, err := s.conn.Subscribe(subject(o.Cluster, o.Node, s.tail)+".*", func(m *nats.Msg) {
			o.Receive(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 0, m.Data)
		})
		if err != nil {
			return nil, err
		}
		c.subs = append(c.subs, sub)
	}
	return c, nil
}

func subject(cluster, node, tail string) string { return "ckpt." + cluster + ".p." + node + "." + tail }

// Send sends a frame and never blocks; with an error it is lost.
func (c *Carrier) Send(to string, frame []byte, class Class) error {
	if !wire.ValidToken(to) {
		return fmt.Errorf("node name %q", to)
	}
	if class == Control {
		return c.o.Control.Publish(subject(c.o.Cluster, to, "c."+c.o.Node), frame)
	}
	if len(frame) > int(c.o.Update.MaxPayload()) {
		return errors.New("frame larger than the bus takes")
	}
	return c.o.Update.Publish(subject(c.o.Cluster, to, "u."+c.o.Node), frame)
}

// SetPeers names the other nodes.
func (c *Carrier) SetPeers([]Peer) {}

// BulkAddress is where bulk streams are accepted.
func (c *Carrier) BulkAddress() string { return "" }

// Close ends receiving.
func (c *Carrier) Close() {
	for _, s := range c.subs {
		s.Unsubscribe()
	}
}
