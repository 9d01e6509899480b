package agent

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libckpt/internal/wire"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func expect(t *testing.T, err error, want Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func TestSlotFreedLastIsUsedNext(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	for range 5 {
		if err := c.Overwrite(f.ctx(), []byte("s"), []byte("data")); err != nil {
			t.Fatal(err)
		}
	}
	var last uint64
	for i, q := range f.sent(func(*frame) bool { return true }) {
		if q.Slot != 0 || q.Number <= last {
			t.Fatalf("request %d: slot %d number %d after number %d", i, q.Slot, q.Number, last)
		}
		last = q.Number
	}
}

func TestUnansweredRequestIsSentAgainUnchanged(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	var n atomic.Int32
	f.onRequest(func(f *fake, q *frame) {
		if n.Add(1) > 1 {
			f.ok(q, nil)
		}
	})
	if err := c.Overwrite(f.ctx(), []byte("s"), []byte("data")); err != nil {
		t.Fatal(err)
	}
	got := f.sent(isOp(wire.OpOverwrite))
	if len(got) < 2 || !bytes.Equal(got[0].bytes, got[1].bytes) {
		t.Fatalf("%d frames, or different ones", len(got))
	}
}

func TestTimeoutWhenItMayHaveBeenDone(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	f.onRequest(func(*fake, *frame) {})
	expect(t, c.Overwrite(within(t, 50*time.Millisecond), []byte("s"), nil), wire.Timeout)
}

func TestTryAgainWhenNobodyListened(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	f.serve(false)
	expect(t, c.Overwrite(within(t, time.Second), []byte("s"), nil), wire.TryAgain)
	// A request whose fate is unknown stays so, even if its later copies went nowhere.
	f.serve(true)
	got := make(chan struct{}, 8)
	f.onRequest(func(*fake, *frame) { got <- struct{}{} })
	done := make(chan error, 1)
	go func() { done <- c.Overwrite(within(t, 1500*time.Millisecond), []byte("u"), nil) }()
	<-got
	f.serve(false)
	expect(t, <-done, wire.Timeout)
	// What ended with TryAgain is not sent later.
	f.serve(true)
	f.onRequest(func(f *fake, q *frame) { f.ok(q, nil) })
	if err := c.Overwrite(f.ctx(), []byte("v"), nil); err != nil {
		t.Fatal(err)
	}
	for _, q := range f.sent(isOp(wire.OpOverwrite)) {
		var u wire.UpdateRequest
		q.body(t, &u)
		if string(u.Elements[0].ID) == "s" {
			t.Fatal("sent after TryAgain")
		}
	}
}

func TestTryAgainWithoutConnection(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	f.disconnect()
	f.eventually("loss noticed", func() bool { return !a.connected() })
	expect(t, c.Overwrite(within(t, 50*time.Millisecond), []byte("s"), nil), wire.TryAgain)
}

func (a *Agent) connected() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phase == up
}

func TestBusyIsSentAgain(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	var n atomic.Int32
	f.onRequest(func(f *fake, q *frame) {
		if n.Add(1) <= 3 {
			f.send(q, &wire.Reply{Error: wire.TryAgain, Busy: true}, nil)
			return
		}
		f.ok(q, nil)
	})
	if err := c.Overwrite(f.ctx(), []byte("s"), nil); err != nil {
		t.Fatal(err)
	}
	f.onRequest(func(f *fake, q *frame) { f.send(q, &wire.Reply{Error: wire.TryAgain, Busy: true}, nil) })
	expect(t, c.Overwrite(within(t, time.Second), []byte("s"), nil), wire.TryAgain)
}

func TestRequestsWaitForASlotInOrder(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	f.onRequest(func(*fake, *frame) {})
	var ended sync.WaitGroup
	start := func(id byte, d time.Duration, want Code) {
		ended.Add(1)
		c.StartOverwrite([]byte{id}, nil, d, func(r *Result) {
			defer ended.Done()
			if r.Code != want {
				t.Errorf("%d: got %v, want %v", id, r.Code, want)
			}
		})
	}
	const waiting = 10
	for i := range wire.SlotsPerSession + waiting {
		start(byte(i), 20*time.Second, wire.OK)
	}
	start(255, 50*time.Millisecond, wire.TryAgain) // never gets a slot
	f.eventually("all slots in use", func() bool { return len(f.sent(isOp(wire.OpOverwrite))) == wire.SlotsPerSession })
	first := f.sent(isOp(wire.OpOverwrite))
	f.eventually("the late one has ended", func() bool {
		c.a.mu.Lock()
		defer c.a.mu.Unlock()
		return len(c.a.waiters) == waiting
	})
	f.onRequest(func(f *fake, q *frame) { f.ok(q, nil) })
	for _, q := range first {
		f.ok(q, nil)
	}
	ended.Wait()
	next := byte(wire.SlotsPerSession)
	for _, q := range f.sent(isOp(wire.OpOverwrite))[wire.SlotsPerSession:] {
		var u wire.UpdateRequest
		q.body(t, &u)
		if id := u.Elements[0].ID[0]; id >= wire.SlotsPerSession {
			if id != next {
				t.Fatalf("%d sent when it was %d's turn", id, next)
			}
			next++
		}
	}
	if next != wire.SlotsPerSession+waiting {
		t.Fatalf("only up to %d sent", next)
	}
}

