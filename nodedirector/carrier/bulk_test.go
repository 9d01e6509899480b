package carrier

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// sendAll sends a frame again until the stream takes it.
func sendAll(t testing.TB, c *Carrier, to string, frame []byte) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := c.Send(to, frame, Bulk)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrFull) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func TestBulkKeepsOrder(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOf(b)})
	const frames = 2000
	for i := range frames {
		n := i % 7
		switch {
		case i%100 == 0:
			n = bulkWindow + i // more than is granted at once
		case i%5 == 0:
			n = bulkAsideBytes + i*977 // dealt with while the next is read
		}
		sendAll(t, a, "b", binary.BigEndian.AppendUint32(make([]byte, n), uint32(i)))
	}
	for i, r := range box.await(t, frames) {
		if got := binary.BigEndian.Uint32(r.frame[len(r.frame)-4:]); got != uint32(i) {
			t.Fatalf("frame %d came as number %d", got, i)
		}
	}
}

// TestBulkInParts: the data of a frame is released once, when it was written or the stream is no more, and not with an error.
func TestBulkInParts(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	stopped, _ := s.node(t, "stopped", nil)
	bus, busBox := s.node(t, "bus", func(o *Options) { o.PeerListen = NoStreams })
	a.SetPeers([]Peer{peerOf(b), peerOf(bus), peerOf(stopped)})
	head, data := pattern(100, 1), pattern(bulkReadBytes+1, 2)
	var released atomic.Int32
	for _, to := range []string{"b", "bus"} {
		released.Store(0)
		if err := a.SendBulk(to, head, data, func() { released.Add(1) }); err != nil {
			t.Fatal(to, err)
		}
		until(t, "it is released", func() bool { return released.Load() == 1 })
	}
	for _, box := range []*inbox{box, busBox} {
		if r := box.await(t, 1); !bytes.Equal(r[0].frame, slices.Concat(head, data)) {
			t.Errorf("%d bytes", len(r[0].frame))
		}
	}

	released.Store(0)
	stopped.Close()
	taken := int32(0)
	until(t, "the stream is given up", func() bool {
		err := a.SendBulk("stopped", head, data, func() { released.Add(1) })
		if err == nil {
			taken++
		}
		return errors.Is(err, ErrNotConnected)
	})
	until(t, "all is released", func() bool { return released.Load() == taken })
	if err := a.SendBulk("nobody", head, data, func() { released.Add(1) }); !errors.Is(err, ErrUnknownPeer) {
		t.Error(err)
	}
	a.Close()
	if n := released.Load(); n != taken {
		t.Errorf("%d released, %d taken", n, taken)
	}
}

// TestBulkThatComesInBits: however the bytes of a frame come in, the frame arrives, also when nothing follows.
func TestBulkThatComesInBits(t *testing.T) {
	s := startBus(t)
	b, box := s.node(t, "b", nil)
	conn := hostile(t, b, 7)
	const n = 2*bulkReadBytes + 12345
	stream := append(binary.BigEndian.AppendUint32(nil, n), pattern(n, 3)...)
	cuts := []int{1, frameHead, frameHead + 1, 70 << 10, bulkReadBytes - 1, bulkReadBytes + frameHead, bulkReadBytes + 1<<10, n - 1}
	for i, cut := range cuts {
		for _, part := range [][]byte{stream[:cut], stream[cut:]} {
			if _, err := conn.Write(part); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // for the parts to come one by one, mostly
		}
		if r := box.await(t, i+1); !bytes.Equal(r[i].frame, stream[frameHead:]) {
			t.Fatalf("cut at %d: another frame", cut)
		}
	}
}

