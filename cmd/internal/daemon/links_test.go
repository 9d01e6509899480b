package daemon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
	"libckpt/internal/config"
	"libckpt/nodedirector/carrier"
	"libckpt/tests/freeport"
)

// TestNodesTalk has three processes' buses find each other, and their nodes send to each other every way.
func TestNodesTalk(t *testing.T) {
	authority := certificatetest.New(t)
	for name, files := range map[string]func(node string) certificate.Files{
		"secret": func(string) certificate.Files { return certificate.Files{} },
		"TLS":    authority.Files,
	} {
		t.Run(name, func(t *testing.T) {
			var list []config.Peer
			for k := 1; k <= 3; k++ {
				list = append(list, config.Peer{Name: fmt.Sprint("n", k), Address: freeport.Address(t)})
			}
			secret := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(secret, []byte("the secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := make(chan string, 100)
			var nodes []*carrier.Carrier
			var peers []carrier.Peer
			for _, p := range list {
				f := files(p.Name)
				c := &config.Config{
					RunDir: t.TempDir(), Cluster: "x", Node: p.Name, Routes: list, Listen: "127.0.0.1:0", ClusterSecretFile: secret,
					TLSCert: f.Certificate, TLSKey: f.Key, TLSCA: f.CA,
				}
				n, inc := startLinked(t, c, func(from string, _ uint64, frame []byte) { got <- p.Name + " from " + from + string(frame[:1]) })
				nodes = append(nodes, n)
				peers = append(peers, carrier.Peer{Name: p.Name, Incarnation: inc, Address: n.Address()})
			}
			for i, n := range nodes {
				n.SetPeers(peers)
				for j, p := range peers {
					if i == j {
						continue
					}
					for class, frame := range [][]byte{[]byte("c"), bytes.Repeat([]byte("u"), 2<<20), bytes.Repeat([]byte("b"), 1<<20)} {
						awaitFrame(t, n, p.Name, frame, carrier.Class(class), got, p.Name+" from "+peers[i].Name+string(frame[:1]))
					}
				}
				if s := n.Stats(); s.Strangers != 0 || s.Malformed != 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// awaitFrame sends a frame until it arrives: servers may not have found each other yet.
func awaitFrame(t *testing.T, n *carrier.Carrier, to string, frame []byte, class carrier.Class, got chan string, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		err := n.Send(to, frame, class)
		late := time.After(200 * time.Millisecond)
		for waiting := true; waiting; {
			select {
			case s := <-got:
				if s == want {
					return
				}
			case <-late:
				waiting = false
			}
		}
		if err != nil {
			t.Log(err)
		}
	}
	t.Fatalf("%s did not come", want)
}

func startLinked(t *testing.T, c *config.Config, receive func(string, uint64, []byte)) (*carrier.Carrier, uint64) {
	t.Helper()
	b, err := EmbedBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := b.Links(ctx, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if user := l.Control.Opts.User; user == l.Update.Opts.User {
		t.Errorf("control and updates share the user %s, hence a route", user)
	}
	incarnation := uint64(time.Now().UnixNano())
	n, err := carrier.New(carrier.Options{
		Cluster: c.Cluster, Node: c.Node, Incarnation: incarnation, Control: l.Control, Update: l.Update, Receive: receive,
		PeerListen: l.PeerListen, Token: l.Token, TLS: l.TLS, Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n, incarnation
}

func TestRoutesRefused(t *testing.T) {
	two := []config.Peer{{Name: "a", Address: "127.0.0.1:1"}, {Name: "b", Address: "127.0.0.1:2"}}
	for _, test := range []struct {
		c    config.Config
		want string
	}{
		{config.Config{Node: "c", Routes: two}, "node c is not in routes"},
		{config.Config{Node: "a", Routes: two}, "configure cluster-secret-file"},
		{config.Config{Node: "a", Routes: two, NATS: []string{"nats://h:1"}}, "leave out nats, or routes"},
		{config.Config{Node: "a", Routes: two, ClusterSecretFile: "/nowhere"}, "password"},
	} {
		if _, err := routes(&test.c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	if r, err := routes(new(config.Config)); r != nil || err != nil {
		t.Error(r, err)
	}
}

func TestPeerListen(t *testing.T) {
	two := []config.Peer{{Name: "a", Address: "h1:7001"}, {Name: "b", Address: "h2:7001"}}
	c := &config.Config{RunDir: t.TempDir(), Node: "a", Listen: "127.0.0.1:0"}
	b, err := EmbedBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, test := range []struct {
		c    config.Config
		k    int
		want string
	}{
		{config.Config{PeerListen: "h9:7", Routes: two, Node: "a", Listen: "127.0.0.1:0"}, 1, "h9:7"},
		{config.Config{PeerListen: "h9:7", Routes: two, Node: "a", Listen: "127.0.0.1:0"}, 2, "h9:0"},
		{config.Config{RouteListen: "h3:7", Routes: two, Node: "a", Listen: "127.0.0.1:0"}, 1, "h3:0"},
		{config.Config{RouteListen: "0.0.0.0:7", Routes: two, Node: "b", Listen: "127.0.0.1:0"}, 1, "h2:0"},
		{config.Config{Node: "a", Listen: "127.0.0.1:7"}, 1, "127.0.0.1:0"},
		{config.Config{Node: "a", Listen: "0.0.0.0:7"}, 1, carrier.NoStreams},
	} {
		if got := b.peerListen(&test.c, test.k, nil); got != test.want {
			t.Errorf("%+v: %s, want %s", test.c, got, test.want)
		}
	}
}