// collector puts pieces together as a node director does.
type collector struct {
	mu    sync.Mutex
	have  map[uint32][]byte
	whole []byte
}

func (k *collector) take(f *fake, q *frame) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var u wire.UpdateRequest
	data := q.body(f.t, &u)
	if k.have == nil {
		k.have = map[uint32][]byte{}
	}
	k.have[q.Piece] = data
	if len(k.have) < int(q.Pieces) {
		f.send(q, &wire.Reply{Error: wire.OK, Ack: true, Piece: q.Piece}, nil)
		return
	}
	for i := range q.Pieces {
		k.whole = append(k.whole, k.have[i]...)
	}
	k.have = nil
	f.ok(q, nil)
}

func TestLargeWriteGoesInPieces(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	var k collector
	f.onRequest(k.take)
	data := make([]byte, 10*wire.PieceBytesMax+12345)
	for i := range data {
		data[i] = byte(i * 7 / 3)
	}
	_, err := c.Write(f.ctx(), Part{ID: []byte("a"), Data: data[:3<<20]}, Part{ID: []byte("b"), Data: data[3<<20:]})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.whole, data) {
		t.Fatal("other data arrived")
	}
}

func TestPiecesKeepToTheWindow(t *testing.T) {
	f := newFake(t)
	c := f.open(f.dial())
	f.onRequest(func(*fake, *frame) {}) // acknowledges nothing
	c.StartOverwrite([]byte("s"), make([]byte, 8*wire.PieceBytesMax), 20*time.Second, func(*Result) {})
	seen := func() map[uint32]*frame {
		m := map[uint32]*frame{}
		for _, q := range f.sent(isOp(wire.OpOverwrite)) {
			m[q.Piece] = q
		}
		return m
	}
	f.eventually("window used", func() bool { return len(seen()) >= wire.PieceWindow })
	c.a.mu.Lock()
	p := c.a.slots[0].request.pieces
	if p.sent > wire.PieceWindow || len(seen()) > wire.PieceWindow {
		t.Errorf("%d pieces sent without an acknowledgement", len(seen()))
	}
	c.a.mu.Unlock()
	f.send(seen()[1], &wire.Reply{Error: wire.OK, Ack: true, Piece: 1}, nil)
	f.eventually("one more", func() bool { return len(seen()) == wire.PieceWindow+1 })
}

func TestFateOfARequest(t *testing.T) {
	eight := &pieces{state: make([]pieceState, 8)}
	for _, x := range []struct {
		pieces         *pieces
		handed, turned int
		certain        bool
	}{
		{nil, 0, 0, true},
		{nil, 1, 0, false},
		{nil, 1, 1, true},
		{nil, 3, 2, false},
		{eight, 7, 0, true},
		{eight, 8, 0, false},
		{eight, 9, 2, true},
		{&pieces{}, 0, 0, true}, // not yet split
	} {
		r := &request{pieces: x.pieces, handed: x.handed, turned: x.turned}
		if r.certainlyNot() != x.certain {
			t.Errorf("%d handed over, %d turned away: certain %v", x.handed, x.turned, !x.certain)
		}
	}
}

func TestPiecesLostByTheNodeDirectorAreSentAgain(t *testing.T) {
	f := newFake(t)
	a := f.dial()
	c := f.open(a)
	var k collector
	var n atomic.Int32
	f.onRequest(func(f *fake, q *frame) {
		if n.Add(1) == 5 { // it begins anew in the middle: acknowledged pieces are gone
			k.mu.Lock()
			k.have = nil
			k.mu.Unlock()
			go func() {
				f.disconnect()
				f.listen()
			}()
			return
		}
		k.take(f, q)
	})
	data := bytes.Repeat([]byte("0123456789"), wire.PieceBytesMax)
	if err := c.Overwrite(f.ctx(), []byte("s"), data); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(k.whole, data) || len(k.whole) != len(data) {
		t.Fatal("other data arrived")
	}
}

func TestPanicInACompletionHarmsNothing(t *testing.T) {
	f := newFake(t)
	warned := make(chan string, 1)
	a, err := Dial(f.ctx(), Options{RunDir: f.dir, Warn: func(line string) { warned <- line }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	c := f.open(a)
	c.StartOverwrite([]byte("s"), nil, time.Second, func(*Result) { panic("on purpose") })
	<-warned
	if err := c.Overwrite(f.ctx(), []byte("s"), nil); err != nil {
		t.Fatal(err)
	}
}
