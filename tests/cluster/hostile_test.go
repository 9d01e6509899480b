package cluster

import (
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/tests/testcluster"
)

// dialer lets a NATS client connect as from a host.
type dialer struct{ host *testcluster.Host }

func (d dialer) Dial(_, address string) (net.Conn, error) { return d.host.Dial(address) }

// Whatever comes on any subject that is in use is dropped and counted; the service goes on.
func TestMalformed(t *testing.T) {
	c := testcluster.StartHosts(t, testcluster.HostsOptions{})
	l := startLoad(t, c, "malformed")
	nc, err := nats.Connect("nats://"+c.Host(3).Bus(), nats.SetCustomDialer(dialer{c.Host(3)}))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	// What is in use is seen on the bus.
	var mu sync.Mutex
	seen := make(map[string][]byte) // by subject, one message of each
	_, err = nc.Subscribe("ckpt.>", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		if len(seen) < subjectsMax {
			seen[m.Subject] = m.Data
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	late := startClient(t, c.All()[0], 1)
	late.open(0, "seen", allReplicas, 0) // so that directors are asked something, too
	counted := make(map[string]uint64)   // messages dropped, by kind: the third part of the subject, see docs/configuration.md
	kinds := make(map[string]int)
	l.during(time.Second, func() error {
		l.awaitCalls(callsAround)
		mu.Lock()
		messages := make(map[string][]byte, len(seen))
		for subject, data := range seen {
			messages[subject] = data
			kinds[strings.Split(subject, ".")[2]]++
		}
		mu.Unlock()
		t.Logf("subjects by kind: %v", kinds)
		for kind := range kinds {
			before := malformed(t, c)
			for subject, data := range messages {
				if strings.Split(subject, ".")[2] != kind {
					continue
				}
				for _, m := range hostile(data) {
					if err := nc.PublishRequest(subject, nats.NewInbox(), m); err != nil {
						return err
					}
				}
			}
			if err := nc.Flush(); err != nil {
				return err
			}
			if slices.Contains(toNodes, kind) {
				await(t, "node directors count what comes on ckpt.*."+kind, func() bool { return malformed(t, c) > before })
			}
			counted[kind] = malformed(t, c) - before
		}
		return nil
	}, func() error { return nil })
	for _, kind := range append([]string{"d", "r"}, toNodes...) {
		if kinds[kind] == 0 {
			t.Errorf("no subject ckpt.*.%s has been seen", kind)
		}
	}
	await(t, "the director tells what it drops", func() bool {
		return strings.Contains(c.Host(1).Log(), "message to the director dropped")
	})
	for _, theirs := range []string{"message to the director dropped", "message dropped", "messages of another release"} {
		line := named(c.Log(), theirs)
		if !strings.Contains(line, "version 9, this release speaks 1") {
			t.Errorf("no line %q names the version that came and the one that is spoken", theirs)
		}
	}
	t.Logf("messages counted as malformed, by kind of subject: %v", counted)
	l.finish(new(tally))
	for line := range strings.Lines(c.Log()) {
		if strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "panic:") {
			t.Fatalf("a daemon has panicked:\n%s", c.Log())
		}
	}
}

const subjectsMax = 1000

// toNodes are the kinds of subjects on which node directors get messages.
var toNodes = []string{"n", "p", "changed"}

// named is the line of a log about messages of another release that contains a text; "" = none.
func named(log, text string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) && strings.Contains(line, "this release speaks") {
			return line
		}
	}
	return ""
}

// hostile makes messages that can't be right from one that is: of another release, cut off, and random ones.
func hostile(data []byte) [][]byte {
	future := append([]byte{9}, data[min(1, len(data)):]...)
	list := [][]byte{future, nil, {0}, {0xc1}, []byte("garbage"), make([]byte, 1<<16)}
	for range 20 {
		b := make([]byte, 1+rand.IntN(200))
		for i := range b {
			b[i] = byte(rand.Uint32())
		}
		list = append(list, b)
	}
	for cut := 1; cut < len(data); cut += 1 + len(data)/20 {
		list = append(list, data[:cut])
	}
	return list
}

// malformed is how many messages all node directors have dropped.
func malformed(t testing.TB, c *testcluster.Hosts) (total uint64) {
	t.Helper()
	for _, h := range c.All() {
		total += status(t, h).Malformed
	}
	return total
}
