package cluster

import (
	"fmt"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// peer is a program of tests/clovis on a host, which uses the OpenClovis API as it is told (see its peer.c).
type peer struct {
	t       *testing.T
	host    *testcluster.Host
	program *testcluster.Program
	events  int // that it must have been told of
}

func startPeer(t *testing.T, h *testcluster.Host) *peer {
	t.Helper()
	p := &peer{t: t, host: h, program: h.Run(nil, "tests/clovis-sdk", "--peer", "sdk")}
	p.expect("0", "start")
	return p
}

// do has the peer make a call, which must give want.
func (p *peer) do(want, format string, args ...any) {
	p.t.Helper()
	if err := p.program.Say(format, args...); err != nil {
		p.t.Fatalf("peer on %s: %v", p.host.Name, err)
	}
	p.expect(want, fmt.Sprintf(format, args...))
}

func (p *peer) expect(want, command string) {
	p.t.Helper()
	select {
	case got, open := <-p.program.Lines:
		if !open || got != want {
			p.t.Fatalf("peer on %s: %s gave %q, want %q", p.host.Name, command, got, want)
		}
	case <-time.After(answerMax):
		p.t.Fatalf("peer on %s: %s gave nothing within %v", p.host.Name, command, answerMax)
	}
}

// told waits until the peer has been told once more, with data; "" also stands for a section that is gone.
func (p *peer) told(data string) {
	p.t.Helper()
	p.events++
	p.do("0", "told %d %s", p.events, data)
}

// Immediate consumption on several hosts: each host tells of each update made elsewhere, once, with its data; a read there
// then gives it. The expiry of a section is told everywhere, once, also when the active replica's node director dies before
// the time has come.
func TestConsumption(t *testing.T) {
	t.Parallel()
	onBoth(t, fast(testcluster.HostsOptions{Directors: 3, Hosts: 4}), func(t *testing.T, c *testcluster.Hosts) {
		for _, flags := range []int{allReplicas, activeReplica} { // of four hosts one has no replica
			t.Run(fmt.Sprint("flags ", flags), func(t *testing.T) {
				var peers []*peer
				name := fmt.Sprint("consumed", flags)
				for i, h := range c.All() {
					p := startPeer(t, h)
					if i == 0 {
						p.do("0", "create 0 7 %d %s", flags, name)
						p.do("0", "section 0 a %d data", int64(1<<63-1))
					} else {
						p.do("0", "open 0 3 %s", name)
					}
					p.do("0", "consume 0")
					peers = append(peers, p)
				}
				awaitReplicas(t, c.Host(1), name, 2)
				for round := range 3 {
					for _, writer := range peers {
						data := fmt.Sprintf("%d-by-%s", round, writer.host.Name)
						writer.do("0", "overwrite 0 a %s", data)
						for _, p := range peers {
							if p != writer {
								p.told(data)
							}
							p.do("0", "expect 0 a %s", data)
						}
					}
				}
				peers[1].do("0", "section 0 b %d data", time.Now().Add(3*time.Second).UnixNano())
				// Who has been told of this has not missed the creation: what is missed when the active dies is told of as
				// whole sections, to who made them too.
				peers[0].do("0", "overwrite 0 a last")
				for _, p := range peers[1:] {
					p.told("last")
				}
				if flags == allReplicas {
					c.Host(1).Kill(testcluster.Node)
					c.Host(1).Start()
					c.Host(1).AwaitReady()
				}
				for _, p := range peers {
					p.told("")
				}
				time.Sleep(time.Second) // what must not happen in this time: that one is told again
				for _, p := range peers {
					p.do(fmt.Sprint(p.events), "events")
				}
				for _, p := range peers {
					p.program.Kill()
				}
			})
		}
	})
}
