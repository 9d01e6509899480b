package nodedirector

import (
	"bytes"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/nodedirector/carrier"
)

// logged keeps what is logged.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestMessagesOfAnotherRelease: on every way into a node director, what makes no sense is counted where the operator sees it,
// and what is of another release is also refused with a line that names both versions, even right after nonsense.
func TestMessagesOfAnotherRelease(t *testing.T) {
	const want = "version 9, this release speaks 1"
	publish := func(subject func(f *fixture, a *application) string) func(*fixture, *application, []byte) {
		return func(f *fixture, a *application, frame []byte) {
			if err := a.bus.Publish(subject(f, a), frame); err != nil {
				t.Fatal(err)
			}
		}
	}
	incarnation := func(channel string) func(*fixture, *application) string {
		return func(f *fixture, _ *application) string {
			return wire.SubjectIncarnation("test", "a", f.n.incarnation, channel)
		}
	}
	peer := func(channel string) func(*fixture, *application) string {
		return func(*fixture, *application) string { return wire.SubjectPeer("test", "a", channel) }
	}
	for name, send := range map[string]func(*fixture, *application, []byte){
		"request":        publish(func(_ *fixture, a *application) string { return a.subject }),
		"changed":        publish(func(*fixture, *application) string { return wire.SubjectChanged("test") }),
		"show":           publish(func(*fixture, *application) string { return wire.SubjectShow("test", "a") }),
		"control":        publish(incarnation("control")),
		"update":         publish(incarnation("update")),
		"first control":  publish(peer("control")),
		"first update":   publish(peer("update")),
		"peer":           func(f *fixture, _ *application, frame []byte) { fromAnother(t, f, frame) },
		"session socket": func(f *fixture, _ *application, frame []byte) { toSocket(t, f, frame, want) },
	} {
		t.Run(name, func(t *testing.T) {
			log := new(logged)
			f := newFixture(t, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
			a := f.application()
			malformed := func() uint64 {
				var s wire.NodeStatusReply
				a.must(wire.OpNodeStatus, nil, &s, nil)
				return s.Malformed
			}
			before := malformed()
			send(f, a, []byte{1, 0xc1, 0xc1})
			send(f, a, []byte{9, 'q', 0x90})
			for end := time.Now().Add(10 * time.Second); malformed() != before+2 || !strings.Contains(log.String(), want); {
				if time.Now().After(end) {
					t.Fatalf("%d counted, want 2; the log:\n%s", malformed()-before, log)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
}

// fromAnother sends a frame as another node director.
func fromAnother(t *testing.T, f *fixture, frame []byte) {
	conn := connectBus(t, f.server)
	c, err := carrier.New(carrier.Options{Cluster: "test", Node: "z", Incarnation: 1, Control: conn, Update: conn,
		Receive: func(string, uint64, []byte) {}, PeerListen: carrier.NoStreams, Logger: f.o.Logger})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetPeers([]carrier.Peer{{Name: "a", Incarnation: f.n.incarnation}})
	if err := c.Send("a", frame, carrier.Update); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
}

// toSocket begins a session with a packet; one of another version is answered with what is wrong.
func toSocket(t *testing.T, f *fixture, packet []byte, want string) {
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: filepath.Join(f.dir, socketName), Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(packet); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if packet[0] != wire.Version && (err != nil || !bytes.Contains(b[:n], []byte(want))) {
		t.Errorf("answered with %q, %v", b[:n], err)
	}
}
