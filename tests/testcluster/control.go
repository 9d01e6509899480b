package testcluster

import "testing"

// Pid is the process of node 1: ckpt up, or the first ckptnd.
func (c *Cluster) Pid() int {
	if c.all != nil {
		return c.all.pid()
	}
	return c.nodes[0].pid()
}

// DirectorPid is the process the director is in.
func (c *Cluster) DirectorPid() int {
	if c.director != nil {
		return c.director.pid()
	}
	return c.Pid()
}

// Pids are all processes of libckpt's own.
func (c *Cluster) Pids() []int {
	var pids []int
	for _, p := range c.processes() {
		if p != c.bus {
			pids = append(pids, p.pid())
		}
	}
	return pids
}

// Kill sends SIGKILL to each process but an external bus and waits for the end of each.
func (c *Cluster) Kill() {
	for _, p := range c.processes() {
		if p != c.bus {
			p.kill()
		}
	}
}

// Restart starts what does not run and waits until calls succeed.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	for _, p := range c.processes() {
		if p.running() {
			continue
		}
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
	}
	c.awaitReady(t)
}

// KillNode sends SIGKILL to the ckptnd of node k, from 1, and waits for its end. With Separate the bus dies with it.
func (c *Cluster) KillNode(k int) { c.nodes[k-1].kill() }

// RestartNode starts the ckptnd of node k and waits until it is ready.
func (c *Cluster) RestartNode(t testing.TB, k int) { t.Helper(); c.restart(t, c.nodes[k-1]) }

// KillDirector sends SIGKILL to ckptd and waits for its end.
func (c *Cluster) KillDirector() { c.director.kill() }

// RestartDirector starts ckptd and waits until it is ready.
func (c *Cluster) RestartDirector(t testing.TB) { t.Helper(); c.restart(t, c.director) }

// KillBus sends SIGKILL to the external NATS server and waits for its end.
func (c *Cluster) KillBus() { c.bus.kill() }

// RestartBus starts the external NATS server.
func (c *Cluster) RestartBus(t testing.TB) { t.Helper(); c.restart(t, c.bus) }

func (c *Cluster) restart(t testing.TB, p *process) {
	t.Helper()
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if err := p.awaitReady(); err != nil {
		t.Fatalf("%v; its log ends:\n%s", err, p.logEnd())
	}
}

// Stop tells every process to stop and fails the test if one does not, or ends with another status than 0. It may be
// called again.
func (c *Cluster) Stop() {
	list := c.processes()
	for i := len(list) - 1; i >= 0; i-- { // nodes before the director before the bus
		if err := list[i].stop(); err != nil {
			c.t.Errorf("%v; its log ends:\n%s", err, list[i].logEnd())
		}
	}
}
