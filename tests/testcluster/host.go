package testcluster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"libckpt/internal/rundir"
)

// Part is one daemon of a host.
type Part uint8

// The parts of a host. With ckpt up Director and Node are one process, with Bus Embedded Server and Node are.
const (
	Server Part = iota + 1 // NATS
	Director
	Node
)

func (p Part) String() string { return [...]string{"", "server", "director", "node director"}[p] }

// Host is one machine of a cluster.
type Host struct {
	Name    string // of the node, too
	Number  int    // from 1
	Address string // without a port

	c         *Hosts
	dir       string
	namespace string     // "" with Loopback
	mounted   bool       // the data directory is a file system of its own
	linked    bool       // the cable is in
	slow      *slowCable // nil: what is sent arrives at once

	server, director, node *process // nil: none, or in another one
	programs               []*Program
}

// plan lays out the host's processes.
func (h *Host) plan() error {
	o := h.c.o
	for _, dir := range []string{h.RunDir(), h.DataDir(), h.segmentDir()} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	directs := h.Number <= o.Directors
	if directs && o.DirectorSpace != 0 {
		size := fmt.Sprintf("size=%d,mode=755", o.DirectorSpace)
		if err := run("mount", "-t", "tmpfs", "-o", size, "ckpt-test", h.DataDir()); err != nil {
			return err
		}
		h.mounted = true
	}
	var bus []string
	if o.Bus == External {
		path := filepath.Join(h.dir, "nats.conf")
		if err := os.WriteFile(path, []byte(h.serverConfig()), 0o600); err != nil {
			return err
		}
		h.server = h.newProcess("nats-server", "tests/nats-server", []string{"-c", path})
		h.server.silent = true
		bus = []string{"--nats", fmt.Sprintf("nats://%s:%d", h.Address, busPort)}
	} else {
		secret := filepath.Join(h.dir, "secret")
		if err := os.WriteFile(secret, []byte("the same on all hosts\n"), 0o600); err != nil {
			return err
		}
		bus = []string{"--listen", h.at(busPort), "--routes", list(h.c.hosts, routePort), "--cluster-secret-file", secret}
	}
	common := join([]string{"--node", h.Name, "--run-dir", h.RunDir(), "--data-dir", h.DataDir()}, o.Args)
	node := join(bus, []string{"--segment-dir", h.segmentDir()}, o.NodeArgs)
	director := o.DirectorArgs
	if o.Directors > 1 {
		director = join([]string{"--directors", list(h.c.hosts[:o.Directors], raftPort)}, director)
	}
	switch {
	case directs && o.Together:
		h.node = h.newProcess("ckpt", "bin/ckpt", join([]string{"up"}, common, node, director))
	case directs:
		h.node = h.newProcess("ckptnd", "bin/ckptnd", join(common, node, []string{"--controller"}))
		if o.Bus == Embedded {
			bus = nil // found through the run directory
		}
		h.director = h.newProcess("ckptd", "bin/ckptd", join(common, bus, director))
	default:
		h.node = h.newProcess("ckptnd", "bin/ckptnd", join(common, node))
	}
	return nil
}

func (h *Host) newProcess(name, path string, args []string) *process {
	return &process{name: name, path: Binary(h.c.t, path), args: args, env: append(cleanEnv(), "GOTRACEBACK=all"),
		logPath: filepath.Join(h.dir, name+".log"), network: h.namespace}
}

func (h *Host) at(port int) string { return net.JoinHostPort(h.Address, fmt.Sprint(port)) }

// others are the route URLs of the other hosts' servers.
func (h *Host) others(port int) string {
	var urls []string
	for _, o := range h.c.hosts {
		if o != h {
			urls = append(urls, "nats://"+o.at(port))
		}
	}
	return strings.Join(urls, ",")
}

// list names hosts with their addresses.
func list(hosts []*Host, port int) string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.Name+"="+h.at(port))
	}
	return strings.Join(all, ",")
}

