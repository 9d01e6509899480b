package director

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

const testWait = 10 * time.Second

// bus starts a NATS server and gives its URL.
func bus(t testing.TB) string {
	t.Helper()
	_, url := startBus(t)
	return url
}

func startBus(t testing.TB) (*natsserver.Server, string) {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(testWait) {
		t.Fatal("the bus does not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s, s.ClientURL()
}

func connect(t testing.TB, url string) *nats.Conn {
	t.Helper()
	c, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.Timeout(testWait))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func options(t testing.TB, url, dir string) Options {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if os.Getenv("DIRECTOR_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return Options{Cluster: "test", ID: "d1", DataDir: dir, Conn: connect(t, url), Bootstrap: true, Logger: log}
}

// start starts a director and waits until it serves; stop it with the function, or leave it to the test's end.
func start(t testing.TB, o Options) (*Director, func()) {
	t.Helper()
	d, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), testWait)
		defer cancel()
		if err := d.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	if o.Bootstrap {
		select {
		case <-d.Ready():
		case <-d.Done():
			t.Fatalf("ended: %v", d.Err())
		case <-time.After(testWait):
			t.Fatal("not ready")
		}
	}
	return d, stop
}

// peer is a node director's side of the bus.
type peer struct {
	t    testing.TB
	conn *nats.Conn
	node string
	inc  uint64
}

// ask sends one request. It returns false if no answer came.
func (p *peer) ask(op wire.DirectorOp, body, reply any) (wire.DirectorReply, bool) {
	p.t.Helper()
	frame, err := wire.Encode(wire.KindDirector, nil, wire.DirectorRequest{Op: op, Node: p.node, Incarnation: p.inc}, body)
	if err != nil {
		p.t.Fatal(err)
	}
	var head wire.DirectorReply
	msg, err := p.conn.Request(wire.SubjectDirector("test"), frame, 500*time.Millisecond)
	if err != nil {
		return head, false
	}
	d, err := wire.NewDecoder(msg.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	defer d.Release()
	if err := d.Value(&head); err != nil {
		p.t.Fatal(err)
	}
	if reply != nil && len(d.Data()) > 0 {
		if err := d.Value(reply); err != nil {
			p.t.Fatal(err)
		}
	}
	return head, true
}

// must sends a request until it is answered by a code other than TRY_AGAIN and TIMEOUT, and wants OK.
func (p *peer) must(op wire.DirectorOp, body, reply any) wire.DirectorReply {
	p.t.Helper()
	var head wire.DirectorReply
	for end := time.Now().Add(testWait); time.Now().Before(end); {
		var ok bool
		if head, ok = p.ask(op, body, reply); ok && head.Error != wire.TryAgain && head.Error != wire.Timeout {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if head.Error != wire.OK {
		p.t.Fatalf("request %d: %v %s", op, head.Error, head.Text)
	}
	return head
}

func (p *peer) register(replicas ...wire.ReplicaInfo) wire.RegisterReply {
	p.t.Helper()
	var r wire.RegisterReply
	p.must(wire.DirectorRegister, wire.RegisterRequest{Host: "host", BootID: "boot", Replicas: replicas, ReplicasMax: 100_000}, &r)
	return r
}

func (p *peer) open(name string, retention time.Duration) wire.ConfigReply {
	p.t.Helper()
	var r wire.ConfigReply
	p.must(wire.DirectorOpen, openRequest(name, retention), &r)
	return r
}

func openRequest(name string, retention time.Duration) wire.DirectorOpenRequest {
	return wire.DirectorOpenRequest{
		Name: name, HasAttributes: true, Now: time.Now().UnixNano(),
		Attributes: wire.Attributes{
			CreationFlags: wire.FlagAllReplicas, RetentionDuration: int64(retention), MaxSections: 1, MaxSectionSize: 64,
		},
	}
}

func (p *peer) list() map[string]wire.Config {
	p.t.Helper()
	all := map[string]wire.Config{}
	for l := (wire.ListRequest{}); ; {
		var r wire.ListReply
		p.must(wire.DirectorList, l, &r)
		for _, c := range r.Checkpoints {
			all[c.Name] = c
			l = wire.ListRequest{AfterName: c.Name, After: c.Checkpoint}
		}
		if !r.More {
			return all
		}
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(testWait); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestServes(t *testing.T) {
	url := bus(t)
	began := time.Now()
	start(t, options(t, url, t.TempDir()))
	t.Logf("ready after %v", time.Since(began))
	p := &peer{t, connect(t, url), "n1", 1}
	if h, _ := p.ask(wire.DirectorOpen, openRequest("a", 0), nil); !h.Unknown || h.Error != wire.TryAgain || h.Server != "d1" {
		t.Fatalf("before registering: %+v", h)
	}
	if h := p.must(wire.DirectorList, wire.ListRequest{}, nil); h.Server != "d1" {
		t.Fatalf("answered by %q", h.Server)
	}
	reg := p.register()
	if reg.Cluster == [16]byte{} {
		t.Error("no cluster id")
	}
	a := p.open("a", time.Minute)
	if !a.Created || a.Config.Active != "n1" || a.Config.Checkpoint == 0 || a.Config.Epoch.Generation == 0 {
		t.Fatalf("created %+v", a)
	}
	var hb wire.HeartbeatReply
	p.must(wire.DirectorHeartbeat, wire.HeartbeatRequest{Since: reg.Version}, &hb)
	if len(hb.Configs) != 1 || hb.Configs[0].Checkpoint != a.Config.Checkpoint {
		t.Fatalf("heartbeat %+v", hb)
	}
	var c wire.ConfigReply
	p.must(wire.DirectorRetention, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint, Time: 5}, &c)
	if c.Config.Attributes.RetentionDuration != 5 {
		t.Errorf("retention %+v", c)
	}
	if h, _ := p.ask(wire.DirectorActive, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint}, nil); h.Error != wire.BadOperation {
		t.Errorf("active: %+v", h)
	}
	p.must(wire.DirectorUnlink, wire.DirectorUnlinkRequest{Name: "a", Request: wire.RequestID{Session: 1, Number: 1}}, &c)
	if !c.Config.Unlinked || c.Gone {
		t.Errorf("unlinked %+v", c)
	}
	p.must(wire.DirectorSessionEnded, wire.SessionEndedRequest{Session: 1}, nil)
	p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint}, &c)
	if !c.Gone {
		t.Errorf("closed %+v", c)
	}
	if l := p.list(); len(l) != 0 {
		t.Errorf("left %v", l)
	}
	// What can't be understood is not answered and does no harm.
	for _, junk := range [][]byte{nil, {9, 'd'}, {wire.Version, 'x', 0xc1}, {wire.Version, 'd', 0x93}} {
		if err := p.conn.PublishRequest(wire.SubjectDirector("test"), "nowhere", junk); err != nil {
			t.Fatal(err)
		}
	}
	p.open("b", 0)
}

// TestStopsWithoutBus ends a director whose bus has gone before it: there is nobody left to answer.
func TestStopsWithoutBus(t *testing.T) {
	server, url := startBus(t)
	o := options(t, url, t.TempDir())
	_, stop := start(t, o)
	server.Shutdown()
	server.WaitForShutdown()
	eventually(t, "the bus is missed", func() bool { return !o.Conn.IsConnected() })
	began := time.Now()
	stop()
	if took := time.Since(began); took > drainTimeout/2 {
		t.Errorf("took %v", took)
	}
}

// TestRefusesSecondNode starts a node director of a name that is in use on another host.
func TestRefusesSecondNode(t *testing.T) {
	url := bus(t)
	o := options(t, url, t.TempDir())
	o.NodeTimeout = 300 * time.Millisecond
	start(t, o)
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	q := &peer{t, connect(t, url), "n1", 2}
	other := wire.RegisterRequest{Host: "elsewhere", BootID: "boot"}
	h, _ := q.ask(wire.DirectorRegister, other, nil)
	if want := "node name n1 is in use by host host, refused to host elsewhere"; h.Error != wire.Exist || h.Text != want {
		t.Fatalf("%+v", h)
	}
	p.must(wire.DirectorHeartbeat, wire.HeartbeatRequest{}, nil)
	// The first one falls silent.
	eventually(t, "the name is free", func() bool {
		h, ok := q.ask(wire.DirectorRegister, other, nil)
		return ok && h.Error == wire.OK
	})
	if h, _ := p.ask(wire.DirectorHeartbeat, wire.HeartbeatRequest{}, nil); !h.Unknown {
		t.Fatalf("the first one goes on: %+v", h)
	}
}

func TestRetentionEnds(t *testing.T) {
	url := bus(t)
	start(t, options(t, url, t.TempDir()))
	p := &peer{t, connect(t, url), "n1", 1}
	changed, err := p.conn.SubscribeSync(wire.SubjectChanged("test"))
	if err != nil {
		t.Fatal(err)
	}
	reg := p.register()
	a := p.open("a", 100*time.Millisecond)
	p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint}, nil)
	// Opening calls it off; then it runs again, in full.
	p.open("a", 100*time.Millisecond)
	began := time.Now()
	p.must(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: a.Config.Checkpoint}, nil)
	msg, err := changed.NextMsg(testWait)
	if err != nil {
		t.Fatalf("not announced: %v", err)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("ended after %v", took)
	}
	d, err := wire.NewDecoder(msg.Data)
	if err != nil || d.Kind != wire.KindChanged {
		t.Fatalf("announced %v %v", d, err)
	}
	var hb wire.HeartbeatReply
	p.must(wire.DirectorHeartbeat, wire.HeartbeatRequest{Since: reg.Version}, &hb)
	if len(hb.Drop) != 1 || hb.Drop[0] != a.Config.Checkpoint {
		t.Fatalf("heartbeat %+v", hb)
	}
}

