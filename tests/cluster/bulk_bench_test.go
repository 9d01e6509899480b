package cluster

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// What a joining replica copies, and how often that is measured.
const (
	bulkSection  = 1 << 20
	bulkSections = 1024
	bulkRounds   = 3
	bulkName     = "bench-bulk"  // another one in each round, on host 1, and on host 2 while it is measured
	besideName   = "bench-small" // small synchronous writes beside it, on hosts 1 and 2
)

// bulk measures how long a replica of 1 GiB takes to join, and a copy of as much over plain TCP between the same hosts, in
// turn; and what small synchronous writes on another checkpoint see of each. It adds its rows to the suite's file.
func (m *bench) bulk() {
	m.b.Helper()
	first, second := m.c.Host(1), m.c.Host(2)
	var beside []*client
	for _, h := range []*testcluster.Host{first, second} {
		on := startClient(m.b, h, 1)
		on.open(0, besideName, allReplicas|collocated, time.Minute)
		beside = append(beside, on)
	}
	awaitReplicas(m.b, first, besideName, 2)
	epoch := epochOf(m.b, first, besideName)

	var copies, joins, alone, copied, joined []float64
	for round := range 2 * bulkRounds { // in turn alone, and beside small writes
		name := fmt.Sprint(bulkName, round)
		filled := startLarge(m.b, first, name, allReplicas|collocated, bulkSection)
		filled.call("make %d %d", bulkSections, bulkSection)
		took := m.plainCopy(first, second)
		if round%2 == 0 {
			copies = append(copies, ms(took.Nanoseconds()))
			joins = append(joins, ms(m.join(second, name).Nanoseconds()))
		} else {
			alone = append(alone, p99(m.b, m.small(took, func() {})))
			copied = append(copied, p99(m.b, m.small(took, func() { m.plainCopy(first, second) })))
			joined = append(joined, p99(m.b, m.small(took, func() { m.join(second, name) })))
		}
		filled.call("unlink")
		if err := filled.program.End(); err != nil {
			m.b.Error(err)
		}
	}
	if now := epochOf(m.b, first, besideName); now != epoch {
		m.b.Errorf("a lease broke while replicas were copied: epoch of %s is %v, was %v", besideName, now, epoch)
	}
	m.b.Logf("copies %.0f ms, joins %.0f ms; p99 of small writes %.0f us alone, %.0f us beside a copy, %.0f us beside a join",
		copies, joins, alone, copied, joined)
	for _, list := range [][]float64{copies, joins, alone, copied, joined} {
		slices.Sort(list)
	}
	const middle = bulkRounds / 2
	fmt.Fprintln(m.csv, "what,rounds,plain_tcp_ms_p50,join_ms_p50,ratio,small_write_us_p99_alone,beside_plain_tcp,beside_join")
	fmt.Fprintf(m.csv, "join of 1 GiB,%d,%.0f,%.0f,%.2f,%.0f,%.0f,%.0f\n", bulkRounds, copies[middle], joins[middle],
		joins[middle]/copies[middle], alone[middle], copied[middle], joined[middle])
	for _, on := range beside {
		on.must(0, "close")
	}
}

// join opens the filled checkpoint on a host and returns how long it took, from the directors' word on, for the replica
// there to be in sync, as its node director says. Then it closes it.
func (m *bench) join(h *testcluster.Host, name string) (took time.Duration) {
	m.b.Helper()
	line := regexp.MustCompile(`replica is in sync".* checkpoint=` + name + ` .* took=(\S+)`)
	before := len(line.FindAllString(h.Log(), -1))
	l := startLarge(m.b, h, name, allReplicas|collocated, bulkSection)
	await(m.b, "the replica is in sync", func() bool {
		said := line.FindAllStringSubmatch(h.Log(), -1)
		if len(said) > before {
			took, _ = time.ParseDuration(said[len(said)-1][1])
		}
		return len(said) > before
	})
	if err := l.program.End(); err != nil {
		m.b.Fatal(err)
	}
	return took
}

// small measures small synchronous writes for a time, while something else is done, and returns the line of
// tests/bench/cluster/measure.c.
func (m *bench) small(lasts time.Duration, meanwhile func()) string {
	m.b.Helper()
	p := m.c.Host(1).Run(nil, "tests/cluster/measure", besideName, fmt.Sprint(allReplicas|collocated), "write", "small",
		strconv.FormatFloat(lasts.Seconds(), 'f', 3, 64))
	awaitLine(m.b, p, "ready")
	if err := p.Say("go"); err != nil {
		m.b.Fatal(err)
	}
	meanwhile()
	result := awaitLine(m.b, p, "")
	if err := p.End(); err != nil {
		m.b.Fatal(err)
	}
	return result
}

// p99 is the fourth number of such a line: microseconds.
func p99(t testing.TB, line string) float64 {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 6 {
		t.Fatalf("measure printed %q", line)
	}
	n, err := strconv.ParseFloat(f[3], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// plainCopy sends as many bytes as the checkpoint has from one host to another over a TCP connection, memory to memory.
func (m *bench) plainCopy(from, to *testcluster.Host) time.Duration {
	m.b.Helper()
	l, err := to.Listen()
	if err != nil {
		m.b.Fatal(err)
	}
	defer l.Close()
	received := make(chan error, 1)
	began := time.Now()
	go func() { received <- take(l, bulkSections*bulkSection) }()
	conn, err := from.Dial(l.Addr().String())
	if err != nil {
		m.b.Fatal(err)
	}
	defer conn.Close()
	piece := make([]byte, bulkSection)
	for range bulkSections {
		if _, err := conn.Write(piece); err != nil {
			m.b.Fatal(err)
		}
	}
	if err := <-received; err != nil {
		m.b.Fatal(err)
	}
	return time.Since(began)
}

// take reads so many bytes from the first connection, into memory.
func take(l net.Listener, bytes int) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	piece := make([]byte, bulkSection)
	for bytes > 0 {
		n, err := io.ReadFull(conn, piece[:min(bytes, len(piece))])
		if err != nil {
			return err
		}
		bytes -= n
	}
	return nil
}

// BenchmarkBulk is the part of BenchmarkCluster about joining replicas, by itself; it writes its rows to the log only.
func BenchmarkBulk(b *testing.B) {
	c := testcluster.StartHosts(b, fast(testcluster.HostsOptions{Directors: 3, Bus: testcluster.Embedded}))
	m := &bench{b: b, csv: bufio.NewWriter(io.Discard), c: c}
	m.bulk()
}
