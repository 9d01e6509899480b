// Package testcluster runs the real service for tests: the programs under build/bin, as processes, in directories of
// their own. Tests kill and restart those processes; nothing in them is replaced by anything.
package testcluster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/rundir"
)

// Limits of this package.
const (
	readyTimeout = 30 * time.Second // from start to the ready line
	stopTimeout  = 20 * time.Second // from SIGTERM to the end
	logLinesMax  = 40               // shown of a log when a test has failed
	dialTimeout  = 2 * time.Second  // of a connection between hosts
)

// Options says which processes make up the service.
type Options struct {
	Nodes    int      // node directors; 0 = 1. More than one not with Separate
	Separate bool     // ckptnd (with the embedded bus) and ckptd instead of ckpt up
	External bool     // nats-server, ckptd, and one ckptnd for each node, instead of ckpt up
	Args     []string // more flags, for each of ckpt up, ckptnd and ckptd that has them
	NodeArgs []string // more flags for ckpt up and ckptnd
	RunDir   string   // base directory, kept afterwards; "" = one of its own, removed afterwards
	UID      uint32   // user and group of the processes, for tests that run as root; 0 = the test's own
}

// Cluster is a running service.
type Cluster struct {
	t    testing.TB
	o    Options
	root string
	dir  string

	natsURL  string
	all      *process // ckpt up
	bus      *process
	director *process
	nodes    []*process
}

// Start starts the service and returns when calls succeed. When the test ends the service is told to stop and must do so
// with status 0, but for processes that were killed.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.Separate && o.Nodes > 1 {
		t.Fatal("testcluster: Separate goes with one node, use External")
	}
	c := &Cluster{t: t, o: o, root: Root(), dir: o.RunDir}
	if c.dir == "" {
		c.dir = c.makeDir()
	}
	t.Cleanup(c.cleanup)
	c.plan()
	for _, p := range c.processes() {
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
	}
	c.awaitReady(t)
	return c
}

// Root is the project's top directory: the nearest one above the test's package that holds go.mod.
func Root() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic("testcluster: no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// Binary is the path of a program under build/, for example "bin/ckpt". The test fails if it has not been built.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(), "build", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("build/%s is missing: run make", name)
	}
	return path
}

