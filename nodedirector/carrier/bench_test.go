package carrier

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// BenchmarkHop is a frame there and one back: two hops.
func BenchmarkHop(b *testing.B) {
	for _, direct := range []bool{true, false} {
		for _, size := range []int{100, 100 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("direct=%v/%d", direct, size), func(b *testing.B) {
				s := startBus(b)
				back := make(chan struct{}, 1)
				var there *Carrier
				how := func(o *Options) { o.Control, o.Update = s.connect(b, direct), s.connect(b, direct) }
				near, _ := s.node(b, "a", func(o *Options) {
					how(o)
					o.Receive = func(string, uint64, []byte) { back <- struct{}{} }
				})
				there, _ = s.node(b, "b", func(o *Options) {
					how(o)
					o.Receive = func(from string, _ uint64, frame []byte) { _ = there.Send(from, frame[:100], Update) }
				})
				near.SetPeers([]Peer{peerOf(there)})
				there.SetPeers([]Peer{peerOf(near)})
				frame := pattern(size, 1)
				for b.Loop() {
					if err := near.Send("b", frame, Update); err != nil {
						b.Fatal(err)
					}
					<-back
				}
			})
		}
	}
}

const benchFrame = 512 << 10 // a piece of a section

// BenchmarkBulk and BenchmarkPlainCopy move the same amount; one is to take at most 1.5 times as long as the other.
func BenchmarkBulk(b *testing.B) {
	s := startBus(b)
	var got atomic.Int64
	wake := make(chan struct{}, 1)
	there, _ := s.node(b, "b", func(o *Options) {
		o.Receive = func(string, uint64, []byte) {
			got.Add(1)
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	})
	near, _ := s.node(b, "a", nil)
	near.SetPeers([]Peer{peerOf(there)})
	frame := pattern(benchFrame, 1)
	b.SetBytes(benchFrame)
	sent := int64(0)
	for b.Loop() {
		for near.Send("b", frame, Bulk) != nil {
			<-wake
		}
		sent++
	}
	for got.Load() < sent {
		<-wake
	}
}

func BenchmarkPlainCopy(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, benchFrame)
		for {
			if _, err := io.ReadFull(peer, buf); err != nil {
				done <- err
				return
			}
		}
	}()
	frame := pattern(benchFrame, 1)
	b.SetBytes(benchFrame)
	for b.Loop() {
		if _, err := conn.Write(frame); err != nil {
			b.Fatal(err)
		}
	}
	conn.Close()
	if err := <-done; err != io.EOF {
		b.Fatal(err)
	}
}
