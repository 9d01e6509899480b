package director

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// server answers the requests of node directors while this director leads. Requests go through it in the order they
// came: take hands commands to raft, wait waits for each to be applied, answer replies. Many may be under way
// between take and answer, and raft commits those with one write.
type server struct {
	d       *Director
	sub     *nats.Subscription
	waits   chan *request
	answers chan *request
	// Changes of the group take their time: one at a time is made beside the others.
	changing chan struct{} // cap 1
	changes  sync.WaitGroup
}

type request struct {
	msg    *nats.Msg
	head   wire.DirectorRequest
	future raft.Future
	done   chan error // cap 1
	limit  time.Time
	// read makes the answer of a request that changes nothing; called with the director's lock held.
	read func(*Core) (wire.DirectorReply, any)
	// change is a change of the group of directors to be made before that, or nil.
	change func() error
}

func (d *Director) listen() (*server, error) {
	sub, err := d.o.Conn.SubscribeSync(wire.SubjectDirector(d.o.Cluster))
	if err != nil {
		return nil, err
	}
	if err := sub.SetPendingLimits(busMessagesMax, busBytesMax); err != nil {
		sub.Unsubscribe()
		return nil, err
	}
	// Ready means that the bus knows of the subscription. Without a connection it will learn of it with the next one.
	if err := d.o.Conn.FlushTimeout(barrierTimeout); err != nil && d.o.Conn.IsConnected() {
		sub.Unsubscribe()
		return nil, err
	}
	return &server{
		d: d, sub: sub,
		waits: make(chan *request, pendingMax), answers: make(chan *request, pendingMax),
		changing: make(chan struct{}, 1),
	}, nil
}

// take receives requests until ctx ends, and then those that the bus had already given to this subscription.
func (s *server) take(ctx context.Context) {
	defer close(s.answers)
	defer close(s.waits)
	defer s.sub.Unsubscribe()
	defer s.changes.Wait()
	draining := false
	for {
		msg, err := s.sub.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, nats.ErrSlowConsumer):
			s.d.log.Warn("requests to the director dropped: too many at once")
			continue
		case err != nil && ctx.Err() != nil && !draining && s.sub.Drain() == nil:
			draining = true
			var cancel context.CancelFunc
			ctx, cancel = s.whileConnected(drainTimeout)
			defer cancel()
			continue
		case err != nil:
			return
		}
		if msg.Reply == "" {
			continue
		}
		if err := s.begin(msg); err != nil {
			s.d.malformed(err)
		}
	}
}

// malformed counts a message that can't be understood. The log has one line in a while.
func (d *Director) malformed(err error) {
	n := d.dropped.Add(1)
	kind := "malformed"
	var v *wire.VersionError
	if errors.As(err, &v) {
		kind = "version"
	}
	if d.quiet.allow(kind) {
		d.log.Warn("message to the director dropped: it can't be understood", "reason", oneLine(err), "dropped", n)
	}
}

