package cluster

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"libckpt/tests/history"
	"libckpt/tests/testcluster"
)

// Threads of each client. The first ones make all calls on the synchronous checkpoint. One only reads it: on a host that is
// cut off the others soon wait in a write, and reads there must not see what is no longer true.
const (
	readingThread      = 2
	asynchronousThread = 3
	testThread         = 4 // of the test itself
	clientThreads      = 5
)

// load is clients at work on two checkpoints, one synchronous, one asynchronous.
type load struct {
	t     testing.TB
	c     *testcluster.Hosts
	order []*testcluster.Host // all, as faults number them
	name  string
	sync  *record
	async *record
	// replicas are how many of each checkpoint have been seen in sync: after a fault as many have to be again. With less the
	// next one might take the last.
	replicas map[string]int

	stopping chan struct{}
	once     sync.Once
	workers  sync.WaitGroup
	mu       sync.Mutex
	clients  []*client
}

// startLoad starts a client on each host that can work, and lets them all work.
func startLoad(t testing.TB, c *testcluster.Hosts, name string) *load {
	t.Helper()
	return startLoadOn(t, c, name, c.All())
}

// startLoadOn is startLoad on some hosts.
func startLoadOn(t testing.TB, c *testcluster.Hosts, name string, hosts []*testcluster.Host) *load {
	t.Helper()
	l := &load{t: t, c: c, order: c.All(), name: name, sync: newRecord(name+"-sync", true), async: newRecord(name+"-async", false),
		replicas: make(map[string]int), stopping: make(chan struct{})}
	t.Cleanup(l.stop)
	for _, h := range hosts {
		l.add(h)
	}
	return l
}

// host is host k, from 1, as faults number them.
func (l *load) host(k int) *testcluster.Host { return l.order[k-1] }

// add starts a client on a host and lets it work.
func (l *load) add(h *testcluster.Host) {
	l.t.Helper()
	c := startClient(l.t, h, clientThreads)
	l.mu.Lock()
	number := len(l.clients) * clientThreads
	l.clients = append(l.clients, c)
	l.mu.Unlock()
	for thread := range clientThreads {
		r, flags := l.sync, allReplicas|collocated
		switch thread {
		case asynchronousThread:
			r, flags = l.async, activeReplica
		}
		c.open(thread, r.name, flags, time.Minute)
		if thread != testThread {
			l.workers.Add(1)
			go l.work(c, thread, number+thread, r)
		}
	}
}

// work makes one call after the other until the load is stopped or the program has ended.
func (l *load) work(c *client, thread, number int, r *record) {
	defer l.workers.Done()
	for n := 1; ; n++ {
		select {
		case <-l.stopping:
			return
		case <-time.After(pauseBetween):
		}
		if !l.one(c, thread, number, r, n) {
			return
		}
	}
}

// one makes a call and records it; false: the program has ended.
func (l *load) one(c *client, thread, number int, r *record, n int) bool {
	var a answer
	if !r.synchronous && n%synchronizeEvery == 0 {
		a = c.call(thread, "synchronize %d", openTimeout.Milliseconds())
		r.put(number, history.Barrier, 0, nil, a)
		return !a.lost
	}
	value := values.Add(1)
	count := 1
	dice := rand.IntN(100)
	if thread == readingThread {
		dice = 99
	}
	if dice < 5 {
		count = 2
	}
	s := r.take(count, rand.IntN)
	kind := history.Write
	switch {
	case count == 2:
		a = c.call(thread, "pair %s %s %d", s[0].name, s[1].name, value)
	case dice < 20:
		kind = history.Create
		a = c.call(thread, "create %s %d 0", s[0].name, value)
	case dice < 25:
		kind = history.Delete
		a = c.call(thread, "delete %s", s[0].name)
	case dice < 40:
		a = c.call(thread, "write %s %d", s[0].name, value)
	case dice < 55:
		a = c.call(thread, "overwrite %s %d", s[0].name, value)
	default:
		kind = history.Read
		a = c.call(thread, "read %s", s[0].name)
	}
	r.put(number, kind, value, s, a)
	return !a.lost
}

