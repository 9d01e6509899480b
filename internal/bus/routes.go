package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// Routes says how embedded servers find each other and become one bus.
type Routes struct {
	Cluster string      // name; servers of another one are refused
	Name    string      // of this server, unique in the cluster
	Listen  string      // host:port where the others reach this one, port 0 = any
	Peers   []string    // host:port of others, any number, this one may be among them; more are learnt from those
	Secret  string      // known to all servers of the cluster and nobody else; "" only with TLS
	TLS     *tls.Config // both sides: certificate and both CA pools, ClientAuth; nil = plain TCP
}

// routeUser is the name that goes with the secret.
const routeUser = "ckpt-route"

// apply puts r into the options of a server.
func (r *Routes) apply(o *server.Options) error {
	if r.Secret == "" && r.TLS == nil {
		return errors.New("routes need a secret or TLS: else whoever reaches the address gets all messages")
	}
	tcp, err := net.ResolveTCPAddr("tcp", r.Listen)
	if err != nil {
		return fmt.Errorf("route address %q: %w", r.Listen, err)
	}
	host, port := "0.0.0.0", tcp.Port
	if len(tcp.IP) != 0 {
		host = tcp.IP.String()
	}
	if port == 0 {
		port = server.RANDOM_PORT
	} else if err := free(host, port); err != nil {
		return fmt.Errorf("routes: %w", err)
	}
	o.ServerName = r.Name
	o.Cluster = server.ClusterOpts{
		Name:           r.Cluster,
		Host:           host,
		Port:           port,
		NoAdvertise:    true, // clients stay with their own server
		PoolSize:       1,    // a connection for all messages but those of the control account, which has its own
		PinnedAccounts: []string{controlAccount},
		ConnectRetries: routeRetries,
		Compression:    server.CompressionOpts{Mode: server.CompressionOff},
		PingInterval:   routePing,
		MaxPingsOut:    routePingsOutstanding,
		TLSConfig:      r.TLS,
		TLSTimeout:     routeTimeout.Seconds(),
		AuthTimeout:    2 * routeTimeout.Seconds(),
	}
	if name, _, _ := net.SplitHostPort(r.Listen); tcp.Port != 0 && len(tcp.IP) != 0 && !tcp.IP.IsUnspecified() {
		o.Cluster.Advertise = net.JoinHostPort(name, strconv.Itoa(tcp.Port)) // by the name that is in the certificate
	}
	var user *url.Userinfo
	if r.Secret != "" {
		o.Cluster.Username, o.Cluster.Password = routeUser, r.Secret
		user = url.UserPassword(routeUser, r.Secret)
	}
	for _, p := range r.Peers {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: p, User: user})
	}
	return nil
}

// RouteAddress is where other servers reach this one; "" = nowhere.
func (s *Server) RouteAddress() string {
	a := s.nats.ClusterAddr()
	if a == nil {
		return ""
	}
	return a.String()
}

// Routed is the number of other servers that this one has a connection to.
func (s *Server) Routed() int { return s.nats.NumRemotes() }
