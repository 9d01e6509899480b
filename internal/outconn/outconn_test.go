package outconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// pair is an Conn and its other end.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(near.(*net.TCPConn), func(drain func()) { go drain() })
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = peer.Close() })
	return c, peer
}

func TestWriteDoesNotWaitForAReader(t *testing.T) {
	c, peer := pair(t)
	block := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	var want bytes.Buffer
	for range 16 { // far more than the sockets hold, and nobody reads
		want.Write(block)
		want.WriteString("end")
		if err := c.WriteParts(block, []byte("end")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.WriteWithin(1<<20, block); !errors.Is(err, ErrFull) || c.Waiting() <= 1<<20 {
		t.Fatalf("%v with %d bytes waiting", err, c.Waiting())
	}
	room := make(chan struct{})
	go func() {
		c.AwaitRoom(1 << 20)
		close(room)
	}()
	select {
	case <-room:
		t.Fatal("room with 16 MiB waiting")
	case <-time.After(20 * time.Millisecond):
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(peer, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Fatal("the stream was mixed up")
	}
	<-room
}

func TestWriteAfterThePeerHasGone(t *testing.T) {
	c, peer := pair(t)
	_ = peer.Close()
	for end := time.Now().Add(5 * time.Second); ; {
		if _, err := c.Write([]byte("x")); err != nil {
			break // and no SIGPIPE
		}
		if time.Now().After(end) {
			t.Fatal("writes go on succeeding")
		}
	}
	c.AwaitRoom(1 << 20)
}

func TestManyParts(t *testing.T) {
	c, peer := pair(t)
	var want []byte
	var parts [][]byte
	for i := range 3 * partsMax {
		parts = append(parts, []byte{byte(i), byte(i >> 8)})
		want = append(want, parts[i]...)
	}
	if err := c.WriteParts(parts...); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, want) {
		t.Fatal("not all parts arrived in order", err)
	}
}
