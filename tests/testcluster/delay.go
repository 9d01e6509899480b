package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// proxy is a toxiproxy-server on the bridge, which the routes between the servers go through: a listener for each pair.
// It is a program of its own, not a Go library, because its dependencies would decide about versions of ours.
type proxy struct {
	c       *Hosts
	process *process
	pairs   []pair
	delayed bool
}

type pair struct {
	Name     string `json:"name"`
	Listen   string `json:"listen"`
	Upstream string `json:"upstream"`
	Enabled  bool   `json:"enabled"`
}

const (
	proxyControlPort = 8474
	proxyFirstPort   = 9000
)

// startProxy starts it. The test is skipped if it has not been built.
func startProxy(c *Hosts) *proxy {
	c.t.Helper()
	path := filepath.Join(Root(), "build", "tests", "toxiproxy-server")
	if _, err := os.Stat(path); err != nil {
		c.t.Skip("left out: delays: build/tests/toxiproxy-server is missing (make tests, with a module proxy)")
	}
	x := &proxy{c: c}
	for _, to := range c.hosts {
		for _, from := range c.hosts[to.Number:] {
			x.pairs = append(x.pairs, pair{
				Name:     from.Name + "-" + to.Name,
				Listen:   fmt.Sprintf("%s:%d", proxyAddress, proxyFirstPort+len(x.pairs)),
				Upstream: to.at(routePort),
				Enabled:  true,
			})
		}
	}
	config := filepath.Join(c.dir, "toxiproxy.json")
	b, err := json.Marshal(x.pairs)
	if err == nil {
		err = os.WriteFile(config, b, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	x.process = &process{name: "toxiproxy-server", path: path, env: cleanEnv(), silent: true,
		network: c.network.namespace(bridgeHost),
		logPath: filepath.Join(c.dir, "toxiproxy.log"),
		args:    []string{"-host", proxyAddress, "-port", fmt.Sprint(proxyControlPort), "-config", config}}
	if err := x.process.start(); err != nil {
		c.t.Fatal(err)
	}
	for end := time.Now().Add(readyTimeout); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := dialIn(x.process.network, x.pairs[len(x.pairs)-1].Listen); err == nil {
			conn.Close()
			return x
		} else if time.Now().After(end) {
			c.t.Fatalf("%v; its log ends:\n%s", err, x.process.logEnd())
		}
	}
}

// routes are the URLs of the routes that a host's server makes: one server of a pair does.
func (x *proxy) routes(h *Host) string {
	var list []string
	for _, p := range x.pairs {
		if strings.HasPrefix(p.Name, h.Name+"-") {
			list = append(list, "nats://"+p.Listen)
		}
	}
	return strings.Join(list, ",")
}

// Delay holds back what the servers send each other, both ways, by a time each; 0 ends that. It needs Proxied.
func (c *Hosts) Delay(by time.Duration) error {
	client := http.Client{Timeout: dialTimeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			return dialIn(c.proxy.process.network, address)
		},
	}}
	for _, p := range c.proxy.pairs {
		for _, stream := range []string{"upstream", "downstream"} {
			base := fmt.Sprintf("http://%s:%d/proxies/%s/toxics", proxyAddress, proxyControlPort, p.Name)
			method, url, body := http.MethodPost, base, fmt.Sprintf(
				`{"name": "%s", "type": "latency", "stream": "%s", "attributes": {"latency": %d}}`, stream, stream, by.Milliseconds())
			if by == 0 {
				method, url, body = http.MethodDelete, base+"/"+stream, ""
			}
			request, err := http.NewRequest(method, url, bytes.NewBufferString(body))
			if err != nil {
				return err
			}
			reply, err := client.Do(request)
			if err != nil {
				return err
			}
			text, err := io.ReadAll(reply.Body)
			reply.Body.Close()
			if err != nil || reply.StatusCode/100 != 2 {
				return fmt.Errorf("toxiproxy: %s %s: %s %s", method, url, reply.Status, text)
			}
		}
	}
	c.proxy.delayed = by != 0
	return nil
}
