package dataset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// As in testdata/killed.c.
const (
	killWriters     = 3
	killPlaces      = 192
	killElements    = 1
	killShared      = 2
	killOwnFirst    = 100
	killDeleteEvery = 4
	killHeader      = 24
)

const (
	killsCI   = 150
	killsSoak = 5000
	killName  = "killed"
)

// Writers are killed at random moments, one alone or all together, again and again. Each record is then the last one that
// was acknowledged or the one that was being written, whole; records of different writers do not disturb one another,
// and the survivors go on.
func TestKill(t *testing.T) {
	kills := killsCI
	if soak {
		kills = killsSoak
	}
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	k := &killing{t: t, env: environment(dir), shared: filepath.Join(t.TempDir(), "places"), random: random}
	if err := os.WriteFile(k.shared, make([]byte, killPlaces*16), 0o600); err != nil {
		t.Fatal(err)
	}
	for k.kills < kills {
		k.cycle()
	}
	if k.cutOff == 0 || k.checked == 0 {
		t.Errorf("%d records checked, %d operations cut off: the kills did not meet the writing", k.checked, k.cutOff)
	}
	t.Logf("%d kills, %d records checked, %d operations cut off, of which %d were done", k.kills, k.checked, k.cutOff, k.done)
}

type killing struct {
	t      *testing.T
	env    []string
	shared string // file with what was begun and acknowledged
	random *rand.Rand

	found [3 * killWriters]uint64 // numbers seen in the last check

	kills, checked, cutOff, done int
}

// writer is a running process of testdata/killed.c.
type writer struct {
	cmd   *exec.Cmd
	errs  bytes.Buffer
	ready chan bool
}

func (k *killing) start(slot int) *writer {
	k.t.Helper()
	w := &writer{ready: make(chan bool, 1)}
	w.cmd = exec.Command(program(k.t, flavours[k.random.IntN(len(flavours))], "killed"), k.shared, killName, strconv.Itoa(slot))
	w.cmd.Env, w.cmd.Stderr = k.env, &w.errs
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		w.ready <- line == "ready\n"
	}()
	return w
}

// kill kills a writer, which must not have ended before.
func (k *killing) kill(w *writer) {
	k.t.Helper()
	w.cmd.Process.Kill()
	err := w.cmd.Wait()
	k.kills++
	if s, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		k.t.Fatalf("a writer ended by itself: %v\n%s", err, shortened(w.errs.String()))
	}
	if w.errs.Len() != 0 {
		k.t.Errorf("a writer complained: %s", shortened(w.errs.String()))
	}
}

// pause lets the writers work: that is what the kills should meet, wherever it is.
func (k *killing) pause(most time.Duration) { time.Sleep(time.Duration(k.random.Int64N(int64(most)))) }

func (k *killing) cycle() {
	k.t.Helper()
	writers := make([]*writer, killWriters)
	for slot := range writers {
		writers[slot] = k.start(slot)
	}
	defer func() { // after a failure; otherwise they are dead
		for _, w := range writers {
			w.cmd.Process.Kill()
		}
	}()
	early := k.random.IntN(8) == 0 // also while they open the database
	for _, w := range writers {
		if early {
			continue
		}
		select {
		case ready := <-w.ready:
			if !ready {
				w.cmd.Wait()
				k.t.Fatalf("a writer did not start: %s", shortened(w.errs.String()))
			}
		case <-time.After(patience):
			k.t.Fatalf("a writer did not start within %v", patience)
		}
	}
	k.pause(30 * time.Millisecond)
	if k.random.IntN(2) == 0 { // one alone; the others go on beside what it left
		victim := k.random.IntN(killWriters)
		before := k.acknowledged()
		k.kill(writers[victim])
		if !early {
			k.survivorsGoOn(before, victim)
		}
		writers[victim] = k.start(victim)
		k.pause(60 * time.Millisecond)
	}
	for _, w := range writers {
		k.kill(w)
	}
	k.check()
}

// place is what the writers noted about one place.
type place struct{ begun, acknowledged uint64 }

func (k *killing) places() []place {
	k.t.Helper()
	b, err := os.ReadFile(k.shared)
	if err != nil {
		k.t.Fatal(err)
	}
	places := make([]place, 3*killWriters)
	for i := range places {
		places[i] = place{binary.NativeEndian.Uint64(b[16*i:]), binary.NativeEndian.Uint64(b[16*i+8:])}
	}
	return places
}

func (k *killing) acknowledged() (numbers []uint64) {
	for _, p := range k.places() {
		numbers = append(numbers, p.acknowledged)
	}
	return numbers
}

