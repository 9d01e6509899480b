package dataset

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childVariable makes the test program a process that uses a store until it is killed: "DIRECTORY NUMBER".
const childVariable = "CKPT_DATASET_TEST_CHILD"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childVariable); spec != "" {
		runChild(spec)
		return
	}
	os.Exit(m.Run())
}

// payload is data that tells who wrote it as which one, of a length that follows from both, up to 40 KB.
func payload(writer, sequence uint64) []byte {
	r := rand.New(rand.NewPCG(writer, sequence))
	data := make([]byte, 24+r.IntN(1<<r.IntN(16)))
	for i := 24; i < len(data); i++ {
		data[i] = byte(r.Uint32())
	}
	binary.LittleEndian.PutUint64(data, writer)
	binary.LittleEndian.PutUint64(data[8:], sequence)
	h := fnv.New64a()
	_, _ = h.Write(data[24:])
	binary.LittleEndian.PutUint64(data[16:], h.Sum64())
	return data
}

// whole checks that data is one payload and gives its number.
func whole(data []byte, writer uint64) (sequence uint64, err error) {
	if len(data) < 24 || binary.LittleEndian.Uint64(data) != writer {
		return 0, fmt.Errorf("%d bytes that writer %d has not written", len(data), writer)
	}
	sequence = binary.LittleEndian.Uint64(data[8:])
	if string(payload(writer, sequence)) != string(data) {
		return 0, fmt.Errorf("torn data of writer %d, number %d", writer, sequence)
	}
	return sequence, nil
}

// runChild writes dataset NUMBER of checkpoint "c", or, every other time, its element "e", again and again, printing each
// number before and after: "+n" begun, "=n" done.
func runChild(spec string) {
	dir, number, _ := strings.Cut(spec, " ")
	writer, _ := strconv.ParseUint(number, 10, 32)
	s := OpenStore(Place{Dir: dir})
	fail := func(err error) {
		if err != nil {
			fmt.Println("!", err)
			os.Exit(1)
		}
	}
	fail(s.Create("c", testLimit))
	fail(s.CreateDataset("c", uint32(writer), 0, 0, testLimit))
	sequence := uint64(0)
	if r, err := s.Read("c", uint32(writer), testLimit); err == nil {
		r.All(func(_ bool, data []byte) bool {
			n, err := whole(data, writer)
			fail(err)
			sequence = max(sequence, n)
			return true
		})
		r.Free()
	}
	for sequence++; ; sequence++ {
		fmt.Printf("+%d\n", sequence)
		if sequence%2 == 0 {
			fail(s.Write("c", uint32(writer), payload(writer, sequence), testLimit))
		} else {
			fail(s.WriteElement("c", uint32(writer), []byte("e"), payload(writer, sequence), testLimit))
		}
		fmt.Printf("=%d\n", sequence)
	}
}

// child is a process of runChild, and what it said last.
type child struct {
	cmd         *exec.Cmd
	lines       *bufio.Scanner
	begun, done uint64
	failed      string
}

func startChild(t *testing.T, dir string, writer int) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", childVariable, dir, writer))
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	must(t, c.cmd.Start())
	c.lines = bufio.NewScanner(out)
	return c
}

// next takes one line.
func (c *child) next() bool {
	if !c.lines.Scan() {
		return false
	}
	line := c.lines.Text()
	n, _ := strconv.ParseUint(line[1:], 10, 64)
	switch line[0] {
	case '+':
		c.begun = n
	case '=':
		c.done = n
	default:
		c.failed = line
	}
	return true
}

// kill kills the process at some moment after its next write was done.
func (c *child) kill(t *testing.T) {
	t.Helper()
	for first := c.done; c.done == first && c.next(); {
	}
	time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
	must(t, c.cmd.Process.Kill())
	for c.next() {
	}
	_ = c.cmd.Wait() // says that it was killed
	if c.failed != "" {
		t.Fatal(c.failed)
	}
}

// TestKill kills writers: what was done is there, and nothing but that or what was being written.
func TestKill(t *testing.T) {
	const writers = 3
	rounds := 15
	if os.Getenv("CKPT_SOAK") != "" {
		rounds = 500
	}
	dir := t.TempDir()
	s := newStore(t, dir)
	for round := range rounds {
		var children [writers]*child
		for i := range children {
			children[i] = startChild(t, dir, i+1)
		}
		for i, c := range children {
			c.kill(t)
			checkWriter(t, s, uint64(i+1), c)
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

func checkWriter(t *testing.T, s *Store, writer uint64, c *child) {
	t.Helper()
	latest := uint64(0)
	r, err := s.Read("c", uint32(writer), testLimit)
	must(t, err)
	defer r.Free()
	r.All(func(element bool, data []byte) bool {
		n, err := whole(data, writer)
		if err != nil {
			t.Error(err)
		}
		if element != (n%2 == 1) {
			t.Errorf("number %d is in the wrong place", n)
		}
		latest = max(latest, n)
		return true
	})
	if latest != c.done && latest != c.begun {
		t.Errorf("writer %d has done %d and begun %d; stored is %d", writer, c.done, c.begun, latest)
	}
	if latest < c.done {
		t.Errorf("writer %d: number %d is lost", writer, c.done)
	}
}

// TestDeleteAgainstWriters deletes and makes the checkpoint while other processes write to it. They end with NotExist or go
// on with the new one; none of them brings data of an old one into a new one.
func TestDeleteAgainstWriters(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, dir)
	for range 10 {
		c := startChild(t, dir, 1)
		for c.done < 3 && c.next() {
		}
		must(t, s.Delete("c", testLimit))
		must(t, s.Create("c", testLimit))
		if ok, err := s.DatasetExists("c", 1, testLimit); ok || err != nil {
			t.Errorf("the dataset of the old checkpoint: %v, %v", ok, err)
		}
		for c.next() {
		}
		_ = c.cmd.Wait() // it has failed, as the line says
		if c.failed != "! NOT_EXIST" {
			t.Errorf("the writer: %q", c.failed)
		}
		must(t, s.Delete("c", testLimit))
	}
}
