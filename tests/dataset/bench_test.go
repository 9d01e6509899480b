package dataset

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// The benchmark itself: it exits with 0 only if every call succeeded and what it wrote was read back. How long that took
// is not looked at.
func TestBench(t *testing.T) {
	out := passes(t, environment(""), testcluster.Binary(t, "tests/bench-dataset"), "--seconds", "0.02", "--dir", t.TempDir())
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	measured := make(map[string]bool)
	for _, r := range rows[1:] {
		calls, err := strconv.Atoi(r[4])
		if err != nil || calls < 1 {
			t.Errorf("%v: no call was measured", r)
		}
		measured[r[0]+","+r[1]+","+r[2]] = true
		for i := 6; i < 9; i++ {
			lower, err1 := strconv.ParseFloat(r[i-1], 64)
			upper, err2 := strconv.ParseFloat(r[i], 64)
			if err1 != nil || err2 != nil || lower > upper || lower <= 0 {
				t.Errorf("%v: %s before %s", r, r[i-1], r[i])
			}
		}
	}
	for _, subject := range []string{"dataset", "sqlite"} {
		for _, operation := range []string{"write", "read"} {
			for _, flags := range []string{"FULL", "NORMAL"} {
				for _, size := range []string{"64", "65536"} {
					if row := subject + "_" + operation + "," + flags + "," + size; !measured[row] {
						t.Errorf("%s is not measured", row)
					}
				}
			}
		}
	}
}