// survivorsGoOn waits until every writer but the dead one has got on.
func (k *killing) survivorsGoOn(before []uint64, dead int) {
	k.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		now, waiting := k.acknowledged(), false
		for i := range now {
			waiting = waiting || i/3 != dead && now[i] < before[i]+2
		}
		if !waiting {
			return
		}
		if time.Now().After(end) {
			k.t.Fatalf("not within %v: the others go on after a writer was killed", patience)
		}
	}
}

// check reads everything with a fresh process.
func (k *killing) check() {
	k.t.Helper()
	places := k.places()
	s := ready(k.t, k.env, flavours[k.random.IntN(len(flavours))], killName)
	defer s.kill()
	name := x(killName)
	for slot := range killWriters {
		s.want(ok, "dataset %s %d", name, killOwnFirst+slot)
		k.dataset(s, slot, places[3*slot])
	}
	s.want(ok, "dataset %s %d", name, killElements)
	k.elements(s, places)
	s.want(ok, "dataset %s %d", name, killShared)
	k.sharedDataset(s, places)
	s.quiet()
}

// records reads a dataset, the numbers of its records by slot.
func (k *killing) records(s *session, ds int, kind string) map[int]uint64 {
	k.t.Helper()
	words := strings.SplitN(s.raw("read %s %d", x(killName), ds), " ", 2)
	found := make(map[int]uint64)
	if words[0] == notExist {
		return found
	}
	if words[0] != ok || len(words) != 2 {
		k.t.Fatalf("reading dataset %d: %.100q\n%s", ds, words, s.stderr())
	}
	for _, word := range strings.Fields(words[1]) {
		k.checked++
		data, is := strings.CutPrefix(word, kind+":")
		if !is {
			k.t.Fatalf("dataset %d holds %.20q", ds, word)
		}
		slot, number, err := parseRecord([]byte(unhex(k.t, data)))
		if err != nil {
			k.t.Fatalf("dataset %d: %v", ds, err)
		}
		if _, twice := found[slot]; twice {
			k.t.Fatalf("dataset %d holds slot %d twice", ds, slot)
		}
		found[slot] = number
	}
	return found
}

// parseRecord tells whose a record is, and its number; the whole record must follow from that.
func parseRecord(b []byte) (slot int, number uint64, err error) {
	if len(b) < killHeader {
		return 0, 0, fmt.Errorf("a record of %d bytes", len(b))
	}
	s, number, size := binary.NativeEndian.Uint64(b), binary.NativeEndian.Uint64(b[8:]), binary.NativeEndian.Uint64(b[16:])
	if size != uint64(len(b)) || s >= killWriters {
		return 0, 0, fmt.Errorf("a record of %d bytes says slot %d, number %d, size %d", len(b), s, number, size)
	}
	for i := killHeader; i < len(b); i++ {
		if b[i] != byte(number*31+uint64(i)+s) {
			return 0, 0, fmt.Errorf("record %d of slot %d differs at byte %d of %d", number, s, i, len(b))
		}
	}
	return int(s), number, nil
}

// judge counts, and fails unless the number found is that of the last operation acknowledged or of one that a kill cut off
// since: there may be two of these, when a writer was killed again before it had anything acknowledged. What was found
// once must not go away again.
func (k *killing) judge(i int, found uint64, p place) {
	k.t.Helper()
	if p.begun != p.acknowledged {
		k.cutOff++
		if found > p.acknowledged {
			k.done++
		}
	}
	if found < max(p.acknowledged, k.found[i]) || found > p.begun {
		k.t.Fatalf("place %d holds number %d; acknowledged %d, begun %d, found before %d", i, found, p.acknowledged, p.begun,
			k.found[i])
	}
	k.found[i] = found
}

func (k *killing) dataset(s *session, slot int, p place) {
	k.t.Helper()
	found := k.records(s, killOwnFirst+slot, "d")
	number, there := found[slot]
	if !there && len(found) > 0 {
		k.t.Fatalf("slot %d: its dataset holds %v", slot, found)
	}
	k.judge(3*slot, number, p) // number 0: none was ever written
}

// elements: every fourth operation deletes.
func (k *killing) elements(s *session, places []place) {
	k.t.Helper()
	found := k.records(s, killElements, "e")
	for slot := range killWriters {
		p := places[3*slot+1]
		number, there := found[slot]
		if !there { // then the last operation that was done deleted it
			number = p.begun - p.begun%killDeleteEvery
		}
		k.judge(3*slot+1, number, p)
	}
}

// sharedDataset: the last writer's last record, whoever that is.
func (k *killing) sharedDataset(s *session, places []place) {
	k.t.Helper()
	found := k.records(s, killShared, "d")
	for slot, number := range found {
		k.judge(3*slot+2, number, places[3*slot+2])
	}
	for slot := range killWriters {
		if len(found) == 0 && places[3*slot+2].acknowledged > 0 {
			k.t.Fatalf("the shared dataset is empty; slot %d wrote %d", slot, places[3*slot+2].acknowledged)
		}
	}
}