// makeDir makes the base directory, on tmpfs if there is one: replicas belong there.
func (c *Cluster) makeDir() string {
	base := "/dev/shm"
	dir, err := os.MkdirTemp(base, "ckpt-test-")
	if err != nil {
		if dir, err = os.MkdirTemp("", "ckpt-test-"); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { // other users' applications are part of some tests
		c.t.Fatal(err)
	}
	if c.o.UID != 0 {
		if err := os.Chown(dir, int(c.o.UID), int(c.o.UID)); err != nil {
			c.t.Fatal(err)
		}
	}
	return dir
}

func (c *Cluster) plan() {
	run, data := filepath.Join(c.dir, "run"), filepath.Join(c.dir, "data")
	dirs := []string{"--run-dir", run, "--data-dir", data, "--node", "node-1"}
	switch {
	case c.o.External:
		c.planExternal()
	case c.o.Separate:
		c.nodes = []*process{c.process("ckptnd", join(dirs, []string{"--controller"}, c.o.Args, c.o.NodeArgs))}
		c.director = c.process("ckptd", join(dirs, c.o.Args))
	default:
		c.all = c.process("ckpt", join([]string{"up", "--nodes", fmt.Sprint(c.o.Nodes)}, dirs, c.o.Args, c.o.NodeArgs))
	}
}

func (c *Cluster) planExternal() {
	port := freePort(c.t)
	c.natsURL = fmt.Sprintf("nats://127.0.0.1:%d", port)
	config := c.write("nats.conf", `authorization { users: [
  { user: daemon, password: "daemon secret" }
  { user: app, password: "app secret", permissions: { publish: "ckpt.*.n.*.s.*", subscribe: ["ckpt.*.r.>", "ckpt.*.e.*"] } }
] }
`)
	bus := []string{"--nats", c.natsURL, "--nats-user", "daemon", "--nats-password-file", c.write("daemon", "daemon secret\n")}
	app := []string{"--application-user", "app", "--application-password-file", c.write("app", "app secret\n")}
	c.bus = c.newProcess("nats-server", Binary(c.t, "tests/nats-server"),
		[]string{"-a", "127.0.0.1", "-p", fmt.Sprint(port), "-c", config})
	c.bus.silent = true
	c.director = c.process("ckptd", join(bus, []string{"--data-dir", filepath.Join(c.dir, "data"), "--node", "node-1"}, c.o.Args))
	for k := 1; k <= c.o.Nodes; k++ {
		args := join(bus, app, []string{"--run-dir", c.RunDir(k), "--data-dir", c.DataDir(), "--node", fmt.Sprintf("node-%d", k)}, c.o.Args, c.o.NodeArgs)
		if k == 1 {
			args = append(args, "--controller")
		}
		c.nodes = append(c.nodes, c.process("ckptnd", args))
	}
}

func (c *Cluster) write(name, content string) string {
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if c.o.UID != 0 {
		if err := os.Chown(path, int(c.o.UID), int(c.o.UID)); err != nil {
			c.t.Fatal(err)
		}
	}
	return path
}

func (c *Cluster) process(program string, args []string) *process {
	return c.newProcess(program, Binary(c.t, "bin/"+program), args)
}

func (c *Cluster) newProcess(name, path string, args []string) *process {
	return &process{name: name, path: path, args: args, env: append(cleanEnv(), "GOTRACEBACK=all"), uid: c.o.UID,
		logPath: filepath.Join(c.dir, fmt.Sprintf("%s-%d.log", name, len(c.nodes)+1))}
}

// processes lists them in the order they are started in.
func (c *Cluster) processes() []*process {
	var list []*process
	for _, p := range append([]*process{c.all, c.bus, c.director}, c.nodes...) {
		if p != nil {
			list = append(list, p)
		}
	}
	return list
}

func (c *Cluster) awaitReady(t testing.TB) {
	t.Helper()
	for _, p := range c.processes() {
		if err := p.awaitReady(); err != nil {
			t.Fatalf("%v; its log ends:\n%s", err, p.logEnd())
		}
	}
}

func (c *Cluster) cleanup() {
	if c.t.Failed() {
		for _, p := range c.processes() {
			c.t.Logf("the log of %s ends:\n%s", p.name, p.logEnd())
		}
	}
	c.Stop()
	if c.o.RunDir == "" {
		if err := os.RemoveAll(c.dir); err != nil {
			c.t.Error(err)
		}
	}
}

// RunDir is the run directory of node k, from 1.
func (c *Cluster) RunDir(k int) string { return rundir.Node(filepath.Join(c.dir, "run"), k) }

// DataDir is the directory of the director and of the copies of replicas.
func (c *Cluster) DataDir() string { return filepath.Join(c.dir, "data") }

// Node is the name of node k.
func (c *Cluster) Node(k int) string {
	if c.all != nil && k > 1 {
		return fmt.Sprintf("node-1-%d", k)
	}
	return fmt.Sprintf("node-%d", k)
}

// Dir is the directory that holds run directory, data directory and logs.
func (c *Cluster) Dir() string { return c.dir }

// Root is the project's top directory.
func (c *Cluster) Root() string { return c.root }

// Env is the environment of an application on node 1.
func (c *Cluster) Env() []string { return c.EnvOf(1) }

// EnvOf is the environment of an application on node k.
func (c *Cluster) EnvOf(k int) []string {
	return append(cleanEnv(), rundir.Variable+"="+c.RunDir(k), "LD_LIBRARY_PATH="+filepath.Join(c.root, "build", "lib"))
}

// cleanEnv is the test's environment without what configures libckpt.
func cleanEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "CKPT_") && name != "LD_LIBRARY_PATH" && name != "NOTIFY_SOCKET" {
			env = append(env, e)
		}
	}
	return env
}

// Log is what all processes have logged so far.
func (c *Cluster) Log() string {
	var all strings.Builder
	for _, p := range c.processes() {
		b, err := os.ReadFile(p.logPath)
		if err == nil {
			all.Write(b)
		}
	}
	return all.String()
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