// TestNodeLost lets a node fall silent: its openers count for a while, then they don't.
func TestNodeLost(t *testing.T) {
	url := bus(t)
	o := options(t, url, t.TempDir())
	o.NodeTimeout, o.NodeForget = 200*time.Millisecond, 400*time.Millisecond
	start(t, o)
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	began := time.Now()
	p.open("a", 0)
	q := &peer{t, connect(t, url), "n2", 1}
	q.register()
	eventually(t, "the checkpoint ends with its last opener", func() bool { return len(q.list()) == 0 })
	if took := time.Since(began); took < 600*time.Millisecond {
		t.Errorf("closed after %v", took)
	}
	if h, _ := p.ask(wire.DirectorHeartbeat, wire.HeartbeatRequest{}, nil); !h.Unknown {
		t.Errorf("still registered: %+v", h)
	}
	p.register()
	p.open("a", 0)
}

func TestRestartKeepsEverything(t *testing.T) {
	url, dir := bus(t), t.TempDir()
	_, stop := start(t, options(t, url, dir))
	p := &peer{t, connect(t, url), "n1", 1}
	first := p.register()
	opened := map[string]uint64{}
	for i := range 200 {
		name := fmt.Sprintf("c%d", i)
		opened[name] = p.open(name, time.Minute).Config.Checkpoint
	}
	p.must(wire.DirectorUnlink, wire.DirectorUnlinkRequest{Name: "c0", Request: wire.RequestID{Session: 1, Number: 1}}, nil)
	stop()
	if h, ok := p.ask(wire.DirectorList, wire.ListRequest{}, nil); ok {
		t.Fatalf("a stopped director answers: %+v", h)
	}
	start(t, options(t, url, dir))
	// The node is still registered, and its openers count.
	var again wire.HeartbeatReply
	p.must(wire.DirectorHeartbeat, wire.HeartbeatRequest{Since: first.Version}, &again)
	if n := len(again.Configs); n != 200 {
		t.Errorf("%d configurations", n)
	}
	list := p.list()
	for name, number := range opened {
		if c := list[name]; c.Checkpoint != number || len(c.Open) != 1 || c.Unlinked != (name == "c0") {
			t.Errorf("%s: %+v", name, c)
		}
	}
	p.open("c0", time.Minute)
	p.must(wire.DirectorUnlink, wire.DirectorUnlinkRequest{Name: "c0", Request: wire.RequestID{Session: 1, Number: 1}}, nil)
	if c := p.list()["c0"]; c.Unlinked {
		t.Error("a repeated unlink removed a newer checkpoint")
	}
	// Another node director of the same host takes over; the cluster is the same.
	q := &peer{t, p.conn, "n1", 2}
	second := q.register()
	if second.Cluster != first.Cluster {
		t.Error("another cluster id")
	}
}
