package testcluster

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"libckpt/internal/rundir"
)

// Ports, the same on each host.
const (
	busPort   = 4222
	routePort = 6222
	raftPort  = 7222
)

// Bus is how hosts get at NATS.
type Bus uint8

// The kinds of bus.
const (
	External Bus = iota // a nats-server on each host, joined by routes
	Embedded            // in each node director's process, joined by routes
)

func (b Bus) String() string { return [...]string{"external", "embedded"}[b] }

// HostsOptions says what the hosts are and what runs on them.
type HostsOptions struct {
	Hosts     int // 0 = 3
	Directors int // on the first ones; 0 = 1
	Bus       Bus
	Together  bool // ckpt up where there is a director, instead of ckptnd and ckptd; with Embedded only
	Loopback  bool // no namespaces: each host is an address of the loopback interface. Faults of the network then fail
	// PingsMax is how many times, once a second, an external NATS server asks a silent client before it cuts it off; 0 = 2.
	PingsMax int
	// DirectorSpace is the size of the file system a director's data is on, in bytes; 0 = no limit of its own.
	DirectorSpace int64
	Args          []string // more flags for each daemon
	NodeArgs      []string // more flags for each node director
	DirectorArgs  []string // more flags for each director
}

// Hosts is a cluster of several hosts.
type Hosts struct {
	t       testing.TB
	o       HostsOptions
	dir     string
	network *network // nil with Loopback
	hosts   []*Host
}

// StartHosts starts a cluster of hosts and returns when calls succeed on each. Without Loopback the test is skipped, with
// the reason, where there can't be network namespaces. When the test ends all processes are stopped, and each that had
// not been killed must end with status 0; then everything is removed.
func StartHosts(t testing.TB, o HostsOptions) *Hosts {
	t.Helper()
	if o.Hosts == 0 {
		o.Hosts = 3
	}
	if o.Directors == 0 {
		o.Directors = 1
	}
	if o.PingsMax == 0 {
		o.PingsMax = 2
	}
	if o.Together && o.Bus != Embedded {
		t.Fatal("testcluster: these options do not go together")
	}
	if !o.Loopback {
		NeedNamespaces(t)
	}
	c := &Hosts{t: t, o: o}
	removeStale()
	var err error
	if c.dir, err = os.MkdirTemp(hostsBase(), fmt.Sprintf("%s%d-", stalePrefix, os.Getpid())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.cleanup)
	if err := c.wire(); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.hosts {
		if err := h.plan(); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range c.hosts {
		h.Start()
	}
	for _, h := range c.hosts {
		h.AwaitReady()
	}
	return c
}

// hostsBase is where the directories of hosts are made: on tmpfs if there is one, for replicas belong there.
func hostsBase() string {
	if unix.Access("/dev/shm", unix.W_OK) == nil {
		return "/dev/shm"
	}
	return os.TempDir()
}

// wire makes the hosts and the network between them.
func (c *Hosts) wire() (err error) {
	prefix := "10.211.0."
	if c.o.Loopback {
		// Clusters of several tests at once: each takes addresses of its own.
		prefix = fmt.Sprintf("127.%d.%d.", 1+rand.IntN(250), 1+rand.IntN(250))
	} else if c.network, err = newNetwork(); err != nil {
		return err
	}
	for k := 1; k <= c.o.Hosts; k++ {
		h := &Host{c: c, Name: fmt.Sprintf("n%d", k), Number: k, Address: fmt.Sprintf("%s%d", prefix, k), linked: true}
		h.dir = filepath.Join(c.dir, h.Name)
		if err := os.Mkdir(h.dir, 0o755); err != nil {
			return err
		}
		c.hosts = append(c.hosts, h)
		if c.network != nil {
			if err := c.network.addHost(h.Name, h.Address); err != nil {
				return err
			}
			h.namespace = c.network.namespace(h.Name)
		}
	}
	return nil
}

// Host is host k, from 1.
func (c *Hosts) Host(k int) *Host { return c.hosts[k-1] }

// Directors is how many hosts, the first ones, have a director.
func (c *Hosts) Directors() int { return c.o.Directors }

// Bus is how hosts get at NATS.
func (c *Hosts) Bus() Bus { return c.o.Bus }

// All are all hosts.
func (c *Hosts) All() []*Host { return slices.Clone(c.hosts) }

// Log is what the daemons of all hosts have logged so far.
func (c *Hosts) Log() string {
	var all strings.Builder
	for _, h := range c.hosts {
		all.WriteString(h.Log())
	}
	return all.String()
}

func (c *Hosts) cleanup() {
	for _, h := range c.hosts {
		for _, p := range h.programs {
			p.Kill()
		}
	}
	if c.network != nil {
		if err := c.Heal(); err != nil {
			c.t.Error(err)
		}
	}
	if c.t.Failed() {
		for _, h := range c.hosts {
			for _, p := range h.processes() {
				c.t.Logf("the log of %s of %s ends:\n%s", p.name, h.Name, p.logEnd())
			}
		}
	}
	// Node directors before directors before the bus: each says goodbye to the next.
	for _, part := range []Part{Node, Director, Server} {
		for _, h := range c.hosts {
			if p := h.process(part); p != nil {
				p.signal(syscall.SIGCONT) // it may be paused
				if err := p.stop(); err != nil {
					c.t.Errorf("%s: %v; its log ends:\n%s", h.Name, err, p.logEnd())
				}
			}
		}
	}
	for _, h := range c.hosts {
		if h.mounted {
			if err := run("umount", h.DataDir()); err != nil {
				c.t.Error(err)
			}
		}
	}
	if c.network != nil {
		c.network.remove()
	}
	if err := os.RemoveAll(c.dir); err != nil {
		c.t.Error(err)
	}
}

// RunDir is the run directory of the host's node director.
func (h *Host) RunDir() string { return filepath.Join(h.dir, "run") }

// DataDir is the directory of the host's director and of its copies of replicas.
func (h *Host) DataDir() string { return filepath.Join(h.dir, "data") }

func (h *Host) segmentDir() string { return filepath.Join(h.dir, "segments") }

// Env is the environment of an application on the host.
func (h *Host) Env() []string {
	return append(cleanEnv(), rundir.Variable+"="+h.RunDir(), "LD_LIBRARY_PATH="+filepath.Join(Root(), "build", "lib"))
}
