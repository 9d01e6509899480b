package daemon

import (
	"errors"
	"fmt"

	"libckpt/internal/bus"
	"libckpt/internal/certificate"
	"libckpt/internal/config"
)

// routes are those that c asks for, from the embedded server to those of other nodes; nil = none.
func routes(c *config.Config) (*bus.Routes, error) {
	if len(c.Routes) == 0 && c.RouteListen == "" {
		return nil, nil
	}
	if len(c.NATS) != 0 {
		return nil, errors.New("routes are between embedded servers: leave out nats, or routes and route-listen")
	}
	r := &bus.Routes{Cluster: c.Cluster, Name: c.Node, Listen: routeAddress(c)}
	if r.Listen == "" {
		return nil, fmt.Errorf("node %s is not in routes: add it, or configure route-listen", c.Node)
	}
	for _, p := range c.Routes {
		r.Peers = append(r.Peers, p.Address)
	}
	var err error
	if r.Secret, err = readPassword(c.ClusterSecretFile); err != nil {
		return nil, err
	}
	source, err := certificates(c)
	if err != nil {
		return nil, err
	}
	if source != nil {
		r.TLS = source.Config("")
	}
	if r.Secret == "" && r.TLS == nil {
		return nil, errors.New("routes let in who shows the cluster's secret or a certificate: configure cluster-secret-file, " +
			"or tls-cert, tls-key and tls-ca, or all of them")
	}
	return r, nil
}

// routeAddress is where the embedded server takes routes; "" = nowhere.
func routeAddress(c *config.Config) string {
	if c.RouteListen != "" {
		return c.RouteListen
	}
	for _, p := range c.Routes {
		if p.Name == c.Node {
			return p.Address
		}
	}
	return ""
}

func certificates(c *config.Config) (*certificate.Source, error) {
	return certificate.Load(certificate.Files{Certificate: c.TLSCert, Key: c.TLSKey, CA: c.TLSCA})
}
