package nodedirector

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// fixture is a bus, a stand-in for the director, and a node director that can be started again.
type fixture struct {
	t      testing.TB
	server *server.Server
	d      *standIn
	dir    string
	o      Options
	n      *Node
}

func newFixture(t testing.TB, change func(o *Options)) *fixture {
	t.Helper()
	// Segments belong on tmpfs, and a socket's path must be short.
	base := "/dev/shm"
	if unix.Access(base, unix.W_OK) != nil {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "nd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, conn := startBus(t)
	f := &fixture{t: t, server: s, d: startStandIn(t, connectBus(t, s)), dir: dir}
	out := io.Writer(io.Discard)
	if testing.Verbose() {
		out = os.Stderr
	}
	f.o = Options{
		Cluster: "test", Node: "a", RunDir: dir, Conn: conn, BusURLs: []string{s.ClientURL()},
		Logger: slog.New(slog.NewTextHandler(out, nil)),
	}
	if change != nil {
		change(&f.o)
	}
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *fixture) start() {
	f.t.Helper()
	n, err := Start(context.Background(), f.o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.n = n
}

func (f *fixture) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := f.n.Stop(ctx); err != nil {
		f.t.Error(err)
	}
}

// application is an application's agent, as far as the node director can tell.
type application struct {
	t       testing.TB
	dir     string
	socket  *net.UnixConn
	welcome wire.Welcome
	bus     *nats.Conn
	events  chan wire.Event
	subject string

	mu      sync.Mutex
	waiting map[[2]uint64]chan []byte
	numbers [wire.SlotsPerSession]uint64
}

func (f *fixture) application() *application {
	f.t.Helper()
	a, err := newApplication(f.t, f.dir, wire.Hello{Program: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func dialSocket(dir string, h *wire.Hello) (*net.UnixConn, wire.Welcome, error) {
	var w wire.Welcome
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: filepath.Join(dir, socketName), Net: "unixpacket"})
	if err != nil {
		return nil, w, err
	}
	frame, err := wire.Encode(wire.KindHello, nil, h)
	if err == nil {
		_, err = c.Write(frame)
	}
	buf := make([]byte, 4096)
	n := 0
	if err == nil {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err = c.Read(buf)
		c.SetReadDeadline(time.Time{})
	}
	if err != nil {
		c.Close()
		return nil, w, err
	}
	d, err := wire.NewDecoder(buf[:n])
	if err == nil {
		err = d.Value(&w)
		d.Release()
	}
	return c, w, err
}

func newApplication(t testing.TB, dir string, h wire.Hello) (*application, error) {
	a := &application{t: t, dir: dir, events: make(chan wire.Event, 4096), waiting: make(map[[2]uint64]chan []byte)}
	var err error
	if a.socket, a.welcome, err = dialSocket(dir, &h); err != nil {
		return nil, err
	}
	if a.welcome.Error != 0 && a.welcome.Error != wire.OK {
		return nil, a.welcome.Error
	}
	a.bus, err = nats.Connect(a.welcome.Bus[0], nats.UserInfo(a.welcome.User, a.welcome.Password), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	a.subject = wire.SubjectSession(a.welcome.Cluster, a.welcome.Node, a.welcome.Session)
	prefix := wire.SubjectReplies(a.welcome.Cluster, a.welcome.Session)
	_, err = a.bus.Subscribe(prefix+".>", func(m *nats.Msg) {
		slot, number, ok := wire.ParseReply(m.Subject)
		if !ok || len(m.Data) == 0 {
			return
		}
		a.mu.Lock()
		c := a.waiting[[2]uint64{uint64(slot), number}]
		a.mu.Unlock()
		if c != nil {
			c <- m.Data
		}
	})
	if err != nil {
		return nil, err
	}
	_, err = a.bus.Subscribe(wire.SubjectEvents(a.welcome.Cluster, a.welcome.Session), func(m *nats.Msg) {
		d, err := wire.NewDecoder(m.Data)
		if err != nil {
			t.Error(err)
			return
		}
		var events []wire.Event
		if err := d.Value(&events); err != nil {
			t.Error(err)
		}
		for _, e := range events {
			a.events <- e
		}
	})
	if err != nil {
		return nil, err
	}
	if t != nil {
		t.Cleanup(func() { a.bus.Close(); a.socket.Close() })
	}
	return a, a.bus.Flush()
}

// request is one request with all that is needed to send it again.
type request struct {
	a      *application
	head   wire.Request
	body   any
	data   []byte
	piece  int
	answer chan []byte
}

// prepare numbers a request of a slot.
func (a *application) prepare(slot int, op wire.Op, body any, data []byte) *request {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.numbers[slot]++
	r := &request{a: a, body: body, data: data, piece: wire.PieceBytesMax, answer: make(chan []byte, 256)}
	r.head = wire.Request{Op: op, Slot: uint16(slot), Number: a.numbers[slot], Deadline: monotonic() + int64(10*time.Second), Total: uint64(len(data))}
	a.waiting[[2]uint64{uint64(slot), r.head.Number}] = r.answer
	return r
}

func (r *request) send() {
	r.head.Pieces = uint32(max(1, (len(r.data)+r.piece-1)/r.piece))
	for i := range r.head.Pieces {
		r.sendPiece(int(i))
	}
}

func (r *request) sendPiece(i int) {
	r.head.Pieces = uint32(max(1, (len(r.data)+r.piece-1)/r.piece))
	part := r.data[i*r.piece : min(len(r.data), (i+1)*r.piece)]
	r.head.Piece = uint32(i)
	var raw [][]byte
	if len(part) > 0 {
		raw = [][]byte{part}
	}
	frame, err := wire.Encode(wire.KindRequest, raw, &r.head, r.body)
	if err == nil {
		err = r.a.bus.Publish(r.a.subject, frame)
	}
	if err != nil {
		r.a.t.Error(err)
	}
}

// wait gives the answer that is not an Ack; TIMEOUT when none comes.
func (r *request) wait(out any) (wire.Reply, []byte) {
	deadline := time.After(time.Duration(r.head.Deadline-monotonic()) + time.Second)
	for {
		select {
		case frame := <-r.answer:
			reply, data := r.decode(frame, out)
			if !reply.Ack {
				return reply, data
			}
		case <-deadline:
			return wire.Reply{Error: wire.Timeout}, nil
		}
	}
}

func (r *request) decode(frame []byte, out any) (reply wire.Reply, data []byte) {
	d, err := wire.NewDecoder(frame)
	if err != nil {
		r.a.t.Error(err)
		return
	}
	defer d.Release()
	if err := d.Value(&reply); err != nil {
		r.a.t.Error(err)
	}
	if !reply.Ack && out != nil && reply.Error == wire.OK {
		if err := d.Value(out); err != nil {
			r.a.t.Error(err)
		}
	}
	return reply, d.Data()
}

// do sends a request in slot 0 and waits for the answer.
func (a *application) do(op wire.Op, body, out any, data []byte) wire.Code {
	r := a.prepare(0, op, body, data)
	r.send()
	reply, _ := r.wait(out)
	return reply.Error
}

func (a *application) must(op wire.Op, body, out any, data []byte) {
	a.t.Helper()
	if code := a.do(op, body, out, data); code != wire.OK {
		a.t.Fatalf("operation %d: %v", op, code)
	}
}

var testAttributes = wire.Attributes{
	CreationFlags: wire.FlagAllReplicas, CheckpointSize: 0, RetentionDuration: int64(time.Hour),
	MaxSections: 1000, MaxSectionSize: 1 << 30, MaxSectionIDSize: 64,
}

const openAll = wire.OpenRead | wire.OpenWrite | wire.OpenCreate

// open opens or creates a checkpoint with testAttributes, changed as told.
func (a *application) open(handle uint64, name string, change func(r *wire.OpenRequest)) wire.OpenReply {
	a.t.Helper()
	var reply wire.OpenReply
	r := openRequest(handle, name)
	if change != nil {
		change(r)
	}
	a.must(wire.OpOpen, r, &reply, nil)
	return reply
}

func openRequest(handle uint64, name string) *wire.OpenRequest {
	return &wire.OpenRequest{Open: handle, Name: name, HasAttributes: true, Attributes: testAttributes, Flags: openAll}
}

func (a *application) create(handle uint64, id, content string) {
	a.t.Helper()
	a.must(wire.OpSectionCreate, updateOf(handle, id, len(content), replication.Never), nil, []byte(content))
}

func updateOf(handle uint64, id string, size int, expiration int64) *wire.UpdateRequest {
	return &wire.UpdateRequest{Open: handle, Elements: []wire.Element{{ID: []byte(id), Size: uint64(size)}}, Time: expiration}
}

func (a *application) read(handle uint64, id string) (string, wire.Code) {
	r := a.prepare(0, wire.OpRead, &wire.ReadRequest{Open: handle, ID: []byte(id), Size: wire.PieceBytesMax}, nil)
	r.send()
	var reply wire.ReadReply
	head, data := r.wait(&reply)
	return string(data), head.Error
}

// TestMain lets the test binary be an application process: it opens the checkpoint "held" in the run directory named by
// the environment, reports its session, and waits to be killed.
func TestMain(m *testing.M) {
	dir := os.Getenv("NODEDIRECTOR_TEST_APPLICATION")
	if dir == "" {
		os.Exit(m.Run())
	}
	a, err := newApplication(nil, dir, wire.Hello{Program: "child"})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	if code := a.do(wire.OpOpen, openRequest(1, "held"), nil, nil); code != wire.OK {
		fmt.Println("error", code)
		os.Exit(1)
	}
	if os.Getenv("NODEDIRECTOR_TEST_FORK") != "" {
		// A child that holds the session socket after its parent's death.
		f, err := a.socket.File()
		if err == nil {
			sleeper := exec.Command("sleep", "60")
			sleeper.ExtraFiles = []*os.File{f}
			err = sleeper.Start()
			fmt.Println("child", sleeper.Process.Pid)
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	fmt.Println("session", a.welcome.Session)
	for {
		time.Sleep(time.Hour)
	}
}

// process runs an application process and returns it with its session, and the process id of its child if it has one.
func (f *fixture) process(env ...string) (cmd *exec.Cmd, session uint64, child int) {
	f.t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "NODEDIRECTOR_TEST_APPLICATION="+f.dir), env...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var what, value string
		fmt.Sscan(lines.Text(), &what, &value)
		switch what {
		case "session":
			session, _ = strconv.ParseUint(value, 10, 64)
			return cmd, session, child
		case "child":
			child, _ = strconv.Atoi(value)
			f.t.Cleanup(func() { unix.Kill(child, unix.SIGKILL) })
		default:
			f.t.Fatal(lines.Text())
		}
	}
	f.t.Fatal("the application process ended")
	return nil, 0, 0
}
