package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// What is measured, and how long.
const (
	rowSeconds  = 1
	takeovers   = 20
	benchSync   = "bench-sync"  // collocated: a replica on each host
	benchAsync  = "bench-async" // a replica on hosts 1 and 2
	benchFile   = "build/bench-cluster.csv"
	benchHeader = "what,host,checkpoint,writers,n,min_us,p50_us,p99_us,max_us,ops_per_s"
)

// bench is one run.
type bench struct {
	b       *testing.B
	c       *testcluster.Hosts
	clients []*client
	csv     *bufio.Writer
}

// BenchmarkCluster measures a cluster of three hosts, each with a director and an embedded NATS server, with make
// bench-cluster, and writes CSV to build/bench-cluster.csv.
func BenchmarkCluster(b *testing.B) {
	f, err := os.Create(filepath.Join(testcluster.Root(), benchFile))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	m := &bench{b: b, csv: bufio.NewWriter(f)}
	defer m.csv.Flush()
	m.c = testcluster.StartHosts(b, fast(testcluster.HostsOptions{Directors: 3, Bus: testcluster.Embedded}))
	for _, h := range m.c.All() {
		m.clients = append(m.clients, m.client(h))
	}
	m.settle()
	fmt.Fprintln(m.csv, benchHeader)
	m.calls()
	m.throughput()
	m.bulk()
	fmt.Fprintln(m.csv, "what,host,checkpoint,rounds,first_ms_p50,first_ms_max,gap_ms_p50,gap_ms_max")
	m.takeover("node director of the active", func(h *testcluster.Host) { h.Kill(testcluster.Node) })
	m.takeover("node of the active", func(h *testcluster.Host) { h.PowerOff() })
	m.takeover("leading director", nil)
}

// client opens both checkpoints on a host.
func (m *bench) client(h *testcluster.Host) *client {
	on := startClient(m.b, h, 2)
	for thread := range 2 {
		on.open(thread, benchSync, allReplicas|collocated, time.Minute)
	}
	keep := startClient(m.b, h, 1)
	keep.open(0, benchAsync, activeReplica, time.Minute)
	return on
}

// settle waits until all replicas are there.
func (m *bench) settle() {
	for _, h := range m.c.All() {
		h.AwaitReady()
	}
	awaitReplicas(m.b, m.c.Host(1), benchSync, 3)
	awaitReplicas(m.b, m.c.Host(1), benchAsync, 2)
}

// calls measures single callers.
func (m *bench) calls() {
	for _, row := range []struct {
		what, checkpoint, operation string
		flags, host                 int
	}{
		{"synchronous write, local active", benchSync, "write", allReplicas | collocated, 1},
		{"synchronous write, active elsewhere", benchSync, "write", allReplicas | collocated, 2},
		{"asynchronous write, local active", benchAsync, "write", activeReplica, 1},
		{"asynchronous write, active elsewhere", benchAsync, "write", activeReplica, 3},
		{"read, local replica", benchSync, "read", allReplicas | collocated, 2},
		{"read, replica elsewhere", benchAsync, "read", activeReplica, 3},
		{"open + close, director's host or not", benchSync, "open", allReplicas | collocated, 1},
		{"open + close, director's host or not", benchSync, "open", allReplicas | collocated, 2},
		{"create + unlink + close", benchSync, "create", allReplicas | collocated, 1},
		{"create + unlink + close", benchSync, "create", allReplicas | collocated, 2},
	} {
		results := m.measure(row.checkpoint, row.flags, row.operation, row.host)
		m.row(row.what, m.c.Host(row.host).Name, row.checkpoint, 1, results[0])
	}
}

// throughput measures several writers, spread over the hosts.
func (m *bench) throughput() {
	for _, hosts := range [][]int{{1}, {1, 2}, {1, 2, 3, 1}} {
		for _, on := range []struct {
			name  string
			flags int
		}{{benchSync, allReplicas | collocated}, {benchAsync, activeReplica}} {
			for i, result := range m.measure(on.name, on.flags, "write", hosts...) {
				m.row("throughput", m.c.Host(hosts[i]).Name, on.name, len(hosts), result)
			}
		}
	}
}

