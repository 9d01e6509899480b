package daemon

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"net"

	"github.com/nats-io/nats.go"

	"libckpt/internal/config"
	"libckpt/nodedirector/carrier"
)

// Links is what a node director's carrier needs to talk to those of other nodes.
type Links struct {
	Control, Update *nats.Conn // closed with the Bus
	PeerListen      string
	Token           []byte
	TLS             *tls.Config // nil = none
}

// Links connects node k (from 1) of the process. It waits for the server until ctx ends.
func (b *Bus) Links(ctx context.Context, c *config.Config, k int) (*Links, error) {
	l := new(Links)
	name := nodeName(c.Node, k)
	var err error
	if l.Control, err = b.connectControl(ctx, "ckptnd "+name+" control"); err != nil {
		return nil, err
	}
	if l.Update, err = b.connectDirect(ctx, "ckptnd "+name+" update"); err != nil {
		return nil, err
	}
	source, err := certificates(c)
	if err != nil {
		return nil, err
	}
	if source != nil {
		l.TLS = source.Config("")
	}
	if l.Token, err = b.token(c); err != nil {
		return nil, err
	}
	l.PeerListen = b.peerListen(c, k, l.Control)
	return l, nil
}

// token is what nodes of the cluster know in common: derived from its secret, or from what stands for one. nil = nothing.
func (b *Bus) token(c *config.Config) ([]byte, error) {
	secret, err := readPassword(c.ClusterSecretFile)
	switch {
	case err != nil:
		return nil, err
	case secret != "":
	case b.server == nil:
		secret = b.connect.Password
	case b.server.RouteAddress() == "": // all nodes are in this process
		secret = b.connect.Password
	}
	if secret == "" {
		return nil, nil
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("ckpt stream\n" + c.Cluster))
	return m.Sum(nil), nil
}

// peerListen is where node k takes streams.
func (b *Bus) peerListen(c *config.Config, k int, nc *nats.Conn) string {
	if c.PeerListen != "" && k == 1 {
		return c.PeerListen
	}
	candidates := []string{c.PeerListen, c.RouteListen, routeAddress(&config.Config{Node: c.Node, Routes: c.Routes}), c.Listen}
	if b.server == nil {
		candidates = []string{c.PeerListen}
		if ip, err := nc.GetClientIP(); err == nil && local(ip) {
			candidates = append(candidates, net.JoinHostPort(ip.String(), "0"))
		}
	}
	for _, address := range candidates {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err == nil && (ip == nil || !ip.IsUnspecified()) {
			return net.JoinHostPort(host, "0")
		}
	}
	b.log.Warn("updates and copies of replicas go over the bus, which is slow: configure peer-listen with this node's address",
		"node", nodeName(c.Node, k))
	return carrier.NoStreams
}

// local reports whether an address is one of this host.
func local(ip net.IP) bool {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}
