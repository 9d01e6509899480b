package carrier

import (
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
)

// untilDirect sends small frames until one goes over the stream.
func untilDirect(t testing.TB, a *Carrier, to string) {
	t.Helper()
	until(t, "an update goes over a stream", func() bool {
		before := a.Stats().Direct
		return a.Send(to, []byte("x"), Update) == nil && a.Stats().Direct > before
	})
}

func TestUpdateStreamKeepsOrder(t *testing.T) {
	authority := certificatetest.New(t)
	for name, change := range map[string]func(o *Options, node string){
		"plain": func(*Options, string) {},
		"TLS": func(o *Options, node string) {
			source, err := certificate.Load(authority.Files(node))
			if err != nil {
				t.Fatal(err)
			}
			o.TLS = source.Config("")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := startBus(t)
			a, _ := s.node(t, "a", func(o *Options) { change(o, "a") })
			b, box := s.node(t, "b", func(o *Options) { change(o, "b") })
			a.SetPeers([]Peer{peerOf(b)})
			untilDirect(t, a, "b")
			until(t, "what went before has arrived", func() bool { return box.len() == int(a.Stats().Sent) })
			had := box.len()
			const frames = 3000
			sizes := []int{0, 1, 100, 60 << 10, 64 << 10, 70 << 10}
			for i := range frames {
				n := sizes[i%len(sizes)]
				if i%500 == 0 {
					n = 3 << 20
				}
				frame := binary.BigEndian.AppendUint32(make([]byte, n), uint32(i))
				until(t, "there is room", func() bool { return a.Send("b", frame, Update) == nil })
			}
			for i, r := range box.await(t, had+frames)[had:] {
				if got := binary.BigEndian.Uint32(r.frame[len(r.frame)-4:]); got != uint32(i) || r.from != "a" || r.incarnation != 7 {
					t.Fatalf("frame %d came as number %d from %s %d", i, got, r.from, r.incarnation)
				}
			}
			if got := a.Stats(); got.Direct < frames {
				t.Errorf("%d of %d frames went over the stream", got.Direct, frames)
			}
		})
	}
}

// TestUpdatesWithoutStream: where nobody can be reached updates go over the bus, and wait for nothing.
func TestUpdatesWithoutStream(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	_, box := s.node(t, "b", nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there
	a.SetPeers([]Peer{{"b", 7, l.Addr().String()}})
	const frames = 1000
	for range frames {
		if err := a.Send("b", []byte("x"), Update); err != nil {
			t.Fatal(err)
		}
	}
	box.await(t, frames)
	if n := a.Stats().Direct; n != 0 {
		t.Errorf("%d went over a stream", n)
	}
}

// TestUpdateStreamLost: when a stream is lost the bus takes over, until there is another.
func TestUpdateStreamLost(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOf(b)})
	for range 5 {
		untilDirect(t, a, "b")
		b.listener.mu.Lock()
		for conn := range b.listener.conns {
			conn.Close()
		}
		b.listener.mu.Unlock()
		direct := a.Stats().Direct
		until(t, "an update goes over the bus", func() bool {
			sent := a.Stats()
			return a.Send("b", []byte("x"), Update) == nil && a.Stats().Direct == sent.Direct
		})
		had := box.len()
		until(t, "updates arrive", func() bool { return a.Send("b", []byte("x"), Update) == nil && box.len() > had })
		if a.Stats().Direct < direct {
			t.Fatal("counts backwards")
		}
	}
}

// TestUpdateStreamStoppedReceiver: a receiver that takes nothing costs the sender a bounded queue; then updates are refused.
func TestUpdateStreamStoppedReceiver(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOf(b)})
	untilDirect(t, a, "b")
	until(t, "what went before has arrived", func() bool { return box.len() == int(a.Stats().Sent) })
	open := box.stop()
	defer open()
	frame := pattern(100<<10, 1)
	taken, full := 0, time.Time{}
	for full.IsZero() {
		switch err := a.Send("b", frame, Update); {
		case err == nil:
			taken++
		case errors.Is(err, ErrFull):
			full = time.Now()
		default:
			t.Fatal(err)
		}
		if taken*len(frame) > 8*queueBytesMax {
			t.Fatalf("%d frames were taken over", taken)
		}
		runtime.Gosched()
	}
	open()
	until(t, "it goes on", func() bool { return a.Send("b", []byte("x"), Update) == nil })
}
