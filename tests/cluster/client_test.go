package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"libckpt/tests/testcluster"
)

// The codes of saAis.h that these tests know.
const (
	torn      = -1 // what was read is no record that was ever written
	ok        = 1
	timeout   = 5
	tryAgain  = 6
	badHandle = 9
	notExist  = 12
	exist     = 14
)

// Flags of saCkpt.h.
const (
	allReplicas   = 1
	activeReplica = 2
	collocated    = 8

	forReading = 1
	forWriting = 2
	creating   = 4
)

// answer is what came of a call.
type answer struct {
	code       int
	begin, end int64 // ns of CLOCK_MONOTONIC
	value      uint64
	names      []string
	lost       bool // the program ended before it answered
}

// client is the program testdata/client.c on a host.
type client struct {
	t       testing.TB
	host    *testcluster.Host
	program *testcluster.Program
	answers []chan answer

	mu    sync.Mutex
	heard []heard
}

// heard is a part of a callback: see testdata/listen.c.
type heard struct {
	kind    string // track, arrival or synchronized
	at      int64
	section string // or the invocation
	code    int    // of a read of the section in the callback; or the result
	value   uint64 // that was read
}

func startClient(t testing.TB, h *testcluster.Host, threads int) *client {
	t.Helper()
	c := &client{t: t, host: h, program: h.Run(nil, "tests/cluster/client", fmt.Sprint(threads), fmt.Sprint(recordBytes))}
	select {
	case line := <-c.program.Lines:
		if line != "ready" {
			t.Fatalf("client on %s: said %q at first, want ready", h.Name, line)
		}
	case <-time.After(patience):
		t.Fatalf("client on %s: not ready after %v", h.Name, patience)
	}
	for range threads {
		c.answers = append(c.answers, make(chan answer, 1))
	}
	go c.listen()
	return c
}

func (c *client) listen() {
	for line := range c.program.Lines {
		f := strings.Fields(line)
		if thread, err := strconv.Atoi(f[0]); err == nil {
			c.answers[thread] <- parseAnswer(f[1:])
			continue
		}
		h := heard{kind: f[0], at: parseInt(f[1]), section: f[2]}
		switch h.kind {
		case "synchronized":
			h.code = int(parseInt(f[3]))
		default:
			h.code, h.value = int(parseInt(f[4])), uint64(parseInt(f[5]))
		}
		c.mu.Lock()
		c.heard = append(c.heard, h)
		c.mu.Unlock()
	}
	for _, a := range c.answers {
		close(a)
	}
}

func parseAnswer(f []string) answer {
	a := answer{code: torn, begin: parseInt(f[1]), end: parseInt(f[2]), names: f[4:]}
	if f[0] != "torn" {
		a.code = int(parseInt(f[0]))
	}
	a.value, _ = strconv.ParseUint(f[3], 10, 64)
	return a
}

func parseInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("testdata/client.c printed " + s) // program and test belong together
	}
	return n
}

// now is CLOCK_MONOTONIC, as the clients see it.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// call makes one call in a thread, of which it is the only one at that time, and waits for its end.
func (c *client) call(thread int, format string, args ...any) answer {
	begin := now()
	if c.program.Say("%d "+format, append([]any{thread}, args...)...) == nil {
		select {
		case a, open := <-c.answers[thread]:
			if open {
				return a
			}
		case <-time.After(answerMax):
			c.t.Errorf("client on %s: no end of %q within %v", c.host.Name, fmt.Sprintf(format, args...), answerMax)
		}
	}
	return answer{lost: true, begin: begin, end: now()}
}

// must makes a call until it is neither refused with TRY_AGAIN nor times out; it must succeed then.
func (c *client) must(thread int, format string, args ...any) answer {
	c.t.Helper()
	a := c.until(ok, thread, format, args...)
	return a
}

// until makes a call, again and again if it ends with TRY_AGAIN or TIMEOUT, which must give the code in the end.
func (c *client) until(code, thread int, format string, args ...any) answer {
	c.t.Helper()
	end := time.Now().Add(patience)
	for {
		a := c.call(thread, format, args...)
		switch {
		case a.lost:
			c.t.Fatalf("client on %s: ended in %q", c.host.Name, fmt.Sprintf(format, args...))
		case a.code == code:
			return a
		case a.code != tryAgain && a.code != timeout || time.Now().After(end):
			c.t.Fatalf("client on %s: %q gave %d, want %d", c.host.Name, fmt.Sprintf(format, args...), a.code, code)
		}
		time.Sleep(pollEvery)
	}
}

// open opens a checkpoint in a thread, creating it if need be.
func (c *client) open(thread int, name string, flags int, retention time.Duration) {
	c.t.Helper()
	c.must(thread, "open %s %d %d %d %d %d", name, flags, forReading|forWriting|creating, sectionsMax, retention.Milliseconds(),
		openTimeout.Milliseconds())
}

// awaitValue reads a section until it holds a value.
func (c *client) awaitValue(thread int, section string, want uint64) {
	c.t.Helper()
	await(c.t, fmt.Sprintf("section %s is %d on %s", section, want, c.host.Name), func() bool {
		a := c.call(thread, "read %s", section)
		return a.code == ok && a.value == want
	})
}

// told are the callbacks of a kind about a section, in order.
func (c *client) told(kind, section string) (list []heard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.heard {
		if h.kind == kind && h.section == section {
			list = append(list, h)
		}
	}
	return list
}

// await waits for a condition, with a bound.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			t.Fatalf("after %v it does not hold: %s", patience, what)
		}
	}
}
