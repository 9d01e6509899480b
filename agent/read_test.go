package agent

import (
	"bytes"
	"sync/atomic"
	"testing"

	"libckpt/internal/wire"
)

// section answers reads with a section's content; change makes it another one before the n-th answer.
type section struct {
	content []byte
	update  uint64
	answers atomic.Int32
	change  func(n int32, s *section)
	most    uint64 // bytes in one answer
}

func (s *section) answer(f *fake, q *frame) {
	var r wire.ReadRequest
	if q.Op != wire.OpRead {
		f.ok(q, nil)
		return
	}
	q.body(f.t, &r)
	if n := s.answers.Add(1); s.change != nil {
		s.change(n, s)
	}
	size := uint64(len(s.content))
	switch {
	case r.Update != 0 && r.Update != s.update:
		f.send(q, &wire.Reply{Error: wire.FailedOperation}, &wire.ReadReply{Changed: true})
	case r.Offset > size:
		f.send(q, &wire.Reply{Error: wire.InvalidParam}, nil)
	default:
		end := min(r.Offset+min(r.Size, s.most), size)
		f.send(q, &wire.Reply{Error: wire.OK}, &wire.ReadReply{SectionSize: size, Update: s.update}, s.content[r.Offset:end])
	}
}

func TestReadThroughTheService(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	content := make([]byte, 5*wire.PieceBytesMax+777)
	for i := range content {
		content[i] = byte(i * 11 / 7)
	}
	for _, most := range []uint64{wire.PieceBytesMax, 100_000} {
		s := &section{content: content, update: 3, most: most}
		f.onRequest(s.answer)
		buf := make([]byte, len(content)+10)
		n, err := c.Read(f.ctx(), []byte("s"), 5, buf)
		if err != nil || !bytes.Equal(buf[:n], content[5:]) {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	s := &section{content: content[:10], update: 3, most: 1}
	f.onRequest(s.answer)
	if n, err := c.Read(f.ctx(), []byte("s"), 10, make([]byte, 4)); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	_, err := c.Read(f.ctx(), []byte("s"), 11, make([]byte, 4))
	expect(t, err, wire.InvalidParam)
}

func TestReadIsOneStateOfTheSection(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	old, after := bytes.Repeat([]byte("o"), 4*wire.PieceBytesMax), bytes.Repeat([]byte("n"), 3*wire.PieceBytesMax)
	s := &section{content: old, update: 3, most: wire.PieceBytesMax}
	s.change = func(n int32, s *section) {
		if n == 3 {
			s.content, s.update = after, 4
		}
	}
	f.onRequest(s.answer)
	buf := make([]byte, len(old))
	n, err := c.Read(f.ctx(), []byte("s"), 0, buf)
	if err != nil || !bytes.Equal(buf[:n], after) {
		t.Fatalf("%d bytes, %v", n, err)
	}
}
