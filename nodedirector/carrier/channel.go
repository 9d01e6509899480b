package carrier

import (
	"errors"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"

	"libckpt/internal/bus"
	"libckpt/internal/outconn"
)

// channel is one NATS connection with the frames that go and come over it.
type channel struct {
	c        *Carrier
	name     string // last token of the subjects
	nc       *nats.Conn
	assembly *assembly
	subs     []*nats.Subscription

	publishing sync.Mutex // keeps the pieces of a frame together where nats.go writes them
}

func (ch *channel) subscribe(subject string) error {
	sub, err := ch.nc.Subscribe(subject, ch.receive)
	if err != nil {
		return err
	}
	ch.subs = append(ch.subs, sub)
	return sub.SetPendingLimits(pendingMsgsMax, pendingMemMax)
}

// send hands a frame to the connection. An error means that it is lost.
func (ch *channel) send(subject string, frame []byte) error {
	e := envelope{from: ch.c.o.Node, incarnation: ch.c.o.Incarnation, number: ch.c.numbers.Add(1), total: uint32(len(frame))}
	room := min(int(ch.nc.MaxPayload())-e.size(), pieceBytesMax)
	if room < pieceBytesMin {
		return ErrPayload
	}
	w, plain, err := bus.Writer(ch.nc)
	switch {
	case err != nil:
		return err
	case !plain:
		waiting := 0
		if w != nil {
			waiting = w.Waiting()
		} else if waiting, err = ch.nc.Buffered(); err != nil {
			return err
		}
		if waiting > queueBytesMax {
			return ErrFull
		}
		return ch.publish(subject, &e, frame, room)
	}
	parts := make([][]byte, 0, 4*(1+len(frame)/room))
	for {
		piece := frame[e.offset:min(int(e.offset)+room, len(frame))]
		head := make([]byte, 0, len("PUB ")+len(subject)+len(" 1048576\r\n")+e.size())
		head = append(head, "PUB "...)
		head = append(head, subject...)
		head = append(head, ' ')
		head = strconv.AppendInt(head, int64(e.size()+len(piece)), 10)
		head = append(head, crlf...)
		parts = append(parts, e.append(head), piece, crlf)
		if e.offset += uint32(len(piece)); e.offset >= e.total {
			if err := w.WriteWithin(queueBytesMax, parts...); !errors.Is(err, outconn.ErrFull) {
				return err
			}
			return ErrFull
		}
	}
}

var crlf = []byte("\r\n")

// publish sends the frame that e begins through nats.go.
func (ch *channel) publish(subject string, e *envelope, frame []byte, room int) error {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	for {
		piece := frame[e.offset:min(int(e.offset)+room, len(frame))]
		b := e.append(make([]byte, 0, e.size()+len(piece)))
		if err := ch.nc.Publish(subject, append(b, piece...)); err != nil {
			return err
		}
		if e.offset += uint32(len(piece)); e.offset >= e.total {
			return nil
		}
	}
}

// receive takes a message from the connection.
func (ch *channel) receive(m *nats.Msg) {
	c := ch.c
	if !c.begin() {
		return
	}
	defer c.running.Done()
	e, data, err := parseEnvelope(m.Data)
	if err != nil {
		c.malformed(err)
		return
	}
	frame := data
	if int(e.total) != len(data) {
		if frame = ch.assembly.add(&e, data); frame == nil {
			return
		}
	}
	if len(frame) > c.o.FrameMax {
		c.malformed(errMalformed)
		return
	}
	c.stats.received.Add(1)
	c.o.Receive(e.from, e.incarnation, frame)
}

// overflowed is the number of messages that nats.go has dropped because they were not looked at in time.
func (ch *channel) overflowed() (n uint64) {
	for _, s := range ch.subs {
		if d, err := s.Dropped(); err == nil {
			n += uint64(d)
		}
	}
	return n
}

func (ch *channel) close() {
	for _, s := range ch.subs {
		_ = s.Unsubscribe() // of a lost connection there is nothing left
	}
	ch.assembly.close()
}
