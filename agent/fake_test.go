package agent

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// fake is the other end of the protocol: a real bus, a session socket, and a function that answers requests.
type fake struct {
	t   testing.TB
	dir string
	srv *server.Server
	nc  *nats.Conn

	mu       sync.Mutex
	listener *net.UnixListener
	conns    []*net.UnixConn
	sub      *nats.Subscription
	session  uint64                  // given to whoever does not resume it
	hello    []wire.Hello            // all that came
	welcome  func(*wire.Welcome)     // changes the answer to Hello
	release  byte                    // version of that answer, 0 = wire.Version
	answer   func(f *fake, q *frame) // called for each request frame
	log      []*frame
	quiet    bool // keep no log
}

// frame is one request frame.
type frame struct {
	wire.Request
	bytes []byte
	reply string
}

// body decodes the request's body and returns the data after it.
func (q *frame) body(t testing.TB, v any) []byte {
	t.Helper()
	d, err := wire.NewDecoder(q.bytes)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	var h wire.Request
	if err := d.Value(&h); err != nil {
		t.Fatal(err)
	}
	if err := d.Value(v); err != nil {
		t.Fatal(err)
	}
	return d.Data()
}

func newFake(t testing.TB) *fake {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("bus does not start")
	}
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, dir: t.TempDir(), srv: srv, nc: nc, session: 1, answer: func(f *fake, q *frame) { f.ok(q, nil) }}
	f.listen()
	f.serve(true)
	t.Cleanup(func() {
		f.disconnect()
		nc.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	return f
}

// listen makes the session socket.
func (f *fake) listen() {
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: filepath.Join(f.dir, "node.sock"), Net: "unixpacket"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	f.listener = l
	f.mu.Unlock()
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			go f.greet(c)
		}
	}()
}

func (f *fake) greet(c *net.UnixConn) {
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		if err != nil || n == 0 {
			return
		}
		d, err := wire.NewDecoder(b[:n])
		if err != nil {
			return
		}
		switch d.Kind {
		case wire.KindHello:
			var h wire.Hello
			if d.Value(&h) != nil {
				return
			}
			f.mu.Lock()
			f.hello = append(f.hello, h)
			w := &wire.Welcome{Error: wire.OK, Cluster: "c", Node: "n", Session: f.session, Secret: []byte("0123456789abcdef"), Bus: []string{f.srv.ClientURL()}}
			if f.welcome != nil {
				f.welcome(w)
			}
			release := f.release
			f.mu.Unlock()
			out, _ := wire.Encode(wire.KindWelcome, nil, w)
			if release != 0 {
				out[0] = release
			}
			_, _ = c.Write(out)
		case wire.KindSegment:
			var r wire.SegmentRequest
			if d.Value(&r) != nil {
				return
			}
			out, _ := wire.Encode(wire.KindReplica, nil, &wire.SegmentReply{Ask: r.Ask, Error: wire.NotExist})
			_, _ = c.Write(out)
		}
		d.Release()
	}
}

// disconnect ends all session connections and takes the socket away.
func (f *fake) disconnect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != nil {
		_ = f.listener.Close()
	}
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.listener, f.conns = nil, nil
}

// serve listens for requests, or stops doing so.
func (f *fake) serve(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !on {
		_ = f.sub.Unsubscribe()
		_ = f.nc.Flush()
		return
	}
	sub, err := f.nc.Subscribe("ckpt.c.n.n.s.>", f.receive)
	if err != nil {
		f.t.Fatal(err)
	}
	f.sub = sub
	_ = f.nc.Flush()
}

func (f *fake) receive(m *nats.Msg) {
	q := &frame{bytes: m.Data, reply: m.Reply}
	d, err := wire.NewDecoder(m.Data)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer d.Release()
	if err := d.Value(&q.Request); err != nil {
		f.t.Error(err)
		return
	}
	f.mu.Lock()
	if !f.quiet {
		f.log = append(f.log, q)
	}
	answer := f.answer
	f.mu.Unlock()
	answer(f, q)
}

func (f *fake) onRequest(answer func(f *fake, q *frame)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// sent are the frames received so far for which keep says so.
func (f *fake) sent(keep func(*frame) bool) (out []*frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, q := range f.log {
		if keep(q) {
			out = append(out, q)
		}
	}
	return out
}

func isOp(op wire.Op) func(*frame) bool { return func(q *frame) bool { return q.Op == op } }

func (f *fake) send(q *frame, r *wire.Reply, body any, data ...[]byte) {
	r.Slot, r.Number = q.Slot, q.Number
	out, err := wire.Encode(wire.KindReply, data, r, body)
	if err != nil {
		f.t.Error(err)
		return
	}
	_ = f.nc.Publish(q.reply, out)
	_ = f.nc.Flush()
}

// ok answers with success; an open gets checkpoint 7 at update 10 unless body is given.
func (f *fake) ok(q *frame, body any) {
	if body == nil && q.Op == wire.OpOpen {
		body = &wire.OpenReply{Checkpoint: 7, Update: 10}
	}
	f.send(q, &wire.Reply{Error: wire.OK}, body)
}

func (f *fake) events(events ...wire.Event) {
	out, err := wire.Encode(wire.KindEvents, nil, events)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	session := f.session
	f.mu.Unlock()
	_ = f.nc.Publish(wire.SubjectEvents("c", session), out)
	_ = f.nc.Flush()
}

// dial connects an agent to the fake.
func (f *fake) dial() *Agent {
	f.t.Helper()
	a, err := Dial(f.ctx(), Options{RunDir: f.dir, Warn: func(line string) { f.t.Log(line) }})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(a.Close)
	return a
}

func (f *fake) open(a *Agent) *Checkpoint {
	f.t.Helper()
	c, err := a.Open(f.ctx(), "name", OpenOptions{Flags: OpenRead | OpenWrite})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func (f *fake) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	f.t.Cleanup(cancel)
	return ctx
}

// eventually waits until a condition holds.
func (f *fake) eventually(what string, holds func() bool) {
	f.t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("%s: does not come", what)
		}
	}
}