// measure runs tests/bench/cluster/measure.c on hosts, at the same time.
func (m *bench) measure(checkpoint string, flags int, operation string, hosts ...int) (results []string) {
	m.b.Helper()
	var programs []*testcluster.Program
	for i, k := range hosts {
		p := m.c.Host(k).Run(nil, "tests/cluster/measure", checkpoint, fmt.Sprint(flags), operation,
			fmt.Sprintf("%s%d", operation, i), fmt.Sprint(rowSeconds))
		awaitLine(m.b, p, "ready")
		programs = append(programs, p)
	}
	for _, p := range programs {
		if err := p.Say("go"); err != nil {
			m.b.Fatal(err)
		}
	}
	for _, p := range programs {
		results = append(results, strings.ReplaceAll(awaitLine(m.b, p, ""), " ", ","))
		if err := p.End(); err != nil {
			m.b.Fatal(err)
		}
	}
	return results
}

func (m *bench) row(what, host, checkpoint string, writers int, result string) {
	fmt.Fprintf(m.csv, "%q,%s,%s,%d,%s\n", what, host, checkpoint, writers, result)
}

// takeover measures on a host that lives what each of several kills does to calls, as in outage. kill = nil kills the
// director that leads.
func (m *bench) takeover(what string, kill func(h *testcluster.Host)) {
	m.b.Helper()
	first, gap := map[string][]int64{}, map[string][]int64{}
	for round := range takeovers {
		section := fmt.Sprintf("t%d", values.Add(1))
		victim := m.host(look(m.b, m.c.Host(1), benchSync).Active)
		if kill == nil {
			victim = m.host(m.leader())
		}
		on := m.clients[victim.Number%len(m.clients)] // on the next host
		on.must(0, "create %s 0 0", section)
		stop := make(chan struct{})
		reads, writes := make(chan []answer), make(chan []answer)
		go m.repeat(on, 0, stop, reads, "read "+section)
		go m.repeat(on, 1, stop, writes, "write "+section+" 1")
		time.Sleep(200 * time.Millisecond) // calls on their way, before the kill
		before := now()
		if kill == nil {
			victim.Kill(testcluster.Director)
		} else {
			kill(victim)
		}
		after := now()
		time.Sleep(4 * time.Second) // long enough to see each gap: what is measured, not a wait for something
		close(stop)
		for kind, list := range map[string][]answer{"read": <-reads, "write": <-writes} {
			f, g := outage(list, before, after)
			if f < 0 {
				m.b.Fatalf("%s, round %d: no %s succeeded on %s", what, round, kind, on.host.Name)
			}
			first[kind], gap[kind] = append(first[kind], f), append(gap[kind], g)
		}
		victim.Start()
		m.settleAfter(victim, kill != nil)
	}
	for _, kind := range []string{"read", "write"} {
		slices.Sort(first[kind])
		slices.Sort(gap[kind])
		f, g := first[kind], gap[kind]
		fmt.Fprintf(m.csv, "%q,,%s,%d,%.1f,%.1f,%.1f,%.1f\n", "kill -9 of the "+what+": "+kind, benchSync, takeovers,
			ms(f[len(f)/2]), ms(f[len(f)-1]), ms(g[len(g)/2]), ms(g[len(g)-1]))
	}
}

func ms(ns int64) float64 { return float64(ns) / 1e6 }

// settleAfter waits until all replicas are there again; the applications of a host that was powered off are new ones.
func (m *bench) settleAfter(victim *testcluster.Host, restarted bool) {
	victim.AwaitReady()
	if a := m.clients[victim.Number-1].call(0, "status"); restarted && a.lost {
		m.clients[victim.Number-1] = m.client(victim)
	}
	m.settle()
}

// repeat makes a call over and over.
func (m *bench) repeat(on *client, thread int, stop chan struct{}, done chan<- []answer, command string) {
	var list []answer
	for {
		select {
		case <-stop:
			done <- list
			return
		case <-time.After(time.Millisecond):
			list = append(list, on.call(thread, "%s", command))
		}
	}
}

// outage is what a kill that lasted from before to after did to calls, in ns: first is the time until the end of the first
// one that began after it and succeeded, -1 if there is none; gap the longest between the ends of two that succeeded.
func outage(list []answer, before, after int64) (first, gap int64) {
	first = -1
	last := before
	for _, a := range list {
		if a.code != ok || a.end < before {
			continue
		}
		gap = max(gap, a.end-last)
		last = a.end
		if a.begin >= after && first < 0 {
			first = a.end - after
		}
	}
	return first, gap
}

func (m *bench) host(name string) *testcluster.Host {
	for _, h := range m.c.All() {
		if h.Name == name {
			return h
		}
	}
	m.b.Fatalf("there is no host %q", name)
	return nil
}

// leader is the host of the director that leads.
func (m *bench) leader() string {
	out, _ := command(m.c.Host(1), "status", "--json")
	var s struct {
		Director string `json:"director"`
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		m.b.Fatalf("ckpt status --json printed %q: %v", out, err)
	}
	return s.Director
}
