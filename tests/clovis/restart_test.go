package clovis

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

const answerTimeout = 30 * time.Second // of one command of a peer, a restart of the service included

// A peer is a client in a process of its own, told what to do line by line (see peer.c).
type peer struct {
	t       *testing.T
	name    string
	in      *os.File
	answers chan string
}

// startPeer starts a client of a flavour: "document" or "sdk".
func startPeer(t *testing.T, c *testcluster.Cluster, flavour, name string) *peer {
	t.Helper()
	program := "tests/clovis"
	if flavour == "sdk" {
		program = "tests/clovis-sdk"
	}
	cmd := exec.Command(testcluster.Binary(t, program), "--peer", flavour)
	cmd.Env = c.Env()
	cmd.Stderr = os.Stderr
	commands, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = commands
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commands.Close()
	p := &peer{t: t, name: name, in: in, answers: make(chan string)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(p.answers)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.answers <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close() // ends it
		for range p.answers {
		}
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	p.expect("0", "start")
	return p
}

// do sends a command, which must be answered by want.
func (p *peer) do(want, format string, args ...any) {
	p.t.Helper()
	command := fmt.Sprintf(format, args...)
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	p.expect(want, command)
}

func (p *peer) expect(want, command string) {
	p.t.Helper()
	select {
	case got, ok := <-p.answers:
		if !ok || got != want {
			p.t.Fatalf("%s: %s: got %q, expected %q", p.name, command, strings.TrimSpace(got), want)
		}
	case <-time.After(answerTimeout):
		p.t.Fatalf("%s: %s: no answer", p.name, command)
	}
}

// Registrations outlive a kill -9 of the service: other processes' updates are told of with their data, those of the
// process itself are not.
func TestConsumptionOutlivesService(t *testing.T) {
	for _, flavour := range []string{"document", "sdk"} {
		t.Run(flavour, func(t *testing.T) {
			c := testcluster.Start(t, testcluster.Options{})
			writer := startPeer(t, c, flavour, "writer")
			reader := startPeer(t, c, flavour, "reader")
			writer.do("0", "create 0 7 1 outlives")
			writer.do("0", "section 0 a %d data", int64(1<<63-1))
			writer.do("0", "consume 0")
			reader.do("0", "open 0 3 outlives")
			reader.do("0", "consume 0")
			writer.do("0", "overwrite 0 a before")
			reader.do("0", "told 1 before")
			for round := 1; round <= 3; round++ {
				c.Kill()
				c.Restart(t)
				text := fmt.Sprintf("after-%d", round)
				writer.do("0", "overwrite 0 a %s", text)
				reader.do("0", "told %d %s", 2*round, text)
				writer.do("0", "write 0 a 0 x")
				reader.do("0", "told %d x", 2*round+1)
				writer.do(fmt.Sprint(round-1), "events")
				reader.do("0", "overwrite 0 a mine-%d", round)
				writer.do("0", "told %d mine-%d", round, round)
			}
		})
	}
}
