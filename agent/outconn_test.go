package agent

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// pair is an outConn and its other end.
func pair(t *testing.T) (*outConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dialer{&Agent{options: Options{Warn: func(s string) { t.Error(s) }}}}.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = peer.Close() })
	return c.(*outConn), peer
}

func TestWriteDoesNotWaitForAReader(t *testing.T) {
	c, peer := pair(t)
	block := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	var want bytes.Buffer
	for range 16 { // far more than the sockets hold, and nobody reads
		want.Write(block)
		want.WriteString("end")
		if n, err := c.writev(block, []byte("end")); err != nil || n != len(block)+3 {
			t.Fatal(n, err)
		}
	}
	room := make(chan struct{})
	go func() {
		c.awaitRoom()
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
	c.awaitRoom()
}
