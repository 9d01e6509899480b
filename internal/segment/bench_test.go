package segment

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkReadC runs a loop in C, as the C front reads: no Go in it.
func BenchmarkReadC(b *testing.B) {
	program := filepath.Join(b.TempDir(), "readbench")
	out, err := exec.Command("gcc", "-std=c11", "-O2", "-pthread", "-o", program,
		"testdata/readbench.c", "segment.c", "cutoff.c").CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		size  int
		lease bool
	}{{64, false}, {64, true}, {1024, false}, {1 << 20, false}} {
		b.Run(fmt.Sprintf("%d,lease=%v", c.size, c.lease), func(b *testing.B) {
			r := create(b, nil)
			if c.lease {
				state := readable
				state.LeaseDeadline = math.MaxInt64
				r.SetState(state)
			}
			mustApply(b, r, Op{Kind: OpCreate, Section: []byte("bench"), Data: make([]byte, c.size)})
			out, err := exec.Command(program, r.Path(), strconv.Itoa(c.size), strconv.Itoa(b.N)).Output()
			if err != nil {
				b.Fatal(err)
			}
			ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(ns, "ns/op")
		})
	}
}

func BenchmarkApply(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 1 << 20} {
		for _, kind := range []OpKind{OpWrite, OpOverwrite} {
			name := map[OpKind]string{OpWrite: "write", OpOverwrite: "overwrite"}[kind]
			b.Run(fmt.Sprintf("%s,%d", name, size), func(b *testing.B) {
				r := create(b, nil)
				data := make([]byte, size)
				mustApply(b, r, Op{Kind: OpCreate, Section: []byte("bench"), Data: data})
				u := Update{Ops: []Op{{Kind: kind, Section: []byte("bench"), Data: data}}}
				b.ResetTimer()
				for range b.N {
					u.Number = r.Number() + 1
					if err := r.Apply(&u); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkApplyResult is what a node director does for a synchronous 64-byte write: the answer is kept too.
func BenchmarkApplyResult(b *testing.B) {
	r := create(b, nil)
	data := make([]byte, 64)
	mustApply(b, r, Op{Kind: OpCreate, Section: []byte("bench"), Data: data})
	u := Update{Ops: []Op{{Kind: OpWrite, Section: []byte("bench"), Data: data}},
		Result: &Result{Session: 1, Blob: make([]byte, 16)}}
	for n := range b.N {
		u.Number, u.Result.Number, u.Result.Slot = r.Number()+1, uint64(n), uint16(n%16)
		if err := r.Apply(&u); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreateDelete(b *testing.B) {
	r := create(b, nil)
	id := []byte("bench")
	for range b.N {
		mustApply(b, r, Op{Kind: OpCreate, Section: id, Data: id})
		mustApply(b, r, Op{Kind: OpDelete, Section: id})
	}
}

// BenchmarkFill creates 100,000 sections of 20 KB in one checkpoint.
func BenchmarkFill(b *testing.B) {
	const sections = 100000
	data := make([]byte, 20000)
	for range b.N {
		r := create(b, nil)
		for n := range sections {
			mustApply(b, r, Op{Kind: OpCreate, Section: fmt.Append(nil, "section ", n), Data: data})
		}
		b.ReportMetric(float64(r.Allocated())/float64(r.Used()), "allocated/used")
		b.ReportMetric(float64(b.Elapsed().Microseconds())/sections/float64(b.N), "us/section")
		r.Remove()
	}
}

func BenchmarkAttach(b *testing.B) {
	r := create(b, nil)
	for n := range 100000 {
		mustApply(b, r, Op{Kind: OpCreate, Section: fmt.Append(nil, "section ", n), Data: make([]byte, 64)})
	}
	path := r.Path()
	r.Close()
	for range b.N {
		r, err := Attach(path, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