// serverConfig is that of an external server. It tells its clients of no other: what runs on a host uses the host's own.
func (h *Host) serverConfig() string {
	routes := h.others(routePort)
	return fmt.Sprintf(`listen: "%s"
server_name: %s
ping_interval: "1s"
ping_max: %d
cluster { name: test, listen: "%s", no_advertise: true, routes: [%s] }
`, h.at(busPort), h.Name, h.c.o.PingsMax, h.at(routePort), routes)
}

// process is the one a part is in; nil if the host has no such part, or it is in the process of a part that stands later
// in the list of parts.
func (h *Host) process(part Part) *process {
	switch part {
	case Server:
		return h.server
	case Director:
		return h.director
	}
	return h.node
}

// processes lists them in the order they are started in.
func (h *Host) processes() []*process {
	var list []*process
	for _, p := range []*process{h.server, h.director, h.node} {
		if p != nil {
			list = append(list, p)
		}
	}
	return list
}

// Has reports whether the part is a process of its own on this host.
func (h *Host) Has(part Part) bool { return h.process(part) != nil }

// Running reports whether the process of a part runs.
func (h *Host) Running(part Part) bool { return h.process(part).running() }

// Kill sends SIGKILL to the process of a part and waits for its end.
func (h *Host) Kill(part Part) { h.process(part).kill() }

// Pause sends SIGSTOP to the process of a part, Resume SIGCONT.
func (h *Host) Pause(part Part) { h.process(part).signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (h *Host) Resume(part Part) { h.process(part).signal(syscall.SIGCONT) }

// Stop tells the process of a part to end and fails the test if it does not, or ends with another status than 0.
func (h *Host) Stop(part Part) {
	h.c.t.Helper()
	if err := h.process(part).stop(); err != nil {
		h.c.t.Errorf("%s: %v; its log ends:\n%s", h.Name, err, h.process(part).logEnd())
	}
}

// PowerOff kills every process of the host, applications too, and takes its memory away: the replicas are lost. What is
// on disk stays.
func (h *Host) PowerOff() {
	h.c.t.Helper()
	for _, p := range h.programs {
		p.Kill()
	}
	for _, p := range h.processes() {
		p.kill()
	}
	for _, dir := range []string{h.RunDir(), h.segmentDir()} {
		if err := os.RemoveAll(dir); err != nil {
			h.c.t.Error(err)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			h.c.t.Error(err)
		}
	}
}

// LoseStore removes what the host's director keeps, which must not run. The node director's own files stay.
func (h *Host) LoseStore() {
	h.c.t.Helper()
	entries, err := os.ReadDir(h.DataDir())
	if err != nil {
		h.c.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == rundir.Copies {
			continue
		}
		if err := os.RemoveAll(filepath.Join(h.DataDir(), e.Name())); err != nil {
			h.c.t.Fatal(err)
		}
	}
}

// Start starts each of the host's daemons that does not run. It does not wait.
func (h *Host) Start() {
	h.c.t.Helper()
	for _, p := range h.processes() {
		if p.running() {
			continue
		}
		if err := p.start(); err != nil {
			h.c.t.Fatal(err)
		}
	}
}

// AwaitReady waits until each of the host's daemons has said that it is ready.
func (h *Host) AwaitReady() {
	h.c.t.Helper()
	for _, p := range h.processes() {
		if err := p.awaitReady(); err != nil {
			h.c.t.Fatalf("%s: %v; its log ends:\n%s", h.Name, err, p.logEnd())
		}
	}
}

// Log is what the host's daemons have logged so far.
func (h *Host) Log() string {
	var all strings.Builder
	for _, p := range h.processes() {
		if b, err := os.ReadFile(p.logPath); err == nil {
			all.Write(b)
		}
	}
	return all.String()
}

// Dial connects to an address as a process on the host does.
func (h *Host) Dial(address string) (net.Conn, error) { return dialIn(h.namespace, address) }

// Bus is the address of the host's NATS server, host:port.
func (h *Host) Bus() string { return h.at(busPort) }
