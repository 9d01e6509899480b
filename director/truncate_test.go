package director

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// opened opens a store's log as the director does.
func opened(t *testing.T, dir string) (*store, *durable) {
	t.Helper()
	s, err := openStore(dir, newRaftLog(options(t, bus(t), dir).Logger))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s, &durable{WAL: s.log, failed: func(err error) { t.Error(err) }}
}

func storeEntries(t *testing.T, d *durable, term uint64, from, to uint64) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := d.StoreLog(&raft.Log{Index: i, Term: term, Type: raft.LogNoop, Data: fmt.Appendf(nil, "%d.%d", term, i)}); err != nil {
			t.Fatal(err)
		}
	}
}

func wantEntries(t *testing.T, d *durable, want ...string) {
	t.Helper()
	last, err := d.LastIndex()
	if err != nil || last != uint64(len(want)) {
		t.Fatalf("the log ends at %d, %v; want %d", last, err, len(want))
	}
	for i, text := range want {
		var l raft.Log
		if err := d.GetLog(uint64(i+1), &l); err != nil || string(l.Data) != text {
			t.Fatalf("entry %d: %q %v, want %q", i+1, l.Data, err, text)
		}
	}
}

// TestCutOff: the end of the log is replaced, several times, and the log is opened again.
func TestCutOff(t *testing.T) {
	dir := t.TempDir()
	s, d := opened(t, dir)
	storeEntries(t, d, 1, 1, 5)
	for range 2 {
		if err := d.DeleteRange(4, 5); err != nil {
			t.Fatal(err)
		}
		wantEntries(t, d, "1.1", "1.2", "1.3")
		storeEntries(t, d, 2, 4, 5)
	}
	s.close()
	s, d = opened(t, dir)
	wantEntries(t, d, "1.1", "1.2", "1.3", "2.4", "2.5")
	if err := d.DeleteRange(2, 9); err != nil {
		t.Fatal(err)
	}
	s.close()
	_, d = opened(t, dir)
	wantEntries(t, d, "1.1")
	storeEntries(t, d, 3, 2, 2)
	wantEntries(t, d, "1.1", "3.2")
}

// TestCutOffInterrupted: the process dies after each step of filling the file up. What was to be cut off is then still
// there, the filling is not.
func TestCutOffInterrupted(t *testing.T) {
	for steps := 1; steps <= 2; steps++ {
		dir, copied := t.TempDir(), t.TempDir()
		_, d := opened(t, dir)
		storeEntries(t, d, 1, 1, 3)
		for i := range steps {
			data := filling
			if i == 0 {
				data = append(data[:len(data):len(data)], make([]byte, segmentBytes)...)
			}
			if err := d.WAL.StoreLog(&raft.Log{Index: uint64(4 + i), Type: raft.LogNoop, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // until the log has gone on to the next file
			if list, _ := filepath.Glob(filepath.Join(dir, "log", "*.wal")); len(list) > 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("there is no second file")
			}
		}
		// What is on disk now is what a killed process leaves; for the moment before see TestRotationInterrupted.
		if out, err := exec.Command("cp", "-r", dir+"/.", copied).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		for range 2 {
			s, d := opened(t, copied)
			wantEntries(t, d, "1.1", "1.2", "1.3")
			s.close()
		}
		_, d = opened(t, copied)
		storeEntries(t, d, 2, 4, 4)
		wantEntries(t, d, "1.1", "1.2", "1.3", "2.4")
	}
}