// TestStoppedReceiver: a receiver that takes nothing costs the sender its queue and no more, and nothing is lost of what the
// sender was told had been taken over.
func TestStoppedReceiver(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	open := box.stop()
	defer open()
	a.SetPeers([]Peer{peerOf(b)})
	frame := pattern(100<<10, 1)
	taken, idle := 0, time.Now()
	for time.Since(idle) < 50*time.Millisecond { // long after it is full
		switch err := a.Send("b", frame, Bulk); {
		case err == nil:
			taken, idle = taken+1, time.Now()
		case !errors.Is(err, ErrFull):
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	if most := (bulkQueueBytes + 3*bulkWindow) / len(frame); taken > most {
		t.Errorf("%d frames were taken over, at most %d should fit", taken, most)
	}
	open()
	box.await(t, taken)
}

func TestStreamIsOpenedAgain(t *testing.T) {
	s := startBus(t)
	var lost atomic.Int32
	a, _ := s.node(t, "a", func(o *Options) { o.Lost = func(string) { lost.Add(1) } })
	b, box := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOf(b)})
	sendAll(t, a, "b", []byte("1"))
	box.await(t, 1)
	b.listener.mu.Lock()
	for conn := range b.listener.conns {
		conn.Close()
	}
	b.listener.mu.Unlock()
	until(t, "the sender is told", func() bool { return lost.Load() == 1 })
	until(t, "frames go again", func() bool { return a.Send("b", []byte("2"), Bulk) == nil })
	if r := box.await(t, 2); string(r[1].frame) != "2" {
		t.Errorf("%q", r[1].frame)
	}
	b.Close()
	until(t, "the sender is told again", func() bool { return lost.Load() >= 2 })
}

func TestPeerThatMovesGetsANewStream(t *testing.T) {
	s := startBus(t)
	var lost atomic.Int32
	a, _ := s.node(t, "a", func(o *Options) { o.Lost = func(string) { lost.Add(1) } })
	old, first := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOf(old)})
	sendAll(t, a, "b", []byte("old"))
	first.await(t, 1)
	young, second := s.node(t, "b", func(o *Options) { o.Incarnation = 8 })
	a.SetPeers([]Peer{peerOf(young)})
	sendAll(t, a, "b", []byte("young"))
	if r := second.await(t, 1); string(r[0].frame) != "young" {
		t.Errorf("%q", r[0].frame)
	}
	if lost.Load() != 0 {
		t.Error("told of what it did itself")
	}
	a.SetPeers([]Peer{{"b", 9, young.Address()}}) // young is not who a takes it for
	sendAll(t, a, "b", []byte("nobody"))
	until(t, "it is refused", func() bool { return young.Stats().Strangers == 1 && lost.Load() == 1 })
}

// TestStrangersAreRefused connects as everybody that is not a node of the cluster.
func TestStrangersAreRefused(t *testing.T) {
	s := startBus(t)
	log := new(lines)
	b, box := s.node(t, "b", func(o *Options) { o.Logger = log.logger() })
	for i, c := range []struct {
		name, want string
		change     func(*Options)
	}{
		{"another token", "does not know this cluster's secret", func(o *Options) { o.Token = []byte("guess") }},
		{"no token", "does not know this cluster's secret", func(o *Options) { o.Token = nil }},
		{"another cluster", "node a is of cluster y, this one of cluster x", func(o *Options) { o.Cluster = "y" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			mine := new(lines)
			a, _ := s.node(t, "a", func(o *Options) { c.change(o); o.Logger = mine.logger() })
			a.SetPeers([]Peer{peerOf(b)})
			sendAll(t, a, "b", []byte("x"))
			until(t, "it is told why", func() bool { return strings.Contains(mine.String(), c.want) })
			a.Close()
			until(t, "it is counted", func() bool { return b.Stats().Strangers == uint64(i+1) })
		})
	}
	for i, c := range []struct{ says, hears string }{
		{"GET / HTTP/1.1\r\n", "refused it is no node director\n"},
		{"ckpt-stream 2 bulk x a 7 b 7 n\n", "refused it is of version 2, this release speaks 1\n"},
		{"ckpt-stream 1 bulk x a\n", "refused it is no node director\n"},
		{"ckpt-stream 1 bulk x a.b 7 b 7 n\n", "refused it is no node director\n"},
		{strings.Repeat("x", 100<<10) + "\n", ""},
	} {
		conn, err := net.Dial("tcp", b.Address())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, c.says)
		if got, _ := io.ReadAll(conn); c.hears != "" && !strings.HasPrefix(string(got), c.hears) {
			t.Errorf("%.20q hears %q, want %q", c.says, got, c.hears)
		}
		conn.Close()
		until(t, "it is counted", func() bool { return b.Stats().Strangers == uint64(3+i+1) })
	}
	if box.len() != 0 {
		t.Error("a stranger's frame arrived")
	}
	if n := strings.Count(log.String(), "stream refused"); n != 1 {
		t.Errorf("%d lines about strangers", n)
	}
}