// awaitWorking waits until calls of every client that lives succeed.
func (l *load) awaitWorking() {
	l.t.Helper()
	l.mu.Lock()
	clients := append([]*client(nil), l.clients...)
	l.mu.Unlock()
	for i, c := range clients {
		probe := fmt.Sprintf("probe%d-%d", i, values.Add(1))
		await(l.t, fmt.Sprintf("calls succeed on %s", c.host.Name), func() bool {
			a := c.call(testThread, "create %s 1 0", probe)
			return a.lost || a.code == ok || a.code == exist // a try before this one may have been carried out
		})
		await(l.t, fmt.Sprintf("sections can be deleted on %s", c.host.Name), func() bool {
			a := c.call(testThread, "delete %s", probe)
			return a.lost || a.code == ok || a.code == notExist
		})
	}
}

// awaitReplicas waits until every host has an in-sync replica of the synchronous checkpoint, which is collocated, and two
// have one of the other, which has one with each director if the first host has one, but not more than two.
func (l *load) awaitReplicas() {
	l.t.Helper()
	awaitReplicas(l.t, l.c.Host(1), l.sync.name, len(l.c.All()))
	awaitReplicas(l.t, l.c.Host(1), l.async.name, min(l.c.Directors(), 2))
}

// awaitCalls waits until so many more calls have ended on each checkpoint.
func (l *load) awaitCalls(count int) {
	l.t.Helper()
	for _, r := range []*record{l.sync, l.async} {
		until := r.count() + count
		await(l.t, fmt.Sprintf("%d calls more on %s", count, r.name), func() bool { return r.count() >= until })
	}
}

// during lets the clients work through a fault: what it is to begin and end it. The time until they work again, and there
// are as many replicas in sync as before, counts as part of it.
func (l *load) during(lasts time.Duration, begin, end func() error) {
	l.t.Helper()
	l.awaitCalls(callsAround)
	for _, r := range []*record{l.sync, l.async} { // nothing is listed while no director answers
		l.replicas[r.name] = max(l.replicas[r.name], len(look(l.t, l.c.Host(1), r.name).InSync))
	}
	from := now()
	if err := begin(); err != nil {
		l.t.Fatal(err)
	}
	time.Sleep(lasts) // how long the fault is there is what is tested, not a wait for something
	if err := end(); err != nil {
		l.t.Fatal(err)
	}
	l.awaitWorking()
	for name, count := range l.replicas {
		awaitReplicas(l.t, l.c.Host(1), name, count)
	}
	to := now()
	l.sync.fault(from, to)
	l.async.fault(from, to)
	l.awaitCalls(callsAround)
}

// tally is what was judged.
type tally struct{ calls, overlapped int }

// enough fails the test unless a share of the calls have met a fault.
func (y *tally) enough(t testing.TB) {
	t.Helper()
	t.Logf("%d calls judged, %d of them (%d %%) met a fault", y.calls, y.overlapped, 100*y.overlapped/max(y.calls, 1))
	if y.calls == 0 || 100*y.overlapped < overlapPercentMin*y.calls {
		t.Errorf("too few calls met a fault: want at least %d %%", overlapPercentMin)
	}
}

// stop ends the work, calls in flight too; it may be called again.
func (l *load) stop() {
	l.once.Do(func() { close(l.stopping) })
	for _, c := range l.clients {
		c.program.Kill() // how programs end is tested elsewhere; here it is one more death that the service must take
	}
	l.workers.Wait()
}

// finish ends the work, judges it and adds it to the tally.
func (l *load) finish(y *tally) {
	l.t.Helper()
	l.once.Do(func() { close(l.stopping) })
	l.workers.Wait()
	l.stop()
	for _, r := range []*record{l.sync, l.async} {
		calls, overlapped, err := r.judge()
		if err != nil {
			l.t.Errorf("%s: %v", r.name, err)
		}
		if overlapped == 0 {
			l.t.Errorf("%s: no call met a fault", r.name)
		}
		l.t.Logf("%s: %d calls judged, %d met a fault; beside these %d refused with TRY_AGAIN, %d with unknown result",
			r.name, calls, overlapped, r.refused, r.unknown)
		y.calls, y.overlapped = y.calls+calls, y.overlapped+overlapped
	}
}
