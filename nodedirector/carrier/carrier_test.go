package carrier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/bus"
)

const patience = 20 * time.Second

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// servers is an embedded bus and who may use it.
type servers struct {
	*bus.Server
	user, password string
}

func startBus(t testing.TB) *servers {
	t.Helper()
	credentials := bus.NewCredentials()
	s, err := bus.StartServer(bus.ServerOptions{Credentials: credentials, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	user, password := credentials.DaemonUser()
	return &servers{s, user, password}
}

func (s *servers) connect(t testing.TB, direct bool) *nats.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nc, err := bus.Connect(ctx, bus.Options{Server: s.Server, User: s.user, Password: s.password, Direct: direct, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// inbox collects what a carrier receives.
type inbox struct {
	mu     sync.Mutex
	frames []received
	gate   chan struct{} // while not nil and open, Receive does not return
}

type received struct {
	from        string
	incarnation uint64
	frame       []byte
}

func (b *inbox) receive(from string, incarnation uint64, frame []byte) {
	b.mu.Lock()
	b.frames = append(b.frames, received{from, incarnation, bytes.Clone(frame)})
	gate := b.gate
	b.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

// stop has Receive not return until open is called.
func (b *inbox) stop() (open func()) {
	gate := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

func (b *inbox) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.frames)
}

func (b *inbox) await(t testing.TB, n int) []received {
	t.Helper()
	until(t, fmt.Sprintf("%d frames arrive", n), func() bool { return b.len() >= n })
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.frames
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// node makes a carrier; change may change its options.
func (s *servers) node(t testing.TB, name string, change func(*Options)) (*Carrier, *inbox) {
	t.Helper()
	box := new(inbox)
	o := Options{
		Cluster: "x", Node: name, Incarnation: 7,
		Control: s.connect(t, true), Update: s.connect(t, true),
		Receive: box.receive, Token: []byte("token"), Logger: quiet(),
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, box
}

func peerOf(c *Carrier) Peer { return Peer{c.o.Node, c.o.Incarnation, c.Address()} }

// peerOnBus is without streams.
func peerOnBus(c *Carrier) Peer { return Peer{Name: c.o.Node, Incarnation: c.o.Incarnation} }

func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{seed})
	r.Read(b)
	return b
}

// TestFramesArrive sends frames of all lengths around the limits, each way, over both kinds of connections.
func TestFramesArrive(t *testing.T) {
	s := startBus(t)
	for _, direct := range []bool{true, false} {
		a, _ := s.node(t, "a", func(o *Options) { o.Control, o.Update = s.connect(t, direct), s.connect(t, direct) })
		for _, class := range []Class{Control, Update, Bulk} {
			t.Run(fmt.Sprint(direct, class), func(t *testing.T) {
				b, box := s.node(t, "b", nil)
				a.SetPeers([]Peer{peerOf(a), peerOf(b)})
				var want [][]byte
				for _, n := range []int{0, 1, pieceBytesMax - 1, pieceBytesMax, pieceBytesMax + 1, 3 * pieceBytesMax, 3<<20 + 17} {
					f := pattern(n, byte(n))
					want = append(want, f)
					if err := a.Send("b", f, class); err != nil {
						t.Fatal(n, err)
					}
				}
				got := box.await(t, len(want))
				if class == Update { // the first go over the bus until the stream is open: those of the stream may overtake them
					slices.SortFunc(got, func(a, b received) int { return len(a.frame) - len(b.frame) })
				}
				for i, r := range got {
					if r.from != "a" || r.incarnation != 7 || !bytes.Equal(r.frame, want[i]) {
						t.Errorf("frame %d: %d bytes from %s %d, want %d", i, len(r.frame), r.from, r.incarnation, len(want[i]))
					}
				}
				b.Close()
			})
		}
	}
}

func TestFramesOfAnIncarnationReachNoOther(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	first, old := s.node(t, "b", nil)
	_, young := s.node(t, "b", func(o *Options) { o.Incarnation = 8 })
	a.SetPeers([]Peer{peerOf(first)})
	if err := a.Send("b", []byte("old"), Update); err != nil {
		t.Fatal(err)
	}
	old.await(t, 1)
	a.SetPeers([]Peer{{Name: "b"}}) // any
	for _, class := range []Class{Control, Update, Bulk} {
		if err := a.Send("b", []byte("any"), class); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range young.await(t, 3) {
		if string(r.frame) != "any" {
			t.Errorf("%q", r.frame)
		}
	}
	old.await(t, 4)
	if err := a.Send("c", nil, Control); !errors.Is(err, ErrUnknownPeer) {
		t.Error(err)
	}
	if err := a.Send("b", make([]byte, DefaultFrameMax+1), Update); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}