// TestBlockedStreamTakesNoFrames: once a stream could not be opened, frames are refused, for another way to be taken, until one
// is open; it is tried again all the time.
func TestBlockedStreamTakesNoFrames(t *testing.T) {
	s := startBus(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var lost atomic.Int32
	a, _ := s.node(t, "a", func(o *Options) { o.Lost = func(string) { lost.Add(1) } })
	a.SetPeers([]Peer{{"b", 7, address}})
	if err := a.Send("b", []byte("x"), Bulk); err != nil {
		t.Fatal(err)
	}
	until(t, "the first attempt fails", func() bool { return lost.Load() == 1 })
	for lost.Load() < 4 {
		if err := a.Send("b", []byte("x"), Bulk); !errors.Is(err, ErrNotConnected) {
			t.Fatalf("a stream that is not open: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
	_, box := s.node(t, "b", func(o *Options) { o.PeerListen = address })
	until(t, "a stream is open", func() bool { return a.Send("b", []byte("y"), Bulk) == nil })
	if r := box.await(t, 1); string(r[0].frame) != "y" {
		t.Errorf("%q", r[0].frame)
	}
}

// TestReplayedProof: what a node once said does not let a stranger in who has heard it.
func TestReplayedProof(t *testing.T) {
	s := startBus(t)
	b, _ := s.node(t, "b", nil)
	g := greeting{version, wayBulk, "x", sender{"a", 7}, sender{"b", 7}, "n"}
	overheard := g.proof([]byte("token"), connecting, "earlier")
	conn, err := net.Dial("tcp", b.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, g.String()+"\n"+overheard+"\n")
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "ok ") {
		t.Fatal(line, err)
	}
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "refused ") {
		t.Fatal(line, err)
	}
}

// hostile is a node of the cluster that does what it likes.
func hostile(t *testing.T, b *Carrier, incarnation uint64) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", b.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	c := &Carrier{o: Options{Cluster: "x", Node: "a", Incarnation: incarnation, Token: []byte("token")}}
	if err := c.introduce(conn, bufio.NewReaderSize(conn, greetingBytes), peerOf(b), wayBulk); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestFrameThatIsTooLongEndsTheStream(t *testing.T) {
	s := startBus(t)
	b, box := s.node(t, "b", func(o *Options) { o.FrameMax = 1000 })
	conn := hostile(t, b, 7)
	_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, 1000), make([]byte, 1000)...))
	box.await(t, 1)
	_, _ = conn.Write(binary.BigEndian.AppendUint32(nil, 1001))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("not closed: %v", err)
	}
}

// TestNewStreamOfANodeEndsItsOld: frames of the old one never come after those of the new.
func TestNewStreamOfANodeEndsItsOld(t *testing.T) {
	s := startBus(t)
	b, box := s.node(t, "b", nil)
	one := func(text string) []byte { return append(binary.BigEndian.AppendUint32(nil, 1), text...) }
	old := hostile(t, b, 7)
	_, _ = old.Write(one("1"))
	box.await(t, 1)
	young := hostile(t, b, 8)
	_, _ = young.Write(one("2"))
	box.await(t, 2)
	_, _ = old.Write(one("3"))
	if _, err := io.Copy(io.Discard, old); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("not closed: %v", err)
	}
	older := hostile(t, b, 7) // is told welcome before it is known to be too late
	if _, err := io.Copy(io.Discard, older); err != nil {
		t.Error(err)
	}
	if n := box.len(); n != 2 {
		t.Errorf("%d frames", n)
	}
	_, _ = young.Write(one("4"))
	box.await(t, 3)
}

// TestGrantsThatShrinkEndTheStream is about a receiver that does not keep its word.
func TestGrantsThatShrinkEndTheStream(t *testing.T) {
	s := &outStream{wake: make(chan struct{}, 1)}
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 10), 9)
	if err := s.readGrants(bytes.NewReader(b)); !errors.Is(err, errGrants) {
		t.Error(err)
	}
	if err := s.readGrants(bytes.NewReader(b[:3])); err == nil {
		t.Error("half a grant")
	}
}
