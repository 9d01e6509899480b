package testcluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Names and addresses of namespaces. Addresses are the same in all networks: nothing leads from one to another.
const (
	stalePrefix  = "ckpt-hosts-" // of namespaces and directories; then the process that made them, and more
	bridgeHost   = "bridge"
	namespaceDir = "/run/netns"
)

var networks atomic.Int32

// network is a bridge in a namespace of its own, and a namespace for each host, joined by veth pairs.
type network struct {
	id    string
	hosts []string // names, those that have a namespace
}

// NeedNamespaces skips the test, with the reason, unless it can have network namespaces with packet filters.
func NeedNamespaces(t testing.TB) {
	t.Helper()
	if why := withoutNamespaces(); why != "" {
		t.Skip("left out: network namespaces: " + why)
	}
}

// withoutNamespaces is why there can be no namespaces; "" = there can. It is found out once.
var withoutNamespaces = sync.OnceValue(func() string {
	if os.Geteuid() != 0 {
		return "needs root"
	}
	for _, tool := range []string{"ip", "tc", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is missing (apt-get install iproute2 iptables)"
		}
	}
	n := &network{id: fmt.Sprintf("%s%d-probe", stalePrefix, os.Getpid())}
	defer n.remove()
	if err := n.addNamespace("x"); err != nil {
		return err.Error()
	}
	drop := []string{"-A", "INPUT", "-m", "statistic", "--mode", "random", "--probability", "0.5", "-j", "DROP"}
	if err := n.filter("x", drop...); err != nil {
		return err.Error()
	}
	return ""
})

// newNetwork makes the network with no host.
func newNetwork() (*network, error) {
	n := &network{id: fmt.Sprintf("%s%d-%d", stalePrefix, os.Getpid(), networks.Add(1))}
	if err := n.addNamespace(bridgeHost); err != nil {
		return nil, err
	}
	return n, inOrder(
		[]string{"-n", n.namespace(bridgeHost), "link", "add", "br0", "type", "bridge"},
		[]string{"-n", n.namespace(bridgeHost), "link", "set", "br0", "up"})
}

func (n *network) namespace(host string) string { return n.id + "-" + host }

func (n *network) addNamespace(host string) error {
	if err := run("ip", "netns", "add", n.namespace(host)); err != nil {
		return err
	}
	n.hosts = append(n.hosts, host)
	return run("ip", "-n", n.namespace(host), "link", "set", "lo", "up")
}

// addHost joins a new namespace to the bridge; its end of the cable is eth0, the bridge's has the name of the host.
func (n *network) addHost(host, address string) error {
	if err := n.addNamespace(host); err != nil {
		return err
	}
	own, bridge := n.namespace(host), n.namespace(bridgeHost)
	return inOrder(
		[]string{"link", "add", "eth0", "netns", own, "type", "veth", "peer", "name", host, "netns", bridge},
		[]string{"-n", own, "addr", "add", address + "/24", "dev", "eth0"},
		[]string{"-n", own, "link", "set", "eth0", "up"},
		[]string{"-n", bridge, "link", "set", host, "master", "br0", "up"})
}

// remove removes all namespaces; processes in them must have ended.
func (n *network) remove() {
	for _, h := range n.hosts {
		_ = run("ip", "netns", "del", n.namespace(h)) // the next run removes what is left
	}
}

// removeStale removes what test processes that were killed have left behind: namespaces, mounts and directories.
func removeStale() {
	for _, name := range stale(namespaceDir) {
		_ = run("ip", "netns", "del", name) // another test process may have been first
	}
	for _, name := range stale(hostsBase()) {
		dir := filepath.Join(hostsBase(), name)
		data, _ := filepath.Glob(filepath.Join(dir, "*", "data")) // its only error is a pattern that is none
		for _, d := range data {
			_ = syscall.Unmount(d, 0) // most are no mounts
		}
		_ = os.RemoveAll(dir)
	}
}

// stale lists what processes that are gone have left in a directory.
func stale(dir string) (names []string) {
	left, _ := filepath.Glob(filepath.Join(dir, stalePrefix+"*"))
	for _, path := range left {
		name := filepath.Base(path)
		pid, err := strconv.Atoi(strings.SplitN(strings.TrimPrefix(name, stalePrefix), "-", 2)[0])
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			names = append(names, name)
		}
	}
	return names
}

// filter changes the packet filter of a host.
func (n *network) filter(host string, args ...string) error {
	return run("ip", append([]string{"netns", "exec", n.namespace(host), "iptables", "-w"}, args...)...)
}

func inOrder(commands ...[]string) error {
	for _, c := range commands {
		if err := run("ip", c...); err != nil {
			return err
		}
	}
	return nil
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// enter moves the calling thread into a namespace; "" = leaves it where it is. The goroutine must be locked to the thread
// and must end without unlocking it.
func enter(namespace string) error {
	if namespace == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(namespaceDir, namespace))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return nil
}

// dialIn connects from within a namespace; "" = from the test's own.
func dialIn(namespace, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		if namespace == "" {
			defer runtime.UnlockOSThread()
		}
		var r result
		if r.err = enter(namespace); r.err == nil {
			// One address, no name to look up: the socket is made on this thread.
			r.conn, r.err = net.DialTimeout("tcp", address, dialTimeout)
		}
		done <- r
	}()
	r := <-done
	return r.conn, r.err
}
