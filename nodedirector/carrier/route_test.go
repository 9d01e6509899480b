package carrier

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/bus"
)

// What the slow route lets through, and what is asked of it.
const (
	slowBytes = 2 << 20 // a second, of one connection
	slowPiece = 16 << 10
	slowTotal = 8 << 20 // of updates: some seconds
	beatEvery = 20 * time.Millisecond
	beatsSent = 20
)

// slowProxy forwards connections to an address. From it, each connection gets slowBytes a second.
func slowProxy(t *testing.T, to string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go forward(in, to)
		}
	}()
	return l.Addr().String()
}

func forward(in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	go func() {
		defer out.Close()
		_, _ = io.Copy(out, in) // ends with the connection
	}()
	b := make([]byte, slowPiece)
	for start, sent := time.Now(), 0; ; {
		n, err := out.Read(b)
		if err != nil {
			return
		}
		if _, err := in.Write(b[:n]); err != nil {
			return
		}
		sent += n
		time.Sleep(time.Until(start.Add(time.Duration(sent) * time.Second / slowBytes)))
		if time.Since(start) > time.Duration(sent)*time.Second/slowBytes+time.Second {
			start, sent = time.Now(), 0 // it has been idle
		}
	}
}

// routedNode is a carrier on an embedded server of its own, connected as daemons connect it.
func routedNode(t *testing.T, name string, routes bus.Routes) (*Carrier, *inbox, *bus.Server) {
	t.Helper()
	credentials := bus.NewCredentials()
	routes.Cluster, routes.Name, routes.Secret = "x", name, "secret"
	s, err := bus.StartServer(bus.ServerOptions{Credentials: credentials, Routes: &routes, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	connect := func(user, password string) *nats.Conn {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		nc, err := bus.Connect(ctx, bus.Options{Server: s, User: user, Password: password, Direct: true, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	box := new(inbox)
	c, err := New(Options{Cluster: "x", Node: name, Incarnation: 7, PeerListen: NoStreams, Receive: box.receive, Logger: quiet(),
		Control: connect(credentials.ControlUser()), Update: connect(credentials.DaemonUser())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, box, s
}

// TestBeatsPassUpdates: control frames that are sent after updates arrive before them, where updates wait for a slow route
// between embedded servers.
func TestBeatsPassUpdates(t *testing.T) {
	a, _, server := routedNode(t, "a", bus.Routes{Listen: "127.0.0.1:0"})
	proxy := slowProxy(t, server.RouteAddress())
	_, box, _ := routedNode(t, "b", bus.Routes{Listen: "127.0.0.1:0", Peers: []string{proxy}})

	// By name alone, both ways, until there are routes.
	a.SetPeers([]Peer{{Name: "b"}})
	for _, class := range []Class{Control, Update} {
		until(t, "a frame gets through", func() bool {
			had := box.len()
			_ = a.Send("b", []byte("x"), class) // it may be too early
			time.Sleep(beatEvery)
			return box.len() > had
		})
	}
	a.SetPeers([]Peer{{Name: "b", Incarnation: 7}})

	update := pattern(pieceBytesMax/2, 1)
	for range slowTotal / len(update) {
		sendAll(t, a, "b", update) // as Update: b takes no bulk streams
	}
	var worst time.Duration
	passed := 0
	for beats := 1; beats <= beatsSent; beats++ {
		sent := time.Now()
		if err := a.Send("b", []byte("beat"), Control); err != nil {
			t.Fatal(err)
		}
		until(t, "a beat arrives", func() bool { return box.count("beat") == beats })
		worst = max(worst, time.Since(sent))
		if box.count(string(update)) == slowTotal/len(update) {
			break // on a slow machine there is nothing left to pass
		}
		passed++
		time.Sleep(beatEvery)
	}
	t.Logf("%d beats passed updates, the slowest took %v", passed, worst)
	if passed == 0 {
		t.Error("no beat passed the updates")
	}
}

func (b *inbox) count(frame string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.frames {
		if string(r.frame) == frame {
			n++
		}
	}
	return n
}
