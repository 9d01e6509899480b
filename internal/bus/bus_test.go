package bus

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

const patience = 10 * time.Second

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func start(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	o.Logger = quiet()
	s, err := StartServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func daemon(t *testing.T, o Options) *nats.Conn {
	t.Helper()
	o.Logger = quiet()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := Connect(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func echo(t *testing.T, c *nats.Conn, subject string) {
	t.Helper()
	if _, err := c.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func TestDaemonsTalk(t *testing.T) {
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials})
	user, password := credentials.DaemonUser()
	inside := daemon(t, Options{Server: s, User: user, Password: password})
	echo(t, inside, "ckpt.x.d")
	outside := daemon(t, Options{URLs: []string{s.URL()}, User: user, Password: password})
	m, err := outside.Request("ckpt.x.d", []byte("hello"), patience)
	if err != nil || string(m.Data) != "hello" {
		t.Fatalf("%v %v", m, err)
	}
}

func TestStrangersStayOutside(t *testing.T) {
	s := start(t, ServerOptions{})
	for _, c := range [][2]string{{"", ""}, {DaemonUser, ""}, {DaemonUser, "guess"}, {"nobody", "guess"}} {
		if conn, err := nats.Connect(s.URL(), nats.UserInfo(c[0], c[1])); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("user %q, password %q: %v, want an authorization violation", c[0], c[1], err)
			if err == nil {
				conn.Close()
			}
		}
	}
}

func TestSessionHasItsSubjectsOnly(t *testing.T) {
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials})
	user, password := credentials.DaemonUser()
	node := daemon(t, Options{Server: s, User: user, Password: password})
	echo(t, node, "ckpt.x.n.a.s.1")
	echo(t, node, "ckpt.x.n.a.s.2")

	credentials.AddSession("s1", "secret", []string{"ckpt.x.n.a.s.1"}, []string{"ckpt.x.r.1.>"})
	refused := make(chan error, 16)
	conn, err := nats.Connect(s.URL(), nats.UserInfo("s1", "secret"), nats.CustomInboxPrefix("ckpt.x.r.1"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if m, err := conn.Request("ckpt.x.n.a.s.1", []byte("mine"), patience); err != nil || string(m.Data) != "mine" {
		t.Fatalf("its own subject: %v %v", m, err)
	}
	if err := conn.Publish("ckpt.x.n.a.s.2", []byte("another's")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.SubscribeSync("ckpt.x.r.2.>"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("refused with %v", err)
			}
		case <-time.After(patience):
			t.Fatal("another session's subject was not refused")
		}
	}
}

func TestRemovedSessionIsCutOff(t *testing.T) {
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials})
	credentials.AddSession("s1", "secret", []string{"a"}, nil)
	lost := make(chan struct{})
	conn, err := nats.Connect(s.URL(), nats.UserInfo("s1", "secret"), nats.NoReconnect(),
		nats.ClosedHandler(func(*nats.Conn) { close(lost) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	credentials.RemoveSession("s1")
	credentials.RemoveSession("s1")
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("the removed session is still connected")
	}
	if _, err := nats.Connect(s.URL(), nats.UserInfo("s1", "secret")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a removed session may connect: %v", err)
	}
}

func TestPortIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bus.json")
	s := start(t, ServerOptions{File: file})
	url := s.URL()
	s.Stop()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v, want mode 0600", info, err)
	}
	if again := start(t, ServerOptions{File: file}); again.URL() != url {
		t.Errorf("after a restart on %s, before on %s", again.URL(), url)
	}
}

// A director in another process finds the server again although port and secret have changed.
func TestFileIsFollowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bus.json")
	s := start(t, ServerOptions{File: file})
	conn := daemon(t, Options{File: file})
	before := s.URL()
	s.Stop()
	l, err := net.Listen("tcp", before[len("nats://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	after := start(t, ServerOptions{File: file})
	if after.URL() == before {
		t.Fatal("two listeners on one port")
	}
	until(t, "the connection is back", func() bool { return conn.Stats().Reconnects > 0 && conn.IsConnected() })
	echo(t, conn, "x")
	if _, err := conn.Request("x", nil, patience); err != nil {
		t.Error(err)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if s, err := StartServer(ServerOptions{Listen: l.Addr().String(), Logger: quiet()}); err == nil {
		s.Stop()
		t.Error("a server started on a port in use")
	}
}

func TestConnectWaitsForTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bus.json")
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if c, err := Connect(short, Options{File: file, Logger: quiet()}); err == nil {
		c.Close()
		t.Fatal("connected to nothing")
	}
	connected := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		c, err := Connect(ctx, Options{File: file, Logger: quiet()})
		if err == nil {
			c.Close()
		}
		connected <- err
	}()
	start(t, ServerOptions{File: file})
	if err := <-connected; err != nil {
		t.Error(err)
	}
}

// TestConnectionsLeaveNothing connects and disconnects many sessions: the server must not remember them.
func TestConnectionsLeaveNothing(t *testing.T) {
	credentials := NewCredentials()
	s := start(t, ServerOptions{Credentials: credentials})
	cycle := func() {
		credentials.AddSession("session", "secret", []string{"ckpt.x"}, []string{"ckpt.y"})
		c, err := nats.Connect(s.URL(), nats.UserInfo("session", "secret"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.SubscribeSync("ckpt.y"); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		c.Close()
		credentials.RemoveSession("session")
	}
	inUse := func() int64 {
		until(t, "all are gone", func() bool { return s.nats.NumClients() == 0 && s.nats.NumSubscriptions() == 0 })
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what a pool has kept for one more round
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const warmUp, cycles, perCycle = 50, 500, 200 // bytes; a remembered connection takes 700
	for range warmUp {
		cycle()
	}
	before := inUse()
	for range cycles {
		cycle()
	}
	if grown := inUse() - before; grown > cycles*perCycle {
		t.Errorf("%d bytes more in use after %d connections", grown, cycles)
	}
}