// whileConnected gives a context that ends with a time, or as soon as there is no bus.
func (s *server) whileConnected(limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	conn := s.d.o.Conn
	lost := conn.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	go func() {
		defer conn.RemoveStatusListener(lost)
		defer cancel()
		if !conn.IsConnected() {
			return
		}
		select {
		case <-lost:
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// begin hands one request on. It returns an error for one that can't be understood.
func (s *server) begin(msg *nats.Msg) error {
	dec, err := wire.NewDecoder(msg.Data)
	if err != nil {
		return err
	}
	defer dec.Release()
	if dec.Kind != wire.KindDirector {
		return fmt.Errorf("frame of kind %q", byte(dec.Kind))
	}
	r := &request{msg: msg, done: make(chan error, 1)}
	if err := dec.Value(&r.head); err != nil {
		return err
	}
	if len(s.waits) == cap(s.waits) || len(s.answers) == cap(s.answers) {
		s.reply(r, wire.DirectorReply{Error: wire.TryAgain, Text: "too many requests"}, nil)
		return nil
	}
	from := From{r.head.Node, r.head.Incarnation}
	now := time.Now()
	s.d.mu.Lock()
	if s.d.core.Registered(from) {
		s.d.clock.hear(from.Node, now)
	}
	s.d.mu.Unlock()
	c, err := s.command(dec, r, from, now)
	if err != nil {
		return err
	}
	if r.change != nil {
		s.changeGroup(r)
		return nil
	}
	if c != nil {
		entry, err := EncodeCommand(c)
		if err != nil {
			return err
		}
		r.future = s.d.raft.Apply(entry, enqueueTimeout)
	} else {
		r.future = s.d.raft.VerifyLeader()
	}
	r.limit = now.Add(applyTimeout)
	s.waits <- r
	s.answers <- r
	return nil
}

// wait waits for each request's command.
func (s *server) wait() {
	for r := range s.waits {
		r.done <- r.future.Error()
	}
}

// answer replies to each request when its command has been applied, or has not been in time.
func (s *server) answer() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for r := range s.answers {
		timer.Reset(time.Until(r.limit))
		var err error
		select {
		case err = <-r.done:
		case <-timer.C:
			err = errors.New("not committed in time")
		}
		head, body := s.outcome(r, err)
		s.reply(r, head, body)
	}
}

// outcome is the answer to a request. TRY_AGAIN means that it was not and will not be carried out, TIMEOUT that it may
// have been.
func (s *server) outcome(r *request, err error) (wire.DirectorReply, any) {
	switch {
	case errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrNotLeader),
		errors.Is(err, raft.ErrLeadershipTransferInProgress), err != nil && r.read != nil:
		return wire.DirectorReply{Error: wire.TryAgain, Text: err.Error()}, nil
	case err != nil:
		return wire.DirectorReply{Error: wire.Timeout, Text: err.Error()}, nil
	case r.read != nil:
		s.d.mu.Lock()
		defer s.d.mu.Unlock()
		return r.read(s.d.core)
	}
	result, ok := r.future.(raft.ApplyFuture).Response().(*Result)
	if !ok {
		return wire.DirectorReply{Error: wire.Timeout, Text: "the director has to end"}, nil
	}
	for _, l := range result.Lost {
		s.d.log.Error("checkpoint lost: the node with its only complete replica does not have it any more", "checkpoint", l.Name,
			"number", l.Checkpoint, "node", l.Node)
	}
	for _, name := range result.Restored {
		s.d.log.Warn("checkpoint restored", "checkpoint", name)
	}
	head := wire.DirectorReply{Error: result.Code, Text: result.Text, Unknown: result.Unknown}
	switch {
	case result.Node != nil:
		s.registered(r, result)
		return head, result.Node
	case result.Config != nil:
		return head, result.Config
	case result.Operator != nil:
		return head, result.Operator
	case r.head.Op == wire.DirectorRegister:
		s.d.log.Warn("node director refused", "node", r.head.Node, "reason", result.Text)
	}
	return head, nil
}

func (s *server) registered(r *request, result *Result) {
	s.d.log.Info("node director registered", "node", r.head.Node, "incarnation", r.head.Incarnation,
		"checkpoints", len(result.Node.Configs), "dropped", len(result.Node.Drop))
	if n := len(result.Node.Foreign); n > 0 {
		s.d.log.Warn("node holds replicas of another generation of the directors' store: kept, not served",
			"node", r.head.Node, "replicas", n)
	}
}

func (s *server) reply(r *request, head wire.DirectorReply, body any) {
	s.d.mu.Lock()
	head.Generation, head.Server = s.d.core.Generation(), s.d.o.ID
	s.d.mu.Unlock()
	frame, err := wire.Encode(wire.KindDirected, nil, head, body)
	if err == nil {
		err = r.msg.Respond(frame)
	}
	if err != nil { // the node director asks again
		s.d.log.Debug("answer not sent", "node", r.head.Node, "error", err)
	}
}
