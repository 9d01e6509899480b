package nodedirector

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// startBus runs a NATS server in this process and connects to it.
func startBus(t testing.TB) (*server.Server, *nats.Conn) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, MaxClosedClients: 16})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the bus does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s, connectBus(t, s)
}

func connectBus(t testing.TB, s *server.Server) *nats.Conn {
	t.Helper()
	c, err := nats.Connect(s.ClientURL(), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// standIn answers node directors in a director's place, for the one node "a": enough for the node director's own tests.
type standIn struct {
	t    testing.TB
	conn *nats.Conn
	sub  *nats.Subscription
	id   string // told with each answer

	mu          sync.Mutex
	cluster     [16]byte
	version     uint64
	last        uint64
	incarnation uint64
	checkpoints map[uint64]*wire.Config
	fresh       map[uint64]uint64 // incarnation that may still make the replica
	changed     map[uint64]uint64 // version of the last change; deleted ones stay
	ended       []uint64
	asked       map[wire.DirectorOp]int
	mute        map[wire.DirectorOp]int // answers to lose
	elsewhere   bool                    // new checkpoints are active on node "b"
	paged       bool                    // lists of configurations go out one by one
}

func startStandIn(t testing.TB, conn *nats.Conn) *standIn {
	d := &standIn{
		t: t, conn: conn, id: "the-director", cluster: [16]byte{1, 2, 3},
		checkpoints: make(map[uint64]*wire.Config), changed: make(map[uint64]uint64), fresh: make(map[uint64]uint64),
		asked: make(map[wire.DirectorOp]int), mute: make(map[wire.DirectorOp]int),
	}
	d.start()
	return d
}

func (d *standIn) start() {
	sub, err := d.conn.Subscribe(wire.SubjectDirector("test"), d.answer)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.conn.Flush(); err != nil {
		d.t.Fatal(err)
	}
	d.sub = sub
}

func (d *standIn) stop() {
	d.sub.Unsubscribe()
	if err := d.conn.Flush(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *standIn) answer(m *nats.Msg) {
	dec, err := wire.NewDecoder(m.Data)
	if err != nil {
		d.t.Error(err)
		return
	}
	defer dec.Release()
	var head wire.DirectorRequest
	if err := dec.Value(&head); err != nil {
		d.t.Error(err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	reply := wire.DirectorReply{Error: wire.OK, Generation: 1, Server: d.id}
	var body any
	if head.Op != wire.DirectorRegister && head.Incarnation != d.incarnation {
		reply.Unknown = true
	} else {
		body, reply.Error = d.do(&head, dec)
	}
	d.asked[head.Op]++
	if d.mute[head.Op] > 0 {
		d.mute[head.Op]--
		return
	}
	frame, err := wire.Encode(wire.KindDirected, nil, &reply, body)
	if err != nil {
		d.t.Error(err)
		return
	}
	m.Respond(frame)
}

func read[T any](d *standIn, dec *wire.Decoder) (v T) {
	if err := dec.Value(&v); err != nil {
		d.t.Error(err)
	}
	return v
}

func (d *standIn) do(head *wire.DirectorRequest, dec *wire.Decoder) (any, wire.Code) {
	switch head.Op {
	case wire.DirectorRegister:
		return d.register(head, read[wire.RegisterRequest](d, dec)), wire.OK
	case wire.DirectorHeartbeat:
		r := read[wire.HeartbeatRequest](d, dec)
		reply := &wire.HeartbeatReply{Version: d.version}
		if r.After != 0 {
			reply.Full = true
			reply.Configs, reply.More = d.page(head.Node, r.After)
			return reply, wire.OK
		}
		for id, v := range d.changed {
			if v <= r.Since {
				continue
			}
			if c := d.checkpoints[id]; c != nil {
				reply.Configs = append(reply.Configs, *c)
			} else {
				reply.Drop = append(reply.Drop, id)
			}
		}
		return reply, wire.OK
	case wire.DirectorOpen:
		return d.open(head, read[wire.DirectorOpenRequest](d, dec))
	case wire.DirectorClose:
		r := read[wire.CheckpointRequest](d, dec)
		return d.close(r.Checkpoint), wire.OK
	case wire.DirectorUnlink:
		r := read[wire.DirectorUnlinkRequest](d, dec)
		for _, c := range d.checkpoints {
			if c.Name == r.Name && !c.Unlinked {
				c.Unlinked = true
				d.touch(c.Checkpoint)
				if len(c.Open) == 0 {
					delete(d.checkpoints, c.Checkpoint)
					return &wire.ConfigReply{Config: wire.Config{Checkpoint: c.Checkpoint}, Gone: true}, wire.OK
				}
				return &wire.ConfigReply{Config: *c}, wire.OK
			}
		}
		return nil, wire.NotExist
	case wire.DirectorRetention, wire.DirectorActive:
		r := read[wire.CheckpointRequest](d, dec)
		c := d.checkpoints[r.Checkpoint]
		if c == nil {
			return nil, wire.NotExist
		}
		if head.Op == wire.DirectorActive {
			c.Active, c.InSync = head.Node, []string{head.Node}
			c.Epoch.Counter++
		} else if c.Unlinked {
			return nil, wire.BadOperation
		} else {
			c.Attributes.RetentionDuration = r.Time
		}
		d.touch(c.Checkpoint)
		return &wire.ConfigReply{Config: *c, Fresh: d.fresh[c.Checkpoint] == head.Incarnation}, wire.OK
	case wire.DirectorSessionEnded:
		d.ended = append(d.ended, read[wire.SessionEndedRequest](d, dec).Session)
		return nil, wire.OK
	case wire.DirectorList:
		reply := &wire.ListReply{}
		for _, c := range d.checkpoints {
			reply.Checkpoints = append(reply.Checkpoints, *c)
		}
		return reply, wire.OK
	}
	return nil, wire.NotSupported
}

func (d *standIn) touch(id uint64) {
	d.version++
	d.changed[id] = d.version
	if c := d.checkpoints[id]; c != nil {
		c.Version = d.version
	}
}

func (d *standIn) register(head *wire.DirectorRequest, r wire.RegisterRequest) *wire.RegisterReply {
	d.incarnation = head.Incarnation
	reply := &wire.RegisterReply{Cluster: d.cluster}
	announced := make(map[uint64]wire.ReplicaInfo)
	for _, a := range r.Replicas {
		announced[a.Config.Checkpoint] = a
		if d.checkpoints[a.Config.Checkpoint] == nil {
			reply.Drop = append(reply.Drop, a.Config.Checkpoint)
		}
	}
	for id, c := range d.checkpoints {
		a, ok := announced[id]
		if slices.Contains(c.InSync, head.Node) && (!ok || a.Missing) {
			delete(d.checkpoints, id)
			d.touch(id)
			if ok {
				reply.Drop = append(reply.Drop, id)
			}
			continue
		}
		if ok && !a.Open {
			if d.close(id).Gone {
				reply.Drop = append(reply.Drop, id)
				continue
			}
		}
		reply.Configs = append(reply.Configs, *c)
	}
	reply.Version = d.version
	if d.paged {
		reply.Configs, reply.More = d.page(head.Node, 0)
	}
	return reply
}

// page lists the first configuration that concerns a node after a number.
func (d *standIn) page(node string, after uint64) (list []wire.Config, more bool) {
	for _, id := range slices.Sorted(maps.Keys(d.checkpoints)) {
		c := d.checkpoints[id]
		switch concerned := slices.Contains(c.InSync, node) || slices.Contains(c.Open, node); {
		case !concerned || id <= after:
		case len(list) > 0:
			return list, true
		default:
			list = append(list, *c)
		}
	}
	return list, false
}

func (d *standIn) open(head *wire.DirectorRequest, r wire.DirectorOpenRequest) (any, wire.Code) {
	var c *wire.Config
	for _, k := range d.checkpoints {
		if r.Restore != 0 && k.Checkpoint == r.Restore || r.Restore == 0 && k.Name == r.Name && !k.Unlinked {
			c = k
		}
	}
	created := false
	switch {
	case c == nil && !r.HasAttributes:
		return nil, wire.NotExist
	case c == nil:
		d.last++
		c = &wire.Config{
			Checkpoint: d.last, Name: r.Name, Created: r.Now, Attributes: r.Attributes, Backup: r.Backup,
			Epoch: wire.Epoch{Generation: 1, Counter: 1}, Active: head.Node, InSync: []string{head.Node},
		}
		if d.elsewhere {
			c.Active, c.InSync = "b", []string{"b"}
		}
		if r.Attributes.Collocated() && r.Attributes.Asynchronous() {
			c.Active = ""
		}
		d.checkpoints[d.last] = c
		d.fresh[d.last] = head.Incarnation
		created = true
	case r.HasAttributes && c.Attributes != r.Attributes:
		return nil, wire.Exist
	}
	if !slices.Contains(c.Open, head.Node) {
		c.Open = append(slices.Clone(c.Open), head.Node)
	}
	d.touch(c.Checkpoint)
	return &wire.ConfigReply{Config: *c, Created: created, Fresh: d.fresh[c.Checkpoint] == head.Incarnation}, wire.OK
}

func (d *standIn) close(id uint64) *wire.ConfigReply {
	c := d.checkpoints[id]
	if c == nil {
		return &wire.ConfigReply{Config: wire.Config{Checkpoint: id}, Gone: true}
	}
	if len(c.Open) > 0 {
		c.Open = nil
		d.touch(id)
		if c.Unlinked || c.Attributes.RetentionDuration < int64(10*time.Millisecond) {
			delete(d.checkpoints, id)
			return &wire.ConfigReply{Config: wire.Config{Checkpoint: id}, Gone: true}
		}
	}
	return &wire.ConfigReply{Config: *c}
}

// lose makes the director lose its next answers to a request.
func (d *standIn) lose(op wire.DirectorOp, n int) {
	d.mu.Lock()
	d.mute[op] = n
	d.mu.Unlock()
}

// askedFor counts the requests of a kind.
func (d *standIn) askedFor(op wire.DirectorOp) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[op]
}

func (d *standIn) config(id uint64) *wire.Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.checkpoints[id]; c != nil {
		copied := *c
		return &copied
	}
	return nil
}

// retentionOver deletes a checkpoint nobody has open.
func (d *standIn) retentionOver(id uint64) {
	d.reconfigure(id, func(*wire.Config) { delete(d.checkpoints, id) })
}

// reconfigure changes a configuration and announces it.
func (d *standIn) reconfigure(id uint64, change func(c *wire.Config)) {
	d.mu.Lock()
	change(d.checkpoints[id])
	d.touch(id)
	v := d.version
	d.mu.Unlock()
	frame, err := wire.Encode(wire.KindChanged, nil, &wire.Changed{Version: v})
	if err != nil {
		d.t.Fatal(err)
	}
	d.conn.Publish(wire.SubjectChanged("test"), frame)
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
