package director

import (
	"math/rand/v2"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// TestMalformed: messages that can't be understood are counted and dropped, and the director goes on.
func TestMalformed(t *testing.T) {
	url := bus(t)
	d, _ := start(t, options(t, url, t.TempDir()))
	p := &peer{t, connect(t, url), "n1", 1}
	p.register()
	good, err := wire.Encode(wire.KindDirector, nil, wire.DirectorRequest{Op: wire.DirectorOpen, Node: "n1", Incarnation: 1}, openRequest("a", 0))
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := wire.Encode(wire.KindDirector, nil, wire.DirectorRequest{Op: 200, Node: "n1", Incarnation: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	action, err := wire.Encode(wire.KindDirector, nil, wire.DirectorRequest{Op: wire.DirectorOperator}, wire.OperatorRequest{Action: 99})
	if err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{nil, {}, {wire.Version}, good[:len(good)/2], unknown, action, append([]byte{wire.Version + 1}, good[1:]...)}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		noise := make([]byte, 2+random.IntN(60))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		bad = append(bad, append([]byte{wire.Version, byte(wire.KindDirector), 0xc1}, noise...))
	}
	for _, b := range bad {
		if err := p.conn.PublishRequest(wire.SubjectDirector("test"), p.conn.NewInbox(), b); err != nil {
			t.Fatal(err)
		}
	}
	p.open("b", time.Minute) // asked after them, so answered after them
	if n := d.dropped.Load(); n != uint64(len(bad)) {
		t.Errorf("%d counted of %d", n, len(bad))
	}
	if list := p.list(); len(list) != 1 || list["b"].Checkpoint == 0 {
		t.Errorf("%v", list)
	}
}
