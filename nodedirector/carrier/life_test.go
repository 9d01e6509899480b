package carrier

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/internal/bus"
	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
	"libckpt/internal/wire"
)

// TestNothingRemains makes and closes carriers that talk: goroutines and descriptors end with them.
func TestNothingRemains(t *testing.T) {
	s := startBus(t)
	control, update := s.connect(t, true), s.connect(t, true)
	cycle := func() {
		var boxes [2]inbox
		var nodes [2]*Carrier
		for i, name := range []string{"a", "b"} {
			c, err := New(Options{Cluster: "x", Node: name, Incarnation: 1, Control: control, Update: update,
				Receive: boxes[i].receive, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			nodes[i] = c
		}
		nodes[0].SetPeers([]Peer{peerOf(nodes[1])})
		for _, class := range []Class{Control, Update, Bulk} {
			if err := nodes[0].Send("b", pattern(pieceBytesMax+1, 1), class); err != nil {
				t.Fatal(err)
			}
		}
		boxes[1].await(t, 3)
		for _, c := range nodes {
			c.Close()
			c.Close()
		}
		if err := nodes[0].Send("b", nil, Bulk); !errors.Is(err, ErrClosed) && !errors.Is(err, ErrUnknownPeer) {
			t.Errorf("after Close: %v", err)
		}
	}
	descriptors := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	cycle()
	goroutines, open := runtime.NumGoroutine(), descriptors()
	for range 20 {
		cycle()
	}
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	until(t, "descriptors are closed", func() bool { return descriptors() <= open })
}

// TestCloseWaitsForReceive: nothing is received once Close has returned.
func TestCloseWaitsForReceive(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	for _, class := range []Class{Control, Update, Bulk} {
		var mu sync.Mutex
		closed, late := false, false
		entered := make(chan struct{}, 1000)
		b, _ := s.node(t, "b", func(o *Options) {
			o.Receive = func(string, uint64, []byte) {
				entered <- struct{}{}
				time.Sleep(time.Millisecond) // so that Close finds it running
				mu.Lock()
				defer mu.Unlock()
				late = late || closed
			}
		})
		a.SetPeers([]Peer{peerOf(b)})
		for range 100 {
			_ = a.Send("b", []byte("x"), class)
		}
		<-entered
		b.Close()
		mu.Lock()
		closed = true
		mu.Unlock()
		a.SetPeers(nil)
		if late {
			t.Error(class, "received after Close")
		}
	}
}

// TestNodesSendToEachOtherAtOnce is for the race detector.
func TestNodesSendToEachOtherAtOnce(t *testing.T) {
	s := startBus(t)
	var nodes []*Carrier
	var boxes []*inbox
	var peers []Peer
	for _, name := range []string{"a", "b", "c"} {
		c, box := s.node(t, name, nil)
		nodes, boxes, peers = append(nodes, c), append(boxes, box), append(peers, peerOf(c))
	}
	const each = 50
	var wait sync.WaitGroup
	for _, c := range nodes {
		c.SetPeers(peers)
		for _, class := range []Class{Control, Update, Bulk} {
			for range 2 {
				wait.Go(func() {
					for i := range each {
						for _, p := range peers {
							if p.Name == c.o.Node {
								continue
							}
							if err := c.Send(p.Name, pattern(i*i*10, byte(i)), class); err != nil {
								t.Error(err)
							}
						}
						c.Stats()
					}
				})
			}
		}
	}
	wait.Wait()
	for i, box := range boxes {
		for _, r := range box.await(t, 2*3*2*each) {
			n := len(r.frame)
			i := 0
			for i*i*10 < n {
				i++
			}
			if string(r.frame) != string(pattern(i*i*10, byte(i))) {
				t.Fatal("a frame has changed on its way")
			}
		}
		if s := nodes[i].Stats(); s.Malformed+s.Incomplete+s.Overflowed != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestLostConnection: while there is none, Send says so at once; afterwards frames go again.
func TestLostConnection(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	a.SetPeers([]Peer{peerOnBus(b)})
	for n := 1; n <= 5; n++ {
		if err := a.o.Update.ForceReconnect(); err != nil {
			t.Fatal(err)
		}
		had := box.len()
		until(t, "frames arrive again", func() bool { return a.Send("b", pattern(100, 1), Update) == nil && box.len() > had })
	}
	s.Stop()
	until(t, "Send says that there is no connection", func() bool { return a.Send("b", nil, Update) != nil })
	start := time.Now()
	for range 1000 {
		if a.Send("b", pattern(1000, 1), Control) == nil && a.Send("b", pattern(1000, 1), Update) == nil {
			t.Fatal("sent to a server that has stopped")
		}
	}
	if took := time.Since(start); took > patience/2 {
		t.Errorf("that took %v", took)
	}
}

// deaf is a NATS server that reads nothing any more once it is told so.
func deaf(t *testing.T) (url string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var stopped atomic.Bool
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				_, _ = io.WriteString(conn, "INFO {\"server_id\":\"x\",\"version\":\"2.15.0\",\"proto\":1,\"max_payload\":1048576,\"headers\":true}\r\n")
				for r := bufio.NewReaderSize(conn, 16); !stopped.Load(); {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if strings.HasPrefix(line, "PING") {
						_, _ = io.WriteString(conn, "PONG\r\n")
					}
				}
			}()
		}
	}()
	return "nats://" + l.Addr().String(), func() { stopped.Store(true) }
}

// TestFullQueue: a server that reads nothing costs a bounded amount, and Send goes on returning at once.
func TestFullQueue(t *testing.T) {
	url, stop := deaf(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nc, err := bus.Connect(ctx, bus.Options{URLs: []string{url}, Direct: true, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	a, err := New(Options{Cluster: "x", Node: "a", Incarnation: 1, Control: nc, Update: nc,
		Receive: new(inbox).receive, PeerListen: NoStreams, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	stop()
	a.SetPeers([]Peer{{Name: "b", Incarnation: 1}})
	frame := pattern(1<<20, 1)
	taken, full := 0, 0
	for range 200 {
		switch err := a.Send("b", frame, Update); {
		case err == nil:
			taken++
		case errors.Is(err, ErrFull):
			full++
		default:
			t.Fatal(err)
		}
	}
	const kernel = 16 // MiB, what sockets may hold
	if n := a.Stats(); taken > queueBytesMax>>20+1+kernel || n.Refused != uint64(full) || n.Sent != uint64(taken) {
		t.Errorf("%d MiB were taken: %+v", taken, n)
	}
}

// TestSlowReceiver: what comes over NATS while Receive does not return is dropped beyond a bound, and counted; whole frames
// arrive afterwards.
func TestSlowReceiver(t *testing.T) {
	s := startBus(t)
	a, _ := s.node(t, "a", nil)
	b, box := s.node(t, "b", nil)
	open := box.stop()
	defer open()
	a.SetPeers([]Peer{peerOnBus(b)})
	frame := pattern(1<<20, 1)
	for sent := 0; sent < 2*pendingMemMax/len(frame); {
		if err := a.Send("b", frame, Update); err == nil {
			sent++
		} else if !errors.Is(err, ErrFull) {
			t.Fatal(err)
		} else {
			time.Sleep(time.Millisecond) // the server is slower
		}
	}
	until(t, "some are dropped", func() bool { return b.Stats().Overflowed > 0 })
	if err := a.Send("b", []byte("beat"), Control); err != nil { // is not held up
		t.Fatal(err)
	}
	box.await(t, 2)
	open()
	until(t, "frames arrive again", func() bool {
		had := box.len()
		return a.Send("b", frame, Update) == nil && box.len() > had
	})
	for _, r := range box.await(t, 3) {
		if string(r.frame) != string(frame) && string(r.frame) != "beat" {
			t.Fatal("a frame that was not sent")
		}
	}
}

func TestMessagesThatCantBeReadAreCounted(t *testing.T) {
	s := startBus(t)
	log := new(lines)
	b, box := s.node(t, "b", func(o *Options) { o.Logger = log.logger() })
	nc := s.connect(t, false)
	subject := wire.SubjectIncarnation("x", "b", 7, "update")
	for _, m := range []string{"", "\x01", "\x02of the future", "\x02once more", strings.Repeat("\x01", 100)} {
		if err := nc.Publish(subject, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all are counted", func() bool { return b.Stats().Malformed == 5 })
	if n := strings.Count(log.String(), "version 2, this release speaks 1"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	if box.len() != 0 {
		t.Error("something was received")
	}
}

// TestStreamsWithTLS: certificates of another authority are refused, on both sides.
func TestStreamsWithTLS(t *testing.T) {
	s := startBus(t)
	ours, theirs := certificatetest.New(t), certificatetest.New(t)
	with := func(f certificate.Files) func(*Options) {
		source, err := certificate.Load(f)
		if err != nil {
			t.Fatal(err)
		}
		return func(o *Options) { o.TLS = source.Config("") }
	}
	b, box := s.node(t, "b", with(ours.Files("b")))
	a, _ := s.node(t, "a", with(ours.Files("a")))
	a.SetPeers([]Peer{peerOnBus(b)})
	frame := pattern(3*bulkWindow, 1)
	sendAll(t, a, "b", frame)
	if r := box.await(t, 1); string(r[0].frame) != string(frame) {
		t.Error("another frame")
	}
	for i, change := range []func(*Options){with(theirs.Files("c")), nil} {
		c, _ := s.node(t, "c", change)
		c.SetPeers([]Peer{peerOf(b)})
		sendAll(t, c, "b", []byte("x"))
		until(t, "it is refused", func() bool { return b.Stats().Strangers == uint64(i+1) })
		c.Close()
	}
	if box.len() != 1 {
		t.Error("a stranger's frame arrived")
	}
}

// TestCloseDuringGreeting closes a carrier while a peer has not answered its greeting: Close does not wait for that peer.
func TestCloseDuringGreeting(t *testing.T) {
	s := startBus(t)
	authority := certificatetest.New(t)
	source, err := certificate.Load(authority.Files("a"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", source.Config(""))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	greeted := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer conn.Close()
			r := bufio.NewReader(conn)
			_, err = r.ReadString('\n')
			greeted <- err
			_, _ = r.ReadString('\n') // until a closes it
			return
		}
		greeted <- err
	}()
	a, _ := s.node(t, "a", func(o *Options) { o.TLS = source.Config("") })
	a.SetPeers([]Peer{{"b", 7, l.Addr().String()}})
	sendAll(t, a, "b", []byte("x"))
	if err := <-greeted; err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	a.Close()
	if took := time.Since(start); took > greetingTimeout/2 {
		t.Errorf("Close took %v", took)
	}
}
